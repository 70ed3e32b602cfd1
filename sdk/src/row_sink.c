/* SPDX-License-Identifier: Apache-2.0 */
/* The skeleton of a sink that takes one row after the other. */
#include "row.h"

#include <qetl/row_sink.h>

enum { STATE_VERSION = 1 };

static const struct qetl_row_sink *spec_of(const struct qetl_row *row)
{
    return row->own->spec;
}

int32_t qetl_row_sink_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                             const struct qetl_row_sink *spec, const char *id, bool commits)
{
    struct qetl_row *row = self;
    const struct qetl_kept_table none = {NULL, 0};
    bool whole = !commits || (spec->prepare && spec->commit && spec->abort);
    int32_t status = qetl_sdk_row_new(row, (struct qetl_env){host, ctx}, id, none);
    if (status)
        return status;
    row->own->spec = spec;
    row->own->saved = commits;
    row->own->holds = true;
    if (!spec->row || !whole)
        return qetl_fail(row->env, QETL_E_FATAL, NULL, "mend the plugin",
                         "%s: a row is needed, and to commit a prepare, commit and abort", id);
    status = qetl_options_read(row->env, spec->options.fields, spec->options.n, self);
    return status || !spec->create ? status : spec->create(self);
}

void qetl_row_sink_destroy(void *self)
{
    struct qetl_row *row = self;
    if (row->own && row->own->spec && spec_of(row)->close)
        spec_of(row)->close(self);
    qetl_sdk_row_free(row);
}

int32_t qetl_row_sink_stop(void *self)
{
    const struct qetl_row *row = self;
    return spec_of(row)->stop ? spec_of(row)->stop(self) : QETL_OK;
}

static int32_t sink_describe(void *self, struct qetl_sink_info *out)
{
    const struct qetl_row *row = self;
    out->takes = QETL_TAKES_BATCHES;
    out->delivery = spec_of(row)->delivery;
    out->commit = row->own->saved ? QETL_COMMIT_TWO_PHASE : QETL_COMMIT_NONE;
    return QETL_OK;
}

static void batch_forget(struct qetl_row_own *own)
{
    own->next = own->taken = 0;
    qetl_sdk_row_held_clear(own);
}

static int32_t sink_open(void *self, uint32_t stream, const struct ArrowSchema *schema)
{
    struct qetl_row *row = self;
    (void)stream;
    batch_forget(row->own);
    int32_t status = qetl_sdk_row_columns(row, schema);
    return status || !spec_of(row)->open ? status : spec_of(row)->open(self, &row->own->plan.read);
}

/* Rows of the batch from next on. Behind a failure that passes the same batch comes again, and it
 * goes on where it stood. */
static int32_t rows_take(struct qetl_row *row, int64_t rows)
{
    struct qetl_row_own *own = row->own;
    for (; own->next < rows; own->next++) {
        qetl_sdk_row_begin(row, own->next);
        int32_t status = qetl_sdk_row_finish(row, spec_of(row)->row(row));
        if (status == QETL_E_ROW) /* those in front were taken, and would be again */
            status = qetl_fail(row->env, QETL_E_FATAL, NULL,
                               "mend the plugin: return qetl_row_reject(...), which says why",
                               "%s: row answered QETL_E_ROW", own->id);
        if (status < 0)
            return status;
        if (status != QETL_OK && status != QETL_ROW_REJECTED)
            return qetl_fail(row->env, QETL_E_FATAL, NULL, "mend the plugin", "%s: row answered %d",
                             own->id, (int)status);
        own->taken += status == QETL_OK;
    }
    return QETL_OK;
}

static int32_t sink_write(void *self, struct qetl_write *write)
{
    struct qetl_row *row = self;
    int32_t status = qetl_batch_open(&row->own->plan.read, write->batch, row->columns);
    if (status)
        return qetl_fail(row->env, status, NULL, NULL, "%s: a batch cannot be read", row->own->id);
    status = rows_take(row, write->rows);
    if (status == QETL_E_RETRY_CALL || status == QETL_E_THROTTLED)
        return status;
    if (!status) {
        qetl_sdk_row_held_tell(row);
        write->rows_written = row->own->taken;
    }
    batch_forget(row->own);
    return status;
}

