/* SPDX-License-Identifier: Apache-2.0 */
/* A source that counts, in two splits, and one fault of those below. */
#include "crowd.h"
#include "faults.h"

#include <qetl/manifest.h>
#include <qetl/sdk.h>

#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

QETL_EMBED_MANIFEST("bad_source.qetl.json");

enum {
    no_fault,
    rows_ignored,
    deadline_missed,
    processor_wanted, /* no fault */
    memory_left,
    text_left,
    mapping_left,
    note_kept,
    descriptor_left,
    thread_left,
    buffer_left,
    umask_changed,
    signal_blocked,
    limit_lowered,
    start_takes_time, /* no fault */
    process_left,
    stdout_written,
    stdin_closed,
    text_invalid,
    buffer_unaligned,
    nulls_miscounted,
    release_unmarked,
    release_late,
    position_ignored,
    position_guessed,
    position_behind, /* all rows begins anew */
    position_met,    /* … where its end was met in the same call */
    position_since,  /* open: right until a second instance goes on */
    position_threaded,
    interrupt_crashes,
    interrupt_ignored,
    thread_bound,
    state_shared,
    rows_counted,
    options_last,
    options_first,
    failure_silent,
    status_unknown,
    option_unread,
    option_unknown,
    option_refused,
    state_overrun,
    struct_overrun,
    process_ended,
    symbol_exported,
    symbol_missing,
    note_missing,
    version_other,
    size_small,
    callback_missing,
    constructor_slow,
    constructor_opens,
    constructor_hangs,
    constructor_ends,
    constructor_faults,
    constructor_forks,
    entry_obliging,
    malloc_unchecked,
    buffer_unchecked,
    wake_forgotten,
    log_lines,
    extension_assumed,
    extension_guessed,
    freed_read,
    limit_ignored,
    splits_mixed,
    item_backward,
    delivery_unknown,
    delivery_lower,
    end_denied,
    rows_below_none,
    throttled_bare,
    memory_unwritten,
    rows_divided,
    unit_divided,
    word_crashes,
    mark_short,
    mark_long,
    rows_hang,
    option_unnamed,
    open_silent,
    file_skipped,
    open_misleads,
    open_crashes,
    never_ends,
    idles_ever,
    value_fatal,
    new_unchecked,
    panics, /* as Rust does: see 653-check-reports.sh */
    aborts
};

struct bad {
    struct qetl_env env;
    int64_t rows, at, end, limit, unit, skipped;
    const char *word, *mark, *path;
    char position[24];
    bool idled, retried, interrupted;
    char *note;
};

static int64_t shared_at, shared_count;
static const char *shared_word;
static _Thread_local int64_t thread_at;

/* ---- faults of the library itself ---- */

#if defined(FAULT_EXPORT)
QETL_EXPORT int bad_helper(void);
int bad_helper(void)
{
    return 1;
}
#endif
#if defined(FAULT_IMPORT)
extern void *json_object(void);
#endif
#if defined(FAULT_NEW)
extern void *_Znwm(size_t size); /* operator new, and delete */
extern void _ZdlPv(void *at);
#endif

static void *sleeper(void *arg)
{
    pause();
    return arg;
}

__attribute__((constructor)) static void construct(void)
{
    for (clock_t start = clock();
         IS(constructor_slow) && clock() - start < CLOCKS_PER_SEC * 6 / 10;)
        ;
    if (IS(constructor_opens) && open("/dev/null", O_RDONLY) < 0)
        abort();
    while (IS(constructor_hangs))
        pause();
    if (IS(constructor_ends))
        exit(0);
    if (IS(constructor_faults))
        raise(SIGSEGV);
    if (IS(constructor_forks) && fork() == 0)
        sleeper(NULL);
}

/* ---- life ---- */

static int64_t read_freed(void)
{
    volatile char *at = malloc(16);
    if (!at)
        return 0;
    *at = 0;
    free((void *)at);
    return *at & 0;
}

/* As strcpy, which a sanitizer would see to by itself. */
static int64_t copy_whole(volatile char *to, const char *from)
{
    for (size_t i = 0; i == 0 || from[i - 1]; i++)
        to[i] = from[i];
    return *to;
}

/* Values that the schema allows, and that somebody forgot. True: one is refused. */
static bool values_misread(struct bad *s)
{
    char mark[32];
    if (IS(rows_divided))
        s->limit = 100 / s->rows;
    if (IS(unit_divided))
        s->limit = 100 / s->unit;
    if (IS(mark_short) && s->mark)
        s->limit = 100 / (int64_t)strlen(s->mark);
    if (IS(mark_long) && s->mark)
        s->limit = copy_whole(mark, s->mark);
    if (IS(word_crashes) && s->word && *s->word == 'b')
        abort();
    while (IS(rows_hang) && s->rows == 1)
        pause();
    return IS(option_unnamed) && s->mark && strlen(s->mark) > 1;
}

