/* SPDX-License-Identifier: Apache-2.0 */
/* The examples of the reference, and that it names what there is. */
#include "../core/expr/bind.h"
#include "../core/expr/doc.h"
#include "../core/expr/expr.h"
#include "../core/expr/op.h"
#include "fake_host.h"

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
                          qetl_expr_special_find(group->docs[i].name),
                      "%s is not there", group->docs[i].name);
}
