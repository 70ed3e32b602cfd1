/* SPDX-License-Identifier: Apache-2.0 */
#include "../core/expr/expr.h"
#include "expr_batch.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>

enum { ROWS = 3000 };

const struct qetl_host *qetl_ctx_host(struct qetl_ctx *ctx)
{
    return &((struct qetl_fake_host *)ctx)->host;
}

struct qetl_expr_session qetl_ctx_expr_session(struct qetl_ctx *ctx)
{
    (void)ctx;
    return (struct qetl_expr_session){0};
}

static struct qetl_fake_host fake;
static struct expr_batch data;

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

TestSuite(expr_service, .init = setup, .fini = teardown);

static struct qetl_expr *compile(const char *text)
{
    struct qetl_expr *expr;
    int32_t status = qetl_expr_service()->compile(fake.ctx, text, "/where", &data.schema, &expr);

    cr_assert_eq(status, 0, "%s: %s", text, qetl_fake_host_message(&fake));
    return expr;
}

static void expect_mistake(const char *text, const char *message, const char *mend)
{
    struct qetl_expr *expr;

    qetl_fake_host_reset(&fake);
    cr_assert_eq(qetl_expr_service()->compile(fake.ctx, text, "/where", &data.schema, &expr),
                 QETL_E_CONFIG, "%s compiled", text);
    cr_assert_eq(fake.n_errors, 1);
    cr_assert_str_eq(fake.errors[0].message, message);
    cr_assert_str_eq(fake.errors[0].option, "/where");
    if (mend)
        cr_assert_not_null(strstr(fake.errors[0].suggestion, mend), "%s",
                           fake.errors[0].suggestion);
}

static int64_t select_rows(const char *text, int32_t *selected, int64_t *failed)
{
    const struct qetl_expr_host *service = qetl_expr_service();
    struct qetl_expr *expr = compile(text);
    struct ArrowArray *children[EXPR_BATCH_COLUMNS], batch;
    const int64_t *columns;
    int64_t n = service->columns(expr, &columns), count;

    qetl_fake_host_reset(&fake);
    expr_batch_view(&data, n, columns, children, &batch);
    count = service->select(expr, &batch, ROWS, selected, failed);
    service->free(expr);
    return count;
}

static void evaluate(struct qetl_expr *expr, struct ArrowArray *out, uint8_t *failures,
                     int64_t *failed)
{
    const struct qetl_expr_host *service = qetl_expr_service();
    struct ArrowArray *children[EXPR_BATCH_COLUMNS], batch;
    const int64_t *columns;
    int64_t n = service->columns(expr, &columns);

    expr_batch_view(&data, n, columns, children, &batch);
    cr_assert_eq(service->evaluate(expr, &batch, ROWS, out, failures, failed), 0);
}

Test(expr_service, mistakes_have_a_caret)
{
    expect_mistake("i4 > 1 AND conutry = 'DE'",
                   "character 12: there is no column \"conutry\"\n"
                   "  i4 > 1 AND conutry = 'DE'\n"
                   "             ^~~~~~~",
                   "the columns are");
    expect_mistake(
        "t + 1", "character 1: there is no text + integer: column \"t\" is text\n  t + 1\n  ^~~~~",
        "write CAST(t AS decimal(12,2)), or declare types: {t: decimal(12,2)}");
    expect_mistake("ts > '2024-02-30'",
                   "character 6: '2024-02-30' does not fit timestamp (datetime_overflow)\n"
                   "  ts > '2024-02-30'\n"
                   "       ^~~~~~~~~~~~",
                   NULL);
    expect_mistake("1 / 0", "character 1: 1 / 0 (division_by_zero)\n  1 / 0\n  ^~~~~", NULL);
    expect_mistake("'ä' = t AND\n  t ? 'x'",
                   "character 17: this character has no meaning in an expression\n    t ? 'x'\n"
                   "      ^",
                   NULL);
    expect_mistake("i4 <",
                   "character 5: expected a column, a value or an opening parenthesis, found the "
                   "end\n  i4 <\n      ^",
                   NULL);
    expect_mistake("i4 < i8 < 3",
                   "character 9: comparisons cannot be chained\n  i4 < i8 < 3\n          ^", "AND");
    expect_mistake("concatt(t) = 'A'",
                   "character 1: there is no function concatt\n  concatt(t) = 'A'\n"
                   "  ^~~~~~~~~~",
                   "did you mean concat?");
    expect_mistake("concat_ws(i4, t)",
                   "character 1: there is no concat_ws(integer, text)\n  concat_ws(i4, t)\n"
                   "  ^~~~~~~~~~~~~~~~",
                   "there is concat_ws(text, text, …)");
    expect_mistake("'abc", "character 1: this text does not end\n  'abc\n  ^~~~", "quote");
    expect_mistake("", "character 1: the expression is empty\n", NULL);
}

