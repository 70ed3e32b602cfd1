/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The buffers of a batch. Rows are at most the lines or values of the chunk, so that every buffer
 * is made once, to its size, and the walk never asks for room.
 */
#include "decoder.h"

#include "scan.h"

#include <assert.h>
#include <stdlib.h>

enum { HEAP_SLACK = 16 }; /* what ndjson_view_put may read behind a cell */

static void *buffer_new(struct ndjson_decoder *d, int64_t size)
{
    return d->env.host->buffer_alloc(d->env.ctx, (size_t)(size > 0 ? size : 1));
}

static void buffer_drop(struct ndjson_decoder *d, uint8_t **buffer)
{
    if (*buffer)
        d->env.host->buffer_free(*buffer);
    *buffer = NULL;
}

static int64_t bits_size(int64_t n)
{
    return (n + 7) / 8;
}

static int32_t lines_reserve(struct ndjson_decoder *d)
{
    if (d->lines <= d->lines_capacity)
        return QETL_OK;
    free(d->map);
    free(d->offsets);
    d->map = malloc((size_t)d->lines * sizeof *d->map);
    d->offsets = malloc((size_t)d->lines * sizeof *d->offsets);
    d->lines_capacity = d->map && d->offsets ? d->lines : 0;
    return d->lines_capacity ? QETL_OK : QETL_E_NO_MEMORY;
}

int32_t ndjson_batch_begin(struct ndjson_decoder *d)
{
    bool ascii;
    d->row = d->records = d->heap_size = 0;
    d->lines = d->kernel->lines(d->data, d->end - d->data, &ascii) + 1;
    if (d->reader.across)
        d->lines = ndjson_scan_count(d->data, d->end) + 1;
    d->utf8 = ascii || qetl_utf8_valid(d->data, d->end - d->data);
    int32_t status = lines_reserve(d);
    for (int64_t i = 0; i < d->n_sinks && !status; i++) {
        struct ndjson_sink *sink = &d->sinks[i];
        struct ndjson_column *c = &d->columns[sink->column];
        if (sink->builder) {
            ndjson_nest_share(sink->builder, d->chunk->buffer);
            continue;
        }
        sink->values = buffer_new(d, sink->width ? d->lines * sink->width : bits_size(d->lines));
        if (!sink->values)
            status = QETL_E_NO_MEMORY;
        bool views = sink->next < 0 && c->first_sink == i && sink->kind <= NDJSON_SINK_RAW;
        c->views = views ? (struct ndjson_view *)(void *)sink->values : NULL;
    }
    return status;
}

uint8_t *ndjson_batch_validity(struct ndjson_decoder *d, struct ndjson_sink *sink)
{
    if (!sink->validity) {
        sink->validity = buffer_new(d, bits_size(d->lines));
        if (sink->validity)
            memset(sink->validity, 0xff, (size_t)bits_size(d->lines));
    }
    return sink->validity;
}

int32_t ndjson_batch_heap(struct ndjson_decoder *d)
{
    if (d->heap)
        return QETL_OK;
    /* Enough for all of the chunk, rejected records too: unescaped text is shorter than the
     * escaped, and binary may be decoded from it in turn. */
    d->heap = buffer_new(d, (d->end - d->data) * (1 + d->n_heaped) + HEAP_SLACK);
    return d->heap ? QETL_OK : QETL_E_NO_MEMORY;
}

void ndjson_batch_drop(struct ndjson_decoder *d)
{
    for (int64_t i = 0; i < d->n_sinks; i++) {
        buffer_drop(d, &d->sinks[i].values);
        buffer_drop(d, &d->sinks[i].validity);
        if (d->sinks[i].builder)
            qetl_builder_clear(d->sinks[i].builder);
    }
    buffer_drop(d, &d->heap);
}

static int64_t bits_count(const uint8_t *bits, int64_t n)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n / 8; i++)
        count += __builtin_popcount(bits[i]);
    if (n % 8)
        count += __builtin_popcount(bits[n / 8] & ((1u << n % 8) - 1));
    return count;
}

/* Moves the sink's buffers into an array. */
static int32_t sink_close(struct ndjson_decoder *d, struct ndjson_sink *sink,
                          struct ArrowArray *out)
{
    const struct qetl_host *host = d->env.host;
    int64_t nulls = sink->validity ? d->row - bits_count(sink->validity, d->row) : 0;
    int32_t status;
    if (sink->builder) {
        qetl_builder_truncate(sink->builder, d->row);
        return qetl_builder_close(sink->builder, out);
    }
    if (sink->kind == NDJSON_SINK_BITS || sink->kind == NDJSON_SINK_FIXED) {
        const void *buffers[] = {sink->validity, sink->values};
        status = qetl_array_make(d->env, d->row, nulls, 2, buffers, 0, NULL, out);
    } else {
        const void *data[] = {d->chunk->buffer, d->heap};
        int64_t sizes[] = {d->end - d->base, d->heap_size};
        host->buffer_retain(d->chunk->buffer);
        if (d->heap)
            host->buffer_retain(d->heap);
        status = qetl_array_views(d->env, d->row, nulls, sink->validity, sink->values,
                                  d->heap ? 2 : 1, data, sizes, out);
        if (status) {
            host->buffer_free(d->chunk->buffer);
            if (d->heap)
                host->buffer_free(d->heap);
        }
    }
    if (!status)
        sink->values = sink->validity = NULL;
    return status;
}

int32_t ndjson_batch_finish(struct ndjson_decoder *d, struct ArrowArray *out)
{
    struct ArrowArray *children = calloc((size_t)d->n_sinks + 1, sizeof *children);
    int32_t status = children ? QETL_OK : QETL_E_NO_MEMORY;
    for (int64_t i = 0; i < d->n_sinks && !status; i++)
        status = sink_close(d, &d->sinks[i], &children[i]);
    if (!status)
        status = qetl_array_struct(d->env, d->row, d->n_sinks, children, out);
    for (int64_t i = 0; status && children && i < d->n_sinks; i++)
        qetl_array_release(&children[i]);
    free(children);
    ndjson_batch_drop(d);
    return status;
}
