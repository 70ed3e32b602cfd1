/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluation asks the system for no memory once it has seen a batch: every operation of the table,
 * and forms that are none, over columns with NULLs and rows that fail. */
#include "../core/expr/expr.h"
#include "../core/expr/op.h"
#include "expr_batch.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <ctype.h>
#include <malloc.h>
#include <stdlib.h>

enum { ROWS = 3000, BATCHES = 4 };

/* ---- counting ---- */

static int64_t counted;
static bool counting;

/* Sanitizers bring an allocator of their own, and allocate themselves: there nothing is counted. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
    counted += counting;
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    counted += counting;
    return __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
    counted += counting;
    return __libc_realloc(old, size);
}
#endif

/* ---- a host whose buffers come back to it, as those of a run do ---- */

static struct qetl_fake_host fake;
static struct expr_batch data;
static int64_t rejected;

struct block {
    struct block *next;
    size_t size;
    _Alignas(64) char data[];
};

static struct block *kept;

static void *pool_alloc(struct qetl_ctx *ctx, size_t size)
{
    struct block **at = &kept, *block;
    bool was_counting = counting;

    (void)ctx;
    while (*at && (*at)->size < size)
        at = &(*at)->next;
    block = *at;
    if (block) {
        *at = block->next;
        return block->data;
    }
    counting = false;
    block = aligned_alloc(64, (sizeof *block + 2 * size + 127) / 64 * 64);
    counting = was_counting;
    cr_assert_not_null(block);
    block->size = 2 * size;
    return block->data;
}

static void pool_free(void *buffer)
{
    struct block *block = (struct block *)(void *)((char *)buffer - offsetof(struct block, data));

    block->next = kept;
    kept = block;
}

static void count_reject(struct qetl_ctx *ctx, const struct qetl_reject *reject)
{
    (void)ctx;
    (void)reject;
    rejected++;
}

const struct qetl_host *qetl_ctx_host(struct qetl_ctx *ctx)
{
    return &((struct qetl_fake_host *)ctx)->host;
}

struct qetl_expr_session qetl_ctx_expr_session(struct qetl_ctx *ctx)
{
    (void)ctx;
    return (struct qetl_expr_session){0};
}

static void setup(void)
{
    qetl_fake_host_init(&fake, NULL);
    expr_batch_open(&data, &fake, ROWS);
}

static void teardown(void)
{
    expr_batch_close(&data);
    cr_assert_eq(qetl_fake_host_free(&fake), 0, "buffers leaked");
}

TestSuite(expr_memory, .init = setup, .fini = teardown);

/* ---- batches ---- */

static void evaluate(struct qetl_expr *expr, bool select)
{
    static int32_t selected[ROWS];
    const struct qetl_expr_host *service = qetl_expr_service();
    struct ArrowArray batch, out, *children[EXPR_BATCH_COLUMNS];
    const int64_t *columns;
    int64_t n = service->columns(expr, &columns);

    expr_batch_view(&data, n, columns, children, &batch);
    if (select) {
        cr_assert_geq(service->select(expr, &batch, ROWS, selected, NULL), 0);
        return;
    }
    cr_assert_eq(service->evaluate(expr, &batch, ROWS, &out, NULL, NULL), 0);
    qetl_array_release(&out);
}

/* How often memory was asked for from the second batch on; -1: it does not compile. */
static int64_t later_allocations(const char *text)
{
    const struct qetl_expr_host *service = qetl_expr_service();
    struct qetl_host usual = fake.host;
    struct qetl_expr *expr;
    struct ArrowSchema field;
    bool is_boolean;

    if (service->compile(fake.ctx, text, "/where", &data.schema, &expr)) {
        qetl_fake_host_reset(&fake);
        return -1;
    }
    cr_assert_eq(service->result(expr, "r", &field), 0);
    is_boolean = !strcmp(field.format, "b");
    qetl_schema_release(&field);
    fake.host.buffer_alloc = pool_alloc;
    fake.host.buffer_free = pool_free;
    fake.host.reject = count_reject;
    counted = 0;
    for (int batch = 0; batch < BATCHES; batch++) {
        counting = batch > 0;
        evaluate(expr, false);
        if (is_boolean)
            evaluate(expr, true);
    }
    counting = false;
    service->free(expr);
    fake.host = usual;
    return counted;
}

static const char *column_of(enum expr_type_id type)
{
    static const char *const names[EXPR_TYPES] = {
        [EXPR_BOOL] = "b",       [EXPR_INT1] = "i1",           [EXPR_INT2] = "i2",
        [EXPR_INT4] = "i4",      [EXPR_INT8] = "i8",           [EXPR_UINT1] = "u1",
        [EXPR_UINT2] = "u2",     [EXPR_UINT4] = "u4",          [EXPR_UINT8] = "u8",
        [EXPR_FLOAT4] = "f4",    [EXPR_FLOAT8] = "f8",         [EXPR_DECIMAL] = "n",
        [EXPR_TEXT] = "t",       [EXPR_DATE] = "da",           [EXPR_TIME] = "ti",
        [EXPR_TIMESTAMP] = "ts", [EXPR_TIMESTAMPTZ] = "tz",    [EXPR_INTERVAL] = "(ts - ts)",
        [EXPR_JSON] = "t::json", [EXPR_JSONB] = "'[1]'::jsonb"};

    return names[type] ? names[type] : "z";
}