Test(expr_service, deep_nesting_is_refused)
{
    char text[2001];

    memset(text, '(', 2000);
    text[2000] = '\0';
    struct qetl_expr *expr;
    cr_assert_eq(qetl_expr_service()->compile(fake.ctx, text, NULL, &data.schema, &expr),
                 QETL_E_CONFIG);
    cr_assert_not_null(strstr(qetl_fake_host_message(&fake), "nests too deeply"));
}

Test(expr_service, columns_are_ascending_and_each_once)
{
    struct qetl_expr *expr = compile("u = 'x' OR i4 > 1 AND u <> t AND i4 < 7");
    const int64_t *columns;

    cr_assert_eq(qetl_expr_service()->columns(expr, &columns), 3);
    cr_assert_eq(columns[0], 3);
    cr_assert_eq(columns[1], 13);
    cr_assert_eq(columns[2], 14);
    cr_assert_str_eq(qetl_expr_service()->tree(expr),
                     "{\"call\":\"or\",\"args\":[{\"call\":\"=\",\"args\":[{\"column\":\"u\"},{"
                     "\"text\":\"x\"}]},"
                     "{\"call\":\"and\",\"args\":[{\"call\":\">\",\"args\":[{\"column\":\"i4\"},{"
                     "\"number\":\"1\"}]},"
                     "{\"call\":\"<>\",\"args\":[{\"column\":\"u\"},{\"column\":\"t\"}]},"
                     "{\"call\":\"<\",\"args\":[{\"column\":\"i4\"},{\"number\":\"7\"}]}]}]}");
    qetl_expr_service()->free(expr);
}

Test(expr_service, guards_keep_errors_from_rows_that_do_not_need_them)
{
    static int32_t selected[ROWS];
    int64_t failed, bare;

    cr_assert_gt(select_rows("i4 <> 0 AND 100 / i4 > 10", selected, &failed), 0);
    cr_assert_eq(failed, 0);
    select_rows("i4 = 0 OR 100 / i4 > 10", selected, &failed);
    cr_assert_eq(failed, 0);
    select_rows("100 / i4 > 10", selected, &bare);
    cr_assert_gt(bare, 0);
    cr_assert_eq(fake.n_rejects, bare);
    cr_assert_str_eq(fake.rejects[0].code, "division_by_zero");
    cr_assert_str_eq(fake.rejects[0].message, "100 / 0, in 100 / i4 (character 1 of `where`)");
    /* a row that fails twice is rejected once */
    select_rows("100 / i4 > 10 OR 200 / i4 > 5", selected, &failed);
    cr_assert_eq(failed, bare);
    /* what is needed under a guard and without it fails where it is needed */
    select_rows("(i4 <> 0 AND 100 / i4 > 10) OR 100 / i4 > 5", selected, &failed);
    cr_assert_eq(failed, bare);
}

