/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of the source `postgres`: columns hold what the same rows put into them one by one,
 * whatever their types, and a block with a value that is not taken leaves nothing behind. */
#include "../plugins/sources/postgres_source/block.h"
#include "fake_host.h"
#include "sdk_random.h"

#include <criterion/criterion.h>

static struct qetl_fake_host fake;

static void setup(void)
{
    qetl_fake_host_init(&fake, NULL);
}

static void teardown(void)
{
    qetl_fake_host_close(&fake);
}

TestSuite(postgres_source_block, .init = setup, .fini = teardown);

/* ---- Values, as they stand in a COPY ---- */

enum { MOST_COLUMNS = 6, MOST_ROWS = 700, ROW_ROOM = 4096 };

static const struct {
    Oid oid;
    int32_t typmod;
} types[] = {{PG_OID_BOOL, -1},      {PG_OID_INT2, -1},
             {PG_OID_INT4, -1},      {PG_OID_INT8, -1},
             {PG_OID_OID, -1},       {PG_OID_FLOAT4, -1},
             {PG_OID_FLOAT8, -1},    {PG_OID_NUMERIC, (10 << 16 | 2) + 4},
             {PG_OID_DATE, -1},      {PG_OID_TIME, -1},
             {PG_OID_TIMESTAMP, -1}, {PG_OID_TIMESTAMPTZ, -1},
             {PG_OID_INTERVAL, -1},  {PG_OID_UUID, -1},
             {PG_OID_BYTEA, -1},     {PG_OID_TEXT, -1},
             {PG_OID_JSONB, -1},     {PG_OID_NUMERIC, -1}};
enum { N_TYPES = sizeof types / sizeof types[0] };

/* A row that is being written. */
struct row {
    uint8_t bytes[ROW_ROOM];
    int64_t size;
};

static void put(struct row *r, uint64_t value, int32_t width)
{
    for (int32_t i = width; i-- > 0;)
        r->bytes[r->size++] = (uint8_t)(value >> 8 * i);
}

static void put_numeric(struct row *r, uint64_t *seed, bool nan)
{
    put(r, 12, 4);
    put(r, nan ? 0 : 2, 2);
    put(r, 0, 2);
    put(r, nan ? 0xC000 : random_below(seed, 2) ? 0x4000 : 0, 2);
    put(r, 2, 2);
    put(r, nan ? 0 : (uint64_t)random_below(seed, 10000), 2);
    put(r, nan ? 0 : (uint64_t)(100 * random_below(seed, 100)), 2);
    if (nan) { /* without digits */
        r->size -= 4;
        r->bytes[r->size - 9] = 8;
    }
}

static void put_text(struct row *r, uint64_t *seed, bool version, bool odd)
{
    static const char letters[] =
        "of ASCII, as many of them as are asked for; \xc3\xa4\xe2\x82\xac";
    static const int64_t lengths[] = {0, 1, 7, 8, 9, 11, 12, 13, 16, 44};
    int64_t size = lengths[random_below(seed, 10)];
    const char *from = letters;
    if (size && random_below(seed, 5) == 0) /* the last ones, of 5 bytes */
        size = 5 + size % 4, from = letters + sizeof letters - 1 - size;
    put(r, (uint64_t)(size + version), 4);
    if (version)
        r->bytes[r->size++] = 1;
    memcpy(r->bytes + r->size, from, (size_t)size);
    r->size += size;
    if (odd && size)
        r->bytes[r->size - 1] = 0xff;
}

static void put_width(struct row *r, uint64_t value, int32_t width)
{
    put(r, (uint64_t)width, 4);
    put(r, value, width);
}

/* odd: one that Arrow has no value for, where there is any. */
static void put_value(struct row *r, const struct column *c, uint64_t *seed, bool odd)
{
    uint64_t value = random_next(seed);
    switch (c->type.way) {
    case PG_BOOL:
        return put_width(r, value & 1, 1);
    case PG_INT2:
        return put_width(r, value, 2);
    case PG_INT4:
    case PG_OID:
    case PG_FLOAT4:
        return put_width(r, value, 4);
    case PG_NUMERIC:
        return put_numeric(r, seed, odd);
    case PG_DATE:
        return put_width(r, odd ? INT32_MAX : value % 10000, 4);
    case PG_TIME:
        return put_width(r, odd ? UINT64_C(86400000000) : value % 86400000000, 8);
    case PG_TIMESTAMP:
    case PG_TIMESTAMPTZ:
        return put_width(r, odd ? INT64_MAX : value >> 8, 8);
    case PG_INTERVAL:
        put(r, 16, 4);
        put(r, odd ? INT64_MAX : value >> 16, 8);
        return put(r, value, 8);
    case PG_UUID:
        put(r, 16, 4);
        put(r, value, 8);
        return put(r, ~value, 8);
    case PG_INT8:
    case PG_FLOAT8:
        return put_width(r, value, 8);
    default:
        return put_text(r, seed, c->type.way == PG_JSONB, odd && c->type.way != PG_BYTEA);
    }
}

