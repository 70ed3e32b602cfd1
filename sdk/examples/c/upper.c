/* SPDX-License-Identifier: Apache-2.0 */
/* A transform that writes one column of text in capitals: the letters a to z; all others stay. */
#include <qetl/manifest.h>
#include <qetl/sdk.h>

QETL_EMBED_MANIFEST("upper.qetl.json");

struct upper {
    struct qetl_env env;
    struct ArrowSchema field; /* of the column that is read */
    struct qetl_builder builder;
};

static int32_t upper_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                            const char *config)
{
    struct upper *u = self;
    (void)config;
    u->env = (struct qetl_env){host, ctx};
    return qetl_builder_open(&u->builder, u->env, &(struct ArrowSchema){.format = "vu"}, 0);
}

static void upper_destroy(void *self)
{
    struct upper *u = self;
    qetl_builder_free(&u->builder);
    qetl_schema_release(&u->field);
}

/* Every column passes by untouched but the one that is read and made anew in its place. */
static int32_t upper_bind(void *self, uint32_t n_inputs, const struct ArrowSchema *const *inputs,
                          struct qetl_binder *binder)
{
    struct upper *u = self;
    const char *name = qetl_option_text(u->env, "/column");
    int64_t at = qetl_schema_find(inputs[0], name);
    struct ArrowSchema made = {0};
    int32_t status = QETL_OK;
    char type[64];
    (void)n_inputs;
    if (at < 0 || strcmp(qetl_type_name(inputs[0]->children[at], type, sizeof type), "text") != 0)
        return qetl_fail(u->env, QETL_E_CONFIG, "/column", "name a column of the type text",
                         "the input has no column of text that is called \"%s\"", name);
    for (int64_t i = 0; i < inputs[0]->n_children && status >= 0; i++) {
        if (i != at)
            status = binder->copy(binder, 0, -1, 0, i, NULL);
        else if (!(status = qetl_schema_init_field(&made, name, "vu")))
            status = binder->derive(binder, 0, &made, 1, &at);
    }
    if (status >= 0)
        status = binder->read(binder, 0, at, QETL_FORM_VALUE);
    if (status >= 0)
        status = binder->rows(binder, 0, QETL_ROWS_KEEP);
    qetl_schema_release(&made);     /* unless derive took it */
    qetl_schema_release(&u->field); /* of an earlier bind */
    return status < 0 ? status : qetl_schema_copy(inputs[0]->children[at], &u->field);
}

static int32_t upper_row(struct qetl_builder *out, const struct qetl_column *column, int64_t i)
{
    if (qetl_column_is_null(column, i))
        return qetl_builder_null(out);
    struct qetl_text text = qetl_column_text(column, i);
    char *to = qetl_builder_text_room(out, text.size);
    if (!to)
        return QETL_E_NO_MEMORY;
    for (int64_t k = 0; k < text.size; k++)
        to[k] = (char)(text.data[k] - 32 * (text.data[k] >= 'a' && text.data[k] <= 'z'));
    qetl_builder_text_put(out, text.size);
    return QETL_OK;
}

static int32_t upper_process(void *self, const struct qetl_event *event, struct qetl_output *out)
{
    struct upper *u = self;
    struct qetl_column row, column;
    struct ArrowArray made = {0};
    if (event->kind == QETL_EVENT_END)
        return QETL_END;
    if (event->kind != QETL_EVENT_BATCH)
        return QETL_NEED_INPUT;
    struct ArrowSchema *fields[] = {&u->field};
    struct ArrowSchema batch = {.format = "+s", .n_children = 1, .children = fields};
    int32_t status = qetl_column_open(&row, &batch, event->batch);
    if (!status)
        status = qetl_column_child(&row, 0, &column);
    for (int64_t i = 0; i < event->rows && !status; i++)
        status = upper_row(&u->builder, &column, i);
    if (!status)
        status = qetl_builder_close(&u->builder, &made);
    if (!status)
        status = qetl_array_struct(u->env, event->rows, 1, &made, &out->batch);
    qetl_array_release(&made); /* unless the batch took it */
    out->rows = event->rows;
    return status ? status : QETL_OUTPUT;
}

static const struct qetl_transform upper_transform = {
    .struct_size = sizeof upper_transform, .bind = upper_bind, .process = upper_process};

static const struct qetl_component upper = {.struct_size = sizeof upper,
                                            .kind = QETL_TRANSFORM,
                                            .id = "upper",
                                            .state_size = sizeof(struct upper),
                                            .create = upper_create,
                                            .destroy = upper_destroy,
                                            .transform = &upper_transform};

QETL_PLUGIN("upper", "0.1.0", &upper)
