/* SPDX-License-Identifier: Apache-2.0 */
/* What a dead letter says of a row: its values, or how the bytes would have become one. */
#include "data/base64.h"
#include "data/letter_value.h"
#include "op.h"
#include "run_internal.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a letter of bytes says of its table would be longer than the row, by far; that of a wider
 * one is not replayed. */
enum { COLUMNS_MOST = 1000 };

struct row_parts {
    json_t *decoded, *types, *spelled, *unread, *unchecked;
    int failed;
};

static bool is_private(const struct qetl_run *run, const char *column)
{
    for (size_t i = 0; i < run->pipeline->letters.n_private; i++)
        if (strcmp(run->pipeline->letters.private[i], column) == 0)
            return true;
    return false;
}

static void put_type(json_t *types, const struct ArrowSchema *field, int *failed)
{
    char *type = qetl_type_text(field);
    *failed |= json_object_set_new(types, field->name, type ? json_string(type) : NULL);
    free(type);
}

/* A text that nobody took for a value: it stands in its column, and is named. */
static void put_unread(struct row_parts *parts, const char *name, const struct qetl_column *text,
                       int64_t row, bool checked)
{
    bool null = qetl_column_is_null(text, row);
    struct qetl_text words = qetl_column_text(text, row);
    json_t *spelled = qetl_letter_words(words);
    parts->failed |= json_array_append_new(parts->unread, json_string(name));
    if (!checked)
        parts->failed |= json_array_append_new(parts->unchecked, json_string(name));
    if (null && words.size)
        parts->failed |= json_object_set(parts->spelled, name, spelled);
    parts->failed |=
        json_object_set_new(parts->decoded, name, null ? json_null() : json_incref(spelled));
    json_decref(spelled);
}

/* The value says it all. */
static bool is_spelled(const json_t *value, struct qetl_text words)
{
    char digits[24];
    if (json_is_null(value))
        return !words.size;
    if (json_is_integer(value)) {
        int n = snprintf(digits, sizeof digits, "%lld", (long long)json_integer_value(value));
        return n == words.size && memcmp(digits, words.data, (size_t)n) == 0;
    }
    return json_is_string(value) && (int64_t)json_string_length(value) == words.size &&
           memcmp(json_string_value(value), words.data, (size_t)words.size) == 0;
}

static void put_spelling(struct row_parts *parts, const char *name, const struct qetl_column *text,
                         int64_t row)
{
    struct qetl_text words = qetl_column_text(text, row);
    const json_t *value = json_object_get(parts->decoded, name);
    if (!is_spelled(value, words))
        parts->failed |= json_object_set_new(parts->spelled, name, qetl_letter_words(words));
}

static void put_column(struct row_parts *parts, const struct ArrowSchema *field,
                       const struct qetl_batch_column *column, int64_t row, bool checked)
{
    static const struct ArrowSchema text = {
        .format = "vu", .name = "", .flags = ARROW_FLAG_NULLABLE};
    struct qetl_column value, spelled;
    if (column->value && column->value != column->lexical)
        parts->failed |= qetl_column_open(&value, field, &column->value->array) != QETL_OK;
    if (column->lexical)
        parts->failed |= qetl_column_open(&spelled, &text, &column->lexical->array) != QETL_OK;
    if (parts->failed)
        return;
    put_type(parts->types, field, &parts->failed);
    if (!column->value || column->value == column->lexical) {
        put_unread(parts, field->name, &spelled, row, checked);
        return;
    }
    parts->failed |=
        json_object_set_new(parts->decoded, field->name, qetl_letter_value(&value, row));
    if (!parts->failed && column->lexical)
        put_spelling(parts, field->name, &spelled, row);
}

static void put_private(struct row_parts *parts, const char *name)
{
    parts->failed |= json_object_set_new(parts->decoded, name, json_string("***"));
}

static int parts_open(struct row_parts *parts)
{
    *parts = (struct row_parts){.decoded = json_object(),
                                .types = json_object(),
                                .spelled = json_object(),
                                .unread = json_array(),
                                .unchecked = json_array()};
    return !parts->decoded || !parts->types || !parts->spelled || !parts->unread ||
           !parts->unchecked;
}

/* What is empty goes without saying. */
static void put_part(json_t *more, const char *key, json_t *part, int *failed)
{
    if (json_object_size(part) || json_array_size(part))
        *failed |= json_object_set(more, key, part);
    json_decref(part);
}

static json_t *parts_close(struct row_parts *parts, const char *spelled_by)
{
    json_t *more = json_object();
    int failed = parts->failed || !more;
    bool spelled = json_object_size(parts->spelled) || json_array_size(parts->unread);
    failed |= json_object_set_new(more, "decoded", parts->decoded);
    put_part(more, "types", parts->types, &failed);
    put_part(more, "spelled", parts->spelled, &failed);
    put_part(more, "unread", parts->unread, &failed);
    put_part(more, "unchecked", parts->unchecked, &failed);
    if (spelled && spelled_by)
        failed |= json_object_set_new(more, "spelled_by", json_string(spelled_by));
    if (!failed)
        return more;
    json_decref(more);
    return NULL;
}

