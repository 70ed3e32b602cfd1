/* SPDX-License-Identifier: Apache-2.0 */
/* A line for machines: an object. */
#include "border/border.h"
#include "config/pointer.h"
#include "config/schema_visit.h"
#include "data/json_text.h"
#include "host/instance.h"
#include "trace_line.h"

#include <stdlib.h>
#include <string.h>

enum { NUMBERS_SHOWN = 64 };

/* ---- options ---- */

static void hide_at(json_t *root, const char *pointer)
{
    const char *last = strrchr(pointer, '/');
    char *base = last ? strndup(pointer, (size_t)(last - pointer)) : NULL;
    char *key = last ? qetl_pointer_token(last + 1, strlen(last + 1)) : NULL;
    json_t *holder = base && key ? (json_t *)qetl_pointer_get(root, base) : NULL;
    if (json_is_object(holder))
        json_object_set_new(holder, key, json_string(QETL_MASK_SIGN));
    else if (json_is_array(holder))
        json_array_set_new(holder, (size_t)strtoull(key, NULL, 10), json_string(QETL_MASK_SIGN));
    free(base);
    free(key);
}

static void hide_secret(void *arg, const json_t *schema, const json_t *value, const char *pointer)
{
    (void)value;
    if (json_is_true(json_object_get(schema, "secret")))
        hide_at(arg, pointer);
}

/* By the manifest, whatever their length, and then by the mask: one may be part of another text. */
json_t *qetl_trace_options(const struct qetl_crossing *crossing, const struct qetl_mask *mask)
{
    const struct qetl_ctx *ctx = qetl_guest_ctx(crossing->guest);
    json_t *options = json_deep_copy(ctx->options);
    struct qetl_visit visit = {hide_secret, options};
    const json_t *schema = ctx->use->plugin ? ctx->use->plugin->options : NULL;
    if (options && schema && qetl_schema_visit(&visit, schema, ctx->options, "")) {
        json_decref(options);
        return NULL;
    }
    if (options)
        qetl_mask_json(mask, options);
    return options;
}

/* ---- cargo ---- */

static json_t *numbers_json(const struct qetl_cargo *cargo)
{
    if (!cargo->data || cargo->count > NUMBERS_SHOWN)
        return json_pack("{s:I}", "numbers", (json_int_t)cargo->count);
    json_t *list = json_array();
    for (int64_t i = 0; i < cargo->count; i++)
        json_array_append_new(list, json_integer(cargo->kind == QETL_CARGO_MAP
                                                     ? ((const int32_t *)cargo->data)[i]
                                                     : ((const int64_t *)cargo->data)[i]));
    return list;
}

static json_t *texts_json(const struct qetl_cargo *cargo)
{
    const char *const *texts = cargo->data;
    json_t *list = json_array();
    for (int64_t i = 0; i < cargo->count; i++)
        json_array_append_new(list, qetl_json_text(texts[i]));
    return list;
}

static json_t *field_json(const struct ArrowSchema *field)
{
    char type[256];
    return json_pack("{s:o, s:s}", "name", qetl_json_text(field->name ? field->name : ""), "type",
                     qetl_type_name(field, type, sizeof type));
}

static json_t *schema_json(const struct ArrowSchema *schema)
{
    if (!schema || !schema->format)
        return json_null();
    if (strcmp(schema->format, "+s") != 0)
        return field_json(schema);
    json_t *columns = json_array();
    for (int64_t i = 0; i < schema->n_children; i++)
        json_array_append_new(columns, field_json(schema->children[i]));
    return json_pack("{s:o}", "columns", columns);
}

static json_t *array_json(const struct qetl_cargo *cargo)
{
    return json_pack("{s:o}", "columns",
                     cargo->schema ? json_integer(cargo->schema->n_children) : json_null());
}

static json_t *cargo_json(const struct qetl_crossing *crossing, const struct qetl_cargo *cargo,
                          const struct qetl_mask *mask)
{
    switch (cargo->kind) {
    case QETL_CARGO_NUMBER:
        return json_integer(cargo->number);
    case QETL_CARGO_REAL:
        return json_real(cargo->real);
    case QETL_CARGO_TEXT:
        if (cargo->options)
            return qetl_trace_options(crossing, mask);
        if (cargo->private)
            return json_pack("{s:I}", "bytes", (json_int_t)(cargo->text ? strlen(cargo->text) : 0));
        return qetl_json_text(cargo->text);
    case QETL_CARGO_BYTES:
        return json_pack("{s:I}", "bytes", (json_int_t)cargo->count);
    case QETL_CARGO_BLOBS:
        return json_pack("{s:I}", "blobs", (json_int_t)cargo->count);
    case QETL_CARGO_TEXTS:
        return texts_json(cargo);
    case QETL_CARGO_SCHEMA:
        return schema_json(cargo->schema);
    case QETL_CARGO_ARRAY:
        return array_json(cargo);
    default:
        return numbers_json(cargo);
    }
}

/* Of cargo with one name, of which there are several, a list. */
static void cargo_put(json_t *object, const char *name, json_t *value)
{
    json_t *first = json_object_get(object, name);
    if (!first) {
        json_object_set_new(object, name, value);
        return;
    }
    if (json_is_array(first)) {
        json_array_append_new(first, value);
        return;
    }
    json_object_set_new(object, name, json_pack("[O, o]", first, value));
}

static json_t *cargo_all(const struct qetl_crossing *crossing, bool out,
                         const struct qetl_mask *mask)
{
    json_t *object = json_object();
    for (int i = 0; object && i < crossing->n_cargo; i++)
        if (crossing->cargo[i].out == out)
            cargo_put(object, crossing->cargo[i].name,
                      cargo_json(crossing, &crossing->cargo[i], mask));
    return object;
}

static json_t *answer_json(const struct qetl_crossing *crossing)
{
    const char *word =
        crossing->answers == QETL_ANSWERS_STATUS ? qetl_status_word(crossing->answer) : NULL;
    if (word)
        return json_string(word);
    return crossing->answers ? json_integer(crossing->answer) : json_null();
}

void qetl_trace_line_json(struct qetl_trace_line *line, const struct qetl_crossing *crossing,
                          int64_t at_ns, pid_t thread)
{
    const struct qetl_ctx *ctx = qetl_guest_ctx(crossing->guest);
    json_t *object = json_pack(
        "{s:I, s:i, s:o, s:s, s:i, s:s, s:s, s:o, s:o, s:I, s:o}", "at_us",
        (json_int_t)(at_ns / 1000), "thread", (int)thread, "component",
        qetl_json_text(qetl_guest_component(crossing->guest)), "plugin", ctx->component->id,
        "instance", (int)qetl_guest_number(crossing->guest), "to",
        crossing->to_host ? "host" : "plugin", "call", crossing->call, "in",
        cargo_all(crossing, false, line->mask), "answer", answer_json(crossing), "lasted_us",
        (json_int_t)(crossing->lasted_ns / 1000), "out", cargo_all(crossing, true, line->mask));
    if (object)
        qetl_mask_json(line->mask, object);
    line->data = object ? json_dumps(object, JSON_COMPACT) : NULL;
    line->failed = !line->data;
    line->size = line->room = line->data ? strlen(line->data) : 0;
    json_decref(object);
}