/* Patterns, zones, units and the like are constants, as they are in nearly every pipeline: one that
 * changes by row is compiled by row. */
static const char *argument_of(const struct expr_op *op, uint32_t k)
{
    static const char *const fixed[][2] = {
        {"regexp", "'[a-z]+(1)?'"}, {"~", "'[a-z]+'"},        {"!~", "'[a-z]+'"},
        {"like", "'%a_'"},          {"ilike", "'%a_'"},       {"not like", "'%a_'"},
        {"to_", "'FM9999'"},        {"timezone", "'CET'"},    {"extract", "'year'"},
        {"date_", "'hour'"},        {"jsonb_path", "'$.a'"},  {"encode", "'hex'"},
        {"decode", "'hex'"},        {"substring", "'[a-z]'"}, {"split_part", "','"}};
    bool second = k == 1 || !strncmp(op->name, "date_", 5) || !strncmp(op->name, "timezone", 8) ||
                  !strncmp(op->name, "extract", 7);

    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        if (second && expr_op_arg(op, k) == EXPR_TEXT &&
            !strncmp(op->name, fixed[i][0], strlen(fixed[i][0])))
            return fixed[i][1];
    if (k > 1 && expr_op_arg(op, k) == EXPR_TEXT && !strncmp(op->name, "regexp", 6))
        return "'i'"; /* flags; as a replacement, a word like another */
    if (k > 1 && !strncmp(op->name, "make", 4) && expr_op_arg(op, k) == EXPR_TEXT)
        return "'CET'";
    return column_of(expr_op_arg(op, k));
}

static void text_of(const struct expr_op *op, char *out)
{
    uint32_t n = op->n_args;
    bool is_word = isalpha((unsigned char)op->name[0]) && !strchr(op->name, ' ');

    if (is_word && strcmp(op->name, "and") && strcmp(op->name, "or")) {
        out += sprintf(out, "%s(", op->name);
        for (uint32_t k = 0; k < n; k++)
            out += sprintf(out, "%s%s", k ? ", " : "", argument_of(op, k));
        strcpy(out, ")");
    } else if (n == 2) {
        sprintf(out, "%s %s %s", argument_of(op, 0), op->name, argument_of(op, 1));
    } else {
        sprintf(out, "%s%s%s", is_word || n != 1 ? "" : op->name, n ? argument_of(op, 0) : "", "");
    }
}

Test(expr_memory, operations)
{
    char text[500], last[500] = "";
    int compiled = 0;

    for (const struct expr_op *op = qetl_expr_op_next(NULL); op; op = qetl_expr_op_next(op)) {
        int64_t count;
        text_of(op, text);
        count = strcmp(text, last) ? later_allocations(text) : 0;
        strcpy(last, text);
        compiled += count >= 0;
        cr_expect_leq(count, 0, "%s: %lld allocations", text, (long long)count);
    }
    cr_log_info("%d operations, %lld rows failed", compiled, (long long)rejected);
    cr_assert_geq(compiled, 250, "only %d operations compiled", compiled);
    cr_assert_geq(rejected, 10000);
}

Test(expr_memory, forms)
{
    static const char *const texts[] = {
        "i8 * n > 100 AND t IN ('DE', 'FR', 'US')",
        "f8 * f4 > 100 OR u = 'DE'",
        "CASE WHEN b THEN t || u WHEN i4 > 7 THEN 'a text that is long' ELSE lower(u) END",
        "coalesce(nullif(t, ''), upper(u), 'none')",
        "greatest(i8, i4, 7)",
        "i4 BETWEEN i2 AND i8",
        "i4 IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)",
        "CAST(t AS integer)",
        "CAST(t AS decimal(10,2))",
        "CAST(t AS date)",
        "CAST(t AS timestamp)",
        "CAST(f8 AS text)",
        "CAST(n AS text) || CAST(ts AS text)",
        "tz AT TIME ZONE 'Europe/Berlin'",
        "to_char(ts, 'YYYY-MM-DD')",
        "t IS DISTINCT FROM u",
        "z IS NULL",
        "i4 / i2",
        "n / i8",
        "(i4 + 1) * (i4 + 1) - (i4 + 1)",
        "EXTRACT(year FROM da)",
        "t ~ '^[a-z]+$'",
        "sha256(t)",
        "TRIM(BOTH 'a' FROM t)",
        "OVERLAY(t PLACING u FROM 2)",
        "POSITION('e' IN t)",
        "ts + i4 * INTERVAL '1 hour'",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int64_t count = later_allocations(texts[i]);
        cr_expect_eq(count, 0, "%s: %lld allocations", texts[i], (long long)count);
    }
}
