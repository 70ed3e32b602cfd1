/* SPDX-License-Identifier: Apache-2.0 */
/* What of each column is wanted, and which of its cells may go there as they stand. */
#include "decoder.h"

#include <stdlib.h>

static enum ndjson_sink_kind sink_kind(const struct ndjson_type *type, uint32_t form)
{
    if (form == QETL_FORM_VALUE && (type->kind == QETL_KIND_STRUCT || type->kind == QETL_KIND_LIST))
        return NDJSON_SINK_NEST;
    if (type->json)
        return NDJSON_SINK_RAW;
    if (form != QETL_FORM_VALUE || type->kind == QETL_KIND_TEXT)
        return NDJSON_SINK_CONTENT;
    if (type->kind == QETL_KIND_BINARY)
        return NDJSON_SINK_BINARY;
    return type->kind == QETL_KIND_BOOL ? NDJSON_SINK_BITS : NDJSON_SINK_FIXED;
}

static int32_t builder_open(struct ndjson_decoder *d, struct ndjson_sink *sink,
                            const struct ArrowSchema *field)
{
    sink->builder = calloc(1, sizeof *sink->builder);
    return sink->builder ? qetl_builder_open(sink->builder, d->env, field, 0) : QETL_E_NO_MEMORY;
}

static int32_t sinks_open(struct ndjson_decoder *d, const struct ArrowSchema *schema,
                          int64_t n_wants, const struct qetl_want *wants)
{
    d->sinks = calloc((size_t)n_wants + 1, sizeof *d->sinks);
    if (!d->sinks)
        return QETL_E_NO_MEMORY;
    d->n_sinks = n_wants;
    for (int64_t i = 0; i < n_wants; i++) {
        if (wants[i].column < 0 || wants[i].column >= d->n_columns)
            return qetl_fail(d->env, QETL_E_FATAL, NULL, NULL,
                             "column %lld is wanted, but the schema has %lld",
                             (long long)wants[i].column, (long long)d->n_columns);
        struct ndjson_column *c = &d->columns[wants[i].column];
        struct ndjson_sink *sink = &d->sinks[i];
        sink->kind = sink_kind(&c->type, wants[i].form);
        sink->width = sink->kind <= NDJSON_SINK_RAW ? 16 : c->type.width;
        sink->column = wants[i].column;
        sink->next = c->first_sink;
        c->first_sink = i;
        c->typed |= wants[i].form != QETL_FORM_LEXICAL;
        c->content |= sink->kind == NDJSON_SINK_CONTENT;
        d->n_heaped += sink->kind >= NDJSON_SINK_BINARY;
        c->nests |= sink->kind == NDJSON_SINK_NEST;
        if (sink->kind == NDJSON_SINK_NEST && builder_open(d, sink, schema->children[sink->column]))
            return QETL_E_NO_MEMORY;
    }
    return QETL_OK;
}

/* Digits of an integer that fits whatever its digits are. */
static int32_t integer_digits(int32_t width)
{
    return width == 8 ? 18 : width == 4 ? 9 : width == 2 ? 4 : 2;
}

/* Which numbers are values of the type as they stand, without an exponent and under 32 bytes. */
static void limits_of_type(struct ndjson_column *c)
{
    const struct ndjson_type *type = &c->type;
    c->integer_max = c->fraction_max = -1;
    if (type->kind == QETL_KIND_INT) {
        c->integer_max = integer_digits(type->width);
        c->fraction_max = 0;
    } else if (type->kind == QETL_KIND_DECIMAL) {
        c->integer_max = type->precision - type->scale;
        c->fraction_max = type->scale;
    } else if (type->kind == QETL_KIND_REAL) {
        c->integer_max = c->fraction_max = INT32_MAX;
    }
}

