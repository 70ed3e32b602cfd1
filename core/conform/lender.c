/* SPDX-License-Identifier: Apache-2.0 */
#include "lender.h"

#include "data/pool.h"
#include "host/host.h"

#include <stdlib.h>

enum { HEADER = 64, LARGE = (2 << 20) - HEADER, SHUT_MOST = 256 };

/* The pool maps the large ones, each for itself. */
static void *large_alloc(struct qetl_ctx *ctx, size_t size)
{
    return qetl_host_table.buffer_alloc(ctx, size < LARGE ? LARGE : size);
}

const struct qetl_host *conform_lender_host(void)
{
    static struct qetl_host host;
    host = qetl_host_table;
    host.buffer_alloc = large_alloc;
    return &host;
}

static void buffer_shut(struct conform_bench *b, const void *buffer)
{
    if (!buffer || b->n_shut == SHUT_MOST || qetl_buffer_owners(buffer) != 1)
        return;
    conform_guard_shut(&b->shut[b->n_shut++], (char *)buffer - HEADER,
                       qetl_buffer_capacity(buffer) + HEADER, CONFORM_LENT_RULE);
}

/* Buffers of three and more are views, whose last buffer, of sizes, is not the host's. */
void conform_lent_shut(struct conform_bench *b, const struct ArrowArray *array)
{
    int64_t n = array->n_buffers - (array->n_buffers > 2);
    if (!b->shut)
        b->shut = calloc(SHUT_MOST, sizeof *b->shut);
    if (!array->release) /* moved: it is no longer ours */
        return;
    for (int64_t i = 0; b->shut && i < n; i++)
        buffer_shut(b, array->buffers[i]);
    for (int64_t i = 0; i < array->n_children; i++)
        conform_lent_shut(b, array->children[i]);
}

static void buffer_release(struct ArrowArray *array)
{
    qetl_buffer_free(array->private_data);
    array->release = NULL;
}

void conform_lent_buffer(struct conform_bench *b, void *buffer)
{
    if (!b->shut)
        b->shut = calloc(SHUT_MOST, sizeof *b->shut);
    if (!b->knobs.poison || !b->shut || b->n_kept == sizeof b->kept / sizeof *b->kept) {
        qetl_buffer_free(buffer);
        return;
    }
    buffer_shut(b, buffer);
    b->kept[b->n_kept++] =
        (struct ArrowArray){.release = buffer_release, .private_data = buffer}; /* until the end */
}

void conform_lent_open(struct conform_bench *b)
{
    while (b->n_shut)
        conform_guard_open(&b->shut[--b->n_shut]);
}
