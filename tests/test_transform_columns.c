/* SPDX-License-Identifier: Apache-2.0 */
/* filter and select, as the host would drive them. */
#include "../core/expr/expr.h"
#include "expr_batch.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define qetl_plugin_entry filter_entry
#define qetl_plugin_self filter_self
#define qetl_plugin_components filter_components
#include "../plugins/transforms/filter.c"
#undef qetl_plugin_entry
#undef qetl_plugin_self
#undef qetl_plugin_components
#include "../plugins/transforms/select/choose.c"
#include "../plugins/transforms/select/select.c"

enum { ROWS = 900, OUTPUTS_MAX = 32 };

const struct qetl_host *qetl_ctx_host(struct qetl_ctx *ctx)
{
    return &((struct qetl_fake_host *)ctx)->host;
}

struct qetl_expr_session qetl_ctx_expr_session(struct qetl_ctx *ctx)
{
    (void)ctx;
    return (struct qetl_expr_session){0};
}

static const void *lend_expr(struct qetl_fake_host *fake, const char *id)
{
    (void)fake;
    return strcmp(id, QETL_EXT_EXPR) ? NULL : qetl_expr_service();
}

/* What a transform said of itself. */
struct script {
    struct qetl_binder binder;
    int64_t reads[OUTPUTS_MAX], n_reads;
    char outputs[OUTPUTS_MAX][64]; /* "name<column" of a copy, "name:format" of a derived one */
    int64_t n_outputs;
    uint32_t rows;
};

static int32_t script_read(struct qetl_binder *b, uint32_t port, int64_t column, uint32_t form)
{
    struct script *s = (struct script *)(void *)b;

    cr_assert(port == 0 && form == QETL_FORM_VALUE);
    s->reads[s->n_reads] = column;
    return (int32_t)s->n_reads++;
}

static int32_t script_copy(struct qetl_binder *b, uint32_t out_port, int64_t out_column,
                           uint32_t in_port, int64_t column, const char *name)
{
    struct script *s = (struct script *)(void *)b;

    cr_assert(out_port == 0 && out_column == -1 && in_port == 0);
    snprintf(s->outputs[s->n_outputs], 64, "%s<%d", name ? name : "", (int)column);
    return (int32_t)s->n_outputs++;
}

static int32_t script_derive(struct qetl_binder *b, uint32_t port, struct ArrowSchema *field,
                             int64_t n, const int64_t *inputs)
{
    struct script *s = (struct script *)(void *)b;

    cr_assert(port == 0 && n == 1 && inputs[0] >= 0);
    snprintf(s->outputs[s->n_outputs], 64, "%s:%s", field->name, field->format);
    qetl_schema_release(field);
    return (int32_t)s->n_outputs++;
}

static int32_t script_rows(struct qetl_binder *b, uint32_t port, uint32_t rows)
{
    (void)port;
    ((struct script *)(void *)b)->rows = rows;
    return QETL_OK;
}

static struct qetl_fake_host fake;
static struct expr_batch data;
static struct script script;
static const struct qetl_component *component;
static void *self;

static int32_t begin(const struct qetl_component *c, const char *config)
{
    const struct ArrowSchema *inputs[1] = {&data.schema};

    qetl_fake_host_init(&fake, config);
    fake.extension = lend_expr;
    expr_batch_open(&data, &fake, ROWS);
    script = (struct script){.binder = {sizeof(struct qetl_binder), script_read, script_copy,
                                        script_derive, script_rows, NULL, NULL}};
    component = c;
    self = calloc(1, c->state_size);
    cr_assert_eq(c->create(self, &fake.host, fake.ctx, fake.config_json), 0);
    return c->transform->bind(self, 1, inputs, &script.binder);
}

static int32_t process(struct qetl_output *out)
{
    struct ArrowArray *children[EXPR_BATCH_COLUMNS], batch;
    struct qetl_event event = {
        .struct_size = sizeof event, .kind = QETL_EVENT_BATCH, .batch = &batch, .rows = ROWS};

    *out = (struct qetl_output){.struct_size = sizeof *out};
    expr_batch_view(&data, script.n_reads, script.reads, children, &batch);
    return component->transform->process(self, &event, out);
}

