/* SPDX-License-Identifier: Apache-2.0 */
/* One chunk to one batch, and the records that do not make it. */
#include "decoder.h"

#include "scan.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { TAIL_ROOM = 64 };

const uint8_t *ndjson_record_behind(const struct ndjson_decoder *d, const uint8_t *p)
{
    struct ndjson_scan scan = {0};
    if (d->reader.across) {
        const uint8_t *behind = ndjson_scan_value(&scan, p, d->end, true);
        return !behind ? d->end : behind > p ? behind : p + 1;
    }
    const uint8_t *feed = memchr(p, '\n', (size_t)(d->end - p));
    return feed ? feed : d->end;
}

bool ndjson_line_valid(struct ndjson_decoder *d, const uint8_t *p)
{
    if (qetl_utf8_valid(p, ndjson_record_behind(d, p) - p))
        return true;
    ndjson_fault_set(&d->reader, "bad_utf8", p,
                     "the record is not UTF-8; convert the file, as in iconv -f latin1 -t utf-8");
    return false;
}

/* Only nulls leave marks in a row that was not finished. */
static void row_undo(struct ndjson_decoder *d)
{
    for (int64_t i = 0; i < d->n_sinks; i++)
        if (d->sinks[i].validity)
            d->sinks[i].validity[d->row >> 3] |= (uint8_t)(1u << (d->row & 7));
}

/* A record that is wrong in itself, too, was no example for the columns: that its keys are unknown
 * follows from what is wrong. */
static void fault_deepen(struct ndjson_decoder *d, const uint8_t *line)
{
    struct ndjson_fault unknown = d->reader.fault;
    if (strcmp(unknown.code, "unknown_key") != 0)
        return;
    ndjson_reader_begin(&d->reader);
    if (ndjson_nested_read(&d->reader, line, 0) || d->reader.fault.status)
        d->reader.fault = unknown;
}

const uint8_t *ndjson_record_reject(struct ndjson_decoder *d, const uint8_t *line)
{
    fault_deepen(d, line);
    const struct ndjson_fault *fault = &d->reader.fault;
    const uint8_t *behind = ndjson_record_behind(d, line);
    char message[NDJSON_FAULT_TEXT + 64];
    snprintf(message, sizeof message, "%s (at byte %lld of the record)", fault->text,
             (long long)(fault->at - line) + 1);
    ndjson_message_mend(message);
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .row = d->records,
                                 .column = fault->column,
                                 .code = fault->code,
                                 .message = message,
                                 .bytes = line,
                                 .bytes_size = behind - line,
                                 .bytes_offset = line - d->data};
    d->env.host->reject(d->env.ctx, &reject);
    row_undo(d);
    return behind < d->end && !d->reader.across ? behind + 1 : behind;
}

static int32_t chunk_take(struct ndjson_decoder *d, const struct qetl_chunk *chunk)
{
    assert(chunk->tail_room >= TAIL_ROOM);
    d->chunk = chunk;
    d->grown = false;
    d->data = chunk->data;
    d->end = chunk->data + chunk->size;
    d->base = chunk->buffer;
    d->reader.end = d->end;
    if (!d->base || d->end - d->base > INT32_MAX)
        return qetl_fail(d->env, QETL_E_FATAL, NULL, NULL,
                         "a chunk to decode lies in no buffer under 2 GiB");
    return QETL_OK;
}

int32_t ndjson_decode_chunk(struct ndjson_decoder *d, const struct qetl_chunk *chunk,
                            struct qetl_decoded *out)
{
    int32_t status = chunk_take(d, chunk);
    if (!status)
        status = ndjson_batch_begin(d);
    if (!status)
        status = d->kernel->walk(d);
    if (!status)
        status = ndjson_batch_finish(d, &out->batch);
    if (status) {
        ndjson_batch_drop(d);
        return status;
    }
    out->rows = d->row;
    out->records = d->records;
    out->record_map = d->row < d->records ? d->map : NULL;
    out->record_offsets = d->offsets;
    return QETL_OK;
}
