/* SPDX-License-Identifier: Apache-2.0 */
#include "target.h"

#include "fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int descriptor_of(const char *name)
{
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
    if (strcmp(name, "/dev/stdout") == 0)
        return 1;
    if (strcmp(name, "/dev/stderr") == 0)
        return 2;
    for (int i = 0; i < 2; i++) {
        size_t length = strlen(folders[i]);
        char *end;
        if (strncmp(name, folders[i], length) != 0 || !name[length])
            continue;
        long fd = strtol(name + length, &end, 10);
        if (!*end && fd >= 0 && fd < INT32_MAX)
            return (int)fd;
    }
    return -1;
}

static char *path_absolute(const char *path)
{
    char *folder, *whole = NULL;
    if (*path == '/')
        return strdup(path);
    folder = getcwd(NULL, 0);
    if (folder && asprintf(&whole, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, path) < 0)
        whole = NULL;
    free(folder);
    return whole;
}

/* The path up to its last slash; "/" for what lies there. */
static char *path_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    while (slash > path && slash[-1] == '/')
        slash--;
    return slash > path ? strndup(path, (size_t)(slash - path)) : strdup("/");
}

static int32_t special_refuse(struct target *t, struct qetl_env env)
{
    const char *what = S_ISDIR(t->st.st_mode)    ? "is a folder"
                       : S_ISSOCK(t->st.st_mode) ? "is a socket"
                                                 : "is a block device";
    return qetl_fail(env, QETL_E_CONFIG, "/path", "name a file, for example one in that folder",
                     "%s: %s, and cannot be written as a file", t->given, what);
}

static int32_t existing_resolve(struct target *t, struct qetl_env env)
{
    if (S_ISDIR(t->st.st_mode) || S_ISSOCK(t->st.st_mode) || S_ISBLK(t->st.st_mode))
        return special_refuse(t, env);
    t->kind = S_ISREG(t->st.st_mode) ? TARGET_FILE : TARGET_SPECIAL;
    t->path = realpath(t->given, NULL);
    if (!t->path)
        return fault_report(env, errno, t->given, "cannot be examined");
    return QETL_OK;
}

static int32_t new_resolve(struct target *t, struct qetl_env env)
{
    struct stat link;
    size_t length = strlen(t->given);
    if (length == 0 || t->given[length - 1] == '/')
        return qetl_fail(env, QETL_E_CONFIG, "/path", "add a file name", "\"%s\" names no file",
                         t->given);
    if (lstat(t->given, &link) == 0)
        return qetl_fail(env, QETL_E_CONFIG, "/path",
                         "remove the link, or create what it points to",
                         "%s: is a symbolic link to nothing", t->given);
    t->kind = TARGET_NEW;
    t->path = path_absolute(t->given);
    return QETL_OK;
}

int32_t target_resolve(struct target *t, struct qetl_env env, const char *given)
{
    int32_t status;
    *t = (struct target){.given = given, .descriptor = descriptor_of(given)};
    if (t->descriptor >= 0) {
        t->kind = TARGET_SPECIAL;
        t->path = strdup(given);
        if (fstat(t->descriptor, &t->st) != 0)
            return fault_report(env, errno, given, "is not open");
        return t->path ? QETL_OK : fault_memory(env);
    }
    if (stat(given, &t->st) == 0)
        status = existing_resolve(t, env);
    else if (errno == ENOENT)
        status = new_resolve(t, env);
    else
        status = fault_report(env, errno, given, "cannot be examined");
    if (status)
        return status;
    t->folder = t->path ? path_folder(t->path) : NULL;
    return t->folder ? QETL_OK : fault_memory(env);
}

void target_free(struct target *t)
{
    free(t->path);
    free(t->folder);
    t->path = t->folder = NULL;
}

int32_t target_exists_fault(struct qetl_env env, int32_t code, const char *given, const char *since)
{
    struct qetl_error_info info = {
        .struct_size = sizeof info,
        .code = code,
        .suggestion =
            "name another path, remove the file, or set if_exists to append or to replace "
            "(which keeps a backup)",
        .option = "/path",
        .vendor_code = "EEXIST"};
    char line[2048];
    snprintf(line, sizeof line, "%s: the file exists %s, and if_exists is error", given, since);
    info.message = line;
    return env.host->error(env.ctx, &info);
}

/* The nearest folder that exists has to let new names in. */
static int32_t folder_check(const struct target *t, struct qetl_env env)
{
    char *folder = strdup(t->folder);
    struct stat st;
    int error = 0;
    if (!folder)
        return fault_memory(env);
    while (stat(folder, &st) != 0 && errno == ENOENT && strcmp(folder, "/") != 0) {
        char *up = path_folder(folder);
        free(folder);
        folder = up;
        if (!folder)
            return fault_memory(env);
    }
    if (stat(folder, &st) != 0)
        error = errno;
    else if (!S_ISDIR(st.st_mode))
        error = ENOTDIR;
    else if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) != 0)
        error = errno;
    int32_t status =
        error ? fault_report(env, error, folder, "no file can be made there") : QETL_OK;
    free(folder);
    return status;
}

int32_t target_check(const struct target *t, struct qetl_env env, enum if_exists if_exists)
{
    bool in_place =
        t->kind == TARGET_SPECIAL || (t->kind == TARGET_FILE && if_exists == IF_EXISTS_APPEND);
    if (t->kind == TARGET_FILE && if_exists == IF_EXISTS_ERROR)
        return target_exists_fault(env, QETL_E_CONFIG, t->given, "already");
    if (t->descriptor >= 0)
        return QETL_OK;
    if (!in_place)
        return folder_check(t, env);
    if (faccessat(AT_FDCWD, t->path, W_OK, AT_EACCESS) != 0)
        return fault_report(env, errno, t->given, "cannot be written");
    return QETL_OK;
}

int32_t target_folders(const struct target *t, struct qetl_env env)
{
    char *path = strdup(t->folder);
    int error = 0;
    if (!path)
        return fault_memory(env);
    for (char *at = path + 1; !error; at++) {
        char kept = *at;
        if (kept && kept != '/')
            continue;
        *at = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST && errno != EISDIR && errno != EROFS)
            error = errno;
        *at = kept;
        if (!kept)
            break;
    }
    int32_t status =
        error ? fault_report(env, error, t->folder, "the folder cannot be made") : QETL_OK;
    free(path);
    return status;
}