static void end(void)
{
    component->destroy(self);
    free(self);
    expr_batch_close(&data);
    cr_assert_eq(qetl_fake_host_free(&fake), 0, "buffers leaked");
}

Test(filter, rows_are_selected_filtered_or_rejected)
{
    struct qetl_output out;

    cr_assert_eq(begin(&filter_component, "{\"where\": \"100 / i4 > 10\"}"), 0);
    cr_assert_eq(script.rows, QETL_ROWS_SUBSET);
    cr_assert_eq(script.n_reads, 1);
    cr_assert_eq(script.n_outputs, EXPR_BATCH_COLUMNS);
    cr_assert_eq(process(&out), QETL_OUTPUT);
    cr_assert_gt(fake.n_rejects, 0);
    cr_assert_eq(out.rows + out.rows_filtered + fake.n_rejects, ROWS);
    for (int64_t i = 1; i < out.rows; i++)
        cr_assert_lt(out.row_map[i - 1], out.row_map[i]);
    end();
}

Test(filter, all_or_none)
{
    struct qetl_output out;

    cr_assert_eq(begin(&filter_component, "{\"where\": \"TRUE\"}"), 0);
    cr_assert_eq(process(&out), QETL_OUTPUT);
    cr_assert(out.rows == ROWS && out.rows_filtered == 0 && !out.row_map);
    end();
    cr_assert_eq(begin(&filter_component, "{\"where\": \"i4 = i4 + 1\"}"), 0);
    cr_assert_eq(process(&out), QETL_NEED_INPUT);
    cr_assert(out.rows == 0 && out.rows_filtered + fake.n_rejects == ROWS);
    end();
}

Test(filter, a_condition_is_a_boolean)
{
    cr_assert_eq(begin(&filter_component, "{\"where\": \"i4 + 1\"}"), QETL_E_CONFIG);
    cr_assert_str_eq(qetl_fake_host_message(&fake),
                     "`where` is of type integer, not boolean: i4 + 1");
    end();
}

Test(select, chooses_renames_and_drops)
{
    cr_assert_eq(begin(&select_component,
                       "{\"columns\": [\"t\", {\"i4\": \"number\"}, \"b\"], \"drop\": [\"b\"]}"),
                 0);
    cr_assert_eq(script.n_outputs, 2);
    cr_assert_str_eq(script.outputs[0], "t<13");
    cr_assert_str_eq(script.outputs[1], "number<3");
    cr_assert_eq(script.n_reads, 0);
    cr_assert_eq(script.rows, QETL_ROWS_KEEP);
    end();
    cr_assert_eq(
        begin(&select_component, "{\"rename\": {\"t\": \"text\"}, \"drop\": [\"z\", \"b\"]}"), 0);
    cr_assert_eq(script.n_outputs, EXPR_BATCH_COLUMNS - 2);
    cr_assert_str_eq(script.outputs[12], "text<13");
    end();
}

Test(select, casts_reject_a_row_once)
{
    struct qetl_output out;
    struct ArrowSchema field;
    struct qetl_column column;
    char message[200];

    cr_assert_eq(
        begin(&select_component,
              "{\"columns\": [\"i4\", \"t\", \"u\", {\"i4\": \"j\"}],"
              " \"cast\": {\"t\": \"decimal(12,2)\", \"u\": \"boolean\", \"i4\": \"text\"}}"),
        0);
    cr_assert_eq(script.rows, QETL_ROWS_SUBSET);
    cr_assert_eq(script.n_outputs, 4);
    cr_assert_str_eq(script.outputs[1], "t:d:12,2");
    cr_assert_eq(process(&out), QETL_OUTPUT);
    cr_assert_gt(fake.n_rejects, 0);
    cr_assert_eq(out.rows + fake.n_rejects, ROWS);
    cr_assert_eq(out.batch.length, ROWS);
    cr_assert_eq(out.derived_map, out.row_map);
    cr_assert_eq(qetl_schema_init_field(&field, "i4", "vu"), 0);
    cr_assert_eq(qetl_array_validate(&field, out.batch.children[0], message, sizeof message), 0,
                 "%s", message);
    cr_assert_eq(qetl_column_open(&column, &field, out.batch.children[0]), 0);
    for (int64_t i = 0; i < out.rows; i++) {
        struct qetl_column source;
        cr_assert_eq(qetl_column_open(&source, data.schema.children[3], &data.columns[3]), 0);
        int64_t at = out.derived_map[i];
        cr_assert_eq(qetl_column_is_null(&column, at), qetl_column_is_null(&source, at));
        if (!qetl_column_is_null(&column, at)) {
            struct qetl_text text = qetl_column_text(&column, at);
            char copy[32];
            snprintf(copy, sizeof copy, "%.*s", (int)text.size, text.data);
            cr_assert_eq(atoll(copy), qetl_column_int(&source, at));
        }
    }
    qetl_schema_release(&field);
    qetl_array_release(&out.batch);
    end();
}

