/* SPDX-License-Identifier: Apache-2.0 */
#include "letter_store.h"

#include "letter_bins.h"
#include "letter_file.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct qetl_letter_store {
    pthread_mutex_t lock; /* of bins, path, wrote and error */
    char *path;
    char *pipeline;
    char run[40];
    bool default_path; /* its folder is made when needed */
    bool named;        /* the pipeline is */
    bool enabled, looked, stream;
    bool wrote; /* letters of this run are in the file */
    struct qetl_letter_sender sender;
    struct qetl_letter_bins bins;
    struct qetl_letter_file file; /* whoever seals */
    int error;                    /* the first errno */
    int64_t bytes;                /* of the file with all that waits for it, about */
    int64_t max_bytes;            /* 0: any number */
    int alarm;                    /* percent of that; 0: none */
    bool alarmed;
    char owner[40];  /* "": no state's */
    char *main_path; /* while the letters go to another file, since that is another process's */
    int (*keep)(void *arg); /* NULL once the owner is durable */
    void *keep_arg;
    const char *mark;     /* of a replay */
    int64_t replays_from; /* lines of replays behind that number were not decided */
};

static const char folder_name[] = "dead-letters";

/* A pipeline's name is no path, and its letters are not hidden. */
static char *default_path(const char *pipeline, const char *run)
{
    char *path;
    if (asprintf(&path, "%s/%s%s%s.ndjson", folder_name, pipeline, run ? "-" : "", run ? run : "") <
        0)
        return NULL;
    char *name = path + sizeof folder_name;
    for (char *c = name; *c; c++)
        *c = *c == '/' || (*c == '.' && c == name) ? '_' : *c;
    return path;
}

