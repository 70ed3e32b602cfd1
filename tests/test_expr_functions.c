/* SPDX-License-Identifier: Apache-2.0 */
/* The examples of the reference, and that it names what there is. */
#include "../core/expr/bind.h"
#include "../core/expr/doc.h"
#include "../core/expr/expr.h"
#include "../core/expr/op.h"
#include "expr_batch.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct qetl_fake_host fake;
static struct ArrowSchema schema;

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
    cr_assert_eq(qetl_schema_init_struct(&schema), 0);
}

static void teardown(void)
{
    qetl_schema_release(&schema);
    qetl_fake_host_close(&fake);
}

TestSuite(expr_functions, .init = setup, .fini = teardown);

/* The one value of an expression without columns, as text; quoted if it is a text by itself. */
static void value_of(const char *text, char *out, size_t size)
{
    const struct qetl_expr_host *service = qetl_expr_service();
    const void *none[1] = {NULL};
    struct ArrowArray batch = {.length = 1, .n_buffers = 1, .buffers = none}, array;
    struct ArrowSchema field;
    struct qetl_column column;
    struct qetl_expr *expr;
    char cast[2000];
    bool is_text;

    cr_assert_eq(service->compile(fake.ctx, text, NULL, &schema, &expr), 0, "%s: %s", text,
                 qetl_fake_host_message(&fake));
    cr_assert_eq(service->result(expr, "r", &field), 0);
    is_text = !strcmp(field.format, "vu");
    qetl_schema_release(&field);
    service->free(expr);
    snprintf(cast, sizeof cast, "CAST((%s) AS text)", text);
    cr_assert_eq(service->compile(fake.ctx, cast, NULL, &schema, &expr), 0, "%s: %s", cast,
                 qetl_fake_host_message(&fake));
    cr_assert_eq(service->result(expr, "r", &field), 0);
    cr_assert_eq(service->evaluate(expr, &batch, 1, &array, NULL, NULL), 0);
    cr_assert_eq(fake.n_rejects, 0, "%s is rejected: %s", text, fake.rejects[0].message);
    cr_assert_eq(qetl_column_open(&column, &field, &array), 0);
    if (qetl_column_is_null(&column, 0)) {
        snprintf(out, size, "NULL");
    } else {
        struct qetl_text value = qetl_column_text(&column, 0);
        const char *quote = is_text ? "'" : "";
        snprintf(out, size, "%s%.*s%s", quote, (int)value.size, value.data, quote);
    }
    qetl_schema_release(&field);
    qetl_array_release(&array);
    service->free(expr);
}

/* Of a name of several words the first counts. */
static bool uses(const char *example, const char *name)
{
    char word[64];

    snprintf(word, sizeof word, "%.*s", (int)strcspn(name, " "), name);
    return strcasestr(example, word) != NULL;
}

Test(expr_functions, examples_give_what_the_reference_says)
{
    const struct expr_doc_group *group;
    size_t count = 0;

    for (size_t g = 0; (group = qetl_expr_doc_group(g)); g++)
        for (size_t i = 0; i < group->count; i++, count++) {
            char value[1000];
            value_of(group->docs[i].example, value, sizeof value);
            cr_expect_str_eq(value, group->docs[i].result, "%s: %s, not %s", group->docs[i].example,
                             value, group->docs[i].result);
            cr_expect(uses(group->docs[i].example, group->docs[i].name),
                      "the example of %s does not use it", group->docs[i].name);
        }
    cr_assert_gt(count, 5);
}

Test(expr_functions, what_is_documented_can_be_called)
{
    const struct expr_doc_group *group;

    for (size_t g = 0; (group = qetl_expr_doc_group(g)); g++)
        for (size_t i = 0; i < group->count; i++)
            cr_expect(qetl_expr_op_known(group->docs[i].name) ||
                          qetl_expr_special_find(group->docs[i].name) ||
                          group == &qetl_expr_doc_operator, /* syntax: its examples show it */
                      "%s is not there", group->docs[i].name);
}

/* ---- over columns ---- */

enum { ROWS = 3000 };

static struct expr_batch data;

static void data_open(void)
{
    setup();
    expr_batch_open(&data, &fake, ROWS);
}

static void data_close(void)
{
    expr_batch_close(&data);
    teardown();
}

TestSuite(expr_rows, .init = data_open, .fini = data_close);

static struct qetl_expr *compile(const char *text)
{
    struct qetl_expr *expr;

    cr_assert_eq(qetl_expr_service()->compile(fake.ctx, text, "/where", &data.schema, &expr), 0,
                 "%s: %s", text, qetl_fake_host_message(&fake));
    return expr;
}

static int32_t run(struct qetl_expr *expr, struct ArrowArray *out, int64_t *failed)
{
    struct ArrowArray *children[EXPR_BATCH_COLUMNS], batch;
    const int64_t *columns;
    int64_t n = qetl_expr_service()->columns(expr, &columns);

    expr_batch_view(&data, n, columns, children, &batch);
    return qetl_expr_service()->evaluate(expr, &batch, ROWS, out, NULL, failed);
}

/* Rows that the expression rejects. */
static int64_t count_failed(const char *text)
{
    struct qetl_expr *expr = compile(text);
    struct ArrowArray out;
    int64_t failed;

    qetl_fake_host_reset(&fake);
    cr_assert_eq(run(expr, &out, &failed), 0);
    qetl_array_release(&out);
    qetl_expr_service()->free(expr);
    return failed;
}