/* ---- Both ways ---- */

/* The same columns twice: for rows one by one, and for blocks. */
struct pair {
    struct column one[MOST_COLUMNS], other[MOST_COLUMNS];
    struct copy_field fields[MOST_COLUMNS];
    struct copy singly, blocks;
    struct block block;
    int64_t refused, put; /* rows; and blocks that were taken as such */
};

static void pair_open(struct pair *p, uint64_t *seed)
{
    int32_t n = 1 + (int32_t)random_below(seed, MOST_COLUMNS);
    *p = (struct pair){0};
    for (int32_t i = 0; i < n; i++) {
        int64_t type = random_below(seed, N_TYPES);
        column_init(&p->one[i], pg_type_of(types[type].oid, types[type].typmod, false));
        column_init(&p->other[i], p->one[i].type);
    }
    cr_assert(block_open(&p->block, n));
    p->singly = (struct copy){.env = fake.env,
                              .columns = p->one,
                              .n_columns = n,
                              .n_fields = n,
                              .fields = p->fields,
                              .headed = true};
    p->blocks = p->singly;
    p->blocks.columns = p->other;
    p->blocks.fields = block_row(&p->block, 0);
}

static void pair_close(struct pair *p)
{
    for (int32_t i = 0; i < p->singly.n_columns; i++) {
        column_free(&p->one[i], fake.env);
        column_free(&p->other[i], fake.env);
    }
    block_free(&p->block);
}

static void block_take(struct pair *p)
{
    struct block *b = &p->block;
    int32_t column;
    bool taken = block_put(b, &p->blocks);
    p->put += taken && b->rows;
    for (int64_t i = 0; !taken && i < b->rows; i++) {
        p->blocks.fields = block_row(b, i);
        copy_row(&p->blocks, p->blocks.n_fields, &column);
    }
    const uint8_t *last = b->rows ? block_row(b, b->rows - 1)->data : NULL;
    bool some = b->rows > 0;
    p->blocks.fields = block_clear(b);
    cr_assert(!some || p->blocks.fields->data == last, "the last row's fields stay");
}

static void row_take(struct pair *p, const struct row *r)
{
    int32_t column;
    enum copy_answer answer = copy_feed(&p->singly, r->bytes, r->size, &column);
    cr_assert(answer == COPY_ROW || answer == COPY_REFUSED, "%s", p->singly.broken);
    p->refused += answer == COPY_REFUSED;
    if (!block_add(&p->block, &p->blocks, r->bytes, r->size)) {
        block_take(p);
        cr_assert(block_add(&p->block, &p->blocks, r->bytes, r->size));
    }
}

/* Bit for bit, and texts to the same places. */
static void column_compare(const struct column *a, const struct column *b, int64_t rows)
{
    cr_assert_eq(a->n_heaps, b->n_heaps, "%s", a->type.sql);
    for (int64_t i = 0; i < a->n_heaps; i++) {
        cr_assert_eq(a->heap_sizes[i], b->heap_sizes[i], "%s", a->type.sql);
        cr_assert_arr_eq(a->heaps[i], b->heaps[i], (size_t)a->heap_sizes[i]);
    }
    for (int64_t i = 0; i < rows; i++) {
        bool valid = !a->validity || a->validity[i >> 3] >> (i & 7) & 1;
        bool other = !b->validity || b->validity[i >> 3] >> (i & 7) & 1;
        cr_assert_eq(valid, other, "%s: row %ld", a->type.sql, (long)i);
        if (a->width)
            cr_assert_arr_eq(a->values + i * a->width, b->values + i * a->width, (size_t)a->width,
                             "%s: row %ld", a->type.sql, (long)i);
        else if (valid)
            cr_assert_eq(a->values[i >> 3] >> (i & 7) & 1, b->values[i >> 3] >> (i & 7) & 1);
    }
}

static void compare(struct pair *p)
{
    block_take(p);
    cr_assert_eq(p->singly.rows, p->blocks.rows);
    for (int32_t i = 0; i < p->singly.n_columns; i++)
        column_compare(&p->one[i], &p->other[i], p->singly.rows);
}

/* odds: of so many values one is refused; 0: none. */
static void rows_make(struct pair *p, uint64_t *seed, int64_t odds)
{
    int64_t rows = random_below(seed, MOST_ROWS);
    bool nulls = random_below(seed, 2);
    for (int64_t i = 0; i < rows; i++) {
        struct row r = {.size = 0};
        put(&r, (uint64_t)p->singly.n_fields, 2);
        for (int32_t k = 0; k < p->singly.n_fields; k++) {
            bool odd = odds && random_below(seed, odds) == 0;
            if (nulls && random_below(seed, 3) == 0)
                put(&r, UINT32_MAX, 4);
            else
                put_value(&r, &p->one[k], seed, odd);
        }
        row_take(p, &r);
        if (random_below(seed, 200) == 0) /* as where the server pauses */
            block_take(p);
    }
}

