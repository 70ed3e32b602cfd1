/* SPDX-License-Identifier: Apache-2.0 */
/* Three sinks that count rows: into a file, by a handle and by themselves, and into a file for each
 * epoch; and one fault. */
#include "faults.h"

#include <qetl/manifest.h>
#include <qetl/sdk.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

QETL_EMBED_MANIFEST("bad_sink.qetl.json");

enum {
    no_fault,
    commit_once,
    abort_once,
    abort_needs_prepare,
    commit_at_home,
    handle_large,
    handle_unchecked,
    rows_miscounted,
    batch_kept,
    phase_unbacked,
    phase_other,
    promise_other,
    takes_unlike,
    fence_missing,
    epoch_forgotten,
    busy_bare,
    rejects_late,
    forms_unknown,
    null_forgotten,
    failure_silent,
    commit_repeated,
    commit_idle,
    prepare_shows,
    write_shows,
    abort_leaves,
    abort_sweeps,
    open_sweeps,
    parts_left,
    handle_remembered,
    commit_in_steps,
    names_by_epoch,
    open_clears,
    epoch_kept,
    data_unsynced,
    names_unsynced,
    count_untouched /* which is no fault: the host counts */
};

struct bad {
    struct qetl_env env;
    const char *path;
    long long rows, bytes, generation; /* bytes: of numbers in the first column */
    bool busy, decided;
};

static int32_t bad_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                          const char *config)
{
    struct bad *s = self;
    (void)config;
    s->env = (struct qetl_env){host, ctx};
    s->path = qetl_option_text(s->env, "/path");
    return s->path ? QETL_OK : QETL_E_UNSUPPORTED;
}

static int32_t forms(void *self, const struct ArrowSchema *schema, uint32_t *forms)
{
    (void)self;
    for (int64_t i = 0; i < schema->n_children; i++)
        forms[i] = IS(forms_unknown) ? 64 : QETL_FORM_VALUE | QETL_FORM_LEXICAL;
    return QETL_OK;
}

/* All that lies beside its own file with that in its name, whosever it is. */
static void sweep(const struct bad *s, const char *with)
{
    char *folder = strdup(s->path), *slash = folder ? strrchr(folder, '/') : NULL;
    if (slash)
        *slash = 0;
    DIR *dir = slash ? opendir(folder) : NULL;
    for (const struct dirent *entry; dir && (entry = readdir(dir));)
        if (strstr(entry->d_name, with))
            unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir)
        closedir(dir);
    free(folder);
}

static int32_t bad_open(void *self, uint32_t stream, const struct ArrowSchema *schema)
{
    const struct bad *s = self;
    (void)stream, (void)schema;
    if (IS(open_sweeps))
        sweep(s, "");
    if (IS(open_clears))
        sweep(s, ".staged-");
    return QETL_OK;
}

/* Of the first column the lowest bytes, those of NULLs for whoever forgets that there are such. */
static int64_t bytes_of_first(const struct ArrowArray *batch)
{
    const struct ArrowArray *first = batch->children[0];
    const uint8_t *bits = IS(null_forgotten) ? NULL : first->buffers[0],
                  *values = first->buffers[1];
    int64_t sum = 0;
    for (int64_t i = first->offset; i < first->offset + first->length; i++)
        sum += !bits || bits[i >> 3] >> (i & 7) & 1 ? values[8 * i] : 0;
    return sum;
}

/* Rows before their time: where they will be, or in a part that nobody clears away. */
static int32_t beside_write(const struct bad *s)
{
    char *path = NULL;
    if (!IS(write_shows) && !IS(parts_left))
        return QETL_OK;
    if ((IS(parts_left) ? asprintf(&path, "%s.part-%d", s->path, (int)getpid())
                        : asprintf(&path, "%s", s->path)) < 0)
        return QETL_E_NO_MEMORY;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd >= 0) {
        dprintf(fd, "%lld 1 0\n", s->rows);
        close(fd);
    }
    free(path);
    return QETL_OK;
}

