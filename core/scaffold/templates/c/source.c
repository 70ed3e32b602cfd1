/* SPDX-License-Identifier: Apache-2.0 */
/*
 * newplugin: a source. One row for each file of a folder: its name, its size, when it was changed.
 *
 * What you will change: `file_row`, the schema in `files_schema`, and the options, which the
 * manifest newplugin.qetl.json declares. What has to stay true is said where it matters.
 */
#define _POSIX_C_SOURCE 200809L
#include <qetl/manifest.h>
#include <qetl/parcel.h>
#include <qetl/sdk.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

QETL_EMBED_MANIFEST("newplugin.qetl.json");

enum { POSITION_VERSION = 1 }; /* another layout of positions: another number */

/* The state of one instance: the host gives it to every call, zeroed before the first. There are no
 * globals, since a pipeline may use the plugin twice. */
struct files {
    struct qetl_env env;       /* whom to report to; every helper that can fail wants it */
    const char *path, *suffix; /* options live as long as the instance */
    struct dirent **entries;   /* in the order of their names, so that a position means something */
    int n_entries, at;
    struct qetl_builder rows;
    struct qetl_parcel position;
};

/* What create reads, from what the manifest's schema allows; defaults are filled in there. */
static const struct qetl_option_field options[] = {
    {"/path", QETL_OPTION_TEXT, offsetof(struct files, path), NULL, NULL},
    {"/suffix", QETL_OPTION_TEXT, offsetof(struct files, suffix), "", NULL},
};

static int32_t no_memory(const struct files *f)
{
    return qetl_fail(f->env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for the list of files");
}

/* The columns: Arrow formats, of which "vu" is text and "l" bigint (qetl_type_parse knows all). */
static int32_t files_schema(struct ArrowSchema *out)
{
    int32_t status = qetl_schema_init_struct(out);
    if (!status)
        status = qetl_schema_add(out, "name", "vu");
    if (!status)
        status = qetl_schema_add(out, "size", "l");
    if (!status)
        status = qetl_schema_add(out, "modified", "tsu:UTC");
    return status;
}

static int32_t files_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                            const char *config)
{
    struct files *f = self;
    struct ArrowSchema schema = {0};
    (void)config; /* the options once more, as JSON text */
    f->env = (struct qetl_env){host, ctx};
    int32_t status = qetl_options_read(f->env, options, 2, f);
    if (status)
        return status;
    status = files_schema(&schema);
    if (!status)
        status = qetl_builder_open(&f->rows, f->env, &schema, 0);
    qetl_schema_release(&schema);
    return status ? no_memory(f) : QETL_OK;
}

/* Called once, whatever create answered: so it must bear a state that is half made. */
static void files_destroy(void *self)
{
    struct files *f = self;
    for (int i = 0; i < f->n_entries; i++)
        free(f->entries[i]);
    free(f->entries);
    qetl_builder_free(&f->rows);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Behind create, and before any data call: the place to connect, and to find out that it fails. */
static int32_t files_start(void *self)
{
    struct files *f = self;
    int n = scandir(f->path, &f->entries, NULL, by_name);
    if (n >= 0)
        f->n_entries = n;
    else
        return qetl_fail(f->env, QETL_E_ENVIRONMENT, "/path", "name a folder that can be read",
                         "%s: %s", f->path, strerror(errno));
    return QETL_OK;
}

static int32_t files_describe(void *self, struct qetl_source_info *out)
{
    (void)self;
    out->emits = QETL_EMITS_BATCHES;
    out->delivery = QETL_REPLAYABLE; /* open() at a position brings the same rows again */
    out->bytes_expected = out->rows_expected = -1;
    return files_schema(&out->schema);
}

/* Behind the file whose name the position holds. One that is cut off or damaged is refused. */
static int32_t position_find(struct files *f, struct qetl_blob position)
{
    char last[NAME_MAX + 1];
    struct qetl_parcel_in in;
    qetl_parcel_open(&in, position, POSITION_VERSION);
    qetl_parcel_text(&in, last, sizeof last);
    if (qetl_parcel_close(&in))
        return qetl_fail(f->env, QETL_E_UNSUPPORTED, NULL, "begin anew with --full-refresh",
                         "the saved position cannot be read");
    while (f->at < f->n_entries && strcmp(f->entries[f->at]->d_name, last) <= 0)
        f->at++;
    return QETL_OK;
}

/* position: what `next` gave out last in a run that was cut short; NULL: from the beginning. */
static int32_t files_open(void *self, struct qetl_blob split, const struct qetl_blob *position)
{
    struct files *f = self;
    (void)split; /* a source that can be read in parts plans splits; this one has one */
    f->at = 0;
    return position ? position_find(f, *position) : QETL_OK;
}

/* A row that cannot go on is no reason to fail: it goes to the dead letters, with its reason. */
static void file_reject(const struct files *f, const char *name, int64_t row)
{
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .row = row,
                                 .column = 0,
                                 .code = "bad_utf8",
                                 .message = "the file's name is not UTF-8",
                                 .bytes = name,
                                 .bytes_size = (int64_t)strlen(name)};
    f->env.host->reject(f->env.ctx, &reject);
}

