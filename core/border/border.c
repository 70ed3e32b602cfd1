/* SPDX-License-Identifier: Apache-2.0 */
/* The exchange, and the calls that components of all kinds have. */
#include "border.h"

#include "border_internal.h"
#include "plugin/loader.h"

#include <stdlib.h>
#include <string.h>

static int32_t guest_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                            const char *config)
{
    struct qetl_border_guest *guest = self;
    guest->of = (const struct qetl_border_component *)(const void *)ctx->component;
    guest->ctx = ctx;
    guest->number = atomic_fetch_add(&guest->of->border->guests, 1) + 1;
    (void)host; /* qetl_border_host calls it */
    struct qetl_crossing c = qetl_crossing_in(guest, "create");
    qetl_cargo_text(&c, "options", config)->options = true;
    qetl_crossing_begin(&c);
    int32_t status = QETL_OK;
    if (guest->of->real->create)
        status = guest->of->real->create(guest->state, &qetl_border_host, ctx, config);
    return qetl_crossing_end(&c, status);
}

static void guest_destroy(void *self)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "destroy");
    qetl_crossing_begin(&c);
    if (guest->of->real->destroy)
        guest->of->real->destroy(guest->state);
    qetl_crossing_end_void(&c);
    qetl_shapes_free(guest);
}

static int32_t guest_start(void *self)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "start");
    qetl_crossing_begin(&c);
    return qetl_crossing_end(&c, guest->of->real->start(guest->state));
}

static int32_t guest_stop(void *self)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "stop");
    qetl_crossing_begin(&c);
    return qetl_crossing_end(&c, guest->of->real->stop(guest->state));
}

static void guest_interrupt(void *self)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "interrupt");
    qetl_crossing_begin(&c);
    guest->of->real->interrupt(guest->state);
    qetl_crossing_end_void(&c);
}

static int32_t guest_save(void *self, uint32_t *version, const struct qetl_writer *out)
{
    struct qetl_border_guest *guest = self;
    struct qetl_border_writer writer;
    struct qetl_crossing c = qetl_crossing_in(guest, "save");
    qetl_border_writer(&writer, guest, out, "save.write");
    qetl_crossing_begin(&c);
    int32_t status = guest->of->real->save(guest->state, version, &writer.base);
    if (!status)
        qetl_cargo_number(&c, "version", *version);
    return qetl_crossing_end(&c, status);
}

static int32_t guest_restore(void *self, uint32_t version, const struct qetl_reader *in)
{
    struct qetl_border_guest *guest = self;
    struct qetl_border_reader reader;
    struct qetl_crossing c = qetl_crossing_in(guest, "restore");
    qetl_border_reader(&reader, guest, in, "restore.read");
    qetl_cargo_number(&c, "version", version);
    qetl_crossing_begin(&c);
    return qetl_crossing_end(&c, guest->of->real->restore(guest->state, version, &reader.base));
}

static const void *guest_get_extension(void *self, const char *id)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "get_extension");
    qetl_cargo_text(&c, "id", id);
    qetl_crossing_begin(&c);
    const void *real = guest->of->real->get_extension(guest->state, id);
    qetl_crossing_end_number(&c, real != NULL);
    return real ? qetl_border_extension(guest, id, real) : NULL;
}

static void exchange_common(struct qetl_border_component *made)
{
    const struct qetl_component *real = made->real;
    struct qetl_component *base = &made->base;
    size_t size = real->struct_size < sizeof *base ? real->struct_size : sizeof *base;
    memcpy(base, real, size); /* a plugin's that is older is shorter: the rest stays 0 */
    base->struct_size = sizeof *base;
    base->state_size = sizeof(struct qetl_border_guest) + real->state_size;
    base->create = guest_create;
    base->destroy = guest_destroy;
    base->start = base->start ? guest_start : NULL;
    base->stop = base->stop ? guest_stop : NULL;
    base->interrupt = base->interrupt ? guest_interrupt : NULL;
    base->save = base->save ? guest_save : NULL;
    base->restore = base->restore ? guest_restore : NULL;
    base->get_extension = base->get_extension ? guest_get_extension : NULL;
}

const struct qetl_component *qetl_border_exchange(struct qetl_border *border,
                                                  const struct qetl_component *real)
{
    for (const struct qetl_border_component *c = border->components; c; c = c->next)
        if (c->real == real || &c->base == real)
            return &c->base;
    struct qetl_border_component *made = calloc(1, sizeof *made);
    if (!made)
        return NULL;
    made->real = real;
    made->border = border;
    exchange_common(made);
    if (real->kind == QETL_SOURCE)
        qetl_border_source(made);
    else if (real->kind == QETL_TRANSFORM)
        qetl_border_transform(made);
    else if (real->kind == QETL_SINK)
        qetl_border_sink(made);
    else
        qetl_border_format(made);
    made->next = border->components;
    border->components = made;
    return &made->base;
}

static const struct qetl_component *exchange(void *arg, const struct qetl_component *real)
{
    return qetl_border_exchange(arg, real);
}

struct qetl_border *qetl_border_new(const struct qetl_registry *registry)
{
    struct qetl_border *border = calloc(1, sizeof *border);
    if (!border)
        return NULL;
    border->registry = registry;
    for (size_t i = 0; registry && i < qetl_registry_count(registry); i++)
        qetl_library_exchange(qetl_registry_at(registry, i)->library, exchange, border);
    return border;
}

void qetl_border_watch(struct qetl_border *border, const struct qetl_border_watcher *watcher)
{
    border->watchers[border->n_watchers++] = *watcher;
}

void qetl_border_free(struct qetl_border *border)
{
    if (!border)
        return;
    for (size_t i = 0; border->registry && i < qetl_registry_count(border->registry); i++)
        qetl_library_exchange(qetl_registry_at(border->registry, i)->library, NULL, NULL);
    while (border->components) {
        struct qetl_border_component *next = border->components->next;
        free(border->components);
        border->components = next;
    }
    free(border);
}

struct qetl_border_guest *qetl_border_guest_of(struct qetl_ctx *ctx)
{
    return ctx && ctx->component->create == guest_create ? ctx->self : NULL;
}

const struct qetl_ctx *qetl_guest_ctx(const struct qetl_border_guest *guest)
{
    return guest->ctx;
}

uint32_t qetl_guest_number(const struct qetl_border_guest *guest)
{
    return guest->number;
}

const char *qetl_guest_component(const struct qetl_border_guest *guest)
{
    return guest->ctx->node->id;
}

const struct qetl_component *qetl_guest_plugin(const struct qetl_border_guest *guest)
{
    return guest->of->real;
}