static int32_t bad_write(void *self, struct qetl_write *write)
{
    struct bad *s = self;
    if (!s->busy && (s->busy = true)) {
        if (!IS(busy_bare))
            s->env.host->wake(s->env.ctx);
        if (IS(batch_kept) && write->batch)
            write->batch->release(write->batch);
        return QETL_BUSY;
    }
    s->rows += write->rows;
    s->bytes += write->batch ? bytes_of_first(write->batch) : 0;
    if (IS(null_forgotten))
        s->rows += bytes_of_first(write->batch);
    if (!IS(count_untouched))
        write->rows_written = write->rows - IS(rows_miscounted);
    return beside_write(s);
}

static int32_t failed(struct bad *s, const char *why)
{
    return qetl_fail(s->env, QETL_E_FATAL, NULL, NULL, "%s: %s", s->path, why);
}

/* "ROWS EPOCH GENERATION" under the name. False: there is no such file. */
static bool numbers_read(const char *path, long long out[3])
{
    FILE *file = fopen(path, "re");
    bool good = file && fscanf(file, "%lld %lld %lld", &out[0], &out[1], &out[2]) == 3;
    if (file)
        fclose(file);
    return good;
}

static int32_t numbers_write(struct bad *s, const char *path, long long rows, long long epoch,
                             long long generation)
{
    FILE *file = fopen(path, "we");
    if (!file)
        return IS(failure_silent) ? QETL_E_ENVIRONMENT : failed(s, "cannot be made");
    fprintf(file, "%lld %lld %lld\n", rows, epoch, generation);
    fflush(file);
    if (!IS(data_unsynced))
        fsync(fileno(file));
    return fclose(file) ? failed(s, "cannot be written") : QETL_OK;
}

/* What was made or renamed there, too. */
static int32_t folder_sync(const struct bad *s)
{
    char *folder = IS(names_unsynced) ? NULL : strdup(s->path), *slash;
    if (!folder || !(slash = strrchr(folder, '/'))) {
        free(folder);
        return QETL_OK;
    }
    *slash = 0;
    int fd = open(folder, O_RDONLY | O_CLOEXEC);
    free(folder);
    fsync(fd);
    close(fd);
    return QETL_OK;
}

/* ---- TWO_PHASE: the handle is the name of a staged file ---- */

static int32_t two_describe(void *self, struct qetl_sink_info *out)
{
    (void)self;
    out->takes = IS(takes_unlike) ? QETL_TAKES_BYTES : QETL_TAKES_BATCHES;
    out->delivery = IS(promise_other) ? QETL_APPEND : QETL_TRANSACTIONAL;
    out->commit = IS(phase_other) ? QETL_COMMIT_NONE : QETL_COMMIT_TWO_PHASE;
    return QETL_OK;
}

static bool remembered; /* in this process */

static void part_remove(const struct bad *s)
{
    char *path;
    if (asprintf(&path, "%s.part-%d", s->path, (int)getpid()) < 0)
        return;
    unlink(path);
    free(path);
}

static int32_t two_prepare(void *self, const struct qetl_epoch *epoch,
                           const struct qetl_writer *handle)
{
    struct bad *s = self;
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .column = -1,
                                 .code = "late",
                                 .message = "too late to be rejected"};
    static char large[70000];
    char name[64];
    char *staged;
    if (IS(rejects_late))
        s->env.host->reject(s->env.ctx, &reject);
    snprintf(name, sizeof name, "staged-%llu-", (unsigned long long)epoch->number);
    if (asprintf(&staged, "%s.%s", s->path, name) < 0)
        return QETL_E_NO_MEMORY;
    int32_t status = numbers_write(s, staged, s->rows, (long long)epoch->number, 0);
    if (!status && IS(prepare_shows))
        status = numbers_write(s, s->path, s->rows, (long long)epoch->number, 0);
    free(staged);
    s->rows = 0;
    if (status)
        return status;
    if (IS(parts_left))
        part_remove(s);
    remembered = IS(handle_remembered);
    memcpy(large, name, strlen(name));
    return handle->write(handle->stream, large, IS(handle_large) ? sizeof large : strlen(name));
}

