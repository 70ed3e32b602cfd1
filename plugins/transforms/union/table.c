/* SPDX-License-Identifier: Apache-2.0 */
#include "union.h"
#include "widen.h"

#include <stdio.h>
#include <stdlib.h>

enum { NAME_MAX_SHOWN = 100 };

void union_table_clear(struct union_table *table)
{
    for (int64_t i = 0; i < table->n_columns; i++) {
        struct union_column *column = &table->columns[i];
        for (uint32_t p = 0; column->sources && p < table->n_inputs; p++)
            table->exprs.service->free(column->sources[p].cast);
        free(column->sources);
        qetl_schema_release(&column->field);
    }
    free(table->columns);
    table->columns = NULL;
    table->n_columns = table->n_made = 0;
}

/* ---- names and types ---- */

static struct union_column *column_find(struct union_table *table, const char *name)
{
    for (int64_t i = 0; i < table->n_columns; i++)
        if (!strcmp(table->columns[i].name, name))
            return &table->columns[i];
    return NULL;
}

static struct union_column *column_add(struct union_table *table, uint32_t port,
                                       const struct ArrowSchema *field)
{
    struct union_column *column = &table->columns[table->n_columns];

    *column = (struct union_column){.name = field->name, .first = field, .first_port = port};
    column->sources = calloc(table->n_inputs, sizeof *column->sources);
    if (!column->sources)
        return NULL;
    table->n_columns++;
    for (uint32_t p = 0; p < table->n_inputs; p++)
        column->sources[p].column = -1;
    snprintf(column->format, sizeof column->format, "%s", field->format);
    column->made = field->dictionary != NULL && table->n_inputs > 1;
    return column;
}

static int32_t fail_types(const struct union_table *table, const struct union_column *column,
                          uint32_t port, const struct ArrowSchema *other)
{
    char a[NAME_MAX_SHOWN], b[NAME_MAX_SHOWN];

    qetl_type_name(column->first, a, sizeof a);
    qetl_type_name(other, b, sizeof b);
    return qetl_fail(table->env, QETL_E_CONFIG, NULL,
                     other->format[0] == '+' || column->format[0] == '+'
                         ? "take it apart with flatten or explode, or leave it out with a select, "
                           "before the union"
                         : "declare it under `types:` of a source's format, cast it with a select, "
                           "or say  on_conflict: text",
                     "column \"%s\" is %s in input %u, but %s in input %u", column->name, a,
                     column->first_port + 1, b, port + 1);
}

/* Nested types agree in full or not at all. */
static int32_t nested_check(const struct union_table *table, const struct union_column *column,
                            uint32_t port, const struct ArrowSchema *other)
{
    char *a = qetl_type_text(column->first), *b = qetl_type_text(other);
    int32_t status = QETL_OK;

    if (!a || !b)
        status = qetl_exprs_fail_memory(&table->exprs);
    else if (strcmp(a, b) != 0)
        status = fail_types(table, column, port, other);
    free(a);
    free(b);
    return status;
}

static int32_t column_widen(const struct union_table *table, struct union_column *column,
                            uint32_t port, const struct ArrowSchema *other)
{
    enum union_fit fit = union_widen(column->format, other);

    if (other->dictionary)
        column->made = true;
    if (fit == UNION_SAME)
        return other->format[0] == '+' ? nested_check(table, column, port, other) : QETL_OK;
    column->made = true;
    if (fit == UNION_WIDER)
        return QETL_OK;
    if (!table->as_text || column->format[0] == '+' || other->format[0] == '+')
        return fail_types(table, column, port, other);
    snprintf(column->format, sizeof column->format, "vu");
    return QETL_OK;
}

static int32_t input_add(struct union_table *table, uint32_t port, const struct ArrowSchema *input)
{
    int32_t status = QETL_OK;

    for (int64_t i = 0; i < input->n_children && !status; i++) {
        const struct ArrowSchema *field = input->children[i];
        struct union_column *column = column_find(table, field->name);
        if (column)
            status = column_widen(table, column, port, field);
        else if (!(column = column_add(table, port, field)))
            status = qetl_exprs_fail_memory(&table->exprs);
        if (!status)
            column->sources[port].column = i;
    }
    return status;
}