Test(expr_service, select_agrees_with_evaluate_over_all_strips)
{
    static const char *const texts[] = {
        "i4 > 5",    "t IN ('DE', 'a')",       "NOT b", "i8 >= i4 AND f8 < 2",
        "n IS NULL", "da = DATE '2024-02-29'", "t < u", "b"};
    static int32_t selected[ROWS];

    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
        struct qetl_expr *expr = compile(texts[k]);
        struct ArrowArray out;
        struct qetl_column column;
        struct ArrowSchema field;
        int64_t count = select_rows(texts[k], selected, NULL), at = 0;
        evaluate(expr, &out, NULL, NULL);
        cr_assert_eq(qetl_expr_service()->result(expr, "r", &field), 0);
        cr_assert_eq(qetl_column_open(&column, &field, &out), 0);
        for (int64_t i = 0; i < ROWS; i++)
            if (!qetl_column_is_null(&column, i) && qetl_column_int(&column, i)) {
                cr_assert_lt(at, count);
                cr_assert_eq(selected[at++], i, "%s", texts[k]);
            }
        cr_assert_eq(at, count, "%s", texts[k]);
        qetl_schema_release(&field);
        qetl_array_release(&out);
        qetl_expr_service()->free(expr);
    }
}

Test(expr_service, rows_marked_beforehand_are_left_out)
{
    struct qetl_expr *expr = compile("100 / i4");
    uint8_t failures[ROWS / 8 + 1];
    struct ArrowArray out;
    int64_t first, second;

    memset(failures, 0, sizeof failures);
    evaluate(expr, &out, failures, &first);
    qetl_array_release(&out);
    cr_assert_gt(first, 0);
    evaluate(expr, &out, failures, &second);
    qetl_array_release(&out);
    cr_assert_eq(second, 0);
    cr_assert_eq(fake.n_rejects, first);
    qetl_expr_service()->free(expr);
}

Test(expr_service, batches_with_offsets_read_the_same)
{
    static int32_t whole[ROWS], part[ROWS];
    const struct qetl_expr_host *service = qetl_expr_service();
    const char *text = "i4 > 5 AND t IN ('DE', '12') OR b AND n < 100";
    int64_t count = select_rows(text, whole, NULL), at = 0, n;
    struct qetl_expr *expr = compile(text);
    struct ArrowArray *children[EXPR_BATCH_COLUMNS], batch;
    const int64_t *columns;

    n = service->columns(expr, &columns);
    expr_batch_view(&data, n, columns, children, &batch);
    batch.offset = 37;
    n = service->select(expr, &batch, ROWS - 37, part, NULL);
    while (at < count && whole[at] < 37)
        at++;
    cr_assert_eq(n, count - at);
    for (int64_t i = 0; i < n; i++)
        cr_assert_eq(part[i] + 37, whole[at + i]);
    service->free(expr);
}

Test(expr_service, nothing_is_allocated_per_batch_but_results)
{
    static int32_t selected[ROWS];
    const struct qetl_expr_host *service = qetl_expr_service();
    struct qetl_expr *expr = compile("i4 * n > 100 AND t IN ('DE','FR')");
    struct ArrowArray *children[EXPR_BATCH_COLUMNS], batch;
    const int64_t *columns;
    int64_t n = service->columns(expr, &columns), before = fake.allocs;

    expr_batch_view(&data, n, columns, children, &batch);
    for (int i = 0; i < 3; i++)
        cr_assert_geq(service->select(expr, &batch, ROWS, selected, NULL), 0);
    cr_assert_eq(fake.allocs, before);
    service->free(expr);
}

Test(expr_service, without_memory_it_fails_and_leaks_nothing)
{
    const struct qetl_expr_host *service = qetl_expr_service();
    struct qetl_expr *expr = compile("t || ' and a text that is longer than a view'");
    struct ArrowArray *children[EXPR_BATCH_COLUMNS], batch, out;
    const int64_t *columns;
    int64_t n = service->columns(expr, &columns);
    int32_t status;

    expr_batch_view(&data, n, columns, children, &batch);
    for (int64_t left = 0;; left++) {
        fake.allocs_left = left;
        status = service->evaluate(expr, &batch, ROWS, &out, NULL, NULL);
        if (!status)
            break;
        cr_assert_eq(status, QETL_E_NO_MEMORY);
        cr_assert_lt(left, 100);
    }
    fake.allocs_left = -1;
    qetl_array_release(&out);
    service->free(expr);
}