/* The path of a handle's file; NULL: there can be none. */
static char *staged_path(struct bad *s, const struct qetl_blob *handle)
{
    char *path;
    bool whole = handle->size > 8 && memcmp(handle->data, "staged-", 7) == 0 &&
                 ((const char *)handle->data)[handle->size - 1] == '-';
    if ((!whole && !IS(handle_unchecked)) || IS(handle_large))
        return NULL;
    return asprintf(&path, "%s.%.*s", s->path, (int)handle->size, (const char *)handle->data) < 0
               ? NULL
               : path;
}

static int32_t two_commit(void *self, const struct qetl_epoch *epoch, int64_t n,
                          const struct qetl_blob *handles)
{
    struct bad *s = self;
    int32_t status = QETL_OK;
    long long numbers[3] = {0, 0, 0};
    if (IS(commit_at_home) && !s->busy)
        return failed(s, "nothing was written here");
    for (int64_t i = 0; !status && i < n; i++) {
        char *path = staged_path(s, &handles[i]);
        if (!path)
            return failed(s, "a handle is damaged");
        if (IS(commit_idle) || (IS(handle_remembered) && !remembered)) {
            free(path);
            continue;
        }
        if (IS(commit_in_steps) && numbers_read(path, numbers)) {
            unlink(path);
            numbers_write(s, s->path, numbers[0], numbers[1], 0);
        }
        bool there =
            rename(path, s->path) == 0 || (!IS(commit_once) && numbers_read(s->path, numbers) &&
                                           numbers[1] >= (long long)epoch->number);
        status = there || IS(handle_unchecked) ? QETL_OK : failed(s, "a handle's file is gone");
        if (IS(commit_repeated) && numbers[1])
            status = numbers_write(s, s->path, numbers[0] * 2, numbers[1], 0);
        free(path);
    }
    return status ? status : folder_sync(s);
}

static int32_t two_abort(void *self, const struct qetl_epoch *epoch, int64_t n,
                         const struct qetl_blob *handles)
{
    struct bad *s = self;
    (void)epoch;
    if (IS(abort_needs_prepare) && !n)
        return failed(s, "nothing was prepared");
    if (IS(abort_once) && s->decided)
        return failed(s, "it was aborted before");
    s->decided = true;
    s->rows = 0;
    for (int64_t i = 0; i < n; i++) {
        char *path = staged_path(s, &handles[i]);
        if (path && !IS(abort_leaves))
            unlink(path);
        free(path);
    }
    if (IS(abort_sweeps))
        sweep(s, "");
    return QETL_OK;
}

/* ---- TWO_PHASE: a file for each epoch ---- */

static int32_t many_describe(void *self, struct qetl_sink_info *out)
{
    return two_describe(self, out);
}

/* What tells this sink's files from those of others. */
static unsigned mark_of(const struct bad *s)
{
    const struct qetl_run_facts *run = s->env.host->get_extension(s->env.ctx, QETL_EXT_RUN);
    const char *owner = run && run->owner && !IS(names_by_epoch) ? run->owner(s->env.ctx) : NULL;
    unsigned mark = 0;
    for (const char *c = owner; c && *c; c++)
        mark = mark * 31 + (unsigned char)*c;
    return mark;
}

/* "many:MARK:EPOCH:" names both files. */
static bool many_paths(const struct bad *s, const char *handle, char staged[512], char final[512])
{
    unsigned mark;
    unsigned long long epoch;
    int size = 0;
    if (sscanf(handle, "many:%x:%llu:%n", &mark, &epoch, &size) < 2 || !size || handle[size])
        return false;
    snprintf(staged, 512, "%s.staged-%x-%llu", s->path, mark, epoch);
    snprintf(final, 512, "%s-%x-%llu.txt", s->path, mark, epoch);
    return true;
}

