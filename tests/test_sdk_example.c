/* SPDX-License-Identifier: Apache-2.0 */
/* The example plugin works as it stands, and leaks nothing where memory ends. */
#include "fake_binder.h"
#include "fake_host.h"

/* Its manifest is not for this program. */
#define QETL_MANIFEST_H
#define QETL_EMBED_MANIFEST(path) _Static_assert(sizeof path > 1, "a path")
#include "../sdk/examples/c/upper.c"

#include <criterion/criterion.h>

struct rig {
    struct qetl_fake_host host;
    struct qetl_fake_binder binder;
    struct upper self;
    struct ArrowSchema schema;
};

static void rig_init(struct rig *rig, const char *config)
{
    memset(rig, 0, sizeof *rig);
    qetl_fake_host_init(&rig->host, config);
    qetl_fake_binder_init(&rig->binder);
    qetl_schema_init_struct(&rig->schema);
    qetl_schema_add(&rig->schema, "id", "l");
    qetl_schema_add(&rig->schema, "city", "vu");
    qetl_schema_add(&rig->schema, "note", "vu");
    cr_assert_eq(
        upper_component.create(&rig->self, &rig->host.host, rig->host.ctx, rig->host.config_json),
        QETL_OK);
}

static void rig_free(struct rig *rig)
{
    upper_component.destroy(&rig->self);
    qetl_fake_binder_free(&rig->binder);
    qetl_schema_release(&rig->schema);
    cr_expect_eq(qetl_fake_host_free(&rig->host), 0);
}

static int32_t rig_bind(struct rig *rig)
{
    const struct ArrowSchema *inputs[] = {&rig->schema};
    return upper_component.transform->bind(&rig->self, 1, inputs, &rig->binder.binder);
}

Test(sdk_example, binds_one_column_and_copies_the_others)
{
    struct rig rig;
    rig_init(&rig, "{\"column\":\"city\"}");
    cr_assert_eq(rig_bind(&rig), QETL_OK);
    cr_assert_eq(rig.binder.n_columns, 3);
    cr_expect_eq(rig.binder.columns[0].column, 0);
    cr_expect_eq(rig.binder.columns[1].column, -1);
    cr_expect_str_eq(rig.binder.columns[1].name, "city");
    cr_expect(rig.binder.columns[1].n_inputs == 1 && rig.binder.columns[1].inputs[0] == 1);
    cr_expect_eq(rig.binder.columns[2].column, 2);
    cr_expect(rig.binder.n_reads == 1 && rig.binder.reads[0].column == 1);
    cr_expect_eq(rig.binder.rows[0], QETL_ROWS_KEEP);
    qetl_fake_binder_free(&rig.binder);
    cr_expect_eq(rig_bind(&rig), QETL_OK, "bind may be called again");
    rig_free(&rig);
}

Test(sdk_example, refuses_a_column_that_is_missing_or_no_text)
{
    static const char *const configs[] = {"{\"column\":\"town\"}", "{\"column\":\"id\"}"};
    for (int i = 0; i < 2; i++) {
        struct rig rig;
        rig_init(&rig, configs[i]);
        cr_expect_eq(rig_bind(&rig), QETL_E_CONFIG);
        cr_expect_str_eq(rig.host.errors[0].option, "/column");
        rig_free(&rig);
    }
}

Test(sdk_example, every_call_of_bind_may_fail)
{
    for (int calls = 0; calls < 6; calls++) {
        struct rig rig;
        rig_init(&rig, "{\"column\":\"city\"}");
        rig.binder.calls_until_error = calls;
        cr_expect_eq(rig_bind(&rig), calls < 5 ? QETL_E_NO_MEMORY : QETL_OK);
        rig_free(&rig);
    }
}