static json_t *leave_out(json_t *more)
{
    json_object_del(more, "decoded");
    json_object_del(more, "spelled");
    return json_object_set_new(more, "left_out", json_true()) ? NULL : more;
}

/* As the pipeline file names it. */
static json_t *input_name(const struct qetl_run *run, const struct qetl_input *input)
{
    return json_sprintf("%s%s%s", run->pipeline->nodes[input->component].id, input->port ? "." : "",
                        input->port ? input->port : "");
}

int qetl_letter_row(struct qetl_run *run, struct qetl_letter *letter,
                    const struct qetl_input *input, const struct qetl_batch *batch, int64_t row)
{
    const struct qetl_port_flow *port = qetl_flow_input(run->attempt.flows, run->pipeline, input);
    struct row_parts parts;
    const char *spelled_by = NULL;
    parts.failed = parts_open(&parts);
    bool private = false;
    for (int64_t c = 0; c < port->n_columns && c < batch->n_columns && !parts.failed; c++) {
        const struct ArrowSchema *field = port->schema->children[c];
        const struct qetl_batch_column *column = &batch->columns[c];
        bool checked = port->columns[c].wanted & QETL_FORM_CHECKED;
        if (!column->value && !column->lexical)
            continue;
        spelled_by = column->lexical ? port->columns[c].lexical : spelled_by;
        if (is_private(run, field->name))
            put_private(&parts, field->name);
        else
            put_column(&parts, field, column, row, checked);
        private |= is_private(run, field->name);
    }
    json_t *more = parts_close(&parts, spelled_by);
    if (more && json_dumpb(more, NULL, 0, JSON_COMPACT) > QETL_LETTER_ROW_MAX)
        more = leave_out(more);
    if (!more || json_object_set_new(more, "input", input_name(run, input))) {
        json_decref(more);
        return ENOMEM;
    }
    qetl_letter_set_more(letter, more);
    if (private)
        qetl_letter_withhold(letter);
    return 0;
}

/* Whether the type counts: somebody reads its values, or writes them as such. */
static bool is_bound(const struct qetl_node_flow *flow, int64_t column)
{
    for (int64_t i = 0; i < flow->n_wants; i++)
        if (flow->wants[i].column == column && flow->wants[i].form != QETL_FORM_LEXICAL)
            return true;
    return false;
}

static void put_columns(json_t *more, const struct qetl_node_flow *flow, int *failed)
{
    json_t *types = json_object(), *unbound = json_array();
    for (int64_t c = 0; types && unbound && c < flow->schema.n_children; c++) {
        put_type(types, flow->schema.children[c], failed);
        if (!is_bound(flow, c))
            *failed |= json_array_append_new(unbound, json_string(flow->schema.children[c]->name));
    }
    put_part(more, "types", types, failed);
    put_part(more, "unbound", unbound, failed);
}

/* With what options the format found which dialect. */
static void put_dialect(json_t *more, const struct qetl_node_flow *flow, int *failed)
{
    char *prologue = qetl_base64(flow->prologue, flow->prologue_size), digest[65];
    char *options = json_dumps(flow->format_use->options, JSON_SORT_KEYS | JSON_COMPACT);
    qetl_letter_digest(options ? options : "", options ? (int64_t)strlen(options) : 0, digest);
    digest[16] = 0;
    json_t *dialect = json_pack("{s:s, s:s?, s:s, s:s?}", "format", flow->format->id, "summary",
                                flow->inferred, "options", digest, "prologue_base64", prologue);
    *failed |= !prologue | !options | json_object_set_new(more, "dialect", dialect);
    free(options);
    free(prologue);
}

static void put_head(json_t *more, const struct qetl_object *object, int *failed)
{
    size_t size = (size_t)object->head_size;
    json_t *text = json_stringn((const char *)object->head, size);
    if (text) {
        *failed |= json_object_set_new(more, "head", text);
        return;
    }
    char *encoded = qetl_base64(object->head, size);
    *failed |= json_object_set_new(more, "head_base64", encoded ? json_string(encoded) : NULL);
    free(encoded);
}

int qetl_letter_bytes(struct qetl_run *run, struct qetl_letter *letter,
                      const struct qetl_node_flow *flow, const struct qetl_object *object)
{
    json_t *more = json_object();
    int failed = !more;
    for (int64_t c = 0; c < flow->schema.n_children; c++)
        if (is_private(run, flow->schema.children[c]->name))
            qetl_letter_withhold(letter);
    if (flow->schema.n_children > COLUMNS_MOST) {
        failed |= json_object_set_new(more, "left_out", json_true());
        qetl_letter_set_more(letter, more);
        return failed ? ENOMEM : 0;
    }
    put_columns(more, flow, &failed);
    if (flow->format)
        put_dialect(more, flow, &failed);
    else
        failed |= json_object_set_new(more, "no_format", json_true());
    if (object && object->head_size > 0)
        put_head(more, object, &failed);
    else if (object && object->head_size < 0)
        failed |= json_object_set_new(more, "head_lost", json_true());
    if (flow->added)
        failed |= json_object_set_new(more, "columns_added", json_true());
    qetl_letter_set_more(letter, more);
    return failed ? ENOMEM : 0;
}
