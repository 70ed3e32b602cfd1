/* SPDX-License-Identifier: Apache-2.0 */
/* What an author's function does with the row at hand; failures are seen when it is finished. */
#include "row.h"

#include <stdio.h>

enum { LINE_MAX_BYTES = 1024, VALUE_BYTES = 16 };

void qetl_row_put(struct qetl_row *row, int64_t column, int32_t status)
{
    struct qetl_row_own *own = row->own;
    own->put_bytes += VALUE_BYTES;
    if (!status || own->status)
        return;
    own->status = status;
    own->unfit = column;
}

struct qetl_builder *qetl_sdk_row_place(struct qetl_row *row, int64_t column)
{
    struct qetl_row_own *own = row->own;
    qetl_sdk_row_room_put(row);
    bool there = column >= 0 && column < own->n_made;
    bool twice = there && !own->whole_batch && own->made[column].length != own->built;
    if (!there || twice) {
        if (!own->status)
            own->twice = twice;
        qetl_row_put(row, column, QETL_E_UNSUPPORTED);
        return NULL;
    }
    return &own->made[column];
}

struct qetl_builder *qetl_row_builder(struct qetl_row *row, int64_t column)
{
    qetl_sdk_row_room_put(row);
    return column >= 0 && column < row->own->n_made ? &row->own->made[column] : NULL;
}

void qetl_row_put_null(struct qetl_row *row, int64_t column)
{
    struct qetl_builder *b = qetl_sdk_row_place(row, column);
    if (b)
        qetl_row_put(row, column, qetl_builder_null(b));
}

void qetl_row_put_bool(struct qetl_row *row, int64_t column, bool value)
{
    struct qetl_builder *b = qetl_sdk_row_place(row, column);
    if (b)
        qetl_row_put(row, column, qetl_builder_bool(b, value));
}

void qetl_row_put_int(struct qetl_row *row, int64_t column, int64_t value)
{
    struct qetl_builder *b = qetl_sdk_row_place(row, column);
    if (b)
        qetl_row_put(row, column, qetl_builder_int(b, value));
}

void qetl_row_put_real(struct qetl_row *row, int64_t column, double value)
{
    struct qetl_builder *b = qetl_sdk_row_place(row, column);
    if (b)
        qetl_row_put(row, column, qetl_builder_real(b, value));
}

void qetl_row_put_decimal(struct qetl_row *row, int64_t column, qetl_int128 value)
{
    struct qetl_builder *b = qetl_sdk_row_place(row, column);
    if (b)
        qetl_row_put(row, column, qetl_builder_decimal(b, value));
}

/* Who writes whole batches has their texts from other columns. */
static bool is_no_text(const struct qetl_row *row, int64_t column, const char *data, int64_t size)
{
    return !row->own->whole_batch && qetl_sdk_row_is_text(row->own, column) &&
           !qetl_utf8_valid(data, size);
}

void qetl_row_put_text(struct qetl_row *row, int64_t column, const char *data, int64_t size)
{
    struct qetl_builder *b = qetl_sdk_row_place(row, column);
    row->own->put_bytes += size;
    if (b)
        qetl_row_put(row, column,
                     is_no_text(row, column, data, size) ? QETL_E_DATA
                                                         : qetl_builder_text(b, data, size));
}

void qetl_sdk_row_room_take(struct qetl_row *row)
{
    struct qetl_row_own *own = row->own;
    int64_t column = own->room_column;
    own->room_column = -1;
    qetl_builder_text_put(&own->made[column], own->room_size);
    if (is_no_text(row, column, own->room, own->room_size))
        qetl_row_put(row, column, QETL_E_DATA);
}

char *qetl_row_put_room(struct qetl_row *row, int64_t column, int64_t size)
{
    struct qetl_builder *b = qetl_sdk_row_place(row, column);
    char *room = b && b->layout == 'v' ? qetl_builder_text_room(b, size) : NULL;
    if (b && !room)
        qetl_row_put(row, column, b->layout == 'v' ? QETL_E_NO_MEMORY : QETL_E_UNSUPPORTED);
    if (room) {
        row->own->room_column = column;
        row->own->room_size = size;
        row->own->room = room;
        row->own->put_bytes += VALUE_BYTES + size;
    }
    return room;
}

static int32_t reject(struct qetl_row *row, int64_t column, const char *code, const char *message,
                      struct qetl_blob bytes)
{
    struct qetl_row_own *own = row->own;
    bool whole = !bytes.data && own->record.data;
    if (whole)
        bytes = (struct qetl_blob){own->record.data, (uint64_t)own->record.size};
    struct qetl_reject info = {.struct_size = sizeof info,
                               .row = row->index,
                               .column = column,
                               .code = code,
                               .message = message,
                               .bytes = bytes.data,
                               .bytes_size = (int64_t)bytes.size,
                               .bytes_offset = whole ? own->record_at : 0};
    own->room_column = -1;
    if (own->row_rejected || own->misread)
        return QETL_ROW_REJECTED; /* a row has one reason; what was never read is none */
    own->row_rejected = !own->whole_batch;
    own->rejected++;
    if (!own->holds)
        row->env.host->reject(row->env.ctx, &info);
    else if (!qetl_sdk_row_hold(own, &info))
        return qetl_sdk_row_fail_memory(row);
    return QETL_ROW_REJECTED;
}

int32_t qetl_row_reject(struct qetl_row *row, int64_t column, const char *code, const char *format,
                        ...)
{
    char line[LINE_MAX_BYTES];
    va_list args;
    va_start(args, format);
    qetl_sdk_line(line, sizeof line, format, args);
    va_end(args);
    return reject(row, column, code, line, (struct qetl_blob){NULL, 0});
}

int32_t qetl_row_reject_bytes(struct qetl_row *row, const char *code, const void *bytes,
                              int64_t size, const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    va_list args;
    va_start(args, format);
    qetl_sdk_line(line, sizeof line, format, args);
    va_end(args);
    return reject(row, -1, code, line, (struct qetl_blob){bytes, (size_t)size});
}