static uint8_t version_of(const struct qetl_row *row)
{
    return spec_of(row)->handle_version ? spec_of(row)->handle_version : 1;
}

static int32_t sink_prepare(void *self, const struct qetl_epoch *epoch,
                            const struct qetl_writer *handle)
{
    struct qetl_row *row = self;
    struct qetl_parcel *parcel = &row->own->position;
    qetl_parcel_begin(parcel, version_of(row));
    int32_t status = spec_of(row)->prepare(self, epoch, parcel);
    if (status)
        return status == QETL_ROW_NONE ? QETL_OK : status;
    struct qetl_blob blob = qetl_parcel_blob(parcel);
    return blob.size
               ? handle->write(handle->stream, blob.data, blob.size)
               : qetl_fail(row->env, QETL_E_FATAL, NULL, "mend the plugin",
                           "%s: a handle has room for %d bytes", row->own->id, QETL_PARCEL_MAX);
}

/* Each handle; one that is damaged is refused before anything is done. */
static int32_t handles_settle(struct qetl_row *row, const struct qetl_epoch *epoch,
                              int64_t n_handles, const struct qetl_blob *handles,
                              int32_t (*settle)(void *, const struct qetl_epoch *,
                                                struct qetl_parcel_in *))
{
    int32_t status = QETL_OK;
    for (int64_t i = 0; i < n_handles && !status; i++) {
        struct qetl_parcel_in in;
        qetl_parcel_open(&in, handles[i], version_of(row));
        if (in.failed)
            return qetl_fail(row->env, QETL_E_UNSUPPORTED, NULL, NULL, "this is no handle of %s",
                             row->own->id);
        status = settle(row, epoch, &in);
    }
    return status;
}

static int32_t sink_commit(void *self, const struct qetl_epoch *epoch, int64_t n_handles,
                           const struct qetl_blob *handles)
{
    struct qetl_row *row = self;
    return handles_settle(row, epoch, n_handles, handles, spec_of(row)->commit);
}

static int32_t sink_abort(void *self, const struct qetl_epoch *epoch, int64_t n_handles,
                          const struct qetl_blob *handles)
{
    struct qetl_row *row = self;
    batch_forget(row->own);
    int32_t status = spec_of(row)->abort(self, epoch, NULL);
    return status ? status : handles_settle(row, epoch, n_handles, handles, spec_of(row)->abort);
}

/* Nothing of an epoch goes on in the next one. That there is a save says so: without one, the host
 * would have a single epoch only. */
int32_t qetl_row_sink_save(void *self, uint32_t *version, const struct qetl_writer *out)
{
    (void)self;
    (void)out;
    *version = STATE_VERSION;
    return QETL_OK;
}

int32_t qetl_row_sink_restore(void *self, uint32_t version, const struct qetl_reader *in)
{
    const struct qetl_row *row = self;
    uint8_t byte;
    int64_t size = version == STATE_VERSION ? in->read(in->stream, &byte, 1) : 1;
    return size == 0 ? QETL_OK
                     : qetl_fail(row->env, size < 0 ? (int32_t)size : QETL_E_UNSUPPORTED, NULL,
                                 "begin anew with --full-refresh", "this is no state of %s",
                                 row->own->id);
}

const struct qetl_sink qetl_row_sink_table = {.struct_size = sizeof qetl_row_sink_table,
                                              .describe = sink_describe,
                                              .open = sink_open,
                                              .write = sink_write};

const struct qetl_sink qetl_row_sink_commits_table = {.struct_size =
                                                          sizeof qetl_row_sink_commits_table,
                                                      .describe = sink_describe,
                                                      .open = sink_open,
                                                      .write = sink_write,
                                                      .prepare = sink_prepare,
                                                      .commit = sink_commit,
                                                      .abort = sink_abort};
