/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arbitrary bytes as what the source `postgres` is sent and asked. The first byte chooses. Held: a
 * COPY that is taken makes arrays that are valid by Arrow's rules, with as many rows as were told,
 * also by blocks, and a letter of any row is JSON; a decimal is the number that stands there as
 * text; of whatever tree becomes SQL, only names stand in quotes, and values nowhere.
 */
#include "fake_host.h"
#include "plugins/sources/postgres_source/block.h"
#include "plugins/sources/postgres_source/letter.h"
#include "plugins/sources/postgres_source/number.h"
#include "plugins/sources/postgres_source/predicate.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "not held: %s\n", what);
    abort();
}

/* ---- COPY ---- */

enum { COLUMNS_MAX = 8 };

static const struct {
    Oid oid;
    int32_t typmod;
} types[] = {{PG_OID_BOOL, -1},
             {PG_OID_INT2, -1},
             {PG_OID_INT4, -1},
             {PG_OID_INT8, -1},
             {PG_OID_OID, -1},
             {PG_OID_FLOAT4, -1},
             {PG_OID_FLOAT8, -1},
             {PG_OID_NUMERIC, (10 << 16 | 2) + 4},
             {PG_OID_NUMERIC, (38 << 16 | 19) + 4},
             {PG_OID_DATE, -1},
             {PG_OID_TIME, -1},
             {PG_OID_TIMESTAMP, -1},
             {PG_OID_TIMESTAMPTZ, -1},
             {PG_OID_INTERVAL, -1},
             {PG_OID_UUID, -1},
             {PG_OID_BYTEA, -1},
             {PG_OID_TEXT, -1},
             {PG_OID_JSONB, -1},
             {PG_OID_NUMERIC, -1}};

static void letter_check(const struct copy *c)
{
    static const char *const names[COLUMNS_MAX] = {"a", "b\"", "c\n", "d", "e", "f", "g", "h"};
    char *letter = letter_make(c, names);
    expect(letter != NULL, "a letter");
    json_t *json = json_loads(letter, JSON_ALLOW_NUL, NULL);
    expect(json && json_object_size(json) == (size_t)c->n_columns, "a letter is JSON");
    json_decref(json);
    free(letter);
}

static void batch_check(struct copy *c)
{
    for (int32_t i = 0; i < c->n_columns; i++) {
        struct ArrowSchema field = {0};
        struct ArrowArray array = {0};
        char message[300];
        expect(!qetl_type_field(c->columns[i].type.sql, "x", &field), "a type");
        expect(!column_close(&c->columns[i], c->env, c->rows, &array), "an array");
        expect(array.length == c->rows, "as many rows as were told");
        int32_t status = qetl_array_validate(&field, &array, message, sizeof message);
        if (status)
            fprintf(stderr, "%s: %s\n", c->columns[i].type.sql, message);
        expect(!status, "valid by Arrow's rules");
        qetl_array_release(&array);
        qetl_schema_release(&field);
    }
}

/* The same messages, of which rows are taken by blocks. */
struct by_blocks {
    struct column columns[COLUMNS_MAX];
    struct copy copy;
    struct block block;
};

static void blocks_open(struct by_blocks *b, const struct copy *copy)
{
    b->copy = *copy;
    b->copy.columns = b->columns;
    for (int32_t i = 0; i < copy->n_columns; i++)
        column_init(&b->columns[i], copy->columns[i].type);
    expect(block_open(&b->block, copy->n_fields), "a block");
    b->copy.fields = block_row(&b->block, 0);
}

static void blocks_take(struct by_blocks *b)
{
    int32_t column;
    bool taken = block_put(&b->block, &b->copy);
    for (int64_t i = 0; !taken && i < b->block.rows; i++) {
        b->copy.fields = block_row(&b->block, i);
        if (copy_row(&b->copy, b->copy.n_fields, &column) == COPY_BROKEN)
            break;
    }
    b->copy.fields = block_clear(&b->block);
}

static void blocks_feed(struct by_blocks *b, const uint8_t *message, int64_t size)
{
    int32_t column;
    if (b->copy.headed && !b->copy.ended && block_add(&b->block, &b->copy, message, size))
        return;
    blocks_take(b);
    if (!b->copy.broken)
        copy_feed(&b->copy, message, size, &column);
}

