/* SPDX-License-Identifier: Apache-2.0 */
/* What a transform says of itself: kept as it was said, and refused where it cannot be. */
#include "host/host.h"
#include "run/bind.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static int32_t (*bind_now)(struct qetl_binder *);
static struct qetl_binding binding;
static struct qetl_ctx *ctx;
static struct ArrowSchema input;
static char problem[300];

static int32_t bind(void *self, uint32_t n, const struct ArrowSchema *const *inputs,
                    struct qetl_binder *binder)
{
    (void)self, (void)n, (void)inputs;
    return bind_now(binder);
}

static int32_t process(void *self, const struct qetl_event *event, struct qetl_output *out)
{
    (void)self, (void)event, (void)out;
    return QETL_OK;
}

static void log_nothing(void *arg, const char *component, int32_t level, const char *message)
{
    (void)arg, (void)component, (void)level, (void)message;
}

static const struct qetl_instance_env env = {.log = log_nothing};

/* Binds anew with two inputs of columns a (bigint), b (text) and so many outputs. */
static int32_t rebind(int32_t (*how)(struct qetl_binder *), bool with_process, uint32_t n_out)
{
    static struct qetl_transform table;
    static struct qetl_component component;
    static struct qetl_node node = {.id = "node"};
    static struct qetl_plugin_use use;
    table = (struct qetl_transform){
        .struct_size = sizeof table, .bind = bind, .process = with_process ? process : NULL};
    component = (struct qetl_component){
        .struct_size = sizeof component, .kind = QETL_TRANSFORM, .transform = &table};
    use.options = json_object();
    ctx = qetl_instance_new(&env, &node, &use, &component);
    cr_assert_eq(qetl_schema_init_struct(&input), 0);
    cr_assert_eq(qetl_schema_add(&input, "a", "l"), 0);
    cr_assert_eq(qetl_schema_add(&input, "b", "vu"), 0);
    const struct ArrowSchema *inputs[] = {&input, &input};
    bind_now = how;
    int32_t status = qetl_bind(ctx, 2, inputs, n_out, &binding);
    struct qetl_error_report error = qetl_instance_take_error(ctx);
    snprintf(problem, sizeof problem, "%s", error.message ? error.message : "");
    qetl_error_report_free(&error);
    qetl_instance_free(ctx);
    json_decref(use.options);
    return status;
}

static void finish(void)
{
    qetl_binding_free(&binding);
    qetl_schema_release(&input);
}

TestSuite(bind, .timeout = 60);

static int32_t copy_both(struct qetl_binder *b)
{
    int32_t status = b->copy(b, 0, -1, 0, 1, "text");
    if (!status)
        status = b->copy(b, 0, 0, 1, 1, NULL);
    if (!status)
        status = b->copy(b, 0, -1, 0, 0, NULL);
    return status ? status : b->copy(b, 0, 1, 1, 0, NULL);
}

static int32_t everything(struct qetl_binder *b)
{
    struct ArrowSchema field;
    int64_t from = 0;
    cr_expect_eq(b->read(b, 0, 1, QETL_FORM_LEXICAL), 0);
    cr_expect_eq(b->read(b, 0, 0, QETL_FORM_VALUE), 1);
    cr_expect_eq(b->read(b, 1, 0, QETL_FORM_CHECKED), 0, "counted per port");
    cr_expect_eq(copy_both(b), 0);
    cr_expect_eq(qetl_schema_init_field(&field, "sum", "g"), 0);
    cr_expect_eq(b->derive(b, 0, &field, 1, &from), 0);
    cr_expect_null(field.release, "moved");
    cr_expect_eq(b->rows(b, 0, QETL_ROWS_EXPAND), 0);
    cr_expect_eq(b->distribution(b, QETL_DISTRIBUTION_HASH, 1, &from), 0);
    cr_expect_eq(b->input(b, 1, QETL_INPUT_BLOCKING), 0);
    return QETL_OK;
}