Test(expr_rows, a_branch_fails_only_where_it_is_taken)
{
    int64_t bare = count_failed("100 / i4");

    cr_assert_gt(bare, 0);
    cr_expect_eq(count_failed("CASE WHEN i4 <> 0 THEN 100 / i4 ELSE -1 END"), 0);
    cr_expect_eq(count_failed("CASE WHEN i4 = 0 THEN -1 ELSE 100 / i4 END"), 0);
    cr_expect_eq(count_failed("CASE i4 WHEN 0 THEN -1 ELSE 100 / i4 END"), 0);
    cr_expect_eq(count_failed("CASE WHEN i4 = 0 THEN 100 / i4 ELSE -1 END"), bare);
    cr_expect_eq(count_failed("coalesce(nullif(i4, 0), 1 / i4)"), bare);
    cr_expect_eq(count_failed("coalesce(i4, 100 / i4)"), 0);
    cr_expect_eq(count_failed("CASE WHEN i4 = 0 THEN 'none' ELSE CAST(100 / i4 AS text) END"), 0);
}

static bool is_true(const struct ArrowArray *out, int64_t i)
{
    const uint8_t *valid = out->buffers[0], *value = out->buffers[1];

    return (!valid || valid[i >> 3] >> (i & 7) & 1) && value[i >> 3] >> (i & 7) & 1;
}

/* The same parts in different branches: what one branch did not compute, another must. */
Test(expr_rows, branches_do_not_borrow_what_was_not_computed)
{
    static const char *const texts[] = {
        "(b AND (i4 > 1 AND i8 IS NULL)) OR (NOT b AND (i4 > 1 AND i8 IS NULL))",
        "CASE WHEN b THEN coalesce(t, u) ELSE coalesce(t, u) END",
        "CASE WHEN i4 > 5 THEN i8 + 1 > 3 AND i2 IS NULL WHEN i4 <= 5 THEN i8 + 1 > 3 AND i2 IS "
        "NULL END",
    };
    static const char *const same[] = {
        "CASE WHEN b IS NULL THEN (b AND (i4 > 1 AND i8 IS NULL)) ELSE i4 > 1 AND i8 IS NULL END",
        "coalesce(t, u)",
        "CASE WHEN i4 IS NOT NULL THEN i8 + 1 > 3 AND i2 IS NULL END",
    };

    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
        char text[1000];
        struct qetl_expr *expr;
        struct ArrowArray out;
        int64_t failed;
        snprintf(text, sizeof text, "(%s) IS DISTINCT FROM (%s)", texts[k], same[k]);
        if (k == 0)
            snprintf(text, sizeof text, "b IS NOT NULL AND (%s) IS DISTINCT FROM (%s)", texts[k],
                     same[k]);
        expr = compile(text);
        cr_assert_eq(run(expr, &out, &failed), 0);
        for (int64_t i = 0; i < ROWS; i++)
            cr_assert_not(is_true(&out, i), "row %lld: %s", (long long)i, text);
        qetl_array_release(&out);
        qetl_expr_service()->free(expr);
    }
}

Test(expr_rows, a_pattern_that_runs_wild_rejects_the_row)
{
    cr_assert_gt(count_failed("repeat('a', 40) || t ~ '^(a|aa|aaa)*b$'"), 0);
    cr_assert_str_eq(fake.rejects[0].code, "regex_limit");
    cr_assert_gt(count_failed("'a' ~ ('(' || t)"), 0);
    cr_assert_str_eq(fake.rejects[0].code, "bad_pattern");
}

static const char *const many[] = {
    "upper(t) || lower(u) LIKE '%E%'",
    "regexp_replace(t, '[a-z]+', '<\\&>', 'g')",
    "t ILIKE '%e%'",
    "CASE WHEN t LIKE 'a%' THEN md5(t) ELSE concat_ws('-', t, u, i4) END",
    "t ~ '[a-z]+g'",
    "round(n, 1) IS NULL OR n > 5",
    "lpad(split_part(t, ' ', 2), 20, 'xy')",
};

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/* glibc's own, behind ours that count. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static _Thread_local int64_t n_allocs;

void *malloc(size_t size)
{
    n_allocs++;
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    n_allocs++;
    return __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
    n_allocs++;
    return __libc_realloc(old, size);
}

/* Beyond the buffers of the result and the lists of them that an Arrow array has. */
Test(expr_rows, nothing_is_allocated_per_batch_after_the_first)
{
    enum { ROUNDS = 4, OF_THE_ARRAY = 4 };

    for (size_t k = 0; k < sizeof many / sizeof many[0]; k++) {
        struct qetl_expr *expr = compile(many[k]);
        int64_t failed = 0;
        for (int round = 0; round < ROUNDS; round++) {
            struct ArrowArray out;
            int64_t before = n_allocs, lent = fake.allocs;
            int32_t status = run(expr, &out, &failed);
            int64_t made = n_allocs - before - (fake.allocs - lent);
            cr_assert_eq(status, 0);
            cr_assert_eq(failed, 0, "%s rejects rows, which the test's host remembers", many[k]);
            cr_expect(round < 1 || made <= OF_THE_ARRAY, "%s, round %d: %lld allocations", many[k],
                      round, (long long)made);
            qetl_array_release(&out);
        }
        qetl_expr_service()->free(expr);
    }
}
#endif

Test(expr_rows, without_memory_for_results_they_fail_and_leak_nothing)
{
    for (size_t k = 0; k < sizeof many / sizeof many[0]; k++) {
        struct qetl_expr *expr = compile(many[k]);
        struct ArrowArray out;
        int64_t failed;
        for (int64_t left = 0; left < 4; left++) {
            fake.allocs_left = left;
            if (!run(expr, &out, &failed))
                qetl_array_release(&out);
        }
        fake.allocs_left = -1;
        qetl_expr_service()->free(expr);
    }
}