static const char *const cities[] = {"berlin", "K\xc3\xb6ln am Rhein, Dom", NULL, "", "x{z`a@9"};
static const char *const capitals[] = {"BERLIN", "K\xc3\xb6LN AM RHEIN, DOM", NULL, "", "X{Z`A@9"};
enum { N_CITIES = sizeof cities / sizeof cities[0] };

static void batch_make(struct rig *rig, struct ArrowArray *batch)
{
    struct qetl_builder b;
    struct ArrowArray column;
    qetl_builder_open(&b, rig->host.env, rig->schema.children[1], 0);
    for (int i = 0; i < N_CITIES; i++)
        cr_assert_eq(cities[i] ? qetl_builder_text(&b, cities[i], (int64_t)strlen(cities[i]))
                               : qetl_builder_null(&b),
                     QETL_OK);
    cr_assert_eq(qetl_builder_close(&b, &column), QETL_OK);
    cr_assert_eq(qetl_array_struct(rig->host.env, N_CITIES, 1, &column, batch), QETL_OK);
}

static void expect_capitals(struct rig *rig, const struct ArrowArray *batch)
{
    char message[256];
    struct qetl_column c;
    cr_assert_eq(
        qetl_array_validate(rig->schema.children[1], batch->children[0], message, sizeof message),
        QETL_OK, "%s", message);
    cr_assert_eq(qetl_column_open(&c, rig->schema.children[1], batch->children[0]), QETL_OK);
    for (int i = 0; i < N_CITIES; i++) {
        cr_assert_eq(qetl_column_is_null(&c, i), !capitals[i]);
        if (!capitals[i])
            continue;
        struct qetl_text text = qetl_column_text(&c, i);
        cr_expect(text.size == (int64_t)strlen(capitals[i]) &&
                  !memcmp(text.data, capitals[i], strlen(capitals[i])));
    }
}

/* Allocations fail one after the other; the call may then be repeated. */
Test(sdk_example, writes_capitals)
{
    for (int64_t allowed = -1; allowed < 6; allowed++) {
        struct rig rig;
        struct ArrowArray batch;
        rig_init(&rig, "{\"column\":\"city\"}");
        cr_assert_eq(rig_bind(&rig), QETL_OK);
        batch_make(&rig, &batch);
        struct qetl_event event = {.struct_size = sizeof event,
                                   .kind = QETL_EVENT_BATCH,
                                   .batch = &batch,
                                   .rows = N_CITIES};
        struct qetl_output output = {.struct_size = sizeof output};
        rig.host.allocs_left = allowed;
        int32_t status = upper_component.transform->process(&rig.self, &event, &output);
        cr_expect(status == QETL_OUTPUT || (allowed >= 0 && status == QETL_E_NO_MEMORY));
        cr_expect_eq(status < 0, output.batch.release == NULL);
        if (status == QETL_OUTPUT)
            expect_capitals(&rig, &output.batch);
        qetl_array_release(&output.batch);
        qetl_array_release(&batch);
        rig_free(&rig);
    }
}

Test(sdk_example, passes_other_events_on)
{
    struct rig rig;
    rig_init(&rig, "{\"column\":\"city\"}");
    struct qetl_event event = {.struct_size = sizeof event, .kind = QETL_EVENT_BARRIER};
    struct qetl_output output = {.struct_size = sizeof output};
    cr_expect_eq(upper_component.transform->process(&rig.self, &event, &output), QETL_NEED_INPUT);
    event.kind = QETL_EVENT_END;
    cr_expect_eq(upper_component.transform->process(&rig.self, &event, &output), QETL_END);
    rig_free(&rig);
}

Test(sdk_example, entry)
{
    const struct qetl_plugin *plugin = NULL;
    uint32_t abi = QETL_ABI_VERSION;
    cr_assert_eq(qetl_plugin_entry(NULL, NULL, &abi, &plugin), QETL_OK);
    cr_expect_str_eq(plugin->id, "upper");
    cr_expect(plugin->n_components == 1 && plugin->components[0] == &upper_component);
}
