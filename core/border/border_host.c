/* SPDX-License-Identifier: Apache-2.0 */
/* The host's table as a watched plugin gets it. */
#include "border_internal.h"
#include "host/call.h"
#include "host/host.h"

static const struct qetl_host *const real = &qetl_host_table;

static int32_t host_error(struct qetl_ctx *ctx, const struct qetl_error_info *info)
{
    const struct qetl_border_guest *guest = qetl_border_guest_of(ctx);
    if (!guest)
        return real->error(ctx, info);
    struct qetl_crossing c = qetl_crossing_to_host(guest, "error");
    qetl_cargo_number(&c, "code", info->code);
    /* Of a row, the message tells what stands in it. */
    qetl_cargo_text(&c, "message", info->message)->private =
        info->code == QETL_E_ROW || info->code == QETL_E_DATA;
    qetl_crossing_begin(&c);
    return qetl_crossing_end(&c, real->error(ctx, info));
}

static void host_log(struct qetl_ctx *ctx, int32_t level, const char *message)
{
    struct qetl_crossing c = qetl_crossing_to_host(qetl_border_guest_of(ctx), "log");
    qetl_cargo_number(&c, "level", level);
    qetl_cargo_text(&c, "message", message);
    qetl_crossing_begin(&c);
    real->log(ctx, level, message);
    qetl_crossing_end_void(&c);
}

static void host_reject(struct qetl_ctx *ctx, const struct qetl_reject *reject)
{
    struct qetl_crossing c = qetl_crossing_to_host(qetl_border_guest_of(ctx), "reject");
    qetl_cargo_nonzero(&c, "port", reject->port);
    qetl_cargo_number(&c, "row", reject->row);
    qetl_cargo_number(&c, "column", reject->column);
    qetl_cargo_text(&c, "code", reject->code);
    qetl_cargo_text(&c, "message", reject->message)->private = true;
    if (reject->bytes)
        qetl_cargo_bytes(&c, "bytes", reject->bytes, reject->bytes_size);
    qetl_crossing_begin(&c);
    real->reject(ctx, reject);
    qetl_crossing_end_void(&c);
}

static void host_wake(struct qetl_ctx *ctx)
{
    struct qetl_crossing c = qetl_crossing_to_host(qetl_border_guest_of(ctx), "wake");
    qetl_crossing_begin(&c);
    real->wake(ctx);
    qetl_crossing_end_void(&c);
}

static int32_t host_cancelled(struct qetl_ctx *ctx)
{
    struct qetl_crossing c = qetl_crossing_to_host(qetl_border_guest_of(ctx), "cancelled");
    qetl_crossing_begin(&c);
    return (int32_t)qetl_crossing_end_number(&c, real->cancelled(ctx));
}

static void host_request_epoch(struct qetl_ctx *ctx)
{
    struct qetl_crossing c = qetl_crossing_to_host(qetl_border_guest_of(ctx), "request_epoch");
    qetl_crossing_begin(&c);
    real->request_epoch(ctx);
    qetl_crossing_end_void(&c);
}

static void *host_buffer_alloc(struct qetl_ctx *ctx, size_t size)
{
    struct qetl_crossing c = qetl_crossing_to_host(qetl_border_guest_of(ctx), "buffer_alloc");
    qetl_cargo_number(&c, "size", (int64_t)size);
    qetl_crossing_begin(&c);
    void *buffer = real->buffer_alloc(ctx, size);
    qetl_crossing_end_number(&c, buffer != NULL);
    return buffer;
}

/* These two do not say who calls: it is told of those that a plugin makes within a call. */
static void host_buffer_retain(void *buffer)
{
    const struct qetl_border_guest *guest = qetl_border_guest_of(qetl_call_note.ctx);
    if (!guest) {
        real->buffer_retain(buffer);
        return;
    }
    struct qetl_crossing c = qetl_crossing_to_host(guest, "buffer_retain");
    qetl_crossing_begin(&c);
    real->buffer_retain(buffer);
    qetl_crossing_end_void(&c);
}

static void host_buffer_free(void *buffer)
{
    const struct qetl_border_guest *guest = qetl_border_guest_of(qetl_call_note.ctx);
    if (!guest) {
        real->buffer_free(buffer);
        return;
    }
    struct qetl_crossing c = qetl_crossing_to_host(guest, "buffer_free");
    qetl_crossing_begin(&c);
    real->buffer_free(buffer);
    qetl_crossing_end_void(&c);
}

static const void *host_get_extension(struct qetl_ctx *ctx, const char *id)
{
    struct qetl_crossing c = qetl_crossing_to_host(qetl_border_guest_of(ctx), "get_extension");
    qetl_cargo_text(&c, "id", id);
    qetl_crossing_begin(&c);
    const void *extension = real->get_extension(ctx, id);
    qetl_crossing_end_number(&c, extension != NULL);
    return extension ? qetl_border_host_extension(id, extension) : NULL;
}

const struct qetl_host qetl_border_host = {
    .struct_size = sizeof(struct qetl_host),
    .abi = QETL_ABI_VERSION,
    .error = host_error,
    .log = host_log,
    .reject = host_reject,
    .wake = host_wake,
    .cancelled = host_cancelled,
    .request_epoch = host_request_epoch,
    .buffer_alloc = host_buffer_alloc,
    .buffer_retain = host_buffer_retain,
    .buffer_free = host_buffer_free,
    .get_extension = host_get_extension,
};
