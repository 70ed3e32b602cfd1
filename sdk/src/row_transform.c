/* SPDX-License-Identifier: Apache-2.0 */
/* The skeleton of a transform of single rows. */
#include "pieces.h"
#include "row_bind.h"

#include <endian.h>
#include <stdlib.h>

static const struct qetl_row_transform *spec_of(const struct qetl_row *row)
{
    return row->own->spec;
}

int32_t qetl_row_transform_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                                  const struct qetl_row_transform *spec, const char *id, bool saved)
{
    struct qetl_row *row = self;
    int32_t status = qetl_sdk_row_new(row, (struct qetl_env){host, ctx}, id, spec->state);
    if (status)
        return status;
    row->own->spec = spec;
    row->own->saved = saved;
    bool has_state = spec->state.n > 0 || spec->save;
    if (saved != has_state || !spec->save != !spec->restore || !spec->row == !spec->batch ||
        !spec->bind)
        return qetl_fail(row->env, QETL_E_FATAL, NULL,
                         "mend the plugin: QETL_ROW_TRANSFORM_SAVED goes with a state, or save and "
                         "restore",
                         "%s: a bind, row or batch, and a state if it is to be saved are needed",
                         id);
    status = qetl_options_read(row->env, spec->options.fields, spec->options.n, self);
    return status || !spec->create ? status : spec->create(self);
}

void qetl_row_transform_destroy(void *self)
{
    struct qetl_row *row = self;
    if (row->own && row->own->spec && spec_of(row)->close)
        spec_of(row)->close(self);
    qetl_sdk_row_free(row);
}

void qetl_row_end(struct qetl_row *row)
{
    row->own->ended = true;
}

static const char *needs_condition(void *self)
{
    const struct qetl_row_transform *spec = spec_of(self);
    return spec->condition ? spec->condition(self) : NULL;
}

static int64_t needs_rows(void *self)
{
    const struct qetl_row_transform *spec = spec_of(self);
    return spec->rows ? spec->rows(self) : -1;
}

const void *qetl_row_transform_extension(void *self, const char *id)
{
    static const struct qetl_needs needs = {
        .struct_size = sizeof needs, .condition = needs_condition, .rows = needs_rows};
    const struct qetl_row *row = self;
    if (strcmp(id, QETL_EXT_NEEDS) != 0 || !row->own || !row->own->spec)
        return NULL;
    return spec_of(row)->condition || spec_of(row)->rows ? &needs : NULL;
}

static int32_t transform_bind(void *self, uint32_t n_inputs,
                              const struct ArrowSchema *const *inputs, struct qetl_binder *binder)
{
    struct qetl_row *row = self;
    (void)n_inputs;
    return qetl_sdk_row_bind(row, spec_of(row), inputs[0], binder);
}

/* What save would write now holds the rows before. */
static int32_t fail_behind(const struct qetl_row *row, int32_t status, int64_t rows)
{
    bool again = status == QETL_E_RETRY_CALL || status == QETL_E_THROTTLED || status == QETL_E_ROW;
    return again && rows ? qetl_fail(row->env, QETL_E_RETRY_EPOCH, NULL, NULL,
                                     "%s: a row failed behind %lld of its batch", row->own->id,
                                     (long long)rows)
                         : status;
}

/* How many rows go on, or a failure. */
static int64_t rows_take(struct qetl_row *row, int64_t rows)
{
    struct qetl_row_map *kept = &row->own->plan.kept;
    for (int64_t i = 0; i < rows && !row->own->ended; i++) {
        qetl_sdk_row_begin(row, i);
        int32_t answer = qetl_sdk_row_finish(row, spec_of(row)->row(row));
        if (answer == QETL_OK)
            qetl_row_map_keep(kept, i);
        else if (answer < 0 && spec_of(row)->save)
            return fail_behind(row, answer, i);
        else if (answer != QETL_ROW_NONE && answer != QETL_ROW_REJECTED)
            return answer < 0 ? answer
                              : qetl_fail(row->env, QETL_E_FATAL, NULL, "mend the plugin",
                                          "%s: row answered %d", row->own->id, (int)answer);
    }
    return kept->n;
}

static int64_t batch_take(struct qetl_row *row, const struct qetl_event *event)
{
    struct qetl_row_own *own = row->own;
    int64_t elsewhere = 0;
    own->status = QETL_OK;
    own->whole_batch = true;
    int64_t rows = spec_of(row)->batch(row, event, own->plan.kept.rows, &elsewhere);
    int32_t status = rows < 0 ? QETL_OK : qetl_sdk_row_settle(row, rows);
    own->rejected += elsewhere;
    return status ? status : rows;
}