Test(bind, keeps_what_was_said)
{
    cr_assert_eq(rebind(everything, true, 1), QETL_OK, "%s", problem);
    cr_assert_eq(binding.n_in, 2);
    cr_assert_eq(binding.in[0].n_reads, 2);
    cr_expect_eq(binding.in[0].reads[0].column, 1);
    cr_expect_eq(binding.in[0].reads[0].form, QETL_FORM_LEXICAL);
    cr_expect_eq(binding.in[0].reads[1].column, 0);
    cr_expect_eq(binding.in[1].n_reads, 1);
    cr_expect_eq(binding.in[1].reads[0].form, QETL_FORM_CHECKED);
    cr_expect_eq(binding.in[0].kind, QETL_INPUT_STREAMING);
    cr_expect_eq(binding.in[1].kind, QETL_INPUT_BLOCKING);
    cr_expect_eq(binding.distribution, QETL_DISTRIBUTION_HASH);
    const struct qetl_out_binding *out = &binding.out[0];
    cr_assert_eq(out->n_columns, 3);
    cr_expect_eq(out->n_derived, 1);
    cr_expect_eq(out->rows, QETL_ROWS_EXPAND);
    cr_expect_str_eq(out->schema.children[0]->name, "text");
    cr_expect_str_eq(out->schema.children[0]->format, "vu");
    cr_expect_str_eq(out->schema.children[1]->name, "a");
    cr_expect_str_eq(out->schema.children[2]->name, "sum");
    cr_expect_eq(out->columns[0].from[0], 1);
    cr_expect_eq(out->columns[0].from[1], 1);
    cr_expect_eq(out->columns[1].from[1], 0);
    cr_expect_eq(out->columns[0].derived, -1);
    cr_expect_eq(out->columns[2].derived, 0);
    cr_expect_not(qetl_binding_is_copy(&binding));
    finish();
}

Test(bind, columns_alone_need_no_process)
{
    cr_assert_eq(rebind(copy_both, false, 1), QETL_OK, "%s", problem);
    cr_expect(qetl_binding_is_copy(&binding));
    cr_expect_eq(binding.out[0].rows, QETL_ROWS_KEEP);
    cr_expect_eq(binding.distribution, QETL_DISTRIBUTION_ANY);
    finish();
}

/* ---- misuse ---- */

static int32_t read_far(struct qetl_binder *b)
{
    return b->read(b, 0, 2, QETL_FORM_VALUE);
}
static int32_t read_negative(struct qetl_binder *b)
{
    return b->read(b, 0, -1, QETL_FORM_VALUE);
}
static int32_t read_port(struct qetl_binder *b)
{
    return b->read(b, 2, 0, QETL_FORM_VALUE);
}
static int32_t read_two_forms(struct qetl_binder *b)
{
    return b->read(b, 0, 0, QETL_FORM_VALUE | QETL_FORM_LEXICAL);
}
static int32_t copy_far(struct qetl_binder *b)
{
    return b->copy(b, 0, -1, 0, 2, NULL);
}
static int32_t copy_port(struct qetl_binder *b)
{
    return b->copy(b, 1, -1, 0, 0, NULL);
}
static int32_t copy_into_nothing(struct qetl_binder *b)
{
    return b->copy(b, 0, 0, 1, 0, NULL);
}
static int32_t copy_from_one(struct qetl_binder *b)
{
    input.children[0]->flags = 0;
    return b->copy(b, 0, -1, 1, 0, NULL);
}
static int32_t copy_from_two(struct qetl_binder *b)
{
    int32_t status = copy_from_one(b);
    return status ? status : b->copy(b, 0, 0, 0, 0, NULL);
}
static int32_t derive_one(struct qetl_binder *b, uint32_t port, int64_t n, const int64_t *inputs)
{
    struct ArrowSchema field;
    int32_t status = qetl_schema_init_field(&field, "d", "l");
    status = status ? status : b->derive(b, port, &field, n, inputs);
    qetl_schema_release(&field);
    return status;
}
static int32_t derive_port(struct qetl_binder *b)
{
    return derive_one(b, 3, 0, NULL);
}
static int32_t derive_far(struct qetl_binder *b)
{
    int64_t far = 2;
    return derive_one(b, 0, 1, &far);
}
static int32_t derive_count(struct qetl_binder *b)
{
    return derive_one(b, 0, -2, NULL);
}
static int32_t copy_into_derived(struct qetl_binder *b)
{
    int32_t status = derive_one(b, 0, -1, NULL);
    return status ? status : b->copy(b, 0, 0, 0, 0, NULL);
}
static int32_t rows_unknown(struct qetl_binder *b)
{
    return b->rows(b, 0, QETL_ROWS_STATEFUL + 1);
}
static int32_t rows_port(struct qetl_binder *b)
{
    return b->rows(b, 1, QETL_ROWS_KEEP);
}
static int32_t distribution_unknown(struct qetl_binder *b)
{
    return b->distribution(b, 0, 0, NULL);
}
static int32_t distribution_far(struct qetl_binder *b)
{
    int64_t far = 7;
    return b->distribution(b, QETL_DISTRIBUTION_HASH, 1, &far);
}
static int32_t input_unknown(struct qetl_binder *b)
{
    return b->input(b, 0, 9);
}
static int32_t input_port(struct qetl_binder *b)
{
    return b->input(b, 2, QETL_INPUT_BLOCKING);
}
static int32_t stateful_copy(struct qetl_binder *b)
{
    int32_t status = copy_both(b);
    return status ? status : b->rows(b, 0, QETL_ROWS_STATEFUL);
}