Test(select, patterns)
{
    cr_assert_eq(begin(&select_component, "{\"columns\": [\"t\", \"i*\", {\"i4\": \"j\"}, \"*\"], "
                                          "\"drop\": [\"u*\", \"*z\", \"d*a\"]}"),
                 0);
    cr_assert_eq(script.n_outputs, EXPR_BATCH_COLUMNS + 1 - 8);
    cr_expect_str_eq(script.outputs[0], "t<13");
    cr_expect_str_eq(script.outputs[1], "i1<1");
    cr_expect_str_eq(script.outputs[4], "i8<4");
    cr_expect_str_eq(script.outputs[5], "j<3");
    cr_expect_str_eq(script.outputs[6], "b<0");
    end();
}

Test(select, names_that_are_missing_may_be_passed_over)
{
    cr_assert_eq(begin(&select_component,
                       "{\"columns\": [\"nope\", \"t\", \"no*\", {\"nor\": \"x\"}, \"u\"], "
                       "\"drop\": [\"nay\", \"nay*\"], \"rename\": {\"never\": \"y\", \"u\": "
                       "\"v\"}, \"cast\": {\"none\": \"date\"}, \"missing\": \"skip\"}"),
                 0, "%s", qetl_fake_host_message(&fake));
    cr_assert_eq(script.n_outputs, 2);
    cr_expect_str_eq(script.outputs[0], "t<13");
    cr_expect_str_eq(script.outputs[1], "v<14");
    end();
}

static void expect_mistake(const char *config, const char *message, const char *option)
{
    cr_assert_eq(begin(&select_component, config), QETL_E_CONFIG, "%s", config);
    cr_assert_str_eq(qetl_fake_host_message(&fake), message);
    if (option)
        cr_assert_str_eq(fake.errors[0].option, option);
    end();
}

Test(select, mistakes)
{
    expect_mistake("{\"columns\": [\"T\"]}", "there is no column \"T\"", "/columns/0");
    expect_mistake("{\"columns\": [\"t\", {\"u\": \"t\"}]}",
                   "two columns of the output are named \"t\"", "/columns");
    expect_mistake("{\"columns\": [{\"u\": \"x\", \"t\": \"y\"}]}",
                   "an entry that renames holds exactly one {old: new}", "/columns/0");
    expect_mistake("{\"drop\": [\"nope\"]}", "there is no column \"nope\"", "/drop/0");
    expect_mistake("{\"columns\": [\"t\"], \"cast\": {\"u\": \"date\"}}",
                   "column \"u\" does not go on to the output", "/cast/u");
    expect_mistake("{\"cast\": {\"t\": \"dat\"}}", "\"dat\" is not a type", "/cast/t");
    expect_mistake("{\"columns\": [\"t\"], \"drop\": [\"t\"]}", "select leaves no column", "/drop");
    expect_mistake("{\"columns\": [\"no*\"]}", "no column's name is like \"no*\"", "/columns/0");
    expect_mistake("{\"drop\": [\"x*y\"]}", "no column's name is like \"x*y\"", "/drop/0");
    expect_mistake("{\"columns\": [\"no\"], \"missing\": \"skip\"}", "select leaves no column",
                   NULL);
}
