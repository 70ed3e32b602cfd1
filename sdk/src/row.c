/* SPDX-License-Identifier: Apache-2.0 */
/* Columns that are made row by row: a row is in all of them, or in none. */
#include "row.h"

int32_t qetl_sdk_row_new(struct qetl_row *row, struct qetl_env env, const char *id,
                         struct qetl_kept_table kept)
{
    row->env = env;
    int32_t status = qetl_sdk_kept_check(env, kept);
    if (status)
        return status;
    row->own = calloc(1, sizeof *row->own);
    if (row->own)
        row->own->before = calloc(1, qetl_sdk_kept_size(kept) + 1);
    if (!row->own || !row->own->before)
        return qetl_sdk_row_fail_memory(row);
    row->own->id = id;
    row->own->kept = kept;
    row->own->room_column = -1;
    return QETL_OK;
}

static void made_free(struct qetl_row_own *own)
{
    for (int64_t i = 0; i < own->n_made; i++)
        qetl_builder_free(&own->made[i]);
    free(own->made);
    own->made = NULL;
    own->n_made = own->built = 0;
}

void qetl_sdk_row_free(struct qetl_row *row)
{
    struct qetl_row_own *own = row->own;
    if (!own)
        return;
    made_free(own);
    qetl_sdk_row_held_clear(own);
    qetl_schema_release(&own->schema);
    qetl_schema_release(&own->plan.read);
    qetl_row_map_free(&own->plan.kept);
    qetl_row_map_free(&own->starts);
    free(own->plan.readers);
    free(own->plan.replaced);
    free(own->plan.order);
    free(own->before);
    free(row->columns);
    free(own);
    row->own = NULL;
}

int32_t qetl_sdk_row_fail_memory(const struct qetl_row *row)
{
    return qetl_fail(row->env, QETL_E_NO_MEMORY, NULL, "make batches smaller, or raise --memory",
                     "no memory for the rows at hand");
}

int32_t qetl_sdk_row_columns(struct qetl_row *row, const struct ArrowSchema *schema)
{
    qetl_schema_release(&row->own->plan.read);
    free(row->columns);
    row->columns = calloc((size_t)schema->n_children + 1, sizeof *row->columns);
    row->n_columns = row->columns ? schema->n_children : 0;
    return row->columns && !qetl_schema_copy(schema, &row->own->plan.read)
               ? QETL_OK
               : qetl_sdk_row_fail_memory(row);
}

int32_t qetl_sdk_row_open(struct qetl_row *row)
{
    struct qetl_row_own *own = row->own;
    int64_t n = own->schema.n_children;
    made_free(own);
    own->made = calloc((size_t)n + 1, sizeof *own->made);
    if (!own->made)
        return qetl_sdk_row_fail_memory(row);
    for (int64_t i = 0; i < n; i++, own->n_made++) {
        int32_t status = qetl_builder_open(&own->made[i], row->env, own->schema.children[i], 0);
        if (status == QETL_E_UNSUPPORTED)
            return qetl_fail(row->env, QETL_E_FATAL, NULL, "mend the plugin",
                             "column \"%s\" is of a type that cannot be made",
                             own->schema.children[i]->name);
        if (status)
            return qetl_sdk_row_fail_memory(row);
    }
    return QETL_OK;
}

void qetl_sdk_row_begin(struct qetl_row *row, int64_t index)
{
    struct qetl_row_own *own = row->own;
    row->index = index;
    own->status = QETL_OK;
    own->row_rejected = own->twice = false;
}

static int32_t misuse(const struct qetl_row *row, int64_t column)
{
    const struct qetl_row_own *own = row->own;
    char type[64];
    if (column < 0 || column >= own->n_made)
        return qetl_fail(row->env, QETL_E_FATAL, NULL, "mend the plugin",
                         "a value was put into column %lld, and there are %lld, from 0 on",
                         (long long)column, (long long)own->n_made);
    const struct ArrowSchema *field = own->schema.children[column];
    if (own->twice)
        return qetl_fail(row->env, QETL_E_FATAL, NULL, "mend the plugin",
                         "a second value for one row was put into column \"%s\"", field->name);
    return qetl_fail(row->env, QETL_E_FATAL, NULL, "mend the plugin",
                     "a value of another type was put into column \"%s\", which is %s", field->name,
                     qetl_type_name(field, type, sizeof type));
}

