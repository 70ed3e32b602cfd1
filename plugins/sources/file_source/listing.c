/* SPDX-License-Identifier: Apache-2.0 */
#include "listing.h"

#include "choice.h"
#include "fault.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct entry { /* one entry of the option */
    struct qetl_env env;
    struct choice *choice;
    const char *path;
    char option[32]; /* its JSON pointer */
};

static int32_t entry_missing(const struct entry *e, int32_t code, const char *what)
{
    char *near = listing_near(e->path);
    char *folder = getcwd(NULL, 0);
    char line[2048], suggestion[1024];
    struct qetl_error_info info = {.struct_size = sizeof info,
                                   .code = code,
                                   .message = line,
                                   .suggestion = suggestion,
                                   .option = e->option,
                                   .vendor_code = "ENOENT"};
    snprintf(line, sizeof line, "%s: %s (working folder: %s)", e->path, what,
             folder ? folder : "unknown");
    if (near)
        snprintf(suggestion, sizeof suggestion, "did you mean %s?", near);
    else
        snprintf(suggestion, sizeof suggestion,
                 "check the path; a relative one starts at the working folder");
    free(near);
    free(folder);
    return e->env.host->error(e->env.ctx, &info);
}

/* 0 or an errno: the regular files of a folder, from `first` on. */
static int folder_read(const struct choice *choice, const char *folder, struct names *out)
{
    struct glob_rules rules = choice->rules;
    int64_t first = out->count, kept = first;
    char *culprit = NULL;
    rules.depth = rules.depth < 0 ? 0 : rules.depth;
    int error = glob_folder(folder, &rules, out, &culprit);
    for (int64_t i = first; i < out->count; i++) {
        struct stat st;
        /* also what cannot be examined: opening will say why */
        if (stat(out->items[i], &st) != 0 || S_ISREG(st.st_mode))
            out->items[kept++] = out->items[i];
        else
            free(out->items[i]);
    }
    out->count = kept;
    free(culprit);
    return error;
}

static bool is_choosy(const struct choice *c)
{
    return c->exclude.count || c->since.given || c->before.given || c->rules.skip_links;
}

static int32_t none_left(const struct entry *e, const char *what)
{
    if (e->choice->none_is_fine)
        return QETL_OK;
    return qetl_fail(e->env, QETL_E_CONFIG, e->option,
                     "look at exclude, modified_since, modified_before and symlinks; no_match: "
                     "empty lets a run go on without files",
                     "%s: %s", e->path, what);
}

static int32_t entry_folder(const struct entry *e, struct names *out)
{
    int64_t first = out->count;
    int error = folder_read(e->choice, e->path, out);
    if (error)
        return fault_report(e->env, error, e->option, e->path, "the folder cannot be read");
    choice_age(e->choice, out, first);
    if (out->count > first || e->choice->none_is_fine)
        return QETL_OK;
    if (is_choosy(e->choice))
        return none_left(e, "the folder holds no files that are wanted");
    return qetl_fail(e->env, QETL_E_CONFIG, e->option,
                     "for the files of subfolders set depth, or write a pattern, for example "
                     "\"FOLDER/**/*.csv\"; no_match: empty lets a run go on without files",
                     "%s: the folder holds no files (hidden ones and subfolders do not count)",
                     e->path);
}

static int32_t entry_pattern(const struct entry *e, struct names *out)
{
    int64_t first = out->count, folders = 0;
    char *culprit = NULL;
    int error = glob_expand(e->path, &e->choice->rules, out, &folders, &culprit);
    int32_t status = QETL_OK;
    if (error)
        status = fault_report(e->env, error, e->option, culprit ? culprit : e->path,
                              "cannot be looked into for the pattern");
    if (status)
        goto out;
    bool found = out->count > first;
    choice_age(e->choice, out, first);
    if (out->count > first || e->choice->none_is_fine)
        goto out;
    if (found || (is_choosy(e->choice) && !folders))
        status = none_left(e, "no file that matches this pattern is wanted");
    else if (folders)
        status = qetl_fail(e->env, QETL_E_CONFIG, e->option, "add /* for the files within them",
                           "%s: the pattern matches only folders", e->path);
    else
        status = entry_missing(e, QETL_E_CONFIG, "no file matches this pattern");
out:
    free(culprit);
    return status;
}

static int32_t entry_add(const struct entry *e, struct names *out)
{
    struct stat st;
    if (!*e->path)
        return qetl_fail(e->env, QETL_E_CONFIG, e->option, "name a file, a folder, a pattern or - ",
                         "the path is empty");
    if (strcmp(e->path, "-") == 0)
        return names_add(out, e->path) ? fault_memory(e->env) : QETL_OK;
    if (stat(e->path, &st) == 0) {
        if (S_ISDIR(st.st_mode))
            return entry_folder(e, out);
        return names_add(out, e->path) ? fault_memory(e->env) : QETL_OK;
    }
    if (glob_is_pattern(e->path))
        return entry_pattern(e, out);
    if (errno != ENOENT && errno != ENOTDIR)
        return fault_report(e->env, errno, e->option, e->path, "cannot be examined");
    return entry_missing(e, QETL_E_ENVIRONMENT, "no such file or folder");
}

