/* SPDX-License-Identifier: Apache-2.0 */
/* Readies an instance to frame and decode. */
#include "csv.h"

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
    out->check = out->declared && out->type.kind != CSV_TEXT;
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
        column->check |= wants[i].form == QETL_FORM_CHECKED && column->type.kind != CSV_TEXT;
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
    for (int64_t i = 0; !status && i < self->n_columns; i++)
        status = column_open(self, schema->children[i], &self->columns[i]);
    return status ? status : wants_copy(self, n_wants, wants);
}
