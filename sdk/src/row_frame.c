/* SPDX-License-Identifier: Apache-2.0 */
/* Where the records of a format of rows end. */
#include "row_format.h"

#include <stdio.h>

int64_t qetl_sdk_record_size(struct qetl_row *row, const uint8_t *data, int64_t size, bool ended)
{
    const struct qetl_row_format *spec = row->own->spec;
    if (spec->record) {
        int64_t found = spec->record(row, (struct qetl_text){(const char *)data, size}, ended);
        if (found < 0 || (found > 0 && found <= size) || (!found && !ended))
            return found;
        return qetl_fail(row->env, QETL_E_FATAL, NULL, "mend the plugin",
                         "%s: record answered %lld of %lld bytes%s", row->own->id, (long long)found,
                         (long long)size, ended ? " that end there" : "");
    }
    const uint8_t *feed = size ? memchr(data, '\n', (size_t)size) : NULL;
    return feed ? feed + 1 - data : ended ? size : 0;
}

struct qetl_text qetl_sdk_record_text(const struct qetl_row *row, const uint8_t *data, int64_t size)
{
    const struct qetl_row_format *spec = row->own->spec;
    if (!spec->record && size && data[size - 1] == '\n') {
        size--;
        size -= size && data[size - 1] == '\r';
    }
    return (struct qetl_text){(const char *)data, size};
}

static void oversize_reject(const struct qetl_row *row, struct qetl_frame *io)
{
    char message[80];
    snprintf(message, sizeof message, "the record is longer than max_record, %lld bytes",
             (long long)io->max_record);
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .row = io->rejected++,
                                 .column = -1,
                                 .code = "oversize_record",
                                 .message = message,
                                 .bytes = io->data + io->begin,
                                 .bytes_size = io->max_record,
                                 .bytes_offset = io->begin,
                                 .bytes_cut = 1};
    row->env.host->reject(row->env.ctx, &reject);
}

/* What has no line feeds cannot be passed over. */
static int32_t oversize_fail(const struct qetl_row *row, const struct qetl_frame *io)
{
    return qetl_fail(row->env, QETL_E_DATA, NULL, "raise max_record, if it is one",
                     "a record at byte %lld is longer than max_record, %lld bytes",
                     (long long)(io->offset + io->begin), (long long)io->max_record);
}

/* The end of a record, of which too much came already. */
static void pass_over(struct qetl_row *row, struct qetl_frame *io)
{
    const uint8_t *feed = io->size ? memchr(io->data, '\n', (size_t)io->size) : NULL;
    row->own->passing = !feed && !(io->flags & QETL_ITEM_OBJECT_END);
    io->begin = feed ? feed + 1 - io->data : io->size;
}

static int32_t header_pass(struct qetl_row *row, struct qetl_frame *io, bool last)
{
    int64_t size = 1;
    while (row->own->header && size > 0 && io->begin < io->size) {
        size = qetl_sdk_record_size(row, io->data + io->begin, io->size - io->begin, last);
        io->begin += size > 0 ? size : 0;
        row->own->header -= size > 0;
    }
    return size < 0 ? (int32_t)size : QETL_OK;
}

/* One by one, up to the first that is too long; those that are in front are passed over. */
static int32_t records_frame(struct qetl_row *row, struct qetl_frame *io, bool last)
{
    const struct qetl_row_format *spec = row->own->spec;
    int64_t at = io->begin, size = 1;
    while (at < io->size) {
        size = qetl_sdk_record_size(row, io->data + at, io->size - at, last);
        if (size <= 0)
            break;
        if (qetl_sdk_record_text(row, io->data + at, size).size > io->max_record) {
            if (at > io->begin)
                break;
            if (spec->record)
                return oversize_fail(row, io);
            oversize_reject(row, io);
            io->begin = at + size;
        }
        at += size;
    }
    io->used = at;
    if (size < 0 || at > io->begin || io->size - at <= io->max_record + 2)
        return size < 0 ? (int32_t)size : QETL_OK;
    if (spec->record)
        return oversize_fail(row, io);
    oversize_reject(row, io); /* its end is not there yet */
    row->own->passing = true;
    io->begin = io->used = io->size;
    return QETL_OK;
}

int32_t qetl_sdk_row_frame(void *self, struct qetl_frame *io)
{
    struct qetl_row *row = self;
    const struct qetl_row_format *spec = row->own->spec;
    bool last = io->flags & QETL_ITEM_OBJECT_END;
    io->begin = io->used = io->rejected = 0;
    if (io->flags & QETL_ITEM_OBJECT_START) {
        row->own->passing = false;
        row->own->header = spec->header;
    }
    if (row->own->passing)
        pass_over(row, io);
    int32_t status = header_pass(row, io, last);
    io->used = io->begin;
    if (status || row->own->header || row->own->passing)
        return status;
    if (spec->record || io->size - io->begin > io->max_record)
        return records_frame(row, io, last);
    const uint8_t *from = io->data + io->begin;
    const uint8_t *feed =
        io->size > io->begin ? memrchr(from, '\n', (size_t)(io->size - io->begin)) : NULL;
    io->used = last ? io->size : feed ? feed + 1 - io->data : io->begin;
    return QETL_OK;
}