static void name_run(struct qetl_letter_store *store)
{
    time_t now = time(NULL);
    struct tm utc;
    size_t n = strftime(store->run, sizeof store->run, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
    snprintf(store->run + n, sizeof store->run - n, "-%ld", (long)getpid());
}

struct qetl_letter_store *qetl_letter_store_new(const char *path, const char *pipeline,
                                                bool enabled)
{
    struct qetl_letter_store *store = calloc(1, sizeof *store);
    if (!store)
        return NULL;
    pthread_mutex_init(&store->lock, NULL);
    name_run(store);
    store->file.fd = -1;
    store->enabled = enabled;
    store->default_path = !path;
    store->named = pipeline != NULL;
    store->pipeline = strdup(pipeline ? pipeline : "qetl");
    if (store->pipeline)
        store->path =
            path ? strdup(path) : default_path(store->pipeline, store->named ? NULL : store->run);
    store->sender = (struct qetl_letter_sender){.pipeline = pipeline, .run = store->run};
    if (store->path)
        return store;
    qetl_letter_store_free(store);
    return NULL;
}

void qetl_letter_store_hide(struct qetl_letter_store *store, const struct qetl_mask *mask)
{
    store->sender.mask = mask;
}

void qetl_letter_store_limit(struct qetl_letter_store *store, int64_t max_bytes, int alarm)
{
    store->max_bytes = max_bytes;
    store->alarm = alarm;
}

bool qetl_letter_store_alarmed(struct qetl_letter_store *store, int *percent)
{
    pthread_mutex_lock(&store->lock);
    int64_t part = store->max_bytes / 100 ? store->bytes / (store->max_bytes / 100) : 0;
    bool now = store->alarm && part >= store->alarm && !store->alarmed;
    store->alarmed |= now;
    pthread_mutex_unlock(&store->lock);
    *percent = (int)part;
    return now;
}

void qetl_letter_store_replay(struct qetl_letter_store *store, const char *mark,
                              struct qetl_letter_file *moved, int64_t from)
{
    store->sender.replay = true;
    store->looked = true;
    store->bytes = moved->size;
    store->file = *moved;
    *moved = (struct qetl_letter_file){.fd = -1};
    store->mark = mark;
    store->replays_from = from;
}

int qetl_letter_store_own(struct qetl_letter_store *store, const char *owner,
                          int (*keep)(void *arg), void *arg)
{
    snprintf(store->owner, sizeof store->owner, "%s", owner);
    store->sender.state = store->owner;
    store->keep = keep;
    store->keep_arg = arg;
    if (!store->default_path || store->named)
        return 0;
    char *path = default_path(store->pipeline, store->owner); /* the next process goes on with it */
    pthread_mutex_lock(&store->lock);
    if (path) {
        free(store->path);
        store->path = path;
    }
    pthread_mutex_unlock(&store->lock);
    return path ? 0 : ENOMEM;
}

/* ---- putting ---- */

/* Whether there will be a file to write to is known before hours have passed. */
static int look_ahead(struct qetl_letter_store *store)
{
    struct stat at;
    store->looked = true;
    if (!stat(store->path, &at)) {
        store->stream = !S_ISREG(at.st_mode);
        store->bytes += store->stream ? 0 : at.st_size;
        int64_t last;
        return S_ISDIR(at.st_mode)         ? EISDIR
               : access(store->path, W_OK) ? errno
                                           : qetl_letter_file_peek(store->path, &last);
    }
    if (errno != ENOENT)
        return errno;
    char *folder = qetl_letter_folder(store->path);
    int error = folder ? 0 : ENOMEM;
    if (folder && access(folder, W_OK | X_OK) && (errno != ENOENT || !store->default_path))
        error = errno;
    else if (folder && store->default_path && access(folder, F_OK) && access(".", W_OK | X_OK))
        error = errno;
    free(folder);
    return error;
}

static int folder_make(const struct qetl_letter_store *store)
{
    return store->default_path && mkdir(folder_name, 0700) && errno != EEXIST ? errno : 0;
}

/* The file beside that of the pipeline: the same for all runs of a state, who look into it. */
static char *path_apart(const struct qetl_letter_store *store)
{
    return default_path(store->pipeline, *store->owner ? store->owner : store->run);
}

static int go_apart(struct qetl_letter_store *store)
{
    char *apart = path_apart(store);
    if (!apart)
        return ENOMEM;
    pthread_mutex_lock(&store->lock);
    store->main_path = store->path;
    store->path = apart;
    pthread_mutex_unlock(&store->lock);
    return 0;
}

static int file_open(struct qetl_letter_store *store)
{
    if (store->file.fd >= 0)
        return 0;
    int error = folder_make(store);
    if (!error)
        error = qetl_letter_file_open(&store->file, store->path);
    if (error != EWOULDBLOCK || !store->default_path || !store->named || store->main_path)
        return error;
    error = go_apart(store); /* a second process of the pipeline */
    return error ? error : qetl_letter_file_open(&store->file, store->path);
}

static int file_add(void *arg, const char *line, size_t size)
{
    struct qetl_letter_store *store = arg;
    return qetl_letter_file_add(&store->file, line, size);
}

/* What goes to a device or pipe cannot be taken back, and does not wait. */
static int put_at_once(struct qetl_letter_store *store, const char *line, size_t size)
{
    int error = store->file.fd >= 0 ? 0 : qetl_letter_file_open(&store->file, store->path);
    if (!error)
        error = file_add(store, line, size);
    if (!error)
        error = qetl_letter_file_sync(&store->file);
    store->wrote = !error;
    return error;
}

/* A number comes in front of each line, when it is written. */
static int make_room(struct qetl_letter_store *store, size_t size)
{
    enum { NUMBER_BYTES = 16 };
    int64_t bytes = store->bytes + (int64_t)size + NUMBER_BYTES;
    if (store->max_bytes && !store->stream && bytes > store->max_bytes)
        return EDQUOT;
    store->bytes = bytes;
    return 0;
}

static int put_by_epoch(struct qetl_letter_store *store, uint64_t epoch, const char *line,
                        size_t size)
{
    bool spills = store->bins.bytes + size + sizeof size > QETL_LETTER_BINS_BYTES;
    char *folder = NULL;
    int error = 0;
    if (spills) {
        error = folder_make(store);
        folder = qetl_letter_folder(store->path);
    }
    if (!error)
        error = spills && !folder ? ENOMEM
                                  : qetl_letter_bins_put(&store->bins, epoch, line, size, folder);
    free(folder);
    return error;
}

int qetl_letter_store_put(struct qetl_letter_store *store, struct qetl_letter *letter)
{
    size_t size = 0;
    char *line = store->enabled ? qetl_letter_text(letter, &store->sender, &size) : NULL;
    pthread_mutex_lock(&store->lock);
    if (store->enabled && !store->error && !line)
        store->error = ENOMEM;
    if (store->enabled && !store->error && !store->looked)
        store->error = look_ahead(store);
    if (store->enabled && !store->error)
        store->error = make_room(store, size);
    if (store->enabled && !store->error)
        store->error = store->stream ? put_at_once(store, line, size)
                                     : put_by_epoch(store, letter->epoch, line, size);
    int error = store->error;
    pthread_mutex_unlock(&store->lock);
    free(line);
    qetl_letter_free(letter);
    return error;
}

/* ---- sealing ---- */

static int owner_keep(struct qetl_letter_store *store)
{
    int error = store->keep && !store->file.stream ? store->keep(store->keep_arg) : 0;
    store->keep = error ? store->keep : NULL;
    return error;
}

static int write_bins(struct qetl_letter_store *store, struct qetl_letter_bins *bins,
                      int (*add)(void *, const char *, size_t))
{
    int error = file_open(store);
    if (!error)
        error = owner_keep(store);
    if (!error)
        error = qetl_letter_bins_each(bins, add, store);
    return error ? error : qetl_letter_file_sync(&store->file);
}

/* Letters may be put meanwhile: the disk is waited for without the lock. */
static int32_t seal(struct qetl_letter_store *store, uint64_t epoch,
                    int (*add)(void *, const char *, size_t))
{
    pthread_mutex_lock(&store->lock);
    int error = store->error;
    struct qetl_letter_bins bins = {0};
    if (!error)
        bins = qetl_letter_bins_take(&store->bins, epoch);
    pthread_mutex_unlock(&store->lock);
    bool any = bins.first != NULL;
    if (!error && any)
        error = write_bins(store, &bins, add);
    qetl_letter_bins_clear(&bins);
    pthread_mutex_lock(&store->lock);
    store->wrote |= any && !error;
    store->error = store->error ? store->error : error;
    pthread_mutex_unlock(&store->lock);
    return error;
}

/* Whoever puts the first letter finds it out. */
static bool is_stream(struct qetl_letter_store *store)
{
    pthread_mutex_lock(&store->lock);
    bool stream = store->stream;
    pthread_mutex_unlock(&store->lock);
    return stream;
}

int32_t qetl_letter_store_seal(struct qetl_letter_store *store, uint64_t epoch,
                               struct qetl_letter_length *length)
{
    if (length)
        *length = (struct qetl_letter_length){0};
    if (!store->enabled)
        return 0;
    int32_t error = seal(store, epoch, file_add);
    if (error || !length || is_stream(store))
        return error;
    length->apart = store->main_path != NULL;
    if (store->file.fd >= 0)
        length->last = store->file.last;
    else
        error = qetl_letter_file_peek(store->path, &length->last);
    return error;
}

/* {"time":…} becomes {"undecided":true,"time":…}. */
static int add_undecided(void *arg, const char *line, size_t size)
{
    static const char sign[] = "{\"undecided\":true,";
    char *signed_line = malloc(sizeof sign + size);
    if (!signed_line)
        return ENOMEM;
    memcpy(signed_line, sign, sizeof sign - 1);
    memcpy(signed_line + sizeof sign - 1, line + 1, size - 1);
    int error = file_add(arg, signed_line, sizeof sign - 1 + size - 1);
    free(signed_line);
    return error;
}

int32_t qetl_letter_store_close(struct qetl_letter_store *store, bool good)
{
    if (!store->enabled)
        return 0;
    if (!good && store->sender.replay) /* its letters wait as before */
        return 0;
    return seal(store, UINT64_MAX, good ? file_add : add_undecided);
}

/* ---- beginning ---- */

static int cut_behind(struct qetl_letter_store *store, const char *path,
                      const struct qetl_letters_behind *behind)
{
    struct qetl_letter_file other = {.fd = -1}, *file = &other;
    struct stat at;
    bool any;
    if (stat(path, &at) || !S_ISREG(at.st_mode))
        return 0;
    if (store->file.fd >= 0 && strcmp(store->path, path) == 0)
        file = &store->file;
    int error = qetl_letter_file_look(path, behind, &any);
    if (error || !any)
        return error;
    if (file == &other)
        error = qetl_letter_file_open(file, path);
    if (!error)
        error = qetl_letter_file_cut(file, behind);
    qetl_letter_file_close(&other);
    return error;
}

/* Letters of a state may stand in both of the files. */
static int forget(struct qetl_letter_store *store, uint64_t epoch)
{
    struct qetl_letters_behind behind = {"state", store->owner, epoch};
    const char *path = store->main_path ? store->main_path : store->path;
    if (!*store->owner) { /* what this very process wrote */
        behind = (struct qetl_letters_behind){"run", store->run, epoch};
        return store->file.fd >= 0 ? cut_behind(store, store->path, &behind) : 0;
    }
    char *apart = store->default_path && store->named ? path_apart(store) : NULL;
    int error = cut_behind(store, path, &behind);
    if (!error && apart)
        error = cut_behind(store, apart, &behind);
    free(apart);
    return error;
}

static int check_length(struct qetl_letter_store *store, const struct qetl_letter_length *length)
{
    int64_t last = store->file.last;
    int error = length->apart && !store->main_path ? go_apart(store) : 0;
    if (!error && store->file.fd < 0)
        error = qetl_letter_file_peek(store->path, &last);
    bool stream = store->stream || store->file.stream;
    return !error && !stream && last < length->last ? ENOENT : error;
}

/* The mark is in the file, or will be with the first decision. */
static int begin_replay(struct qetl_letter_store *store, const struct qetl_letter_length *length)
{
    int error =
        qetl_letter_file_cut_replays(&store->file, length ? length->last : store->replays_from);
    if (error || length)
        return error;
    return qetl_letter_bins_put(&store->bins, 0, store->mark, strlen(store->mark), ".");
}

int32_t qetl_letter_store_begin(struct qetl_letter_store *store, uint64_t epoch,
                                const struct qetl_letter_length *length)
{
    if (!store->enabled)
        return 0;
    pthread_mutex_lock(&store->lock);
    qetl_letter_bins_clear(&store->bins);
    store->looked = store->sender.replay; /* what is taken back leaves room */
    store->bytes = store->sender.replay ? store->file.size : 0;
    store->wrote &= length != NULL;
    pthread_mutex_unlock(&store->lock);
    int error = length ? check_length(store, length) : 0;
    if (error)
        return error;
    return store->sender.replay ? begin_replay(store, length) : forget(store, epoch);
}

/* ---- what there is ---- */

const char *qetl_letter_store_path(const struct qetl_letter_store *store)
{
    struct qetl_letter_store *s = (struct qetl_letter_store *)store;
    pthread_mutex_lock(&s->lock);
    const char *path = s->wrote && !s->error ? s->path : NULL;
    pthread_mutex_unlock(&s->lock);
    return path;
}

const char *qetl_letter_store_name(const struct qetl_letter_store *store)
{
    return store->path;
}

const char *qetl_letter_store_reason(int error)
{
    switch (error) {
    case EWOULDBLOCK:
        return "another process has it: give each run a file of its own, or wait";
    case EBADMSG:
        return "it holds something else than dead letters: name another file";
    case EDQUOT:
        return "they have reached max_size: replay or drop some of them (qetl dlq)";
    default:
        return strerror(error);
    }
}

void qetl_letter_store_free(struct qetl_letter_store *store)
{
    if (!store)
        return;
    qetl_letter_bins_clear(&store->bins);
    qetl_letter_file_close(&store->file);
    pthread_mutex_destroy(&store->lock);
    free(store->pipeline);
    free(store->main_path);
    free(store->path);
    free(store);
}
