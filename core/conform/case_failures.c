/* SPDX-License-Identifier: Apache-2.0 */
/* What cannot work: whoever fails says so, why, and in which option. That nothing fails is right,
 * too: much can be read, and folders can be made. */
#include "cases.h"

#include "host/call.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RUN_MS = 200, NOBODY = 65534 };

/* The scratch folder is as the check has it, but for what `spoil` does, in its way; without it:
 * how many rows come at once. */
static void failure_try(const struct conform_trial *t, const json_t *options, const char *what,
                        void (*spoil)(const struct conform_trial *, int), int how)
{
    struct conform_knobs k = {.options = options,
                              .rows = spoil ? 0 : how,
                              .leave_ns = qetl_call_now_ns() + RUN_MS * 1000000LL};
    struct conform_bench b;
    if (!conform_may_try(t))
        return;
    conform_record_trying(t->record, what);
    conform_scratch(t);
    if (spoil)
        spoil(t, how);
    conform_drive(&b, t, &k);
    conform_bench_close(&b);
    conform_record_trying(t->record, "");
}

/* ---- files ---- */

/* A regular file, which is no folder, and a folder, which is no file. */
static void block_make(const struct conform_trial *t, int how)
{
    char path[CONFORM_PATH];
    (void)how;
    snprintf(path, sizeof path, "%s/folder", t->scratch);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/block", t->scratch);
    FILE *file = fopen(path, "we");
    if (file)
        fclose(file);
}

/* Each option with the place of a file, at one where there can be none. */
static void places_try(const struct conform_trial *t)
{
    static const struct {
        const char *path, *what;
    } places[] = {{"%s/no/such/folder/in.csv", "a place in a folder that there is not"},
                  {"%s/folder", "a folder for a file"},
                  {"%s/block/in.csv", "a place below a file"}};
    const char *name;
    json_t *schema;
    json_object_foreach (json_object_get(t->promised->options, "properties"), name, schema) {
        if (!json_object_get(schema, "x-file") ||
            !json_is_string(json_object_get(t->check->options, name)))
            continue;
        for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
            char path[CONFORM_PATH], what[120];
            snprintf(path, sizeof path, places[i].path, t->scratch);
            snprintf(what, sizeof what, "%s for %.40s", places[i].what, name);
            json_t *options = json_copy(t->check->options);
            json_object_set_new(options, name, json_string(path));
            failure_try(t, options, what, block_make, 0);
            json_decref(options);
        }
    }
}

/* No file grows. A device that is full, such as there is one, would not do: who is to be checked
 * may put a file in its place. */
static void disk_fill(const struct conform_trial *t, int how)
{
    struct rlimit limit;
    (void)t;
    (void)how;
    if (getrlimit(RLIMIT_FSIZE, &limit))
        return;
    limit.rlim_cur = 0;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
}

static void disk_try(const struct conform_trial *t)
{
    struct rlimit before;
    if (getrlimit(RLIMIT_FSIZE, &before))
        return;
    failure_try(t, NULL, "a disk that is full", disk_fill, 0);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_DFL);
}

enum { EMPTY, HALF, OTHER, BROKEN, DAMAGES };

/* It opens, and each read of it fails: as on a disk that breaks. */
static void file_break(const char *path)
{
    if (unlink(path) == 0 && symlink("/proc/self/mem", path))
        unlink(path);
}

static void file_damage(const char *path, int how)
{
    struct stat about;
    if (how == BROKEN) {
        file_break(path);
        return;
    }
    if (stat(path, &about) || truncate(path, how == EMPTY  ? 0
                                             : how == HALF ? about.st_size / 2
                                                           : about.st_size))
        return;
    FILE *file = how == OTHER ? fopen(path, "r+e") : NULL;
    for (long at = 3; file && at < about.st_size; at += 97) {
        fseek(file, at, SEEK_SET);
        fputc(0x80 + (int)(at % 64), file);
    }
    if (file)
        fclose(file);
}

static void files_damage(const struct conform_trial *t, int how)
{
    const char *name;
    json_t *content;
    char path[CONFORM_PATH];
    json_object_foreach ((json_t *)t->check->files, name, content) {
        snprintf(path, sizeof path, "%s/%.100s", t->scratch, name);
        file_damage(path, how);
    }
    snprintf(path, sizeof path, "%s/in.csv", t->scratch);
    file_damage(path, how);
}

static void files_try(const struct conform_trial *t)
{
    static const char *const what[DAMAGES] = {"files that are empty", "half of each file",
                                              "damaged files", "files of which reading fails"};
    for (int how = 0; how < DAMAGES; how++)
        failure_try(t, NULL, what[how], files_damage, how);
}

/* Who may open nothing there; the superuser is somebody else for that time. */
static void files_close(const struct conform_trial *t, bool close)
{
    if (geteuid() == 0)
        setfsuid(close ? NOBODY : 0);
    else
        chmod(t->scratch, close ? 0 : 0700);
}

/* Rows that do not come although nobody said why are lost. */
static void closed_try(const struct conform_trial *t)
{
    struct conform_knobs k = {.leave_ns = qetl_call_now_ns() + RUN_MS * 1000000LL}, none = {0};
    struct conform_bench plain, closed;
    char difference[CONFORM_DIFFERENCE];
    bool ran = !conform_try(&plain, t, &none) && conform_may_try(t);
    conform_record_trying(t->record, "files that nobody may open");
    if (ran) {
        conform_scratch(t);
        files_close(t, true);
        int32_t status = conform_drive(&closed, t, &k);
        files_close(t, false);
        if (!status && !t->record->unruly && closed.outs[0].size < plain.outs[0].size &&
            conform_outcome_differs(&plain, &closed, false, difference))
            conform_break(t->record, CONFORM_ERROR_RULE, "rows do not come, and no call fails: %s",
                          difference);
        conform_bench_close(&closed);
    }
    conform_bench_close(&plain);
    conform_record_trying(t->record, "");
}

/* ---- columns ---- */

/* A table with the columns of another, and no more rows. */
static void columns_try(const struct conform_trial *t)
{
    static const char *const texts[] = {"other\n\n", "name\na name\n",
                                        "name,text\n\"a\nname\",\"\"\n\x01,\"say \"\"hi\"\"\"\n",
                                        ""};
    static const char *const what[] = {"one column that is always NULL", "one column of text",
                                       "texts of odd letters", "columns of other names and types"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct conform_check other = *t->check;
        struct conform_trial with = *t;
        struct conform_table table = {0};
        int bad = *texts[i] ? conform_table_read(&table, texts[i], false, NULL)
                            : conform_table_invent(&table);
        for (size_t k = 0; k < other.n_tables; k++)
            other.tables[k] = table;
        with.check = &other;
        if (!bad)
            failure_try(&with, NULL, what[i], NULL, t->promised->kind == QETL_FORMAT);
        conform_table_free(&table);
    }
}

void conform_case_failures(const struct conform_trial *t)
{
    if (t->promised->kind == QETL_SOURCE) {
        files_try(t);
        closed_try(t);
    } else {
        disk_try(t);
        columns_try(t);
    }
    places_try(t);
    conform_hold(t->record, CONFORM_ERROR_RULE);
}
