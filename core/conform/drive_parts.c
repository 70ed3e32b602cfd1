/* SPDX-License-Identifier: Apache-2.0 */
/* A sink that spreads its rows over several objects (qetl.sink-parts/1): each row comes by itself,
 * with its keys, so that whatever the columns are the rows of a write are equal in them. */
#include "sink.h"

static const struct qetl_sink_parts *parts_of(const struct conform_bench *b)
{
    const struct qetl_component *c = b->trial->component;
    return c->get_extension ? c->get_extension(b->ctx->self, QETL_EXT_SINK_PARTS) : NULL;
}

static void wrong(const struct conform_sinking *s, const char *what, int64_t number)
{
    conform_break(s->b->trial->record, CONFORM_DESCRIBE_RULE, "%s (%lld)", what, (long long)number);
}

static int32_t failed(const struct conform_sinking *s, const char *call, int32_t status)
{
    if (status < 0)
        conform_error_check(s->b, call, status);
    return status;
}

int32_t conform_parts_begin(struct conform_sinking *s)
{
    const struct ArrowSchema *schema = &s->table->schema;
    int32_t leave_out[CONFORM_KEYS] = {0};
    s->parts = schema->n_children <= CONFORM_KEYS ? parts_of(s->b) : NULL;
    s->n_keys = 0;
    if (!s->parts)
        return QETL_OK;
    conform_call_begin(s->b, "sink-parts.columns");
    int64_t n = s->parts->columns(s->b->ctx->self, schema, s->key_columns, leave_out);
    conform_call_end(s->b);
    if (n < 0)
        return failed(s, "sink-parts.columns", (int32_t)n);
    for (int64_t i = 0; i < n && i < schema->n_children; i++)
        if (s->key_columns[i] < 0 || s->key_columns[i] >= schema->n_children)
            n = schema->n_children + 1;
    if (n > schema->n_children) {
        wrong(s, "sink-parts: columns names some that there are not", n);
        return QETL_E_FATAL;
    }
    s->n_keys = n;
    return QETL_OK;
}

int32_t conform_parts_frame(struct conform_sinking *s)
{
    static const char header[] = "header\n", footer[] = "footer\n";
    if (!s->parts)
        return QETL_OK;
    conform_call_begin(s->b, "sink-parts.frame");
    int32_t status = s->parts->frame(s->b->ctx->self, (struct qetl_blob){header, sizeof header - 1},
                                     (struct qetl_blob){footer, sizeof footer - 1});
    conform_call_end(s->b);
    return failed(s, "sink-parts.frame", status);
}

int32_t conform_parts_keys(struct conform_sinking *s, const struct ArrowArray *row)
{
    int32_t status = QETL_OK;
    for (int64_t k = 0; !status && k < s->n_keys; k++) {
        struct qetl_column column;
        struct conform_text *text = &s->key_texts[k];
        int64_t c = s->key_columns[k];
        text->size = 0;
        status = qetl_column_open(&column, s->table->schema.children[c], row->children[c]);
        if (!status)
            conform_text_cell(text, &column, 0);
        bool null = !status && qetl_column_is_null(&column, 0);
        s->keys[k] = (struct qetl_blob){null ? NULL : text->data, null ? 0 : text->size};
    }
    return status;
}

int32_t conform_parts_room(struct conform_sinking *s)
{
    if (!s->parts || !s->parts->room)
        return QETL_OK;
    conform_call_begin(s->b, "sink-parts.room");
    int64_t room = s->parts->room(s->b->ctx->self, s->n_keys, s->keys);
    conform_call_end(s->b);
    if (room < 0)
        return failed(s, "sink-parts.room", (int32_t)room);
    if (room == 0) {
        wrong(s, "sink-parts: there is room for no row, though objects are not whole", room);
        return QETL_E_FATAL;
    }
    return QETL_OK;
}