/* A cell that needs no look beyond its grammar goes straight to its view. */
static void column_shortcut(struct ndjson_decoder *d, struct ndjson_column *c)
{
    const struct ndjson_sink *sink = c->first_sink < 0 ? NULL : &d->sinks[c->first_sink];
    bool text = c->type.kind == QETL_KIND_TEXT;
    c->typed |= c->type.declared;
    if (text && (c->type.json || c->type.declared))
        c->typed = false;
    c->content |= c->typed && !text && !c->nest;
    c->plain_text = false;
    c->integer_max = c->fraction_max = -1;
    if (sink && (sink->next >= 0 || sink->kind > NDJSON_SINK_RAW))
        return;
    c->plain_text = !(sink && c->type.json) && (!c->typed || text);
    if (c->typed)
        limits_of_type(c);
    else
        c->integer_max = c->fraction_max = INT32_MAX;
}

static int32_t column_open(struct ndjson_decoder *d, struct ndjson_column *c,
                           const struct ArrowSchema *field, bool declared)
{
    char name[128];
    int32_t status = ndjson_type_open(&c->type, field);
    if (status)
        return qetl_fail(d->env, status, NULL, "declare another type for it in types",
                         "column \"%s\": ndjson does not read values of type %s", field->name,
                         qetl_type_name(field, name, sizeof name));
    int64_t n = d->names.n, size = (int64_t)strlen(field->name);
    int64_t index = ndjson_names_add(&d->names, (const uint8_t *)field->name, size);
    if (index < 0)
        return QETL_E_NO_MEMORY;
    if (index < n)
        return qetl_fail(d->env, QETL_E_FATAL, NULL, NULL, "two columns are named \"%s\"",
                         field->name);
    c->type.declared = declared;
    c->first_sink = -1;
    if (c->type.kind == QETL_KIND_STRUCT || c->type.kind == QETL_KIND_LIST)
        c->nest = ndjson_nest_new(d->env, field, declared, &status);
    return status;
}

int32_t ndjson_decoder_open(struct ndjson_decoder *d, struct qetl_env env,
                            const struct ArrowSchema *schema, const uint8_t *declared,
                            int64_t n_wants, const struct qetl_want *wants)
{
    ndjson_decoder_free(d);
    d->env = env;
    d->kernel = ndjson_kernel_best();
    const char *policy = qetl_option_text(env, "/new_columns");
    d->grows = policy && !strcmp(policy, "evolve");
    d->drops = d->grows || (policy && !strcmp(policy, "drop"));
    d->n_columns = schema->n_children;
    size_t n = (size_t)d->n_columns + 2;
    d->columns = calloc(n, sizeof *d->columns);
    if (!d->columns)
        return QETL_E_NO_MEMORY;
    d->stop = d->columns + d->n_columns;
    d->start = d->stop + 1;
    for (size_t i = 0; i < n; i++) {
        d->columns[i].next = d->stop;
        d->columns[i].run_size = NDJSON_RUN_NONE;
    }
    int32_t status = QETL_OK;
    for (int64_t i = 0; i < d->n_columns && !status; i++)
        status = column_open(d, &d->columns[i], schema->children[i], declared[i]);
    if (!status)
        status = sinks_open(d, schema, n_wants, wants);
    for (int64_t i = 0; i < d->n_columns && !status; i++)
        column_shortcut(d, &d->columns[i]);
    return status;
}

void ndjson_decoder_free(struct ndjson_decoder *d)
{
    if (d->sinks)
        ndjson_batch_drop(d);
    for (int64_t i = 0; i < d->n_sinks; i++) {
        qetl_builder_free(d->sinks[i].builder);
        free(d->sinks[i].builder);
    }
    for (int64_t i = 0; d->columns && i < d->n_columns; i++)
        ndjson_nest_free(d->columns[i].nest);
    ndjson_names_reset(&d->names);
    ndjson_names_reset(&d->dropped);
    ndjson_reader_free(&d->reader);
    free(d->columns);
    free(d->sinks);
    free(d->map);
    free(d->offsets);
    *d = (struct ndjson_decoder){0};
}