static int32_t bad_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                          const char *config)
{
    struct bad *s = self;
    (void)config;
    s->env = (struct qetl_env){host, ctx};
    if (IS(extension_assumed)) {
        const struct qetl_options *o = host->get_extension(ctx, QETL_EXT_OPTIONS);
        s->rows = o->integer(ctx, "/rows");
    }
#if defined(FAULT_NEW)
    s->note = _Znwm(64);
    *s->note = 0;
#endif
#if defined(FAULT_IMPORT)
    s->rows = json_object() != NULL;
#endif
    if (!IS(extension_guessed) && qetl_options_need(s->env))
        return QETL_E_UNSUPPORTED;
    s->rows = qetl_option_int(s->env, "/rows");
    if (IS(freed_read))
        s->rows += read_freed();
    if (!IS(option_unread))
        s->word = qetl_option_text(s->env, "/word");
    if (IS(option_unknown))
        qetl_option_text(s->env, "/colour");
    if (IS(option_refused) && s->word && *s->word == 'b')
        return qetl_fail(s->env, QETL_E_CONFIG, NULL, NULL, "no such word");
    if (!s->word)
        s->word = "a";
    if (IS(options_last) || !shared_word)
        shared_word = strcmp(s->word, "a") == 0 ? "a" : "b";
    s->mark = qetl_option_text(s->env, "/mark");
    s->path = qetl_option_text(s->env, "/path");
    s->unit = qetl_option_int(s->env, "/scale/unit");
    s->limit = -1;
    if (values_misread(s))
        return qetl_fail(s->env, QETL_E_CONFIG, NULL, NULL, "a mark has one letter");
    if (IS(state_overrun))
        memset((char *)self + sizeof *s, 1, 16);
    if (!IS(malloc_unchecked) && !IS(memory_left) && !IS(memory_unwritten))
        return QETL_OK;
    s->note = malloc(64);
    if (!s->note && !IS(malloc_unchecked))
        return QETL_E_NO_MEMORY;
    if (IS(memory_unwritten))
        s->rows += *(volatile char *)s->note & 4;
    strcpy(s->note, "a note");
    return QETL_OK;
}

/* Of a kind each; note_kept is what a plugin may do: the next instance takes its place. */
static void leave_memory(const struct bad *s)
{
    static _Atomic(char *) kept;
    if (IS(text_left) && !strdup("a text of 24 bytes, all"))
        abort();
    if (IS(mapping_left))
        mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (IS(note_kept) && s->rows != 3)
        free(atomic_exchange(&kept, strdup("a text"))); /* whoever else is at it */
}

static int32_t bad_start(void *self)
{
    struct bad *s = self;
    pthread_t thread;
    if (IS(failure_silent) && s->rows == 3)
        return QETL_E_ENVIRONMENT;
    if (IS(descriptor_left) && open("/dev/null", O_RDONLY) < 0)
        return QETL_E_ENVIRONMENT;
    if (IS(thread_left))
        pthread_create(&thread, NULL, sleeper, NULL);
    if (IS(umask_changed))
        umask(0);
    if (IS(signal_blocked)) {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &set, NULL);
    }
    if (IS(limit_lowered)) {
        const struct rlimit few = {64, 64};
        setrlimit(RLIMIT_NOFILE, &few);
    }
    if (IS(start_takes_time))
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    if (IS(process_left) && fork() == 0)
        sleeper(NULL);
    if (IS(stdout_written))
        puts("hello");
    if (IS(stdin_closed))
        close(STDIN_FILENO);
    leave_memory(s);
    if (IS(log_lines))
        s->env.host->log(s->env.ctx, QETL_LOG_INFO, "one\ntwo");
    return QETL_OK;
}

static void bad_interrupt(void *self)
{
    struct bad *s = self;
    s->interrupted = true;
    if (IS(interrupt_crashes))
        *(volatile char *)NULL = 1;
}

static void bad_destroy(void *self)
{
    struct bad *s = self;
#if defined(FAULT_NEW)
    _ZdlPv(s->note);
    s->note = NULL;
#endif
    if (!IS(memory_left))
        free(s->note);
    if (IS(panics))
        fputs("thread '<unnamed>' panicked at src/lib.rs:7:5:\nnothing is there\nnote: more\n",
              stderr);
    if (IS(aborts) || IS(panics))
        abort();
}

/* ---- columns ---- */

static int32_t schema_make(struct ArrowSchema *out)
{
    int32_t status = qetl_schema_init_struct(out);
    status = status ? status : qetl_schema_add(out, "id", "l");
    return status ? status : qetl_schema_add(out, "name", "vu");
}

