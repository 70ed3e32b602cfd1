/* SPDX-License-Identifier: Apache-2.0 */
/*
 * newplugin: a sink. Each epoch's rows become one more file of a folder. A file appears under its
 * name when its epoch was decided, whole, and once: also when the run is killed on the way.
 *
 *   write    into a hidden file                 nobody sees it
 *   prepare  to disk; a handle names it         it will not be lost, and still nobody sees it
 *   commit   renamed                            may be repeated, also by the next process
 *   abort    removed                            so may this
 *
 * What you will change: what `write`, `prepare`, `commit` and `abort` do, and the options, which
 * the manifest newplugin.qetl.json declares.
 */
#include <qetl/manifest.h>
#include <qetl/sdk.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

QETL_EMBED_MANIFEST("newplugin.qetl.json");

enum { STATE_VERSION = 1, OWNER_SIZE = 208, NAME_SIZE = 256 };

/* The state of one instance: the host gives it to every call, zeroed before the first. There are no
 * globals, since a pipeline may use the plugin twice. */
struct parts {
    struct qetl_env env;       /* whom to report to; every helper that can fail wants it */
    const char *path, *suffix; /* options live as long as the instance */
    int folder, file;          /* descriptors; one more than they are, so that 0 is none */
    char owner[OWNER_SIZE];    /* begins the names of hidden files: `.OWNER.` */
    char name[NAME_SIZE];      /* of the hidden file that is being written */
};

/* What create reads, from what the manifest's schema allows; defaults are filled in there. */
static const struct qetl_option_field options[] = {
    {"/path", QETL_OPTION_TEXT, offsetof(struct parts, path), NULL, NULL},
    {"/suffix", QETL_OPTION_TEXT, offsetof(struct parts, suffix), ".ndjson", NULL},
};

static int32_t fail(const struct parts *p, int32_t code, const char *name)
{
    return qetl_fail(p->env, code, "/path", "make room, or mend the folder's permissions", "%s: %s",
                     name, strerror(errno));
}

/* Whose hidden files these are. A process that goes on with a run has the same name as the one that
 * was killed, so that it can tell what that one left behind from what others are writing. */
static void owner_name(struct parts *p)
{
    const struct qetl_run_facts *run = p->env.host->get_extension(p->env.ctx, QETL_EXT_RUN);
    const char *name = run && run->owner ? run->owner(p->env.ctx) : NULL;
    if (name)
        snprintf(p->owner, sizeof p->owner, ".%.200s.", name);
    else
        snprintf(p->owner, sizeof p->owner, ".run-%ld.", (long)getpid());
    for (char *c = p->owner; *c; c++)
        *c = (char)(*c == '/' ? '_' : *c);
}

static int32_t parts_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                            const char *config)
{
    struct parts *p = self;
    (void)config; /* the options once more, as JSON text */
    p->env = (struct qetl_env){host, ctx};
    owner_name(p);
    return qetl_options_read(p->env, options, 2, p);
}

static int32_t file_give_up(struct parts *p)
{
    if (!p->file)
        return QETL_OK;
    close(p->file - 1);
    p->file = 0;
    return unlinkat(p->folder - 1, p->name, 0) && errno != ENOENT
               ? fail(p, QETL_E_ENVIRONMENT, p->name)
               : QETL_OK;
}

/* Called once, whatever create answered: so it must bear a state that is half made. */
static void parts_destroy(void *self)
{
    struct parts *p = self;
    file_give_up(p);
    if (p->folder)
        close(p->folder - 1);
}

/* A folder that was made is on the disk once the one that it lies in is. */
static int32_t folder_keep(struct parts *p)
{
    int above = openat(p->folder - 1, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int32_t status = above < 0 || fsync(above) ? fail(p, QETL_E_ENVIRONMENT, p->path) : QETL_OK;
    if (above >= 0)
        close(above);
    return status;
}

/* Behind create, and before any other call: the place to connect. */
static int32_t parts_start(void *self)
{
    struct parts *p = self;
    bool made = !mkdir(p->path, 0777);
    if (!made && errno != EEXIST)
        return fail(p, QETL_E_ENVIRONMENT, p->path);
    p->folder = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) + 1;
    if (!p->folder)
        return fail(p, QETL_E_ENVIRONMENT, p->path);
    return made ? folder_keep(p) : QETL_OK;
}

static int32_t parts_describe(void *self, struct qetl_sink_info *out)
{
    (void)self;
    out->takes = QETL_TAKES_BYTES; /* the format of the pipeline has made them of the rows */
    out->delivery = QETL_TRANSACTIONAL;
    out->commit = QETL_COMMIT_TWO_PHASE;
    return QETL_OK;
}

/* What was prepared and decided has been committed by now, and the rest aborted. Hidden files of
 * this owner that are still here were never prepared. */
