/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sink that writes each epoch into a file of its own, which appears when the epoch was decided,
 * and once. Until then the rows stand in a file whose name begins with a point.
 *
 * prepare makes the rows durable and names them by a handle; commit gives the file its name; abort
 * removes it. Both may be called again, by a process that wrote none of it: what is there tells
 * what is left to do.
 */
#include <qetl/manifest.h>
#include <qetl/parcel.h>
#include <qetl/rows.h>
#include <qetl/sdk.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

QETL_EMBED_MANIFEST("journal.qetl.json");

enum { PATH_SIZE = 1024, HANDLE = 1 };

struct journal {
    struct qetl_env env;
    const char *folder, *prefix;
    struct ArrowSchema schema;
    struct qetl_column *columns;
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
    return qetl_fail(j->env, errno == ENOSPC ? QETL_E_RETRY_EPOCH : QETL_E_ENVIRONMENT, "/folder",
                     NULL, "%s: %s", path, strerror(errno));
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

static int32_t journal_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                              const char *config)
{
    struct journal *j = self;
    (void)config;
    j->env = (struct qetl_env){host, ctx};
    j->line.reserve = line_reserve;
    return qetl_options_read(j->env, options, 2, j);
}

static void journal_destroy(void *self)
{
    struct journal *j = self;
    if (j->file)
        fclose(j->file);
    free(j->line.data);
    free(j->columns);
    qetl_schema_release(&j->schema);
}

static int32_t journal_describe(void *self, struct qetl_sink_info *out)
{
    (void)self;
    out->takes = QETL_TAKES_BATCHES;
    out->delivery = QETL_TRANSACTIONAL;
    out->commit = QETL_COMMIT_TWO_PHASE;
    return QETL_OK;
}

/* What a process that died has staged, and was not decided. The host has committed or aborted all
 * that was prepared before it opens a sink. */
