/* SPDX-License-Identifier: Apache-2.0 */
/* A transform that writes one column of text in capitals: the letters a to z; all others stay, or
 * have their row rejected. */
#include <qetl/manifest.h>
#include <qetl/rows.h>
#include <qetl/sdk.h>

QETL_EMBED_MANIFEST("upper.qetl.json");

enum { OTHERS_KEEP, OTHERS_REJECT };

struct upper {
    struct qetl_env env;
    const char *column;
    int32_t others;
    struct ArrowSchema read; /* the column, as process gets it */
    struct qetl_builder made;
    struct qetl_row_map kept;
};

static const struct qetl_option_field options[] = {
    {"/column", QETL_OPTION_TEXT, offsetof(struct upper, column), NULL, NULL},
    {"/others", QETL_OPTION_WORD, offsetof(struct upper, others), "keep", "keep|reject"},
};

static int32_t upper_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                            const char *config)
{
    struct upper *u = self;
    struct ArrowSchema columns = {0};
    (void)config;
    u->env = (struct qetl_env){host, ctx};
    int32_t status = qetl_options_read(u->env, options, 2, u);
    if (!status)
        status = qetl_schema_parse("made text", &columns);
    if (!status)
        status = qetl_builder_open(&u->made, u->env, &columns, 0);
    qetl_schema_release(&columns);
    return status;
}

static void upper_destroy(void *self)
{
    struct upper *u = self;
    qetl_builder_free(&u->made);
    qetl_row_map_free(&u->kept);
    qetl_schema_release(&u->read);
}

/* Every column passes by untouched but the one that is read, and made anew in its place. */
static int32_t upper_bind(void *self, uint32_t n_inputs, const struct ArrowSchema *const *inputs,
                          struct qetl_binder *binder)
{
    struct upper *u = self;
    char type[64];
    int64_t at = qetl_schema_require(u->env, inputs[0], "/column", u->column);
    (void)n_inputs;
    if (at < 0)
        return (int32_t)at;
    if (strcmp(qetl_type_name(inputs[0]->children[at], type, sizeof type), "text") != 0)
        return qetl_fail(u->env, QETL_E_CONFIG, "/column", "name a column of the type text",
                         "column \"%s\" is of the type %s", u->column, type);
    qetl_schema_release(&u->read); /* of an earlier bind */
    int32_t status = qetl_bind_instead(binder, inputs[0], at, "text");
    if (!status)
        status = qetl_bind_read(binder, inputs[0], at, &u->read);
    return status ? status
                  : binder->rows(binder, 0,
                                 u->others == OTHERS_KEEP ? QETL_ROWS_KEEP : QETL_ROWS_SUBSET);
}

static int32_t upper_row(struct upper *u, const struct qetl_column *column, int64_t row)
{
    struct qetl_builder *made = qetl_builder_child(&u->made, 0);
    if (qetl_column_is_null(column, row))
        return qetl_builder_null(made);
    struct qetl_text text = qetl_column_text(column, row);
    char *to = qetl_builder_text_room(made, text.size);
    if (!to)
        return QETL_E_NO_MEMORY;
    for (int64_t k = 0; k < text.size; k++) {
        if (u->others == OTHERS_REJECT && text.data[k] & 0x80) {
            qetl_rejectf(u->env, row, 0, "not_ascii", "\"%.*s\" has letters other than a to z",
                         (int)text.size, text.data);
            return QETL_E_DATA;
        }
        to[k] = (char)(text.data[k] - 32 * (text.data[k] >= 'a' && text.data[k] <= 'z'));
    }
    qetl_builder_text_put(made, text.size);
    return QETL_OK;
}

static int32_t upper_process(void *self, const struct qetl_event *event, struct qetl_output *out)
{
    struct upper *u = self;
    struct qetl_column column;
    if (event->kind != QETL_EVENT_BATCH)
        return event->kind == QETL_EVENT_END ? QETL_END : QETL_NEED_INPUT;
    int32_t status = qetl_batch_open(&u->read, event->batch, &column);
    if (!status)
        status = qetl_row_map_begin(&u->kept, event->rows);
    for (int64_t row = 0; row < event->rows && !status; row++) {
        status = upper_row(u, &column, row);
        if (!status) {
            qetl_row_map_keep(&u->kept, row);
            status = qetl_builder_struct(&u->made);
        } else if (status == QETL_E_DATA) {
            status = QETL_OK; /* rejected */
        }
    }
    if (!status)
        status = qetl_builder_close(&u->made, &out->batch);
    if (status) {
        qetl_builder_clear(&u->made); /* the host may call again with the same rows */
        return status;
    }
    out->rows = u->kept.n;
    out->row_map = u->kept.n == event->rows ? NULL : u->kept.rows;
    return QETL_OUTPUT;
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