Test(postgres_source_block, columns_hold_what_rows_put_one_by_one)
{
    uint64_t seed = 1;
    for (int i = 0; i < 200; i++) {
        struct pair p;
        pair_open(&p, &seed);
        rows_make(&p, &seed, 0);
        compare(&p);
        cr_assert_eq(p.refused, 0);
        cr_assert(p.put || !p.singly.rows);
        pair_close(&p);
    }
}

Test(postgres_source_block, a_block_that_is_refused_leaves_nothing_behind)
{
    uint64_t seed = 2;
    int64_t put_ones = 0, refused = 0;
    for (int i = 0; i < 200; i++) {
        struct pair p;
        pair_open(&p, &seed);
        rows_make(&p, &seed, 300);
        compare(&p);
        put_ones += p.put;
        refused += p.refused;
        pair_close(&p);
    }
    cr_assert(put_ones > 50 && refused > 50, "%ld, %ld", (long)put_ones, (long)refused);
}

/* ---- What is no row of a block ---- */

static bool takes(struct pair *p, const struct row *r)
{
    return block_add(&p->block, &p->blocks, r->bytes, r->size);
}

static void one_text(struct pair *p, struct row *r)
{
    *p = (struct pair){0};
    column_init(&p->other[0], pg_type_of(PG_OID_TEXT, -1, false));
    p->blocks = (struct copy){.env = fake.env, .columns = p->other, .n_columns = 1, .n_fields = 1};
    cr_assert(block_open(&p->block, 1));
    *r = (struct row){.size = 0};
    put(r, 1, 2);
    put(r, 3, 4);
    put(r, 0x616263, 3);
}

Test(postgres_source_block, a_row_that_is_cut_off_or_goes_on_stays_out)
{
    struct pair p;
    struct row r;
    one_text(&p, &r);
    cr_assert(takes(&p, &r));
    for (r.size = 0; r.size < 9; r.size++)
        cr_assert_not(takes(&p, &r), "%ld bytes", (long)r.size);
    r.size = 10;
    cr_assert_not(takes(&p, &r));
    r.size = 9;
    r.bytes[1] = 2; /* fields */
    cr_assert_not(takes(&p, &r));
    r.bytes[0] = r.bytes[1] = 0xff; /* the trailer */
    r.size = 2;
    cr_assert_not(takes(&p, &r));
    cr_assert_eq(p.block.rows, 1);
    pair_close(&p);
    column_free(&p.other[0], fake.env);
}

Test(postgres_source_block, no_more_rows_than_there_is_room_for)
{
    struct pair p;
    struct row r;
    int64_t rows = 0;
    one_text(&p, &r);
    while (takes(&p, &r))
        rows++;
    cr_assert_eq(rows, BLOCK_ROWS);
    block_clear(&p.block);
    r.size = 2; /* a text of 3,000 bytes */
    put(&r, 3000, 4);
    memset(r.bytes + r.size, 'x', 3000);
    r.size += 3000;
    for (rows = 0; takes(&p, &r); rows++)
        ;
    cr_assert_eq(rows, BLOCK_BYTES / r.size);
    block_take(&p);
    cr_assert_eq(p.blocks.rows, rows);
    column_free(&p.other[0], fake.env);
    block_free(&p.block);
}

Test(postgres_source_block, a_row_of_many_columns_has_room)
{
    struct block b;
    cr_assert(block_open(&b, 1664));
    cr_assert_eq(b.most, 2);
    block_free(&b);
    cr_assert(block_open(&b, 2 * BLOCK_FIELDS));
    cr_assert_eq(b.most, 1);
    block_free(&b);
    cr_assert(block_open(&b, 0));
    cr_assert_eq(b.most, BLOCK_ROWS);
    block_free(&b);
}

Test(postgres_source_block, without_memory_rows_go_one_by_one)
{
    struct pair p;
    struct row r;
    int32_t column;
    one_text(&p, &r);
    cr_assert(takes(&p, &r));
    fake.allocs_left = 0;
    cr_assert_not(block_put(&p.block, &p.blocks));
    cr_assert_eq(p.blocks.rows, 0);
    p.blocks.fields = block_row(&p.block, 0);
    cr_assert_eq(copy_row(&p.blocks, 1, &column), COPY_NO_MEMORY);
    fake.allocs_left = -1;
    cr_assert(block_put(&p.block, &p.blocks));
    cr_assert_eq(p.blocks.rows, 1);
    column_free(&p.other[0], fake.env);
    block_free(&p.block);
}