/* A file that two entries mean is read twice: that may be wanted, but is said. */
static int32_t repetitions_check(struct qetl_env env, const struct names *list)
{
    struct names sorted = {0};
    int32_t status = QETL_OK;
    for (int64_t i = 0; i < list->count && status == QETL_OK; i++)
        if (names_add(&sorted, list->items[i]))
            status = fault_memory(env);
    names_sort(&sorted, 0);
    if (status == QETL_OK && sorted.count < list->count)
        qetl_logf(env, QETL_LOG_WARN,
                  "%lld files are named more than once in path, and read as often",
                  (long long)(list->count - sorted.count));
    names_free(&sorted);
    return status;
}

static int32_t stdin_check(struct qetl_env env, const struct names *list)
{
    int64_t count = 0;
    for (int64_t i = 0; i < list->count; i++)
        count += strcmp(list->items[i], "-") == 0;
    if (count > 1)
        return qetl_fail(env, QETL_E_CONFIG, "/path", "name - once",
                         "standard input can be read once only, but path names it %lld times",
                         (long long)count);
    return QETL_OK;
}

static void unreadable_tell(struct qetl_env env, struct choice *choice)
{
    for (int64_t i = 0; i < choice->unreadable.count && i < 10; i++)
        qetl_logf(env, QETL_LOG_WARN, "%s: cannot be looked into: passed over",
                  choice->unreadable.items[i]);
    if (choice->unreadable.count > 10)
        qetl_logf(env, QETL_LOG_WARN, "%lld more cannot be looked into",
                  (long long)choice->unreadable.count - 10);
    names_free(&choice->unreadable);
}

int32_t listing_make(struct qetl_env env, struct choice *choice, struct names *out)
{
    int64_t count =
        qetl_option_kind(env, "/path") == QETL_OPTION_LIST ? qetl_option_count(env, "/path") : 1;
    bool list = qetl_option_kind(env, "/path") == QETL_OPTION_LIST;
    int32_t status = QETL_OK;
    if (list && count == 0)
        return qetl_fail(env, QETL_E_CONFIG, "/path", "name at least one file",
                         "path is an empty list");
    for (int64_t i = 0; i < count && status == QETL_OK; i++) {
        struct entry e = {.env = env, .choice = choice, .option = "/path"};
        if (list)
            snprintf(e.option, sizeof e.option, "/path/%lld", (long long)i);
        e.path = qetl_option_text(env, e.option);
        status = e.path ? entry_add(&e, out)
                        : qetl_fail(env, QETL_E_CONFIG, e.option, NULL, "path has to be a text");
    }
    unreadable_tell(env, choice);
    if (status == QETL_OK)
        status = stdin_check(env, out);
    if (status == QETL_OK)
        status = repetitions_check(env, out);
    return status == QETL_OK && choice_sort(choice, out) ? fault_memory(env) : status;
}

static int text_compare(const void *key, const void *item)
{
    return strcmp(key, *(char *const *)item);
}

static int entry_grow(const struct choice *choice, const char *path, const struct names *known,
                      struct names *out)
{
    struct names now = {0};
    struct stat st;
    int64_t folders = 0;
    char *culprit = NULL;
    int error = 0;
    if (stat(path, &st) == 0)
        error = S_ISDIR(st.st_mode) ? folder_read(choice, path, &now) : 0;
    else if (glob_is_pattern(path))
        error = glob_expand(path, &choice->rules, &now, &folders, &culprit);
    choice_age(choice, &now, 0);
    for (int64_t i = 0; !error && i < now.count; i++)
        if (!known->count || !bsearch(now.items[i], known->items, (size_t)known->count,
                                      sizeof *known->items, text_compare))
            error = names_add(out, now.items[i]);
    free(culprit);
    names_free(&now);
    return error == ENOMEM ? error : 0; /* a folder that is gone or closed today may be back */
}

int32_t listing_grow(struct qetl_env env, struct choice *choice, struct names *out)
{
    bool list = qetl_option_kind(env, "/path") == QETL_OPTION_LIST;
    int64_t count = list ? qetl_option_count(env, "/path") : 1;
    struct names known = {0}, fresh = {0};
    int error = 0;
    for (int64_t i = 0; !error && i < out->count; i++)
        error = names_add(&known, out->items[i]);
    names_sort(&known, 0);
    for (int64_t i = 0; !error && i < count; i++) {
        char option[32] = "/path";
        if (list)
            snprintf(option, sizeof option, "/path/%lld", (long long)i);
        const char *path = qetl_option_text(env, option);
        if (path && strcmp(path, "-") != 0)
            error = entry_grow(choice, path, &known, &fresh);
    }
    names_sort(&fresh, 0);
    for (int64_t i = 0; !error && i < fresh.count; i++)
        error = names_add(out, fresh.items[i]);
    names_free(&fresh);
    names_free(&known);
    names_free(&choice->unreadable);
    return error ? fault_memory(env) : QETL_OK;
}
