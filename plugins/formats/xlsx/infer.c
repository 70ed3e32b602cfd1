/* SPDX-License-Identifier: Apache-2.0 */
/* Columns and types from the first rows. */
#include "xlsx.h"

#include <stdio.h>
#include <stdlib.h>

struct look {
    struct xlsx_table table;
    const struct xlsx_options *options;
    uint32_t *seen; /* for each column */
    int32_t n_seen;
    int64_t rows;
};

static int32_t row_look(void *user, int32_t row, const struct xlsx_cell *cells, int32_t n)
{
    struct look *look = user;
    (void)row;
    if (n > look->n_seen) {
        uint32_t *grown = realloc(look->seen, (size_t)n * sizeof *grown);
        if (!grown)
            return QETL_E_NO_MEMORY;
        memset(grown + look->n_seen, 0, (size_t)(n - look->n_seen) * sizeof *grown);
        look->seen = grown;
        look->n_seen = n;
    }
    for (int32_t i = 0; i < n; i++) {
        bool text = cells[i].kind == XLSX_ERROR && look->options->errors == XLSX_ERRORS_TEXT;
        look->seen[i] |= text ? XLSX_SEEN_TEXT : xlsx_seen(&cells[i]);
    }
    return ++look->rows == look->options->sample_rows ? XLSX_ENOUGH : QETL_OK;
}

static int32_t field_add(struct xlsx *x, const char *name, uint32_t seen, struct ArrowSchema *out)
{
    char pointer[600];
    struct ArrowSchema field;
    int32_t status = qetl_option_pointer(pointer, sizeof pointer, "/types", name);
    const char *sql = status ? NULL : qetl_option_text(x->env, pointer);
    status = sql ? qetl_type_field(sql, name, &field)
                 : qetl_schema_init_field(&field, name, xlsx_format_of(seen));
    return status ? status : qetl_schema_append(out, &field);
}

static int32_t declared_exist(struct xlsx *x, const struct ArrowSchema *schema)
{
    char pointer[600];
    int64_t n = qetl_option_count(x->env, "/types");
    if (x->options.new_columns == XLSX_NEW_EVOLVE) /* a later workbook may have it */
        return QETL_OK;
    for (int64_t i = 0; i < n; i++) {
        const char *name = qetl_option_key(x->env, "/types", i);
        if (qetl_schema_find(schema, name) >= 0)
            continue;
        qetl_option_pointer(pointer, sizeof pointer, "/types", name);
        return (int32_t)qetl_schema_require(x->env, schema, pointer, name);
    }
    return QETL_OK;
}

static int32_t schema_make(struct xlsx *x, struct look *look, struct ArrowSchema *out)
{
    int32_t status = xlsx_table_widen(&look->table, look->n_seen);
    if (!status)
        status = qetl_schema_init_struct(out);
    for (int32_t i = 0; !status && i < look->table.n_names; i++) {
        uint32_t seen = i < look->n_seen ? look->seen[i] : 0;
        if (seen || !look->table.names[i].lettered)
            status = field_add(x, look->table.names[i].text, seen, out);
    }
    x->width = look->table.n_names;
    if (!status && !out->n_children)
        status = xlsx_package_fail(&look->table.package, QETL_E_DATA,
                                   "choose another sheet or range", "no cell has a value there");
    return status ? status : declared_exist(x, out);
}

static int32_t look_through(struct xlsx *x, struct look *look, const struct qetl_sample *sample)
{
    bool done = false;
    look->options = &x->options;
    look->table.on_row = row_look;
    look->table.user = look;
    int32_t status = xlsx_table_open(&look->table, x->env, &x->options, sample->object,
                                     sample->data, sample->size);
    while (!status && !done)
        status = xlsx_table_step(&look->table, &done);
    return status == XLSX_ENOUGH ? QETL_OK : status;
}

int32_t xlsx_grow(struct xlsx *x, const struct qetl_chunk *chunk, struct ArrowSchema *out)
{
    const struct qetl_sample sample = {.struct_size = sizeof sample,
                                       .whole = 1,
                                       .data = chunk->data,
                                       .size = chunk->size,
                                       .object = chunk->object};
    struct look look = {0};
    int32_t status = look_through(x, &look, &sample);
    if (!status)
        status = xlsx_table_widen(&look.table, look.n_seen);
    if (!status)
        status = qetl_schema_copy(&x->schema, out);
    for (int32_t i = 0; !status && i < look.table.n_names; i++)
        if (!look.table.names[i].lettered && qetl_schema_find(out, look.table.names[i].text) < 0)
            status =
                field_add(x, look.table.names[i].text, i < look.n_seen ? look.seen[i] : 0, out);
    if (status)
        qetl_schema_release(out);
    free(look.seen);
    xlsx_table_close(&look.table);
    return status;
}

int32_t xlsx_infer(void *self, const struct qetl_sample *sample, struct qetl_inferred *out)
{
    struct xlsx *x = self;
    if (sample->size > x->options.max_bytes)
        return qetl_fail(x->env, QETL_E_DATA, "/max_bytes", "raise max_bytes",
                         "%s: the workbook is larger than max_bytes, %lld bytes",
                         sample->object ? sample->object : "", (long long)x->options.max_bytes);
    if (!sample->whole)
        return QETL_NEED_INPUT;
    struct look look = {0};
    int32_t status = look_through(x, &look, sample);
    if (!status)
        status = schema_make(x, &look, &out->schema);
    if (status)
        qetl_schema_release(&out->schema);
    snprintf(x->summary, sizeof x->summary, "sheet %s, %s, %d columns, types of %lld rows",
             x->options.sheet ? x->options.sheet : "by number",
             x->options.header ? "header" : "no header", (int)look.table.n_names,
             (long long)look.rows);
    out->summary = x->summary;
    out->prologue = (struct qetl_blob){&x->width, sizeof x->width};
    free(look.seen);
    xlsx_table_close(&look.table);
    return status;
}
