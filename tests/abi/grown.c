/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin of ABI 1.1 (tests/abi/grow.py): the kept components, built with headers that have grown,
 * and each uses what is new wherever the host has it. GROWN_LOG names a file that hears how much
 * that was. CARELESS is the number of one place that does not look first.
 */
#include "kept.h"

#include <stdio.h>

QETL_EMBED_MANIFEST("grown.qetl.json");

#undef QETL_EMBED_MANIFEST
#define QETL_EMBED_MANIFEST(path) struct grown
#undef KEPT_PLUGIN
#define KEPT_PLUGIN(id, component)

#include "kept_format.c"
#include "kept_sink.c"
#include "kept_source.c"
#include "kept_transform.c"

#ifndef CARELESS
#define CARELESS 0
#endif
enum { CARELESS_HOST = 1, CARELESS_ITEM, CARELESS_OUTPUT, CARELESS_WRITE, CARELESS_DECODED };

/* Whether the other side's struct has the member. */
#define HAS(given, member) \
    ((given)->struct_size >= offsetof(__typeof__(*(given)), member) + sizeof(given)->member)

/* Behind the state of the kept component. */
struct grown {
    const char *id;
    int64_t calls, read, written, events;
};

static int32_t grown_meet(struct grown *g, const char *id, const struct qetl_host *host,
                          struct qetl_ctx *ctx)
{
    const struct qetl_grown *service = host->get_extension(ctx, QETL_EXT_GROWN);
    g->id = id;
    if ((CARELESS == CARELESS_HOST || HAS(host, grown_call)) && host->grown_call) {
        if (host->abi < QETL_ABI_MAKE(1, 1) || host->grown_call(ctx, 7) != 8)
            return QETL_E_FATAL;
        g->calls++;
    }
    if (service && service->double_it(ctx, 21) != 42)
        return QETL_E_FATAL;
    g->calls += service != NULL;
    return QETL_OK;
}

static void grown_part(const struct grown *g)
{
    const char *path = getenv("GROWN_LOG");
    FILE *log = path ? fopen(path, "a") : NULL;
    if (!log)
        return;
    fprintf(log, "%s calls %lld read %lld written %lld events %lld\n", g->id, (long long)g->calls,
            (long long)g->read, (long long)g->written, (long long)g->events);
    fclose(log);
}

#define READ(g, given) ((g)->read += HAS(given, grown) && (given)->grown != 1234)
#define WRITE(g, given, careless)                          \
    do {                                                   \
        if (CARELESS == (careless) || HAS(given, grown)) { \
            (given)->grown = 4321;                         \
            (g)->written++;                                \
        }                                                  \
    } while (0)
#define ALWAYS_LOOKS (-1)

