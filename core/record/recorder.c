/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder.h"

#include "host/call.h"
#include "trace/trace_line.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct qetl_recorder {
    struct qetl_recorder_options options;
    pthread_mutex_t lock; /* of all below */
    uint64_t seq;
    int64_t began_ns;
    uint8_t *at_work; /* by a guest's number: its first call with data has begun */
    uint32_t n_at_work;
};

/* The calls that this thread is in, outermost first. */
enum { NESTED_MOST = 8 };
static _Thread_local struct {
    uint64_t seq[NESTED_MOST];
    uint32_t guest[NESTED_MOST];
    int n;
} inside;

/* What needs no answer to be given again, and comes by thousands. */
static bool is_noise(const struct qetl_crossing *crossing)
{
    static const char *const noise[] = {"buffer_alloc", "buffer_retain", "buffer_free",
                                        "get_extension"};
    if (!crossing->to_host)
        return false;
    for (size_t i = 0; i < sizeof noise / sizeof noise[0]; i++)
        if (strcmp(crossing->call, noise[i]) == 0)
            return true;
    return strncmp(crossing->call, "options.", 8) == 0 || strncmp(crossing->call, "expr.", 5) == 0;
}

static bool is_meant(const struct qetl_recorder *recorder, const struct qetl_crossing *crossing)
{
    const char *component = recorder->options.component;
    return (!component || strcmp(component, qetl_guest_component(crossing->guest)) == 0) &&
           !is_noise(crossing);
}

/* Calls with rows or bytes; what comes before them is set-up, and stays. */
static bool is_work(const char *call)
{
    static const char *const calls[] = {"next",   "frame", "decode", "decode_late", "process",
                                        "encode", "write", "begin",  "merge"};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (strcmp(call, calls[i]) == 0)
            return true;
    return false;
}

/* Whether it belongs to the base. Locked. */
static bool is_base(struct qetl_recorder *recorder, uint32_t guest, const char *call)
{
    if (guest >= recorder->n_at_work) {
        uint32_t n = guest + 64;
        uint8_t *grown = realloc(recorder->at_work, n);
        if (!grown)
            return false;
        memset(grown + recorder->n_at_work, 0, n - recorder->n_at_work);
        recorder->at_work = grown;
        recorder->n_at_work = n;
    }
    recorder->at_work[guest] |= is_work(call);
    return !recorder->at_work[guest];
}

/* Without rows and bytes. */
static void pack_small(const struct qetl_recorder *recorder, struct qetl_pack *pack,
                       const struct qetl_entry *entry, const struct qetl_crossing *cargo, bool out,
                       const char *options)
{
    struct qetl_crossing small = *cargo;
    for (int i = 0; i < small.n_cargo; i++)
        small.cargo[i].lost = small.cargo[i].kind != QETL_CARGO_NUMBER;
    qetl_pack_free(pack);
    qetl_pack_entry(pack, entry, &small, out, recorder->options.mask, options);
}

/* The numbers of entries grow in the order in which they are put. Answers the entry's. */
static uint64_t put(struct qetl_recorder *recorder, struct qetl_entry *entry,
                    const struct qetl_crossing *cargo, bool out, const char *options)
{
    struct qetl_pack pack = {0};
    size_t most = recorder->options.frame_most;
    qetl_pack_entry(&pack, entry, cargo, out, recorder->options.mask, options);
    if (most && pack.size > most)
        pack_small(recorder, &pack, entry, cargo, out, options);
    pthread_mutex_lock(&recorder->lock);
    entry->seq = ++recorder->seq;
    bool base = !entry->guest || is_base(recorder, entry->guest, entry->call);
    if (!pack.failed)
        qetl_entry_number(&pack, entry->seq);
    if (!pack.failed)
        recorder->options.put(recorder->options.arg, base, pack.data, pack.size);
    else if (recorder->options.failed)
        recorder->options.failed(recorder->options.arg);
    pthread_mutex_unlock(&recorder->lock);
    qetl_pack_free(&pack);
    return entry->seq;
}

static struct qetl_entry entry_of(const struct qetl_recorder *recorder,
                                  const struct qetl_crossing *crossing, enum qetl_entry_kind kind)
{
    return (struct qetl_entry){
        .kind = kind,
        .guest = qetl_guest_number(crossing->guest),
        .thread = (uint32_t)gettid(),
        .at_ns = crossing->began_ns - recorder->began_ns,
        .lasted_ns = crossing->lasted_ns,
        .answers = crossing->answers,
        .answer = crossing->answer,
        .call = crossing->call,
    };
}