static void blocks_close(struct by_blocks *b, const struct copy *copy)
{
    blocks_take(b);
    expect(b->copy.rows == copy->rows, "as many rows by blocks");
    expect(!b->copy.broken == !copy->broken, "and as far");
    if (copy->rows)
        batch_check(&b->copy);
    for (int32_t i = 0; i < copy->n_columns; i++)
        column_free(&b->columns[i], copy->env);
    block_free(&b->block);
}

/* Columns, then messages: two bytes of size, and as many bytes. */
static void copies(const uint8_t *data, size_t size)
{
    struct qetl_fake_host fake;
    struct column columns[COLUMNS_MAX];
    struct copy_field fields[COLUMNS_MAX];
    int32_t n = size ? *data % (COLUMNS_MAX + 1) : 0, column;
    int64_t rows = 0, messages = 0;
    struct by_blocks *blocks = calloc(1, sizeof *blocks);
    const uint8_t *at = data + 1, *end = data + size;
    qetl_fake_host_init(&fake, NULL);
    struct copy copy = {
        .env = fake.env, .columns = columns, .n_columns = n, .n_fields = n, .fields = fields};
    for (int32_t i = 0; i < n; i++) {
        size_t type = (at < end ? *at++ : 0) % (sizeof types / sizeof types[0]);
        column_init(&columns[i], pg_type_of(types[type].oid, types[type].typmod, false));
    }
    enum copy_answer answer = COPY_NOTHING;
    blocks_open(blocks, &copy);
    while (end - at >= 2 && answer != COPY_BROKEN && messages++ < COLUMN_ROWS) {
        size_t wanted = (size_t)at[0] << 8 | at[1], left = (size_t)(end - at - 2);
        size_t takes = wanted < left ? wanted : left;
        uint8_t *message = malloc(takes + !takes); /* ends where it ends */
        if (takes)
            memcpy(message, at + 2, takes);
        at += 2 + takes;
        answer = copy_feed(&copy, message, (int64_t)takes, &column);
        blocks_feed(blocks, message, (int64_t)takes);
        rows += answer == COPY_ROW;
        if (answer == COPY_ROW || answer == COPY_REFUSED)
            letter_check(&copy);
        expect(answer != COPY_BROKEN || copy.broken, "what is broken is told");
        expect(answer != COPY_NO_MEMORY, "memory");
        free(message);
    }
    expect(rows == copy.rows, "rows are counted");
    blocks_close(blocks, &copy);
    free(blocks);
    if (rows)
        batch_check(&copy);
    for (int32_t i = 0; i < n; i++)
        column_free(&columns[i], fake.env);
    expect(qetl_fake_host_free(&fake) == 0, "buffers are freed");
}

/* ---- Numbers ---- */

/* The digits of a decimal's text, without its sign, point, and zeros that do not count. */
static void digits_of(const char *text, int32_t scale, char out[200])
{
    size_t n = 0;
    int32_t behind = -1;
    for (; *text && n < 150; text++) {
        if (*text == '.')
            behind = 0;
        if (*text < '0' || *text > '9')
            continue;
        if (behind >= 0 && behind++ >= scale) {
            expect(*text == '0', "nothing is cut off");
            continue;
        }
        if (n || *text != '0')
            out[n++] = *text;
    }
    for (int32_t i = behind < 0 ? 0 : behind; i < scale && n && n < 150; i++)
        out[n++] = '0';
    out[n] = 0;
}

static void numbers(const uint8_t *data, size_t size, uint8_t choice)
{
    static char text[200000];
    char wanted[200], got[200], *to = got;
    int32_t scale = choice >> 3;
    qetl_int128 value;
    enum number_answer answer = number_decimal(data, (int64_t)size, 38, scale, &value);
    number_text(data, (int64_t)size, text, sizeof text);
    expect(answer != NUMBER_BROKEN || !*text, "what is broken has no text");
    if (answer != NUMBER_TAKEN || (int16_t)(data[6] << 8 | data[7]) < scale)
        return; /* the text shows fewer digits than stand there */
    digits_of(text, scale, wanted);
    bool negative = value < 0;
    qetl_int128 rest = negative ? -value : value;
    char reversed[64];
    int n = 0;
    for (; rest; rest /= 10)
        reversed[n++] = (char)('0' + (int)(rest % 10));
    while (n)
        *to++ = reversed[--n];
    *to = 0;
    if (strcmp(got, wanted) != 0)
        fprintf(stderr, "%s of %s at %d, wanted %s\n", got, text, scale, wanted);
    expect(strcmp(got, wanted) == 0, "the number that stands there");
    expect(!negative || *text == '-', "and its sign");
}

/* ---- Conditions ---- */