static int32_t missing_check(const struct union_table *table)
{
    for (int64_t i = 0; table->missing_fails && i < table->n_columns; i++)
        for (uint32_t p = 0; p < table->n_inputs; p++)
            if (table->columns[i].sources[p].column < 0)
                return qetl_fail(table->env, QETL_E_CONFIG, "/missing",
                                 "say  missing: nulls  to fill it with NULLs",
                                 "input %u has no column \"%s\", which input %u has", p + 1,
                                 table->columns[i].name, table->columns[i].first_port + 1);
    return QETL_OK;
}

/* ---- casts ---- */

/* CAST("name" AS type), to be freed. */
static char *cast_text(const char *name, const struct ArrowSchema *to)
{
    char type[NAME_MAX_SHOWN], *sql = malloc(2 * strlen(name) + sizeof type + 20), *at = sql;

    if (!sql)
        return NULL;
    at += sprintf(at, "CAST(\"");
    for (; *name; name++) {
        if (*name == '"')
            *at++ = '"';
        *at++ = *name;
    }
    sprintf(at, "\" AS %s)", qetl_type_name(to, type, sizeof type));
    return sql;
}

static int32_t casts_compile(struct union_table *table, struct union_column *column,
                             const struct ArrowSchema *const *inputs)
{
    char *sql;
    int32_t status = qetl_schema_init_field(&column->field, column->name, column->format);

    if (status)
        return qetl_exprs_fail_memory(&table->exprs);
    sql = cast_text(column->name, &column->field);
    if (!sql)
        return qetl_exprs_fail_memory(&table->exprs);
    for (uint32_t p = 0; p < table->n_inputs && !status; p++) {
        struct union_source *source = &column->sources[p];
        const struct ArrowSchema *field;
        if (source->column < 0)
            continue;
        field = inputs[p]->children[source->column];
        if (field->dictionary || strcmp(field->format, column->format) != 0)
            status =
                table->exprs.service->compile(table->env.ctx, sql, NULL, inputs[p], &source->cast);
    }
    free(sql);
    table->n_made++;
    return status;
}

int32_t union_table_make(struct union_table *table, uint32_t n_inputs,
                         const struct ArrowSchema *const *inputs)
{
    int64_t most = 1;
    int32_t status = QETL_OK;

    union_table_clear(table);
    table->n_inputs = n_inputs;
    for (uint32_t p = 0; p < n_inputs; p++)
        most += inputs[p]->n_children;
    table->columns = calloc((size_t)most, sizeof *table->columns);
    if (!table->columns)
        return qetl_exprs_fail_memory(&table->exprs);
    for (uint32_t p = 0; p < n_inputs && !status; p++)
        status = input_add(table, p, inputs[p]);
    if (!status)
        status = missing_check(table);
    for (int64_t i = 0; i < table->n_columns && !status; i++)
        if (table->columns[i].made)
            status = casts_compile(table, &table->columns[i], inputs);
    return status;
}

/* ---- bind ---- */

static int32_t copy_bind(const struct union_table *table, int64_t at, struct qetl_binder *binder)
{
    const struct union_column *column = &table->columns[at];
    int64_t out = -1; /* the first appends */
    int32_t status = QETL_OK;

    for (uint32_t p = 0; p < table->n_inputs && status >= 0; p++) {
        if (column->sources[p].column < 0)
            continue;
        status = binder->copy(binder, 0, out, p, column->sources[p].column, NULL);
        out = at;
    }
    return status;
}

static int32_t made_bind(const struct union_table *table, struct union_column *column,
                         struct qetl_binder *binder)
{
    int64_t from = column->sources[0].column;
    struct ArrowSchema field;
    int32_t status;

    for (uint32_t p = 0; p < table->n_inputs; p++) {
        if (column->sources[p].column < 0)
            continue;
        column->sources[p].place =
            binder->read(binder, p, column->sources[p].column, QETL_FORM_VALUE);
        if (column->sources[p].place < 0)
            return column->sources[p].place;
    }
    if (qetl_schema_copy(&column->field, &field))
        return qetl_exprs_fail_memory(&table->exprs);
    status = binder->derive(binder, 0, &field, from < 0 ? -1 : 1, &from);
    qetl_schema_release(&field);
    return status;
}

int32_t union_table_bind(struct union_table *table, struct qetl_binder *binder)
{
    int32_t status = QETL_OK;

    for (int64_t i = 0; i < table->n_columns && status >= 0; i++)
        status = table->columns[i].made ? made_bind(table, &table->columns[i], binder)
                                        : copy_bind(table, i, binder);
    if (status < 0)
        return status;
    return binder->rows(binder, 0, table->n_made ? QETL_ROWS_SUBSET : QETL_ROWS_KEEP);
}
