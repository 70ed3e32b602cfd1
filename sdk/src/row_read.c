/* SPDX-License-Identifier: Apache-2.0 */
/* What is said where a row is asked for a column that it has not. */
#include "row.h"

#include <stdio.h>

enum { LIST_MAX = 600, LISTED_MOST = 20 };

static void columns_list(const struct qetl_row *row, char list[LIST_MAX])
{
    int at = 0;
    list[0] = 0;
    for (int64_t i = 0; i < row->n_columns && i < LISTED_MOST && at < LIST_MAX; i++) {
        const struct ArrowSchema *field = row->own->plan.read.children[i];
        at += snprintf(list + at, (size_t)(LIST_MAX - at), "%s%lld \"%.60s\"", i ? ", " : ": ",
                       (long long)i, field->name);
    }
    if (row->n_columns > LISTED_MOST && at < LIST_MAX)
        snprintf(list + at, (size_t)(LIST_MAX - at), ", ...");
}

static int32_t fail_absent(const struct qetl_row *row, int64_t column)
{
    char list[LIST_MAX];
    columns_list(row, list);
    return qetl_fail(row->env, QETL_E_FATAL, NULL,
                     "mend the plugin: a transform reads what its bind has asked for, by the "
                     "number that qetl_row_read answered there; a sink what its open was told",
                     "%s: column %lld is read, and there are %lld%s", row->own->id,
                     (long long)column, (long long)row->n_columns, list);
}

static int32_t fail_kind(const struct qetl_row *row, int64_t column, const char *wanted)
{
    const struct ArrowSchema *field = row->own->plan.read.children[column];
    char type[80];
    qetl_type_name(field, type, sizeof type);
    return qetl_fail(row->env, QETL_E_FATAL, NULL,
                     "mend the plugin: ask for the type in bind or open, where the user can be "
                     "told, or read it by row->columns and the functions of sdk.h",
                     "%s: column \"%s\" is of the type %s, and is read as %s", row->own->id,
                     field->name, type, wanted);
}

bool qetl_row_misread(const struct qetl_row *row, int64_t column, const char *wanted)
{
    struct qetl_row_own *own = row->own;
    if (!own->misread) /* told once */
        own->misread = column < 0 || column >= row->n_columns || !row->columns[column].schema
                           ? fail_absent(row, column)
                           : fail_kind(row, column, wanted);
    return false;
}
