/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels of numbers against the parsers, cell by cell: what they read is what the parser
 * reads, and the plain spellings are read by them. */
#include "../plugins/formats/csv/kernels.h"
#include "../plugins/formats/csv/numbers.h"
#include "sdk_random.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 64, CELL = 24, COLUMNS = 2 };

static const char *const formats[] = {"l", "i", "d:18,2", "d:38,0", "d:4,2", "d:9,7", "d:38,12"};

struct cells {
    char data[64 + ROWS * COLUMNS * CELL];
    uint32_t ends[1 + ROWS * COLUMNS];
    uint32_t base[ROWS];
    int64_t n;
};

static void cell_make(uint64_t *random, char *cell)
{
    static const char any[] = "0123456789012345678901234567890123456789..-+e /:\"";
    int64_t size = random_below(random, 11);
    bool plain = random_below(random, 3) > 0;
    for (int64_t i = 0; i < size; i++)
        cell[i] = any[random_below(random, plain ? 40 : (int64_t)sizeof any - 1)];
    if (plain && size > 1 && random_below(random, 2))
        cell[random_below(random, size)] = '.';
    if (plain && size && random_below(random, 4) == 0)
        cell[0] = '-';
    cell[size] = 0;
}

/* Two columns, so that a cell begins behind another; the second is read. */
static void cells_make(struct cells *c, uint64_t *random)
{
    char cell[CELL];
    uint32_t at = 0, ends = 1;
    c->n = 1 + random_below(random, ROWS);
    c->ends[0] = UINT32_MAX;
    for (int64_t i = 0; i < c->n; i++) {
        c->base[i] = ends - 1;
        for (int k = 0; k < COLUMNS; k++) {
            cell_make(random, cell);
            memcpy(c->data + at, cell, strlen(cell));
            at += (uint32_t)strlen(cell);
            c->data[at] = k ? '\n' : ',';
            c->ends[ends++] = at++;
        }
    }
    memset(c->data + at, '7', 64);
}

static csv_parse_fn *parser_of(const struct csv_type *type)
{
    return csv_parser_of(type->kind);
}

/* In strict spelling, at most eight bytes, and not at the very front of the data. */
static bool must_be_read(const char *cell, int64_t size, const struct csv_type *type, uint32_t end)
{
    bool plain = type->kind == CSV_DECIMAL
                     ? csv_plain_decimal((const uint8_t *)cell, size, type)
                     : type->width == 8 && csv_plain_integer((const uint8_t *)cell, size, type);
    const char *point = memchr(cell, '.', (size_t)size);
    int64_t scale = point ? cell + size - point - 1 : 0;
    return plain && size <= 8 && end >= 8 && type->scale - scale <= 7;
}

/* AVX2 leaves what is no whole four. */
static int64_t rows_taken(const struct csv_kernel *kernel, int64_t n)
{
    return strcmp(kernel->name, "avx2") ? n : n & ~INT64_C(3);
}

static int64_t check(const struct csv_kernel *kernel, const struct csv_type *type,
                     const struct cells *c, int64_t column, bool store)
{
    uint8_t out[ROWS * 16 + 64], one[16];
    struct csv_numbers numbers = {c->base, c->ends + 1 + column, (const uint8_t *)c->data, type,
                                  store ? out : NULL};
    memset(out, 0xa5, sizeof out);
    uint64_t read = kernel->numbers(&numbers, 0, c->n);
    cr_assert(c->n == 64 || !(read >> c->n), "rows that are none were read");
    for (int64_t i = 0; i < c->n; i++) {
        uint32_t end = numbers.ends[c->base[i]], begin = numbers.ends[(int64_t)c->base[i] - 1] + 1;
        const char *cell = c->data + begin;
        int64_t size = end - begin;
        enum csv_code code = parser_of(type)((const uint8_t *)cell, size, type, one);
        if (read >> i & 1) {
            cr_assert_eq(code, CSV_FINE, "%s: '%.*s' is none of %s", kernel->name, (int)size, cell,
                         type->name);
            cr_assert(!store || !memcmp(out + i * type->width, one, type->width),
                      "%s: '%.*s' has another value as %s", kernel->name, (int)size, cell,
                      type->name);
        } else {
            cr_assert(i >= rows_taken(kernel, c->n) || !must_be_read(cell, size, type, end),
                      "%s: '%.*s' as %s is left to the parser", kernel->name, (int)size, cell,
                      type->name);
        }
    }
    for (size_t k = (size_t)(store ? c->n * type->width : 0); k < sizeof out; k++)
        cr_assert_eq(out[k], 0xa5, "%s writes behind its rows", kernel->name);
    return __builtin_popcountll(read);
}

Test(csv_numbers, kernels_read_what_the_parsers_read)
{
    uint64_t random = 11;
    struct cells cells;
    for (int k = 0; k < csv_kernels_count; k++) {
        const struct csv_kernel *kernel = csv_kernels[k];
        int64_t read = 0;
        if (!kernel->numbers || !kernel->usable())
            continue;
        for (int round = 0; round < 6000; round++) {
            struct ArrowSchema field = {.format = formats[round % 7], .name = ""};
            struct csv_type type;
            cr_assert_eq(csv_type_of(&field, round % 2, &type), QETL_OK);
            cells_make(&cells, &random);
            read += check(kernel, &type, &cells, round % 3 == 0, round % 5 != 0);
        }
        cr_expect_gt(read, 30000, "%s reads next to nothing", kernel->name);
    }
}
