/* SPDX-License-Identifier: Apache-2.0 */
/* Readies an instance to frame and decode. */
#include "foreign.h"
#include "match.h"

#include <stdlib.h>

void csv_columns_free(struct csv *self)
{
    for (int64_t i = 0; self->columns && i < self->n_columns; i++)
        free(self->columns[i].name);
    free(self->columns);
    free(self->wants);
    self->columns = NULL;
    self->wants = NULL;
    self->n_columns = self->n_wants = self->n_late = 0;
}

static bool column_is_declared(struct csv *self, const char *name)
{
    int64_t count = qetl_option_count(self->env, "/types");

    for (int64_t i = 0; i < count; i++)
        if (!strcmp(qetl_option_key(self->env, "/types", i), name))
            return true;
    return false;
}

static const struct csv_pattern *pattern_of(const struct csv *self, const char *name,
                                            enum csv_kind kind)
{
    const struct csv_locale *l = &self->foreign->locale;
    int64_t count = qetl_option_count(self->env, "/formats");

    for (int64_t i = 0; i < count; i++)
        if (!strcmp(qetl_option_key(self->env, "/formats", i), name))
            return &l->columns[i];
    switch (kind) {
    case CSV_DATE:
        return &l->dates;
    case CSV_TIME:
        return &l->times;
    default:
        return &l->stamps;
    }
}

struct csv_local_type csv_local_of(const struct csv *self, const char *name,
                                   const struct csv_type *type)
{
    struct csv_local_type local = {.kind = CSV_LOCAL_NONE};

    if (!self->foreign || type->kind < CSV_INTEGER)
        return local;
    if (type->kind < CSV_DATE) {
        local.real = type->kind == CSV_FLOAT || type->kind == CSV_DOUBLE;
        local.kind = self->foreign->locale.numbers ? CSV_LOCAL_NUMBER : CSV_LOCAL_NONE;
        return local;
    }
    local.pattern = pattern_of(self, name, type->kind);
    local.kind = local.pattern->n ? CSV_LOCAL_PATTERN : CSV_LOCAL_NONE;
    local.date = type->kind != CSV_TIME;
    local.time = type->kind != CSV_DATE;
    return local;
}

static int32_t column_open(struct csv *self, const struct ArrowSchema *field,
                           struct csv_column *out)
{
    out->name = strdup(field->name ? field->name : "");
    if (!out->name)
        return QETL_E_NO_MEMORY;
    out->declared = column_is_declared(self, out->name);
    if (csv_type_of(field, !out->declared, &out->type))
        return qetl_fail(
            self->env, QETL_E_UNSUPPORTED, NULL,
            "Read the column as text and cast it, or declare a scalar type under types.",
            "column %s: a csv cell cannot hold the type %s", out->name, field->format);
    out->local = csv_local_of(self, out->name, &out->type);
    out->check = (out->declared || out->local.kind) && out->type.kind != CSV_TEXT;
    return QETL_OK;
}

static int32_t wants_copy(struct csv *self, int64_t n_wants, const struct qetl_want *wants)
{
    self->wants = calloc((size_t)n_wants + 1, sizeof *self->wants);
    if (!self->wants)
        return QETL_E_NO_MEMORY;
    self->n_wants = n_wants;
    for (int64_t i = 0; i < n_wants; i++) {
        struct csv_column *column;

        if (wants[i].column < 0 || wants[i].column >= self->n_columns)
            return qetl_fail(self->env, QETL_E_FATAL, NULL, NULL,
                             "a column was wanted that the schema does not have");
        self->wants[i] = wants[i];
        self->n_late += wants[i].flags & QETL_WANT_LATE;
        column = &self->columns[wants[i].column];
        if (column->type.kind == CSV_TEXT && wants[i].form == QETL_FORM_VALUE)
            self->wants[i].form = QETL_FORM_LEXICAL;
        if (wants[i].form == QETL_FORM_CHECKED && column->type.kind != CSV_TEXT) {
            column->check = true;
            column->seen = wants[i].flags & QETL_WANT_LATE ? column->seen : i + 1;
        }
    }
    /* Values prove themselves. */
    for (int64_t i = 0; i < n_wants; i++)
        if (self->wants[i].form == QETL_FORM_VALUE)
            self->columns[wants[i].column].check = false;
    return QETL_OK;
}

int32_t csv_open_decode(struct csv *self, const struct ArrowSchema *schema,
                        struct qetl_blob prologue, int64_t n_wants, const struct qetl_want *wants)
{
    int32_t status = csv_prologue_read(self, prologue);

    csv_columns_free(self);
    self->framer = (struct csv_framer){.scan = CSV_SCAN_START, .careful_until = -1};
    if (status)
        return status;
    self->columns = calloc((size_t)schema->n_children + 1, sizeof *self->columns);
    if (!self->columns)
        return QETL_E_NO_MEMORY;
    self->n_columns = schema->n_children;
    qetl_schema_release(&self->schema);
    status = qetl_schema_copy(schema, &self->schema);
    if (self->match)
        self->match->note_size = -1; /* made for other columns */
    for (int64_t i = 0; !status && i < self->n_columns; i++)
        status = column_open(self, schema->children[i], &self->columns[i]);
    return status ? status : wants_copy(self, n_wants, wants);
}