static bool is_name(const struct relation *r, const char *name, size_t size)
{
    bool found = size == 1 && *name == 'C';
    for (int64_t i = 0; i < r->schema.n_children; i++)
        found |= strlen(r->schema.children[i]->name) == size &&
                 memcmp(r->schema.children[i]->name, name, size) == 0;
    return found;
}

/* What is written without being asked for: values that no column holds. */
static bool is_constant(const char *text, size_t size)
{
    static const char *const known[] = {"NaN", "infinity", "-infinity",
                                        "294247-01-10 04:00:54.775807",
                                        "294247-01-10 04:00:54.775807+00"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strlen(known[i]) == size && memcmp(known[i], text, size) == 0)
            return true;
    return false;
}

/* A setting that is new, or the one before it. */
static void setting_check(const char *text, size_t size, int64_t *highest)
{
    char *end;
    if (is_constant(text, size))
        return;
    expect(strncmp(text, "qetl.value_", 11) == 0, "a name of a setting");
    int64_t number = strtoll(text + 11, &end, 10);
    expect(end == text + size && (number == *highest || number == *highest + 1), "in order");
    *highest = number;
}

/* Quotes in pairs: names in double ones, names of settings in single ones, and the rest words. */
static void sql_check(const struct relation *r, const char *sql, int64_t n_values)
{
    int64_t depth = 0, highest = r->n_keys;
    for (const char *at = sql; *at; at++) {
        const char *close = *at == '"' || *at == '\'' ? strchr(at + 1, *at) : NULL;
        expect((*at != '"' && *at != '\'') || close, "quotes come in pairs");
        depth += *at == '(' ? 1 : *at == ')' ? -1 : 0;
        expect(depth >= 0, "parentheses, too");
        if (*at == '"')
            expect(is_name(r, at + 1, (size_t)(close - at - 1)), "a name of a column");
        else if (*at == '\'')
            setting_check(at + 1, (size_t)(close - at - 1), &highest);
        else
            expect(strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:()<>= ",
                          *at) != NULL,
                   "words and operators");
        at = close ? close : at;
    }
    expect(!strstr(sql, "AND )") && !strstr(sql, "OR )") && !strstr(sql, "( "), "nothing is half");
    expect(depth == 0 && highest == r->n_keys + n_values, "each value is asked for");
}

static struct relation *relation_of_all(void)
{
    static struct relation r;
    static struct pg_type all[16];
    static const struct {
        const char *name;
        Oid oid;
        int32_t typmod;
    } columns[] = {{"n", PG_OID_INT4, -1},        {"l", PG_OID_INT8, -1},
                   {"p", PG_OID_NUMERIC, 655366}, {"g", PG_OID_FLOAT8, -1},
                   {"s", PG_OID_TEXT, -1},        {"d", PG_OID_DATE, -1},
                   {"t", PG_OID_TIMESTAMP, -1},   {"z", PG_OID_TIMESTAMPTZ, -1},
                   {"b", PG_OID_BOOL, -1},        {"j", PG_OID_JSON, -1}};
    if (r.types)
        return &r;
    qetl_schema_init_struct(&r.schema);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        struct ArrowSchema field = {0};
        all[i] = pg_type_of(columns[i].oid, columns[i].typmod, false);
        expect(!qetl_type_field(all[i].sql, columns[i].name, &field), "a field");
        qetl_schema_append(&r.schema, &field);
    }
    r.types = all;
    r.n_keys = 1;
    r.utf8 = true;
    return &r;
}

static void trees(const uint8_t *data, size_t size)
{
    struct relation *r = relation_of_all();
    struct predicates predicates = {0};
    char *tree = strndup((const char *)data, size);
    for (int i = 0; i < 2; i++) {
        size_t before = predicates.where.size;
        int64_t values = predicates.values.n;
        int32_t answer = predicates_add(&predicates, r, tree);
        expect(answer >= QETL_PUSH_NO && answer <= QETL_PUSH_EXACT, "an answer");
        expect(answer || (predicates.where.size == before && predicates.values.n == values),
               "nothing stays of what is not known");
    }
    if (predicates.where.size)
        sql_check(r, predicates.where.text, predicates.values.n);
    predicates_free(&predicates);
    free(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    switch (data[0] & 3) {
    case 0:
        numbers(data + 1, size - 1, data[0]);
        break;
    case 1:
        trees(data + 1, size - 1);
        break;
    default:
        copies(data + 1, size - 1);
    }
    return 0;
}
