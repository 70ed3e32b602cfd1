/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sink that writes each epoch into a file of its own, which appears when the epoch was decided,
 * and once. Until then the rows stand in a file whose name begins with a point.
 *
 * prepare makes the rows durable and names them by a handle; commit gives the file its name; abort
 * removes it. Both may be called again, by a process that wrote none of it: what is there tells
 * what is left to do.
 */
#include <qetl/row_sink.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

QETL_EMBED_MANIFEST("journal.qetl.json");

enum { PATH_SIZE = 1024 };

struct journal {
    struct qetl_row row;
    const char *folder, *prefix;
    char mark[16]; /* of this sink's files, which no other has: other pipelines count epochs, too */
    const struct ArrowSchema *schema;
    FILE *file; /* of the epoch under way; NULL: no row came yet */
    char staged[PATH_SIZE];
    struct qetl_space line;
};

static const struct qetl_option_field options[] = {
    {"/folder", QETL_OPTION_TEXT, offsetof(struct journal, folder), NULL, NULL},
    {"/prefix", QETL_OPTION_TEXT, offsetof(struct journal, prefix), "rows", NULL},
};

static int32_t fail_file(const struct journal *j, const char *path)
{
    return qetl_fail(j->row.env, errno == ENOSPC ? QETL_E_RETRY_EPOCH : QETL_E_ENVIRONMENT,
                     "/folder", NULL, "%s: %s", path, strerror(errno));
}

static int32_t line_reserve(struct qetl_space *space, int64_t n)
{
    int64_t capacity = (space->size + n) * 2 + 64;
    uint8_t *data = realloc(space->data, (size_t)capacity);
    if (!data)
        return QETL_E_NO_MEMORY;
    space->data = data;
    space->capacity = capacity;
    return QETL_OK;
}

/* "-" and a number made of the owner's name. Without a state nobody goes on with the run. */
static void mark_make(struct journal *j)
{
    struct qetl_env env = j->row.env;
    const struct qetl_run_facts *run = env.host->get_extension(env.ctx, QETL_EXT_RUN);
    const char *owner = run && run->owner ? run->owner(env.ctx) : NULL;
    uint32_t number = 2166136261u;
    for (const char *c = owner; c && *c; c++)
        number = (number ^ (uint8_t)*c) * 16777619u;
    if (owner)
        snprintf(j->mark, sizeof j->mark, "-%08" PRIx32, number);
}

static int32_t journal_create(void *self)
{
    struct journal *j = self;
    j->line.reserve = line_reserve;
    mark_make(j);
    return QETL_OK;
}

static void journal_close(void *self)
{
    struct journal *j = self;
    if (j->file)
        fclose(j->file);
    free(j->line.data);
}

/* What a process that died has staged, and was not decided. The host has committed or aborted all
 * that was prepared before it opens a sink. */
static int32_t left_overs_remove(const struct journal *j)
{
    char path[PATH_SIZE], begin[PATH_SIZE];
    DIR *folder = opendir(j->folder);
    if (!folder)
        return fail_file(j, j->folder);
    int size = snprintf(begin, sizeof begin, ".%s%s-", j->prefix, j->mark);
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        if (strncmp(entry->d_name, begin, (size_t)size) != 0 ||
            strlen(entry->d_name) != (size_t)size + 6)
            continue;
        snprintf(path, sizeof path, "%s/%s", j->folder, entry->d_name);
        unlink(path);
    }
    closedir(folder);
    return QETL_OK;
}

static int32_t journal_open(void *self, const struct ArrowSchema *schema)
{
    struct journal *j = self;
    j->schema = schema;
    return left_overs_remove(j);
}

static int32_t file_begin(struct journal *j)
{
    snprintf(j->staged, sizeof j->staged, "%s/.%s%s-XXXXXX", j->folder, j->prefix, j->mark);
    int fd = mkstemp(j->staged);
    j->file = fd < 0 ? NULL : fdopen(fd, "w");
    return j->file ? QETL_OK : fail_file(j, j->staged);
}