static int32_t left_overs_remove(const struct journal *j)
{
    char path[PATH_SIZE], begin[PATH_SIZE];
    DIR *folder = opendir(j->folder);
    if (!folder)
        return fail_file(j, j->folder);
    int size = snprintf(begin, sizeof begin, ".%s-", j->prefix);
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

static int32_t journal_open(void *self, uint32_t stream, const struct ArrowSchema *schema)
{
    struct journal *j = self;
    (void)stream;
    qetl_schema_release(&j->schema);
    free(j->columns);
    j->columns = calloc((size_t)schema->n_children + 1, sizeof *j->columns);
    int32_t status = j->columns ? qetl_schema_copy(schema, &j->schema) : QETL_E_NO_MEMORY;
    return status ? status : left_overs_remove(j);
}

/* Cells parted by tabs. A text that holds one, or a newline, would become two: its row goes. */
static int32_t row_write(struct journal *j, int64_t row)
{
    int32_t status = QETL_OK;
    j->line.size = 0;
    for (int64_t c = 0; c < j->schema.n_children && !status; c++) {
        int64_t from = j->line.size;
        if (!qetl_column_is_null(&j->columns[c], row))
            status = qetl_render(&j->columns[c], row, &j->line);
        for (int64_t i = from; i < j->line.size && !status; i++)
            if (j->line.data[i] == '\t' || j->line.data[i] == '\n') {
                qetl_rejectf(j->env, row, c, "separator_in_text",
                             "a tab or newline stands in column \"%s\"",
                             j->schema.children[c]->name);
                return QETL_E_DATA;
            }
        if (!status)
            status = qetl_space_put(&j->line, c + 1 < j->schema.n_children ? "\t" : "\n", 1);
    }
    if (!status && fwrite(j->line.data, 1, (size_t)j->line.size, j->file) != (size_t)j->line.size)
        status = fail_file(j, j->staged);
    return status;
}

static int32_t journal_write(void *self, struct qetl_write *write)
{
    struct journal *j = self;
    if (!j->file) {
        snprintf(j->staged, sizeof j->staged, "%s/.%s-XXXXXX", j->folder, j->prefix);
        int fd = mkstemp(j->staged);
        j->file = fd < 0 ? NULL : fdopen(fd, "w");
        if (!j->file)
            return fail_file(j, j->staged);
    }
    int32_t status = qetl_batch_open(&j->schema, write->batch, j->columns);
    write->rows_written = 0;
    for (int64_t row = 0; row < write->rows && !status; row++) {
        status = row_write(j, row);
        write->rows_written += !status;
        if (status == QETL_E_DATA)
            status = QETL_OK; /* rejected */
    }
    return status;
}

/* The handle: what the file is called now, and what it will be called. */
static int32_t journal_prepare(void *self, const struct qetl_epoch *epoch,
                               const struct qetl_writer *handle)
{
    struct journal *j = self;
    struct qetl_parcel parcel;
    char final[PATH_SIZE];
    if (!j->file)
        return QETL_OK;
    int failed = fflush(j->file) || fsync(fileno(j->file));
    failed |= fclose(j->file);
    j->file = NULL;
    if (failed)
        return fail_file(j, j->staged);
    snprintf(final, sizeof final, "%s/%s-%06llu.tsv", j->folder, j->prefix,
             (unsigned long long)epoch->number);
    qetl_parcel_begin(&parcel, HANDLE);
    qetl_parcel_put_text(&parcel, j->staged);
    qetl_parcel_put_text(&parcel, final);
    struct qetl_blob blob = qetl_parcel_blob(&parcel);
    return handle->write(handle->stream, blob.data, blob.size);
}

/* Nothing of an epoch goes on in the next one. That there is a save says so: without one, the host
 * would have a single epoch only. */
static int32_t journal_save(void *self, uint32_t *version, const struct qetl_writer *out)
{
    (void)self;
    (void)out;
    *version = 1;
    return QETL_OK;
}

static int32_t journal_restore(void *self, uint32_t version, const struct qetl_reader *in)
{
    struct journal *j = self;
    (void)in;
    return version == 1
               ? QETL_OK
               : qetl_fail(j->env, QETL_E_UNSUPPORTED, NULL, "begin anew with --full-refresh",
                           "this is no state of a journal");
}

static int32_t handle_read(const struct journal *j, struct qetl_blob handle, char *staged,
                           char *final)
{
    struct qetl_parcel_in in;
    qetl_parcel_open(&in, handle, HANDLE);
    qetl_parcel_text(&in, staged, PATH_SIZE);
    qetl_parcel_text(&in, final, PATH_SIZE);
    return qetl_parcel_close(&in)
               ? qetl_fail(j->env, QETL_E_UNSUPPORTED, NULL, NULL, "this is no handle of a journal")
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

static int32_t journal_commit(void *self, const struct qetl_epoch *epoch, int64_t n_handles,
                              const struct qetl_blob *handles)
{
    struct journal *j = self;
    char staged[PATH_SIZE], final[PATH_SIZE];
    (void)epoch;
    for (int64_t i = 0; i < n_handles; i++) {
        int32_t status = handle_read(j, handles[i], staged, final);
        if (status)
            return status;
        if (rename(staged, final) == 0)
            continue;
        if (errno != ENOENT)
            return fail_file(j, final);
        if (access(final, F_OK)) /* not renamed by an earlier commit either */
            return qetl_fail(j->env, QETL_E_IN_DOUBT, NULL, "look for it among the backups",
                             "%s was prepared, and is gone", staged);
    }
    return n_handles ? folder_sync(j) : QETL_OK;
}

static int32_t journal_abort(void *self, const struct qetl_epoch *epoch, int64_t n_handles,
                             const struct qetl_blob *handles)
{
    struct journal *j = self;
    char staged[PATH_SIZE], final[PATH_SIZE];
    (void)epoch;
    if (j->file) {
        fclose(j->file);
        j->file = NULL;
        unlink(j->staged);
    }
    for (int64_t i = 0; i < n_handles; i++) {
        int32_t status = handle_read(j, handles[i], staged, final);
        if (status)
            return status;
        if (unlink(staged) && errno != ENOENT)
            return fail_file(j, staged);
    }
    return QETL_OK;
}

static const struct qetl_sink journal_sink = {.struct_size = sizeof journal_sink,
                                              .describe = journal_describe,
                                              .open = journal_open,
                                              .write = journal_write,
                                              .prepare = journal_prepare,
                                              .commit = journal_commit,
                                              .abort = journal_abort};

static const struct qetl_component journal = {.struct_size = sizeof journal,
                                              .kind = QETL_SINK,
                                              .id = "journal",
                                              .state_size = sizeof(struct journal),
                                              .create = journal_create,
                                              .destroy = journal_destroy,
                                              .save = journal_save,
                                              .restore = journal_restore,
                                              .sink = &journal_sink};

QETL_PLUGIN("journal", "0.1.0", &journal)