static int32_t parts_open(void *self, uint32_t stream, const struct ArrowSchema *schema)
{
    struct parts *p = self;
    struct dirent *entry;
    (void)stream;
    (void)schema;
    int fd = openat(p->folder - 1, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (!entries)
        return fail(p, QETL_E_ENVIRONMENT, ".");
    while ((entry = readdir(entries)))
        if (strncmp(entry->d_name, p->owner, strlen(p->owner)) == 0)
            unlinkat(p->folder - 1, entry->d_name, 0);
    closedir(entries);
    return QETL_OK;
}

static int32_t file_begin(struct parts *p)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(p->name, sizeof p->name, "%s%" PRIu64, p->owner,
             (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec);
    p->file = openat(p->folder - 1, p->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666) + 1;
    return p->file ? QETL_OK : fail(p, QETL_E_ENVIRONMENT, p->name);
}

static int32_t parts_write(void *self, struct qetl_write *write_)
{
    struct parts *p = self;
    const char *bytes = write_->bytes;
    int32_t status = p->file ? QETL_OK : file_begin(p);
    for (int64_t done = 0; !status && done < write_->bytes_size;) {
        ssize_t n = write(p->file - 1, bytes + done, (size_t)(write_->bytes_size - done));
        if (n >= 0)
            done += n;
        else if (errno != EINTR)
            status = fail(p, QETL_E_ENVIRONMENT, p->name);
    }
    write_->rows_written = status ? 0 : write_->rows; /* the host's ledger must balance */
    return status;
}

/* The last chance to fail: behind it the epoch may be decided. */
static int32_t parts_prepare(void *self, const struct qetl_epoch *epoch,
                             const struct qetl_writer *handle)
{
    struct parts *p = self;
    (void)epoch;
    if (!p->file)
        return QETL_OK; /* an epoch without rows */
    if (fsync(p->file - 1) || fsync(p->folder - 1))
        return fail(p, QETL_E_ENVIRONMENT, p->name);
    close(p->file - 1);
    p->file = 0;
    return handle->write(handle->stream, p->name, strlen(p->name));
}

/* The handle's hidden file, and the name that its rows get: part-EPOCH-WHEN. */
static void names(const struct parts *p, const struct qetl_epoch *epoch, struct qetl_blob handle,
                  char *hidden, char *shown)
{
    snprintf(hidden, NAME_SIZE, "%.*s", (int)handle.size, (const char *)handle.data);
    const char *when = strrchr(hidden, '.');
    snprintf(shown, NAME_SIZE, "part-%012" PRIu64 "-%.32s%.64s", epoch->number,
             when ? when + 1 : "", p->suffix);
}

/* Repeated until it succeeds, perhaps by another process: what is renamed already is no mistake. */
static int32_t parts_commit(void *self, const struct qetl_epoch *epoch, int64_t n_handles,
                            const struct qetl_blob *handles)
{
    struct parts *p = self;
    char hidden[NAME_SIZE], shown[NAME_SIZE];
    for (int64_t i = 0; i < n_handles; i++) {
        names(p, epoch, handles[i], hidden, shown);
        if (!renameat(p->folder - 1, hidden, p->folder - 1, shown))
            continue;
        if (errno != ENOENT)
            return fail(p, QETL_E_RETRY_CALL, hidden);
        if (faccessat(p->folder - 1, shown, F_OK, 0))
            return fail(p, QETL_E_IN_DOUBT, hidden); /* somebody removed it: that must be told */
    }
    return fsync(p->folder - 1) ? fail(p, QETL_E_RETRY_CALL, "the folder") : QETL_OK;
}

static int32_t parts_abort(void *self, const struct qetl_epoch *epoch, int64_t n_handles,
                           const struct qetl_blob *handles)
{
    struct parts *p = self;
    char hidden[NAME_SIZE], shown[NAME_SIZE];
    for (int64_t i = 0; i < n_handles; i++) {
        names(p, epoch, handles[i], hidden, shown);
        if (unlinkat(p->folder - 1, hidden, 0) && errno != ENOENT)
            return fail(p, QETL_E_RETRY_CALL, hidden);
    }
    return file_give_up(p); /* and what was written since */
}

/* Behind each prepare: what the rows to come depend on. Here that is nothing, which has to be said:
 * a two-phase sink without save has one epoch, the last. */
static int32_t parts_save(void *self, uint32_t *version, const struct qetl_writer *out)
{
    (void)self;
    (void)out;
    *version = STATE_VERSION;
    return QETL_OK;
}

static int32_t parts_restore(void *self, uint32_t version, const struct qetl_reader *in)
{
    struct parts *p = self;
    (void)in;
    return version == STATE_VERSION
               ? QETL_OK
               : qetl_fail(p->env, QETL_E_UNSUPPORTED, NULL, "begin anew with --full-refresh",
                           "the state is of another version of this plugin");
}

static const struct qetl_sink parts_sink = {.struct_size = sizeof parts_sink,
                                            .describe = parts_describe,
                                            .open = parts_open,
                                            .write = parts_write,
                                            .prepare = parts_prepare,
                                            .commit = parts_commit,
                                            .abort = parts_abort};

static const struct qetl_component parts = {.struct_size = sizeof parts,
                                            .kind = QETL_SINK,
                                            .id = "newplugin",
                                            .state_size = sizeof(struct parts),
                                            .create = parts_create,
                                            .destroy = parts_destroy,
                                            .start = parts_start,
                                            .save = parts_save,
                                            .restore = parts_restore,
                                            .sink = &parts_sink};

QETL_PLUGIN("newplugin", "0.1.0", &parts)
