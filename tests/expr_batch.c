/* SPDX-License-Identifier: Apache-2.0 */
#include "expr_batch.h"

#include <assert.h>
#include <math.h>

/* Names and Arrow formats; fuzzers' corpora use the names. */
static const char *const fields[EXPR_BATCH_COLUMNS][2] = {
    {"b", "b"},    {"i1", "c"},     {"i2", "s"},      {"i4", "i"},       {"i8", "l"},
    {"u1", "C"},   {"u2", "S"},     {"u4", "I"},      {"u8", "L"},       {"f4", "f"},
    {"f8", "g"},   {"n", "d:12,2"}, {"m", "d:38,10"}, {"t", "vu"},       {"u", "vu"},
    {"da", "tdD"}, {"ti", "ttu"},   {"ts", "tsu:"},   {"tz", "tsu:UTC"}, {"z", "vz"},
};

static const int64_t integers[] = {0,         1,         -1,        2,         7,         100,
                                   INT8_MAX,  INT8_MIN,  INT16_MAX, INT16_MIN, INT32_MAX, INT32_MIN,
                                   INT64_MAX, INT64_MIN, 1LL << 32, -3,        10,        19782};
static const double reals[] = {0.0,    -0.0,   1.5, -2.5, 1e308,
                               -1e308, 5e-324, 0.1, 1e15, 2147483647.5};
static const char *const texts[] = {"",
                                    "a",
                                    "DE",
                                    "12",
                                    "-7.50",
                                    "1e3",
                                    "2024-02-29",
                                    "10:11:12",
                                    "true",
                                    "NaN",
                                    "twelve bytes",
                                    "thirteen byte",
                                    "a text that is longer than a view",
                                    "2024-01-01 10:20:30.5+02",
                                    "99999999999999999999",
                                    "\xc3\xa4"};

#define PICK(list, k) (list)[(size_t)(k) % (sizeof(list) / sizeof((list)[0]))]

static double real_pick(int64_t k)
{
    return k % 12 == 10 ? (double)NAN : k % 12 == 11 ? (double)INFINITY : PICK(reals, k);
}

static qetl_int128 decimal_pick(const char *format, int64_t k)
{
    qetl_int128 limit = 1;

    for (int i = 0; i < (format[2] == '1' ? 12 : 38); i++)
        limit *= 10;
    if (k % 5 == 0)
        return (k & 1 ? 1 : -1) * (limit - 1);
    return (qetl_int128)PICK(integers, k) % limit;
}

static int32_t value_add(struct qetl_builder *b, const char *format, int64_t k)
{
    if (k % 11 == 4)
        return qetl_builder_null(b);
    switch (format[0]) {
    case 'b':
        return qetl_builder_bool(b, k & 1);
    case 'f':
        return qetl_builder_real(b, k % 3 ? 1.5 * (double)(k % 7) - 3 : fmod(real_pick(k), 3e38));
    case 'g':
        return qetl_builder_real(b, real_pick(k));
    case 'd':
        return qetl_builder_decimal(b, decimal_pick(format, k));
    case 'v':
        return qetl_builder_text(b, PICK(texts, k), (int64_t)strlen(PICK(texts, k)));
    case 'c':
        return qetl_builder_int(b, (int8_t)PICK(integers, k));
    case 's':
        return qetl_builder_int(b, (int16_t)PICK(integers, k));
    case 'C':
        return qetl_builder_uint(b, (uint8_t)PICK(integers, k));
    case 'S':
        return qetl_builder_uint(b, (uint16_t)PICK(integers, k));
    case 'I':
        return qetl_builder_uint(b, (uint32_t)PICK(integers, k));
    case 'L':
        return qetl_builder_uint(b, (uint64_t)PICK(integers, k));
    case 'i':
        return qetl_builder_int(b, (int32_t)PICK(integers, k));
    case 't':
        return qetl_builder_int(b, !strcmp(format, "tdD")   ? (int32_t)PICK(integers, k)
                                   : !strcmp(format, "ttu") ? PICK(integers, k) & 0xffffffff
                                                            : PICK(integers, k));
    default:
        return qetl_builder_int(b, PICK(integers, k));
    }
}

void expr_batch_open(struct expr_batch *batch, struct qetl_fake_host *fake, int64_t rows)
{
    int32_t status = qetl_schema_init_struct(&batch->schema);

    batch->rows = rows;
    for (int c = 0; c < EXPR_BATCH_COLUMNS && !status; c++) {
        struct qetl_builder builder;
        status = qetl_schema_add(&batch->schema, fields[c][0], fields[c][1]);
        if (!status)
            status = qetl_builder_open(&builder, fake->env, batch->schema.children[c], rows);
        for (int64_t i = 0; i < rows && !status; i++)
            status = value_add(&builder, fields[c][1], i * 7 + c);
        if (!status)
            status = qetl_builder_close(&builder, &batch->columns[c]);
    }
    assert(!status);
}

void expr_batch_close(struct expr_batch *batch)
{
    for (int c = 0; c < EXPR_BATCH_COLUMNS; c++)
        qetl_array_release(&batch->columns[c]);
    qetl_schema_release(&batch->schema);
}

void expr_batch_view(const struct expr_batch *batch, int64_t n, const int64_t *columns,
                     struct ArrowArray **children, struct ArrowArray *out)
{
    static const void *const none[1] = {NULL};

    for (int64_t i = 0; i < n; i++)
        children[i] = (struct ArrowArray *)&batch->columns[columns[i]];
    *out = (struct ArrowArray){.length = batch->rows,
                               .n_buffers = 1,
                               .buffers = (const void **)(uintptr_t)none,
                               .n_children = n,
                               .children = children};
}