static int32_t bad_describe(void *self, struct qetl_source_info *out)
{
    const struct bad *s = self;
    out->emits = QETL_EMITS_BATCHES;
    out->delivery = IS(delivery_unknown) ? 9 : IS(delivery_lower) ? QETL_LOSSY : QETL_REPLAYABLE;
    out->endless = IS(end_denied);
    out->rows_expected = IS(rows_below_none) ? -2 : s->rows;
    if (IS(struct_overrun))
        memset((char *)out + sizeof *out, 0, 8);
    return schema_make(&out->schema);
}

static int32_t bad_plan(void *self, int64_t wanted, const struct qetl_writer *out)
{
    (void)self, (void)wanted;
    int32_t status = out->write(out->stream, "0", 1);
    return status ? status : out->write(out->stream, "1", 1);
}

static int32_t bad_negotiate(void *self, struct qetl_pushdown *request)
{
    struct bad *s = self;
    *request->columns_answer = QETL_PUSH_NO;
    *request->limit_answer = IS(limit_ignored) ? QETL_PUSH_EXACT : QETL_PUSH_NO;
    (void)s;
    return QETL_OK;
}

/* ---- rows ---- */

/* "at/end", so that half of it is no position. */
static int32_t position_read(struct bad *s, const struct qetl_blob *position)
{
    char text[24] = "", check[24];
    size_t size = position->size < sizeof text ? position->size : sizeof text - 1;
    memcpy(text, position->data, size);
    int64_t at = atoll(text);
    snprintf(check, sizeof check, "%lld/%lld", (long long)at, (long long)s->end);
    if (!IS(position_guessed) && strcmp(check, text) != 0)
        return qetl_fail(s->env, QETL_E_DATA, NULL, NULL, "the position is damaged");
    if (IS(position_ignored) || (IS(position_behind) && at >= s->end) || at > s->end)
        return QETL_OK;
    s->skipped = at - s->at;
    thread_at = s->at = at;
    return QETL_OK;
}

/* It is not read. */
static int32_t file_look(struct bad *s)
{
    FILE *file = s->path && *s->path ? fopen(s->path, "re") : NULL;
    if (file)
        fclose(file);
    if (file || !s->path || !*s->path)
        return QETL_OK;
    if (IS(open_crashes))
        rewind(file);
    if (IS(file_skipped)) {
        s->end = s->at; /* as if it held nothing */
        return QETL_OK;
    }
    if (IS(open_silent))
        return QETL_E_ENVIRONMENT;
    return qetl_fail(s->env, QETL_E_ENVIRONMENT, IS(open_misleads) ? "/file" : "/path", NULL,
                     "the file cannot be read");
}

static int32_t bad_open(void *self, struct qetl_blob split, const struct qetl_blob *position)
{
    struct bad *s = self;
    bool second = split.size && *(const char *)split.data == '1';
    if (IS(splits_mixed) && second)
        s->at++; /* relies upon the first split's having been read by it */
    else
        s->at = second ? s->rows / 2 : 0;
    s->end = second ? s->rows : s->rows / 2;
    s->skipped = 0;
    thread_at = shared_at = s->at;
    return position ? position_read(s, position) : file_look(s);
}

static void release_bad(struct ArrowArray *array)
{
    struct bad *s = array->private_data;
    s->limit = 0; /* long gone */
    array->release = NULL;
}

static void (*release_true)(struct ArrowArray *);

static void release_leaving_mark(struct ArrowArray *array)
{
    void (*mark)(struct ArrowArray *) = array->release;
    release_true(array);
    array->release = mark;
}

/* What is wrong with an array that was right. */
static void array_spoil(struct bad *s, struct ArrowArray *batch)
{
    struct ArrowArray *id = batch->children[0], *name = batch->children[1];
    if (IS(text_invalid))
        ((uint8_t *)name->buffers[1])[4] = 0xff;
    if (IS(buffer_unaligned))
        id->buffers[1] = (const char *)id->buffers[1] + 8;
    if (IS(nulls_miscounted))
        id->null_count = 5;
    if (IS(release_unmarked)) {
        release_true = batch->release;
        batch->release = release_leaving_mark;
    }
    if (IS(release_late)) {
        batch->private_data = s;
        batch->release = release_bad;
    }
}

static int32_t rows_make(struct bad *s, int64_t n, struct ArrowArray *out)
{
    struct ArrowSchema schema = {0};
    struct qetl_builder b;
    char text[32];
    int64_t at = IS(state_shared) ? shared_at : IS(thread_bound) ? thread_at : s->at;
    int32_t status = schema_make(&schema);
    status = status ? status : qetl_builder_open(&b, s->env, &schema, n);
    if (status) {
        qetl_schema_release(&schema);
        return status;
    }
    for (int64_t i = 0; !status && i < n; i++) {
        const char *word = IS(options_last) || IS(options_first) ? shared_word : s->word;
        snprintf(text, sizeof text, "%s%lld", word,
                 (long long)(IS(rows_counted) ? shared_count++ : at + i));
        status = qetl_builder_int(qetl_builder_child(&b, 0), at + i);
        if (!status)
            status = qetl_builder_text(qetl_builder_child(&b, 1), text, (int64_t)strlen(text));
        if (!status)
            status = qetl_builder_struct(&b);
    }
    status = status ? status : qetl_builder_close(&b, out);
    qetl_builder_free(&b);
    qetl_schema_release(&schema);
    s->at += n;
    shared_at += n;
    thread_at += n;
    if (IS(state_shared))
        usleep(1000);
    return status;
}