/* What the calls within the author's function have come to. */
static int32_t calls_judge(struct qetl_row *row)
{
    struct qetl_row_own *own = row->own;
    char type[64];
    if (own->status == QETL_E_NO_MEMORY)
        return qetl_sdk_row_fail_memory(row);
    if (own->status == QETL_E_UNSUPPORTED)
        return misuse(row, own->unfit);
    if (own->status != QETL_E_DATA)
        return own->status;
    const struct ArrowSchema *field = own->schema.children[own->unfit];
    if (qetl_sdk_row_is_text(own, own->unfit))
        return qetl_row_reject(row,
                               own->plan.replaced ? own->plan.replaced[own->unfit] : own->unfit,
                               "bad_utf8", "the text for column \"%s\" is no UTF-8", field->name);
    return qetl_row_reject(row, own->plan.replaced ? own->plan.replaced[own->unfit] : own->unfit,
                           "does_not_fit", "column \"%s\" is of the type %s, and cannot hold it",
                           field->name, qetl_type_name(field, type, sizeof type));
}

static int32_t row_complete(struct qetl_row *row)
{
    struct qetl_row_own *own = row->own;
    for (int64_t i = 0; i < own->n_made; i++)
        if (own->made[i].length == own->built && qetl_builder_null(&own->made[i]))
            return qetl_sdk_row_fail_memory(row);
    own->built++;
    return QETL_OK;
}

int32_t qetl_sdk_row_finish(struct qetl_row *row, int32_t answer)
{
    struct qetl_row_own *own = row->own;
    qetl_sdk_row_room_put(row);
    if (own->misread && answer >= 0)
        answer = own->misread;
    if (answer == QETL_ROW_REJECTED && !own->row_rejected)
        answer = qetl_fail(row->env, QETL_E_FATAL, NULL,
                           "mend the plugin: return qetl_row_reject(...), which says why",
                           "%s: a row is answered as rejected, and was not", own->id);
    if (answer == QETL_E_NO_MEMORY && own->status == answer)
        answer = QETL_OK; /* which was not reported yet */
    if (answer == QETL_OK && !own->row_rejected)
        answer = calls_judge(row);
    if (answer == QETL_OK && own->row_rejected)
        answer = QETL_ROW_REJECTED;
    if (answer == QETL_OK)
        answer = row_complete(row);
    if (answer != QETL_OK)
        for (int64_t i = 0; i < own->n_made; i++)
            qetl_builder_truncate(&own->made[i], own->built);
    return answer;
}

int32_t qetl_sdk_row_settle(struct qetl_row *row, int64_t rows)
{
    struct qetl_row_own *own = row->own;
    qetl_sdk_row_room_put(row);
    int32_t status = own->misread                 ? own->misread
                     : own->status == QETL_E_DATA ? misuse(row, own->unfit)
                                                  : calls_judge(row);
    for (int64_t i = 0; i < own->n_made && !status; i++)
        if (own->made[i].length != rows)
            status = qetl_fail(row->env, QETL_E_FATAL, NULL, "mend the plugin",
                               "column \"%s\" has %lld values for %lld rows",
                               own->schema.children[i]->name, (long long)own->made[i].length,
                               (long long)rows);
    own->built = rows;
    return status;
}

void qetl_sdk_row_clear(struct qetl_row *row)
{
    struct qetl_row_own *own = row->own;
    for (int64_t i = 0; i < own->n_made; i++)
        qetl_builder_clear(&own->made[i]);
    own->built = own->put_bytes = 0;
    own->room_column = -1;
}

int32_t qetl_sdk_row_take(struct qetl_row *row, const int64_t *order, struct ArrowArray *out)
{
    struct qetl_row_own *own = row->own;
    struct ArrowArray few[8] = {0}, *arrays = few;
    int32_t status = QETL_OK;
    if (own->n_made > 8)
        arrays = calloc((size_t)own->n_made, sizeof *arrays);
    if (!arrays)
        return qetl_sdk_row_fail_memory(row);
    for (int64_t i = 0; i < own->n_made && !status; i++)
        status = qetl_builder_close(&own->made[order ? order[i] : i], &arrays[i]);
    if (!status)
        status = qetl_array_struct(row->env, own->built, own->n_made, arrays, out);
    for (int64_t i = 0; i < own->n_made && status; i++)
        qetl_array_release(&arrays[i]);
    if (arrays != few)
        free(arrays);
    own->built = own->put_bytes = 0;
    return status ? qetl_sdk_row_fail_memory(row) : QETL_OK;
}
