/* SPDX-License-Identifier: Apache-2.0 */
/* What a transform of rows says in bind: it is noted first, and told to the host in the order of
 * the input's columns. */
#include "row_bind.h"

#include <stdio.h>
#include <stdlib.h>

static int64_t fail_later(struct qetl_row *row, int32_t status)
{
    if (!row->own->status)
        row->own->status = status;
    return -1;
}

static int32_t fail_misuse(const struct qetl_row *row, const char *what)
{
    return qetl_fail(row->env, QETL_E_FATAL, NULL, "mend the plugin", "%s: %s in bind",
                     row->own->id, what);
}

static bool number_append(int64_t **numbers, int64_t *n, int64_t *room, int64_t number)
{
    if (*n == *room) {
        int64_t wanted = *room ? *room * 2 : 8;
        int64_t *grown = realloc(*numbers, (size_t)wanted * sizeof *grown);
        if (!grown)
            return false;
        *numbers = grown;
        *room = wanted;
    }
    (*numbers)[(*n)++] = number;
    return true;
}

int64_t qetl_row_read_column(struct qetl_row *row, int64_t column)
{
    struct qetl_sdk_row_plan *plan = &row->own->plan;
    if (row->own->status)
        return -1;
    if (column < 0 || column >= plan->input->n_children)
        return fail_later(row, fail_misuse(row, "a column that there is not is read"));
    for (int64_t k = 0; k < plan->n_readers; k++)
        if (plan->readers[k] == column)
            return k;
    if (!number_append(&plan->readers, &plan->n_readers, &plan->readers_room, column))
        return fail_later(row, qetl_sdk_row_fail_memory(row));
    return plan->n_readers - 1;
}

int64_t qetl_row_read(struct qetl_row *row, const char *option, const char *name, const char *type)
{
    struct qetl_sdk_row_plan *plan = &row->own->plan;
    char found[64], mend[256];
    if (row->own->status)
        return -1;
    int64_t column = qetl_schema_require(row->env, plan->input, option, name);
    if (column < 0)
        return fail_later(row, (int32_t)column);
    qetl_type_name(plan->input->children[column], found, sizeof found);
    snprintf(
        mend, sizeof mend,
        "name a column of the type %s, or make it one: with `types` in the source's format, or "
        "with CAST in a compute",
        type ? type : "");
    if (type && strcmp(found, type) != 0)
        return fail_later(row, qetl_fail(row->env, QETL_E_CONFIG, option, mend,
                                         "column \"%s\" is of the type %s", name, found));
    return qetl_row_read_column(row, column);
}

/* The type stands in the plugin's code: the message is for its author. */
static int32_t fail_type(const struct qetl_row *row, const char *name, const char *type)
{
    char columns[300];
    snprintf(columns, sizeof columns, "\"%.120s\" %.150s", name, type ? type : "NULL");
    return qetl_sdk_type_fail(row->env, row->own->id, columns);
}

/* A made column more; reader: in the place of what that one reads, or -1. */
static int64_t column_make(struct qetl_row *row, const char *name, const char *type, int64_t reader)
{
    struct qetl_sdk_row_plan *plan = &row->own->plan;
    struct ArrowSchema field = {0};
    int64_t n = row->own->schema.n_children;
    int32_t status = qetl_type_field(type, name, &field);
    if (status == QETL_E_UNSUPPORTED)
        return fail_later(row, fail_type(row, name, type));
    if (!status)
        status = qetl_schema_append(&row->own->schema, &field);
    if (status || !number_append(&plan->replaced, &n, &plan->replaced_room, reader))
        return fail_later(row, qetl_sdk_row_fail_memory(row));
    return n - 1;
}

/* The name may stand in an option, so that it is the user who can mend it. */
int64_t qetl_row_make(struct qetl_row *row, const char *name, const char *type)
{
    if (row->own->status)
        return -1;
    const char *whose = qetl_schema_find(row->own->plan.input, name) >= 0 ? "the input has"
                        : qetl_schema_find(&row->own->schema, name) >= 0  ? "it makes"
                                                                          : NULL;
    if (whose)
        return fail_later(
            row, qetl_fail(row->env, QETL_E_CONFIG, NULL,
                           "give the new column another name, or rename the input's with a select "
                           "before; in the plugin, qetl_row_replace puts one in the place of "
                           "another",
                           "%s: a column \"%s\" is to be made, and %s one of that name already",
                           row->own->id, name, whose));
    return column_make(row, name, type, -1);
}