static int32_t odd_answer(struct bad *s)
{
    struct timespec long_time = {.tv_nsec = 350000000};
    struct qetl_error_info soon = {
        .struct_size = sizeof soon, .code = QETL_E_THROTTLED, .message = "not so fast"};
    if (IS(interrupt_ignored) && s->interrupted)
        pause();
    if (IS(deadline_missed) && !s->idled)
        nanosleep(&long_time, NULL);
    if (IS(process_ended))
        exit(3);
    if (IS(status_unknown))
        return 77;
    if (IS(value_fatal) && s->rows == 1)
        return qetl_fail(s->env, QETL_E_FATAL, NULL, NULL, "the plugin has panicked");
    if (IS(throttled_bare) && !s->retried) {
        s->retried = true;
        return s->env.host->error(s->env.ctx, &soon);
    }
    if (IS(idles_ever))
        usleep(20000);
    if ((!s->idled && (s->idled = true)) || IS(idles_ever)) {
        if (!IS(wake_forgotten))
            s->env.host->wake(s->env.ctx);
        return QETL_IDLE;
    }
    return 0;
}

static int64_t time_left_ns(const struct qetl_demand *demand)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return demand->deadline_ns - (now.tv_sec * 1000000000LL + now.tv_nsec);
}

static int32_t bad_next(void *self, const struct qetl_demand *demand, struct qetl_item *out)
{
    struct bad *s = self;
    if (IS(processor_wanted) && !s->idled && time_left_ns(demand) < 60000000)
        work_in_a_crowd();
    int32_t status = odd_answer(s);
    int64_t left = s->end - s->at, n = left < 4 ? left : 4;
    if (status)
        return status;
    if (left <= 0 && !IS(never_ends))
        return QETL_END;
    if (n > demand->max_rows && !IS(rows_ignored))
        n = demand->max_rows;
    if (IS(buffer_left) || IS(buffer_unchecked)) {
        char *buffer = s->env.host->buffer_alloc(s->env.ctx, 64);
        if (!buffer && !IS(buffer_unchecked))
            return QETL_E_NO_MEMORY;
        *buffer = 0;
        if (!IS(buffer_left))
            s->env.host->buffer_free(buffer);
    }
    status = rows_make(s, n, &out->batch);
    if (status)
        return status;
    array_spoil(s, &out->batch);
    int64_t at = IS(position_threaded) ? thread_at : s->at - (IS(position_since) ? s->skipped : 0);
    at += IS(position_met) && s->at == s->end && n < demand->max_rows;
    snprintf(s->position, sizeof s->position, "%lld/%lld", (long long)at, (long long)s->end);
    out->position = (struct qetl_blob){s->position, strlen(s->position)};
    out->flags = IS(item_backward) ? 1 << 9 : QETL_ITEM_CUT;
    return QETL_BATCH;
}

static const struct qetl_source source = {
    .struct_size = sizeof source,
    .describe = bad_describe,
    .negotiate = bad_negotiate,
    .plan_splits = bad_plan,
    .open = bad_open,
    .next = IS(callback_missing) ? NULL : bad_next,
};

static const struct qetl_component component = {
    .struct_size = IS(size_small) ? 16 : sizeof component,
    .kind = QETL_SOURCE,
    .id = "bad",
    .state_size = sizeof(struct bad),
    .create = bad_create,
    .destroy = bad_destroy,
    .start = bad_start,
    .interrupt = bad_interrupt,
    .source = &source,
};

static const struct qetl_component *const components[] = {&component};
static const struct qetl_plugin plugin = {.struct_size = sizeof plugin,
                                          .abi = QETL_ABI_VERSION,
                                          .id = "bad-source",
                                          .version = IS(version_other) ? "0.2.0" : "0.1.0",
                                          .n_components = 1,
                                          .components = components};

QETL_ENTRY int32_t qetl_plugin_entry(const struct qetl_host *host, struct qetl_ctx *ctx,
                                     uint32_t *abi, const struct qetl_plugin **out)
{
    (void)host, (void)ctx;
    if (!IS(entry_obliging))
        return qetl_plugin_answer(&plugin, abi, out);
    *out = &plugin;
    return QETL_OK;
}