static int32_t (*ignored)(struct qetl_binder *);
static int32_t ignoring(struct qetl_binder *b)
{
    ignored(b);
    return QETL_OK;
}

static const struct {
    int32_t (*how)(struct qetl_binder *);
    const char *words;
} misuses[] = {
    {read_far, "read()"},
    {read_negative, "read()"},
    {read_port, "read()"},
    {read_two_forms, "form"},
    {copy_far, "copy()"},
    {copy_port, "copy()"},
    {copy_into_nothing, "copy()"},
    {derive_port, "derive()"},
    {derive_far, "derive()"},
    {derive_count, "derive()"},
    {copy_into_derived, "derived"},
    {rows_unknown, "rows()"},
    {rows_port, "rows()"},
    {distribution_unknown, "distribution()"},
    {distribution_far, "distribution()"},
    {input_unknown, "input()"},
    {input_port, "input()"},
    {stateful_copy, "STATEFUL"},
};

Test(bind, rows_from_an_input_without_the_column_are_null)
{
    cr_assert_eq(rebind(copy_from_one, false, 1), QETL_OK, "%s", problem);
    cr_expect_eq(binding.out[0].columns[0].from[0], -1);
    cr_expect_eq(binding.out[0].columns[0].from[1], 0);
    cr_expect(binding.out[0].schema.children[0]->flags & ARROW_FLAG_NULLABLE);
    finish();
    cr_assert_eq(rebind(copy_from_two, false, 1), QETL_OK, "%s", problem);
    cr_expect_not(binding.out[0].schema.children[0]->flags & ARROW_FLAG_NULLABLE);
    finish();
}

Test(bind, misuse_is_reported)
{
    for (size_t i = 0; i < sizeof misuses / sizeof misuses[0]; i++) {
        cr_expect_lt(rebind(misuses[i].how, true, 1), 0, "misuse %zu", i);
        cr_expect(strstr(problem, misuses[i].words), "misuse %zu: '%s'", i, problem);
        finish();
    }
}

Test(bind, misuse_is_reported_also_when_the_plugin_goes_on)
{
    for (size_t i = 0; i < sizeof misuses / sizeof misuses[0]; i++) {
        ignored = misuses[i].how;
        cr_expect_lt(rebind(ignoring, true, 1), 0, "misuse %zu", i);
        cr_expect(strstr(problem, misuses[i].words), "misuse %zu: '%s'", i, problem);
        finish();
    }
}

static int32_t subset(struct qetl_binder *b)
{
    int32_t status = copy_both(b);
    return status ? status : b->rows(b, 0, QETL_ROWS_SUBSET);
}

Test(bind, rows_that_change_need_process)
{
    cr_expect_lt(rebind(subset, false, 1), 0);
    cr_expect(strstr(problem, "process"), "%s", problem);
    finish();
    cr_expect_lt(rebind(copy_both, false, 2), 0, "which port would they leave by?");
    finish();
}

static int32_t fails(struct qetl_binder *b)
{
    (void)b;
    return QETL_E_CONFIG;
}

Test(bind, the_plugins_own_failure_is_answered)
{
    cr_expect_eq(rebind(fails, true, 1), QETL_E_CONFIG);
    cr_expect_str_eq(problem, "");
    finish();
}