/* How many rows go on; their columns into *out. */
static int64_t event_take(struct qetl_row *row, const struct qetl_event *event,
                          struct ArrowArray *out)
{
    struct qetl_row_own *own = row->own;
    own->rejected = 0;
    if (qetl_row_map_begin(&own->plan.kept, event->rows))
        return qetl_sdk_row_fail_memory(row);
    if (own->plan.n_readers) {
        int32_t status = qetl_batch_open(&own->plan.read, event->batch, row->columns);
        if (status)
            return qetl_fail(row->env, status, NULL, NULL, "%s: a batch cannot be read", own->id);
    }
    int64_t rows = spec_of(row)->row ? rows_take(row, event->rows) : batch_take(row, event);
    if (rows >= 0 && rows + own->rejected > event->rows)
        return qetl_fail(row->env, QETL_E_FATAL, NULL, "mend the plugin",
                         "%s: more rows go on than came", own->id);
    if (rows >= 0 && rows < event->rows && own->plan.keeps)
        return qetl_fail(row->env, QETL_E_FATAL, NULL,
                         "mend the plugin: bind answers QETL_ROWS_SUBSET where a row may be "
                         "rejected or stay behind",
                         "%s: a row %s, and bind answered QETL_ROWS_KEEP", own->id,
                         own->rejected ? "was rejected" : "does not go on");
    if (rows <= 0 || !own->n_made)
        return rows;
    int32_t status = qetl_sdk_row_take(row, own->plan.order, out);
    return status ? status : rows;
}

static int32_t transform_process(void *self, const struct qetl_event *event,
                                 struct qetl_output *out)
{
    struct qetl_row *row = self;
    struct qetl_row_own *own = row->own;
    if (!event || event->kind != QETL_EVENT_BATCH)
        return event && event->kind == QETL_EVENT_END ? QETL_END : QETL_NEED_INPUT;
    qetl_sdk_kept_copy(own->kept, self, own->before);
    own->ended = false;
    int64_t rows = event_take(row, event, &out->batch);
    if (rows < 0) { /* the host may call again with the same rows */
        qetl_sdk_row_clear(row);
        qetl_sdk_kept_return(own->kept, self, own->before);
        return (int32_t)rows;
    }
    out->rows = rows;
    out->rows_filtered = event->rows - rows - own->rejected;
    out->row_map = rows && rows < event->rows ? own->plan.kept.rows : NULL;
    if (own->ended)
        return QETL_END;
    return rows ? QETL_OUTPUT : QETL_NEED_INPUT;
}

static uint32_t version_of(const struct qetl_row *row)
{
    return spec_of(row)->state_version ? spec_of(row)->state_version : 1;
}

/* The fields of the table; behind them, where there is one, what the author's save writes: then the
 * size of the fields stands in front. */
int32_t qetl_row_transform_save(void *self, uint32_t *version, const struct qetl_writer *out)
{
    struct qetl_row *row = self;
    struct qetl_parcel fields;
    *version = version_of(row);
    qetl_parcel_begin(&fields, 1);
    size_t head = fields.size;
    qetl_sdk_kept_put(row->own->kept, self, &fields);
    if (!spec_of(row)->save)
        return qetl_state_write(out, fields.bytes + head, fields.size - head);
    struct qetl_sdk_pieces pieces = {0};
    const struct qetl_writer inner = {&pieces, qetl_sdk_pieces_write};
    int64_t size = (int64_t)htole64(fields.size - head);
    int32_t status = qetl_sdk_pieces_write(&pieces, &size, sizeof size);
    if (!status)
        status = qetl_sdk_pieces_write(&pieces, fields.bytes + head, fields.size - head);
    if (!status)
        status = spec_of(row)->save(self, &inner);
    if (!status)
        status = qetl_state_write(out, pieces.data, pieces.size);
    free(pieces.data);
    return status == QETL_E_NO_MEMORY ? qetl_sdk_row_fail_memory(row) : status;
}

/* Takes the fields, and leaves in pieces what the author's save wrote. */
static int32_t fields_split(struct qetl_row *row, struct qetl_sdk_pieces *pieces)
{
    uint64_t size = pieces->size;
    const uint8_t *at = pieces->data;
    if (spec_of(row)->save) {
        if (pieces->size < sizeof size)
            return QETL_E_UNSUPPORTED;
        memcpy(&size, at, sizeof size);
        size = le64toh(size);
        at += sizeof size;
        if (size > pieces->size - sizeof size)
            return QETL_E_UNSUPPORTED;
    }
    pieces->at = (size_t)(at - pieces->data) + size;
    return qetl_sdk_kept_take(row->own->kept, row, (struct qetl_parcel_in){at, at + size, 0});
}

int32_t qetl_row_transform_restore(void *self, uint32_t version, const struct qetl_reader *in)
{
    struct qetl_row *row = self;
    struct qetl_row_own *own = row->own;
    struct qetl_sdk_pieces pieces = {0};
    const struct qetl_reader inner = {&pieces, qetl_sdk_pieces_read};
    int32_t status = version == version_of(row)
                         ? qetl_state_read(in, (void **)&pieces.data, &pieces.size)
                         : QETL_E_UNSUPPORTED;
    qetl_sdk_kept_copy(own->kept, self, own->before);
    if (!status)
        status = fields_split(row, &pieces);
    if (!status && spec_of(row)->restored)
        status = spec_of(row)->restored(self);
    if (!status && spec_of(row)->restore)
        status = spec_of(row)->restore(self, &inner);
    if (!status && pieces.at != pieces.size)
        status = QETL_E_UNSUPPORTED;
    free(pieces.data);
    if (!status)
        return QETL_OK;
    qetl_sdk_kept_return(own->kept, self, own->before);
    return qetl_fail(row->env, status, NULL, "begin anew with --full-refresh",
                     "the state of %s cannot be read", own->id);
}

const struct qetl_transform qetl_row_transform_table = {.struct_size =
                                                            sizeof qetl_row_transform_table,
                                                        .bind = transform_bind,
                                                        .process = transform_process};
