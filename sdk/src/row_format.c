/* SPDX-License-Identifier: Apache-2.0 */
/* The skeleton of a format of records that are a row each. */
#include "row_format.h"

static const struct qetl_row_format *spec_of(const struct qetl_row *row)
{
    return row->own->spec;
}

int32_t qetl_row_format_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                               const struct qetl_row_format *spec, const char *id)
{
    struct qetl_row *row = self;
    const struct qetl_kept_table none = {NULL, 0};
    int32_t status = qetl_sdk_row_new(row, (struct qetl_env){host, ctx}, id, none);
    if (status)
        return status;
    row->own->spec = spec;
    if ((!spec->decode && !spec->encode) || (spec->decode && !spec->columns == !spec->infer))
        return qetl_fail(row->env, QETL_E_FATAL, NULL, "mend the plugin",
                         "%s: a decode or encode is needed, and to decode either columns or infer",
                         id);
    status = qetl_options_read(row->env, spec->options.fields, spec->options.n, self);
    return status || !spec->create ? status : spec->create(self);
}

void qetl_row_format_destroy(void *self)
{
    struct qetl_row *row = self;
    if (row->own && row->own->spec && spec_of(row)->close)
        spec_of(row)->close(self);
    qetl_sdk_row_free(row);
}

static int32_t format_describe(void *self, struct qetl_format_info *out)
{
    const struct qetl_row *row = self;
    out->encode = spec_of(row)->encode ? QETL_ENCODE_CONCATENABLE : 0;
    out->decode = QETL_DECODE_VALUES;
    return QETL_OK;
}

/* ---- reading ---- */

/* The manifest says otherwise. */
static int32_t fail_direction(const struct qetl_row *row, const char *what, const char *mend)
{
    return qetl_fail(row->env, QETL_E_FATAL, NULL, mend, "%s cannot be %s", row->own->id, what);
}

static int32_t format_infer(void *self, const struct qetl_sample *sample, struct qetl_inferred *out)
{
    struct qetl_row *row = self;
    const struct qetl_row_format *spec = spec_of(row);
    if (!spec->decode)
        return fail_direction(row, "read",
                              "mend the plugin: a decode, or \"reads\": false in its manifest");
    if (spec->infer)
        return spec->infer(self, sample, &out->schema);
    int32_t status = qetl_schema_parse(spec->columns, &out->schema);
    return status == QETL_E_UNSUPPORTED ? qetl_sdk_type_fail(row->env, row->own->id, spec->columns)
                                        : status;
}

/* All columns are made, so that a record is rejected whatever is wanted of it; those that nobody
 * wants are thrown away. */
static int32_t format_open_decode(void *self, const struct ArrowSchema *schema,
                                  struct qetl_blob prologue, int64_t n_wants,
                                  const struct qetl_want *wants)
{
    struct qetl_row *row = self;
    struct qetl_row_own *own = row->own;
    (void)prologue;
    qetl_schema_release(&own->schema);
    free(own->plan.order);
    own->plan.order = calloc((size_t)n_wants + 1, sizeof *own->plan.order);
    if (!own->plan.order || qetl_schema_copy(schema, &own->schema))
        return qetl_sdk_row_fail_memory(row);
    own->n_wanted = n_wants;
    for (int64_t i = 0; i < n_wants; i++)
        own->plan.order[i] = wants[i].column;
    int32_t status = qetl_sdk_row_open(row);
    return status || !spec_of(row)->decode_open ? status
                                                : spec_of(row)->decode_open(self, &own->schema);
}

static bool map_push(struct qetl_row_map *map, int64_t value)
{
    if (map->n == map->capacity) {
        int64_t capacity = map->capacity ? map->capacity * 2 : 1024;
        int32_t *grown = realloc(map->rows, (size_t)capacity * sizeof *grown);
        if (!grown)
            return false;
        map->rows = grown;
        map->capacity = capacity;
    }
    qetl_row_map_keep(map, value);
    return true;
}

/* What became of a record, by what the author's function answered. */
static int32_t record_note(struct qetl_row *row, int32_t answer, struct qetl_decoded *out)
{
    struct qetl_row_own *own = row->own;
    if (answer == QETL_ROW_NONE)
        return QETL_OK;
    if (answer != QETL_OK && answer != QETL_ROW_REJECTED)
        return answer < 0 ? answer
                          : qetl_fail(row->env, QETL_E_FATAL, NULL, "mend the plugin",
                                      "%s: decode answered %d", own->id, (int)answer);
    if (!map_push(&own->starts, own->record_at) ||
        (answer == QETL_OK && !map_push(&own->plan.kept, out->records)))
        return qetl_sdk_row_fail_memory(row);
    out->records++;
    out->rows += answer == QETL_OK;
    return QETL_OK;
}