/* Cells parted by tabs. A text that holds one, or a newline, would become two: its row goes. */
static int32_t journal_row(void *self)
{
    struct journal *j = self;
    int32_t status = j->file ? QETL_OK : file_begin(j);
    j->line.size = 0;
    for (int64_t c = 0; c < j->schema->n_children && !status; c++) {
        int64_t from = j->line.size;
        if (!qetl_row_is_null(&j->row, c))
            status = qetl_render(&j->row.columns[c], j->row.index, &j->line);
        for (int64_t i = from; i < j->line.size && !status; i++)
            if (j->line.data[i] == '\t' || j->line.data[i] == '\n')
                return qetl_row_reject(&j->row, c, "separator_in_text",
                                       "a tab or newline stands in column \"%s\"",
                                       j->schema->children[c]->name);
        if (!status)
            status = qetl_space_put(&j->line, c + 1 < j->schema->n_children ? "\t" : "\n", 1);
    }
    if (!status && fwrite(j->line.data, 1, (size_t)j->line.size, j->file) != (size_t)j->line.size)
        status = fail_file(j, j->staged);
    return status;
}

/* The handle: what the file is called now, and what it will be called. */
static int32_t journal_prepare(void *self, const struct qetl_epoch *epoch,
                               struct qetl_parcel *handle)
{
    struct journal *j = self;
    char final[PATH_SIZE];
    if (!j->file)
        return QETL_ROW_NONE;
    int failed = fflush(j->file) || fsync(fileno(j->file));
    failed |= fclose(j->file);
    j->file = NULL;
    if (failed)
        return fail_file(j, j->staged);
    snprintf(final, sizeof final, "%s/%s%s-%06llu.tsv", j->folder, j->prefix, j->mark,
             (unsigned long long)epoch->number);
    qetl_parcel_put_text(handle, j->staged);
    qetl_parcel_put_text(handle, final);
    return QETL_OK;
}

static int32_t handle_read(const struct journal *j, struct qetl_parcel_in *handle, char *staged,
                           char *final)
{
    qetl_parcel_text(handle, staged, PATH_SIZE);
    qetl_parcel_text(handle, final, PATH_SIZE);
    return qetl_parcel_close(handle) ? qetl_fail(j->row.env, QETL_E_UNSUPPORTED, NULL, NULL,
                                                 "this is no handle of a journal")
                                     : QETL_OK;
}

/* The name itself is durable once the folder is. */
static int32_t folder_sync(const struct journal *j)
{
    int fd = open(j->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed = fd < 0 || fsync(fd);
    if (fd >= 0)
        close(fd);
    return failed ? fail_file(j, j->folder) : QETL_OK;
}

static int32_t journal_commit(void *self, const struct qetl_epoch *epoch,
                              struct qetl_parcel_in *handle)
{
    struct journal *j = self;
    char staged[PATH_SIZE], final[PATH_SIZE];
    int32_t status = handle_read(j, handle, staged, final);
    (void)epoch;
    if (status)
        return status;
    if (rename(staged, final) == 0)
        return folder_sync(j);
    if (errno != ENOENT)
        return fail_file(j, final);
    if (access(final, F_OK)) /* not renamed by an earlier commit either */
        return qetl_fail(j->row.env, QETL_E_IN_DOUBT, NULL, "look for it among the backups",
                         "%s was prepared, and is gone", staged);
    return folder_sync(j);
}

static int32_t journal_abort(void *self, const struct qetl_epoch *epoch,
                             struct qetl_parcel_in *handle)
{
    struct journal *j = self;
    char staged[PATH_SIZE], final[PATH_SIZE];
    (void)epoch;
    if (!handle && j->file) {
        fclose(j->file);
        j->file = NULL;
        unlink(j->staged);
    }
    if (!handle)
        return QETL_OK;
    int32_t status = handle_read(j, handle, staged, final);
    if (!status && unlink(staged) && errno != ENOENT)
        status = fail_file(j, staged);
    return status;
}

static const struct qetl_row_sink journal = {
    .delivery = QETL_TRANSACTIONAL,
    .options = QETL_TABLE(options),
    .create = journal_create,
    .open = journal_open,
    .row = journal_row,
    .close = journal_close,
    .prepare = journal_prepare,
    .commit = journal_commit,
    .abort = journal_abort,
};

QETL_ROW_SINK_COMMITS(journal, "journal", struct journal)
QETL_PLUGIN("journal", "0.1.0", &journal_component)