int64_t qetl_row_replace(struct qetl_row *row, int64_t reader, const char *type)
{
    const struct qetl_sdk_row_plan *plan = &row->own->plan;
    if (row->own->status)
        return -1;
    if (reader < 0 || reader >= plan->n_readers)
        return fail_later(row, fail_misuse(row, "a column that is not read is replaced"));
    for (int64_t k = 0; k < row->own->schema.n_children; k++)
        if (plan->replaced[k] == reader)
            return fail_later(row, fail_misuse(row, "a column is replaced twice"));
    const struct ArrowSchema *field = plan->input->children[plan->readers[reader]];
    char *same = type ? NULL : qetl_type_text(field);
    int64_t made = -1;
    if (!type && !same)
        fail_later(row, qetl_sdk_row_fail_memory(row));
    else
        made = column_make(row, field->name, type ? type : same, reader);
    free(same);
    return made;
}

/* The made column in the place of an input's, or -1. */
static int64_t replacement_of(const struct qetl_row *row, int64_t column)
{
    const struct qetl_sdk_row_plan *plan = &row->own->plan;
    for (int64_t k = 0; k < row->own->schema.n_children; k++)
        if (plan->replaced[k] >= 0 && plan->readers[plan->replaced[k]] == column)
            return k;
    return -1;
}

/* Answers of a binder are indices or failures. */
static int32_t columns_tell(struct qetl_row *row, struct qetl_binder *binder)
{
    struct qetl_sdk_row_plan *plan = &row->own->plan;
    int32_t status = QETL_OK;
    int64_t n = 0;
    for (int64_t k = 0; k < plan->n_readers && status >= 0; k++)
        status = qetl_bind_read(binder, plan->input, plan->readers[k], &plan->read);
    for (int64_t i = 0; i < plan->input->n_children && status >= 0; i++) {
        int64_t k = replacement_of(row, i);
        status = k < 0 ? binder->copy(binder, 0, -1, 0, i, NULL)
                       : qetl_bind_field(binder, 0, row->own->schema.children[k], 1, &i);
        if (k >= 0)
            plan->order[n++] = k;
    }
    for (int64_t k = 0; k < row->own->schema.n_children && status >= 0; k++) {
        if (plan->replaced[k] >= 0)
            continue;
        status = qetl_bind_field(binder, 0, row->own->schema.children[k], plan->n_readers,
                                 plan->readers);
        plan->order[n++] = k;
    }
    return status < 0 ? status : QETL_OK;
}

static int32_t plan_begin(struct qetl_row *row, const struct ArrowSchema *input)
{
    struct qetl_row_own *own = row->own;
    own->status = QETL_OK;
    own->plan.input = input;
    own->plan.n_readers = 0;
    qetl_schema_release(&own->plan.read);
    qetl_schema_release(&own->schema);
    if (qetl_schema_init_struct(&own->schema) || qetl_schema_init_struct(&own->plan.read))
        return qetl_sdk_row_fail_memory(row);
    return QETL_OK;
}

/* Columns for which each value fits that a row may put there. */
static bool all_fit(const struct ArrowSchema *made)
{
    for (int64_t k = 0; k < made->n_children; k++)
        if (!strchr("lgbv", *made->children[k]->format))
            return false;
    return true;
}

static int32_t room_make(struct qetl_row *row)
{
    struct qetl_sdk_row_plan *plan = &row->own->plan;
    free(plan->order);
    free(row->columns);
    plan->order = calloc((size_t)row->own->schema.n_children + 1, sizeof *plan->order);
    row->columns = calloc((size_t)plan->n_readers + 1, sizeof *row->columns);
    row->n_columns = row->columns ? plan->n_readers : 0;
    return plan->order && row->columns ? qetl_sdk_row_open(row) : qetl_sdk_row_fail_memory(row);
}

int32_t qetl_sdk_row_bind(struct qetl_row *row, const struct qetl_row_transform *spec,
                          const struct ArrowSchema *input, struct qetl_binder *binder)
{
    struct qetl_row_own *own = row->own;
    int32_t status = plan_begin(row, input);
    if (status)
        return status;
    int32_t rows = spec->bind(row, input);
    if (rows < 0 || own->status || own->misread)
        return rows < 0 ? rows : own->status ? own->status : own->misread;
    if (rows != QETL_ROWS_KEEP && rows != QETL_ROWS_SUBSET)
        return fail_misuse(row, "rows are neither QETL_ROWS_KEEP nor QETL_ROWS_SUBSET");
    own->plan.keeps = rows == QETL_ROWS_KEEP && all_fit(&own->schema);
    status = room_make(row);
    if (!status)
        status = columns_tell(row, binder);
    if (!status && own->saved)
        status = binder->distribution(binder, QETL_DISTRIBUTION_SINGLE, 0, NULL);
    own->plan.input = NULL;
    return status < 0
               ? status
               : binder->rows(binder, 0, own->plan.keeps ? QETL_ROWS_KEEP : QETL_ROWS_SUBSET);
}