static int32_t records_decode(struct qetl_row *row, const struct qetl_chunk *chunk,
                              struct qetl_decoded *out)
{
    struct qetl_row_own *own = row->own;
    int32_t status = QETL_OK;
    for (int64_t at = 0, size; at < chunk->size && !status; at += size) {
        size = qetl_sdk_record_size(row, chunk->data + at, chunk->size - at, true);
        if (size <= 0)
            return (int32_t)size;
        own->record = qetl_sdk_record_text(row, chunk->data + at, size);
        own->record_at = at;
        qetl_sdk_row_begin(row, out->records);
        int32_t answer = spec_of(row)->decode(row, own->record);
        status = record_note(row, qetl_sdk_row_finish(row, answer), out);
    }
    return status;
}

static int32_t batch_take(struct qetl_row *row, struct ArrowArray *out)
{
    struct qetl_row_own *own = row->own;
    int64_t n = own->n_wanted;
    struct ArrowArray *arrays = calloc((size_t)n + 1, sizeof *arrays);
    int32_t status = arrays ? QETL_OK : QETL_E_NO_MEMORY;
    for (int64_t i = 0; i < n && !status; i++)
        status = qetl_builder_close(&own->made[own->plan.order[i]], &arrays[i]);
    if (!status)
        status = qetl_array_struct(row->env, own->built, n, arrays, out);
    for (int64_t i = 0; arrays && status && i < n; i++)
        qetl_array_release(&arrays[i]);
    free(arrays);
    return status ? qetl_sdk_row_fail_memory(row) : QETL_OK;
}

static int32_t format_decode(void *self, const struct qetl_chunk *chunk, struct qetl_decoded *out)
{
    struct qetl_row *row = self;
    struct qetl_row_own *own = row->own;
    own->plan.kept.n = own->starts.n = 0;
    int32_t status = records_decode(row, chunk, out);
    own->record = (struct qetl_text){NULL, 0};
    if (!status)
        status = batch_take(row, &out->batch);
    qetl_sdk_row_clear(row);
    out->record_map = own->plan.kept.rows;
    out->record_offsets = own->starts.rows;
    return status;
}

/* ---- writing ---- */

static int32_t format_forms(void *self, const struct ArrowSchema *schema, uint32_t *forms)
{
    (void)self;
    for (int64_t i = 0; i < schema->n_children; i++)
        forms[i] = QETL_FORM_VALUE;
    return QETL_OK;
}

static int32_t format_open_encode(void *self, const struct ArrowSchema *schema)
{
    struct qetl_row *row = self;
    if (!spec_of(row)->encode)
        return fail_direction(row, "written",
                              "mend the plugin: an encode, or \"writes\": false in its manifest");
    int32_t status = qetl_sdk_row_columns(row, schema);
    return status || !spec_of(row)->encode_open
               ? status
               : spec_of(row)->encode_open(self, &row->own->plan.read);
}

static int32_t format_begin(void *self, struct qetl_space *out)
{
    const struct qetl_row *row = self;
    return spec_of(row)->begin ? spec_of(row)->begin(self, out) : QETL_OK;
}

static int32_t format_encode(void *self, const struct ArrowArray *batch, struct qetl_space *out)
{
    struct qetl_row *row = self;
    int64_t before = out->size;
    int32_t status = qetl_batch_open(&row->own->plan.read, batch, row->columns);
    if (status)
        return qetl_fail(row->env, status, NULL, NULL, "%s: a batch cannot be read", row->own->id);
    for (int64_t i = 0; i < batch->length; i++) {
        int64_t from = out->size;
        qetl_sdk_row_begin(row, i);
        status = qetl_sdk_row_finish(row, spec_of(row)->encode(row, out));
        if (status == QETL_OK)
            continue;
        out->size = status == QETL_ROW_REJECTED ? from : before;
        if (status != QETL_ROW_REJECTED)
            return status < 0 ? status
                              : qetl_fail(row->env, QETL_E_FATAL, NULL, "mend the plugin",
                                          "%s: encode answered %d", row->own->id, (int)status);
    }
    return QETL_OK;
}

const struct qetl_format qetl_row_format_table = {.struct_size = sizeof qetl_row_format_table,
                                                  .describe = format_describe,
                                                  .infer = format_infer,
                                                  .open_decode = format_open_decode,
                                                  .frame = qetl_sdk_row_frame,
                                                  .decode = format_decode,
                                                  .forms = format_forms,
                                                  .open_encode = format_open_encode,
                                                  .begin = format_begin,
                                                  .encode = format_encode};