static char *options_text(const struct qetl_recorder *recorder,
                          const struct qetl_crossing *crossing)
{
    json_t *options = qetl_trace_options(crossing, recorder->options.mask);
    char *text = options ? json_dumps(options, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(options);
    return text;
}

static void put_guest(struct qetl_recorder *recorder, const struct qetl_crossing *crossing)
{
    static const struct qetl_crossing none;
    struct qetl_crossing c = none;
    const struct qetl_ctx *ctx = qetl_guest_ctx(crossing->guest);
    const struct qetl_manifest_component *plugin = ctx->use->plugin;
    char *options = options_text(recorder, crossing);
    qetl_cargo_text(&c, "component", qetl_guest_component(crossing->guest));
    qetl_cargo_number(&c, "kind", ctx->component->kind);
    qetl_cargo_text(&c, "id", ctx->component->id);
    qetl_cargo_text(&c, "plugin", plugin ? plugin->plugin->id : NULL);
    qetl_cargo_text(&c, "version", plugin ? plugin->plugin->version : NULL);
    qetl_cargo_text(&c, "options", options ? options : "{}")->options = true;
    struct qetl_entry entry = entry_of(recorder, crossing, QETL_ENTRY_GUEST);
    entry.call = "";
    put(recorder, &entry, &c, true, options ? options : "{}");
    free(options);
}

static void begun(void *arg, const struct qetl_crossing *crossing)
{
    struct qetl_recorder *recorder = arg;
    if (crossing->to_host || !is_meant(recorder, crossing))
        return;
    struct qetl_entry entry = entry_of(recorder, crossing, QETL_ENTRY_CALL);
    entry.within = inside.n && inside.n <= NESTED_MOST ? inside.seq[inside.n - 1] : 0;
    if (strcmp(crossing->call, "create") == 0)
        put_guest(recorder, crossing);
    uint64_t seq = put(recorder, &entry, crossing, false, "{}"); /* the guest has the options */
    if (inside.n < NESTED_MOST) {
        inside.seq[inside.n] = seq;
        inside.guest[inside.n] = entry.guest;
    }
    inside.n++;
}

/* The innermost call of the guest on this thread. */
static uint64_t within_of(uint32_t guest)
{
    for (int i = inside.n < NESTED_MOST ? inside.n : NESTED_MOST; i > 0; i--)
        if (inside.guest[i - 1] == guest)
            return inside.seq[i - 1];
    return 0;
}

static void ended(void *arg, const struct qetl_crossing *crossing)
{
    struct qetl_recorder *recorder = arg;
    if (!is_meant(recorder, crossing))
        return;
    struct qetl_entry entry =
        entry_of(recorder, crossing, crossing->to_host ? QETL_ENTRY_ASKED : QETL_ENTRY_RETURN);
    entry.within = within_of(entry.guest);
    put(recorder, &entry, crossing, true, "{}");
    if (!crossing->to_host)
        inside.n--;
}

static void put_head(struct qetl_recorder *recorder)
{
    static const struct qetl_crossing none;
    struct qetl_crossing c = none;
    const struct qetl_recorder_options *options = &recorder->options;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t now_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
    qetl_cargo_text(&c, "pipeline", options->pipeline);
    qetl_cargo_text(&c, "version", options->version);
    qetl_cargo_number(&c, "abi", QETL_ABI_VERSION);
    qetl_cargo_text(&c, "timezone", options->timezone);
    qetl_cargo_number(&c, "now_us", options->now_us ? options->now_us : now_us);
    struct qetl_entry entry = {.kind = QETL_ENTRY_HEAD, .call = ""};
    put(recorder, &entry, &c, true, "{}");
}

struct qetl_recorder *qetl_recorder_new(const struct qetl_recorder_options *options)
{
    struct qetl_recorder *recorder = calloc(1, sizeof *recorder);
    if (!recorder)
        return NULL;
    recorder->options = *options;
    recorder->began_ns = qetl_call_now_ns();
    pthread_mutex_init(&recorder->lock, NULL);
    put_head(recorder);
    return recorder;
}

struct qetl_border_watcher qetl_recorder_watcher(struct qetl_recorder *recorder)
{
    return (struct qetl_border_watcher){begun, ended, recorder};
}

void qetl_recorder_end(struct qetl_recorder *recorder)
{
    static const struct qetl_crossing none;
    struct qetl_entry entry = {.kind = QETL_ENTRY_END, .call = ""};
    put(recorder, &entry, &none, true, "{}");
}

uint64_t qetl_recorder_entries(const struct qetl_recorder *recorder)
{
    return recorder->seq;
}

void qetl_recorder_free(struct qetl_recorder *recorder)
{
    if (!recorder)
        return;
    pthread_mutex_destroy(&recorder->lock);
    free(recorder->at_work);
    free(recorder);
}