static bool is_wanted(const struct files *f, const char *name, struct stat *about)
{
    char path[4096];
    size_t size = strlen(name), end = strlen(f->suffix);
    if (size < end || strcmp(name + size - end, f->suffix) != 0)
        return false;
    int n = snprintf(path, sizeof path, "%s/%s", f->path, name);
    return n > 0 && (size_t)n < sizeof path && !stat(path, about) && S_ISREG(about->st_mode);
}

/* One value for each column, then the row itself. read: how many rows this call has seen. */
static int32_t file_row(struct files *f, const char *name, int64_t *read)
{
    struct qetl_builder *columns = f->rows.children;
    struct stat about;
    if (!is_wanted(f, name, &about))
        return QETL_OK;
    if (!qetl_utf8_valid(name, (int64_t)strlen(name))) {
        file_reject(f, name, (*read)++);
        return QETL_OK;
    }
    ++*read;
    int64_t modified_us = (int64_t)about.st_mtim.tv_sec * 1000000 + about.st_mtim.tv_nsec / 1000;
    int32_t status = qetl_builder_text(&columns[0], name, (int64_t)strlen(name));
    if (!status)
        status = qetl_builder_int(&columns[1], about.st_size);
    if (!status)
        status = qetl_builder_int(&columns[2], modified_us);
    return status ? status : qetl_builder_struct(&f->rows);
}

/* A batch of at most max_rows, and where to go on behind it. No call waits for long. */
static int32_t files_next(void *self, const struct qetl_demand *demand, struct qetl_item *out)
{
    struct files *f = self;
    int64_t read = 0;
    int32_t status = QETL_OK;
    if (f->at == f->n_entries)
        return QETL_END;
    while (!status && f->at < f->n_entries && read < demand->max_rows)
        status = file_row(f, f->entries[f->at++]->d_name, &read);
    if (!status)
        status = qetl_builder_close(&f->rows, &out->batch);
    if (status)
        return no_memory(f);
    /* CUT: a run that is cut short may go on here. The position is any bytes that open() knows
     * again, also in another process; they are read before the next call. */
    qetl_parcel_begin(&f->position, POSITION_VERSION);
    qetl_parcel_put_text(&f->position, f->entries[f->at - 1]->d_name);
    out->flags = QETL_ITEM_CUT;
    out->position = qetl_parcel_blob(&f->position);
    return QETL_BATCH;
}

static const struct qetl_source files_source = {.struct_size = sizeof files_source,
                                                .describe = files_describe,
                                                .open = files_open,
                                                .next = files_next};

static const struct qetl_component files = {.struct_size = sizeof files,
                                            .kind = QETL_SOURCE,
                                            .id = "newplugin",
                                            .state_size = sizeof(struct files),
                                            .create = files_create,
                                            .destroy = files_destroy,
                                            .start = files_start,
                                            .source = &files_source};

QETL_PLUGIN("newplugin", "0.1.0", &files)
