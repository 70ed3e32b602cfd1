/* SPDX-License-Identifier: Apache-2.0 */
/*
 * newplugin: a source. One row for each file of a folder: its name, its size, when it was changed.
 *
 * What you will change: the columns, `files_row`, and the options, which the manifest
 * newplugin.qetl.json declares. What has to stay true is said where it matters; what can be said
 * beside it stands in qetl/row_source.h.
 */
#include <qetl/row_source.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

QETL_EMBED_MANIFEST("newplugin.qetl.json");

/* The state of one instance, zeroed before the first call. There are no globals, since a pipeline
 * may use the plugin twice. */
struct files {
    struct qetl_row row; /* the first member: the row at hand, and whom to report to */
    const char *path, *suffix;
    struct dirent **entries; /* in the order of their names, so that a position means something */
    int n_entries, at;
    char last[NAME_MAX + 1]; /* the name that was read last */
};

/* They were checked against the manifest's schema already. */
static const struct qetl_option_field options[] = {
    {"/path", QETL_OPTION_TEXT, offsetof(struct files, path), NULL, NULL},
    {"/suffix", QETL_OPTION_TEXT, offsetof(struct files, suffix), "", NULL},
};

/* What a run that is cut short has to know when it goes on, in another process, a week later. */
static const struct qetl_kept_field position[] = {QETL_KEPT_TEXT(struct files, last)};

static void entries_free(struct files *f)
{
    for (int i = 0; i < f->n_entries; i++)
        free(f->entries[i]);
    free(f->entries);
    f->entries = NULL;
    f->n_entries = f->at = 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* The place to connect. The position stands in the state: "" and 0 at first, or where to go on. */
static int32_t files_open(void *self)
{
    struct files *f = self;
    entries_free(f); /* it may come again */
    int n = scandir(f->path, &f->entries, NULL, by_name);
    if (n < 0)
        return qetl_fail(f->row.env, QETL_E_ENVIRONMENT, "/path", "name a folder that can be read",
                         "%s: %s", f->path, strerror(errno));
    f->n_entries = n;
    while (f->at < n && strcmp(f->entries[f->at]->d_name, f->last) <= 0)
        f->at++;
    return QETL_OK;
}

static bool is_wanted(const struct files *f, const char *name, struct stat *about)
{
    char path[PATH_MAX];
    size_t size = strlen(name), end = strlen(f->suffix);
    if (size < end || strcmp(name + size - end, f->suffix) != 0)
        return false;
    int n = snprintf(path, sizeof path, "%s/%s", f->path, name);
    return n > 0 && (size_t)n < sizeof path && !stat(path, about) && S_ISREG(about->st_mode);
}

/* The next row: one value for each column, and the position moved behind it. It does not wait for
 * long: with nothing to tell yet it answers QETL_IDLE. */
static int32_t files_row(void *self)
{
    struct files *f = self;
    struct stat about;
    if (f->at == f->n_entries)
        return QETL_END;
    const char *name = f->entries[f->at++]->d_name;
    int64_t size = snprintf(f->last, sizeof f->last, "%s", name);
    if (!is_wanted(f, name, &about))
        return QETL_ROW_NONE;
    if (!qetl_utf8_valid(name, size)) /* no reason to fail: the row goes to the dead letters */
        return qetl_row_reject_bytes(&f->row, "bad_utf8", name, size, "the name is not UTF-8");
    qetl_row_put_text(&f->row, 0, name, size);
    qetl_row_put_int(&f->row, 1, about.st_size);
    qetl_row_put_int(&f->row, 2,
                     (int64_t)about.st_mtim.tv_sec * 1000000 + about.st_mtim.tv_nsec / 1000);
    return QETL_OK;
}

/* Once, whatever came before: so it must bear a state that is half made. */
static void files_close(void *self)
{
    entries_free(self);
}

static const struct qetl_row_source files = {
    .columns = "name text, size bigint, modified timestamptz",
    .options = QETL_TABLE(options),
    .position = QETL_TABLE(position),
    .open = files_open,
    .row = files_row,
    .close = files_close,
};

QETL_ROW_SOURCE(files, "newplugin", struct files)
QETL_PLUGIN("newplugin", "0.1.0", &files_component)