Test(expr_service, casts_to_decimals_check_both_ends)
{
    struct qetl_expr *expr = compile("CAST(i8 AS decimal(12,2))");
    struct qetl_column column;
    struct ArrowArray out;
    int64_t failed, wanted = 0, below = 0;

    evaluate(expr, &out, NULL, &failed);
    cr_assert_eq(qetl_column_open(&column, data.schema.children[4], &data.columns[4]), 0);
    for (int64_t i = 0; i < ROWS; i++) {
        int64_t value = qetl_column_is_null(&column, i) ? 0 : qetl_column_int(&column, i);
        wanted += value >= 10000000000 || value <= -10000000000;
        below += value <= -10000000000;
    }
    cr_assert_gt(below, 0);
    cr_assert_eq(failed, wanted);
    qetl_array_release(&out);
    qetl_expr_service()->free(expr);
}

/* A strip whose only doubtful value is negative: no other row betrays it. */
Test(expr_service, a_negative_value_alone_is_checked)
{
    static const int64_t values[] = {1, -10000000000, 2};
    const void *buffers[] = {NULL, values};
    struct ArrowArray column = {.length = 3, .n_buffers = 2, .buffers = buffers}, out;
    struct ArrowArray *children[1] = {&column};
    struct ArrowArray batch = {.length = 3, .n_children = 1, .children = children};
    struct ArrowSchema schema;
    struct qetl_expr *expr;
    int64_t failed;

    cr_assert_eq(qetl_schema_init_struct(&schema), 0);
    cr_assert_eq(qetl_schema_add(&schema, "v", "l"), 0);
    cr_assert_eq(
        qetl_expr_service()->compile(fake.ctx, "CAST(v AS decimal(12,2))", NULL, &schema, &expr),
        0);
    cr_assert_eq(qetl_expr_service()->evaluate(expr, &batch, 3, &out, NULL, &failed), 0);
    cr_assert_eq(failed, 1);
    cr_assert_eq(fake.rejects[0].row, 1);
    cr_assert_str_eq(fake.rejects[0].code, "numeric_overflow");
    qetl_array_release(&out);
    qetl_expr_service()->free(expr);
    qetl_schema_release(&schema);
}

/* Text with offsets and dictionaries, made by hand. */
Test(expr_service, other_layouts_of_text)
{
    static const int32_t offsets[] = {0, 2, 2, 5};
    static const int8_t indices[] = {2, 0, 1, 0};
    const void *values[] = {NULL, offsets, "DEabc"}, *keys[] = {NULL, indices};
    struct ArrowArray text = {.length = 3, .n_buffers = 3, .buffers = values};
    struct ArrowArray coded = {.length = 4, .n_buffers = 2, .buffers = keys, .dictionary = &text};
    struct ArrowSchema schema, *field;
    struct ArrowArray *children[1] = {&coded},
                      batch = {.length = 4, .n_children = 1, .children = children};
    struct qetl_expr *expr;
    int32_t selected[4];

    cr_assert_eq(qetl_schema_init_struct(&schema), 0);
    cr_assert_eq(qetl_schema_add(&schema, "c", "c"), 0);
    field = schema.children[0];
    field->dictionary = calloc(1, sizeof *field->dictionary);
    cr_assert_eq(qetl_schema_init_field(field->dictionary, "", "u"), 0);
    cr_assert_eq(qetl_expr_service()->compile(fake.ctx, "c IN ('DE', 'abc')", NULL, &schema, &expr),
                 0);
    cr_assert_eq(qetl_expr_service()->select(expr, &batch, 4, selected, NULL), 3);
    cr_assert_eq(selected[0], 0);
    cr_assert_eq(selected[1], 1);
    cr_assert_eq(selected[2], 3);
    qetl_expr_service()->free(expr);
    qetl_schema_release(&schema);
}