/* What each kind has: create, destroy, and the new call, which a host of 1.1 makes. */
#define GROWN(what, component_id)                                                 \
    struct grown_##what {                                                         \
        struct what kept;                                                         \
        struct grown grown;                                                       \
    };                                                                            \
    static struct grown *what##_grown(void *self)                                 \
    {                                                                             \
        return &((struct grown_##what *)self)->grown;                             \
    }                                                                             \
    static int32_t what##_grown_create(void *self, const struct qetl_host *host,  \
                                       struct qetl_ctx *ctx, const char *config)  \
    {                                                                             \
        int32_t status = grown_meet(what##_grown(self), component_id, host, ctx); \
        return status ? status : what##_create(self, host, ctx, config);          \
    }                                                                             \
    static void what##_grown_destroy(void *self)                                  \
    {                                                                             \
        grown_part(what##_grown(self));                                           \
        if ((what).destroy)                                                       \
            (what).destroy(self);                                                 \
    }                                                                             \
    static int32_t what##_grown_call(void *self, uint64_t number)                 \
    {                                                                             \
        what##_grown(self)->calls++;                                              \
        return number == 7 ? QETL_OK : QETL_E_FATAL;                              \
    }

#define COMPONENT(what, of_kind, table)                           \
    static const struct qetl_component what##_grown_component = { \
        .struct_size = sizeof(struct qetl_component),             \
        .kind = QETL_##of_kind,                                   \
        .id = "kept_" #what,                                      \
        .state_size = sizeof(struct grown_##what),                \
        .create = what##_grown_create,                            \
        .destroy = what##_grown_destroy,                          \
        SAVES_##what.grown_call = what##_grown_call,              \
        .table = &what##_grown_##table}

/* ---- source ---- */

GROWN(numbers, "source")

static int32_t numbers_grown_describe(void *self, struct qetl_source_info *out)
{
    WRITE(numbers_grown(self), out, ALWAYS_LOOKS);
    return numbers_describe(self, out);
}

static int32_t numbers_grown_next(void *self, const struct qetl_demand *demand,
                                  struct qetl_item *out)
{
    READ(numbers_grown(self), demand);
    WRITE(numbers_grown(self), out, CARELESS_ITEM);
    return numbers_next(self, demand, out);
}

static const struct qetl_source numbers_grown_source = {.struct_size = sizeof(struct qetl_source),
                                                        .describe = numbers_grown_describe,
                                                        .negotiate = numbers_negotiate,
                                                        .plan_splits = numbers_plan,
                                                        .open = numbers_open,
                                                        .next = numbers_grown_next,
                                                        .grown_call = numbers_grown_call};
#define SAVES_numbers
COMPONENT(numbers, SOURCE, source);

/* ---- transform ---- */

GROWN(sums, "transform")

static int32_t sums_grown_bind(void *self, uint32_t n_inputs,
                               const struct ArrowSchema *const *inputs, struct qetl_binder *binder)
{
    if (HAS(binder, grown_call) && binder->grown_call)
        return QETL_E_FATAL; /* no host offers that */
    sums_grown(self)->read += HAS(binder, grown_call);
    return sums_bind(self, n_inputs, inputs, binder);
}

static int32_t sums_grown_process(void *self, const struct qetl_event *event,
                                  struct qetl_output *out)
{
    struct grown *g = sums_grown(self);
    if (event)
        READ(g, event);
    if (event && event->kind == QETL_EVENT_GROWN)
        g->events++;
    WRITE(g, out, CARELESS_OUTPUT);
    return sums_process(self, event, out);
}

static const struct qetl_transform sums_grown_transform = {.struct_size =
                                                               sizeof(struct qetl_transform),
                                                           .bind = sums_grown_bind,
                                                           .process = sums_grown_process,
                                                           .grown_call = sums_grown_call};
#define SAVES_sums .save = sums_save, .restore = sums_restore,
COMPONENT(sums, TRANSFORM, transform);

/* ---- sink ---- */

GROWN(pile, "sink")

static int32_t pile_grown_describe(void *self, struct qetl_sink_info *out)
{
    WRITE(pile_grown(self), out, ALWAYS_LOOKS);
    return pile_describe(self, out);
}

static int32_t pile_grown_write(void *self, struct qetl_write *write)
{
    WRITE(pile_grown(self), write, CARELESS_WRITE);
    return pile_write(self, write);
}

static int32_t pile_grown_prepare(void *self, const struct qetl_epoch *epoch,
                                  const struct qetl_writer *handle)
{
    READ(pile_grown(self), epoch);
    return pile_prepare(self, epoch, handle);
}

static const struct qetl_sink pile_grown_sink = {.struct_size = sizeof(struct qetl_sink),
                                                 .describe = pile_grown_describe,
                                                 .forms = pile_forms,
                                                 .open = pile_open,
                                                 .write = pile_grown_write,
                                                 .prepare = pile_grown_prepare,
                                                 .commit = pile_commit,
                                                 .abort = pile_abort,
                                                 .grown_call = pile_grown_call};
#define SAVES_pile .save = pile_save, .restore = pile_restore,
COMPONENT(pile, SINK, sink);

/* ---- format ---- */

GROWN(pipes, "format")

static int32_t pipes_grown_describe(void *self, struct qetl_format_info *out)
{
    WRITE(pipes_grown(self), out, ALWAYS_LOOKS);
    return pipes_describe(self, out);
}

static int32_t pipes_grown_infer(void *self, const struct qetl_sample *sample,
                                 struct qetl_inferred *out)
{
    READ(pipes_grown(self), sample);
    WRITE(pipes_grown(self), out, ALWAYS_LOOKS);
    return pipes_infer(self, sample, out);
}

static int32_t pipes_grown_frame(void *self, struct qetl_frame *io)
{
    WRITE(pipes_grown(self), io, ALWAYS_LOOKS);
    return pipes_frame(self, io);
}

static int32_t pipes_grown_decode(void *self, const struct qetl_chunk *chunk,
                                  struct qetl_decoded *out)
{
    READ(pipes_grown(self), chunk);
    WRITE(pipes_grown(self), out, CARELESS_DECODED);
    return pipes_decode(self, chunk, out);
}

static const struct qetl_format pipes_grown_format = {.struct_size = sizeof(struct qetl_format),
                                                      .describe = pipes_grown_describe,
                                                      .infer = pipes_grown_infer,
                                                      .open_decode = pipes_open_decode,
                                                      .frame = pipes_grown_frame,
                                                      .decode = pipes_grown_decode,
                                                      .forms = pipes_forms,
                                                      .open_encode = pipes_open_encode,
                                                      .begin = pipes_begin,
                                                      .encode = pipes_encode,
                                                      .grown_call = pipes_grown_call};
#define SAVES_pipes
COMPONENT(pipes, FORMAT, format);

/* ---- the entry ---- */

static const struct qetl_component *const components[] = {
    &numbers_grown_component, &sums_grown_component, &pile_grown_component, &pipes_grown_component};
static const struct qetl_plugin plugin = {.struct_size = sizeof plugin,
                                          .abi = QETL_ABI_VERSION,
                                          .id = "grown",
                                          .version = "1.0.0",
                                          .n_components = 4,
                                          .components = components};
QETL_EXPORT qetl_plugin_entry_fn qetl_plugin_entry;
int32_t qetl_plugin_entry(const struct qetl_host *host, struct qetl_ctx *ctx, uint32_t *abi,
                          const struct qetl_plugin **out)
{
    (void)host, (void)ctx;
    if (*abi >> 16 != QETL_ABI_VERSION >> 16)
        return QETL_E_UNSUPPORTED;
    if (*abi > QETL_ABI_VERSION)
        *abi = QETL_ABI_VERSION;
    *out = &plugin;
    return QETL_OK;
}