static int32_t many_prepare(void *self, const struct qetl_epoch *epoch,
                            const struct qetl_writer *handle)
{
    struct bad *s = self;
    char name[64], staged[512], final[512];
    snprintf(name, sizeof name, "many:%x:%llu:", mark_of(s), (unsigned long long)epoch->number);
    many_paths(s, name, staged, final);
    int32_t status = numbers_write(s, staged, s->rows, s->bytes, 0);
    if (!IS(epoch_kept))
        s->rows = s->bytes = 0;
    return status ? status : handle->write(handle->stream, name, strlen(name));
}

static int32_t many_decide(struct bad *s, int64_t n, const struct qetl_blob *handles, bool commits)
{
    char name[64], staged[512], final[512];
    for (int64_t i = 0; i < n; i++) {
        snprintf(name, sizeof name, "%.*s", (int)handles[i].size, (const char *)handles[i].data);
        if (!many_paths(s, name, staged, final))
            return failed(s, "a handle is damaged");
        if (!commits)
            unlink(staged);
        else if (rename(staged, final) && access(final, F_OK))
            return failed(s, "a handle's file is gone");
    }
    return folder_sync(s);
}

static int32_t many_commit(void *self, const struct qetl_epoch *epoch, int64_t n,
                           const struct qetl_blob *handles)
{
    (void)epoch;
    return many_decide(self, n, handles, true);
}

static int32_t many_abort(void *self, const struct qetl_epoch *epoch, int64_t n,
                          const struct qetl_blob *handles)
{
    struct bad *s = self;
    (void)epoch;
    s->rows = s->bytes = 0;
    return many_decide(s, n, handles, false);
}

/* ---- ONE_PHASE: the file holds what was decided ---- */

static int32_t one_describe(void *self, struct qetl_sink_info *out)
{
    two_describe(self, out);
    out->commit = QETL_COMMIT_ONE_PHASE;
    return QETL_OK;
}

static int32_t one_last(void *self, const struct qetl_epoch *asked, uint64_t *number)
{
    struct bad *s = self;
    long long numbers[3] = {0, 0, 0};
    numbers_read(s->path, numbers);
    *number = IS(epoch_forgotten) ? 0 : (uint64_t)numbers[1];
    s->generation = (long long)asked->generation;
    if (IS(fence_missing) || s->generation <= numbers[2])
        return QETL_OK;
    return numbers_write(s, s->path, numbers[0], numbers[1], s->generation);
}

static int32_t one_commit(void *self, const struct qetl_epoch *epoch, int64_t n,
                          const struct qetl_blob *handles)
{
    struct bad *s = self;
    long long numbers[3] = {0, 0, 0};
    (void)n, (void)handles;
    numbers_read(s->path, numbers);
    if (numbers[2] > (long long)epoch->generation)
        return qetl_fail(s->env, QETL_E_FENCED, NULL, NULL, "a later process was here");
    numbers[0] += s->rows;
    s->rows = IS(epoch_kept) ? s->rows : 0;
    int32_t status = numbers_write(s, s->path, numbers[0], (long long)epoch->number,
                                   (long long)epoch->generation);
    return status ? status : folder_sync(s);
}

#define SINK(name, id_, prepare_, abort_, last_)                                                   \
    static const struct qetl_sink name##_sink = {.struct_size = sizeof name##_sink,                \
                                                 .describe = name##_describe,                      \
                                                 .forms = forms,                                   \
                                                 .open = bad_open,                                 \
                                                 .write = bad_write,                               \
                                                 .prepare = prepare_,                              \
                                                 .commit = name##_commit,                          \
                                                 .abort = abort_,                                  \
                                                 .last_committed = last_};                         \
    static const struct qetl_component name##_component = {.struct_size = sizeof name##_component, \
                                                           .kind = QETL_SINK,                      \
                                                           .id = (id_),                            \
                                                           .state_size = sizeof(struct bad),       \
                                                           .create = bad_create,                   \
                                                           .sink = &name##_sink}

SINK(two, "bad", two_prepare, IS(phase_unbacked) ? NULL : two_abort, NULL);
SINK(one, "bad_one", NULL, NULL, one_last);
SINK(many, "bad_many", many_prepare, many_abort, NULL);

QETL_PLUGIN("bad-sink", "0.1.0", &two_component, &one_component, &many_component)
