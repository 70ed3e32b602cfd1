/* SPDX-License-Identifier: Apache-2.0 */
/* The folder that many files lie in: what may stand there before the run, and what of it this run's
 * folders replace. */
#include "fault.h"
#include "parts_internal.h"
#include "stage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool part_swaps(const struct parts *p)
{
    return p->if_exists == IF_EXISTS_REPLACE_ALL || p->if_exists == IF_EXISTS_REPLACE_PARTITIONS;
}

/* ---- Before the run ---- */

/* Absolute, and no link as far as it exists. */
char *part_root_path(const struct parts *p)
{
    const char *given = p->template.root;
    char *root = realpath(given, NULL);
    if (!root && errno == ENOENT) {
        char *cwd = *given == '/' ? strdup("") : getcwd(NULL, 0);
        if (!cwd || asprintf(&root, "%s%s%s", cwd, *cwd ? "/" : "", given) < 0) {
            root = NULL;
            errno = ENOMEM;
        }
        free(cwd);
    }
    for (size_t n = root ? strlen(root) : 0; n > 1 && root[n - 1] == '/'; n--)
        root[n - 1] = '\0';
    return root;
}

int32_t part_root_resolve(struct parts *p)
{
    free(p->root);
    p->root = part_root_path(p);
    return p->root           ? QETL_OK
           : errno == ENOMEM ? fault_memory(p->env)
                             : fault_report(p->env, errno, p->template.root, "cannot be examined");
}

/* A file that is not hidden, anywhere below; or a folder that cannot be looked into. */
static bool holds_file(int fd)
{
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    bool found = !dir;
    if (!dir && fd >= 0)
        close(fd);
    while (dir && !found && (entry = readdir(dir))) {
        struct stat st;
        if (*entry->d_name == '.' ||
            fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        found = !S_ISDIR(st.st_mode) ||
                holds_file(openat(dirfd(dir), entry->d_name,
                                  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    }
    if (dir)
        closedir(dir);
    return found;
}

static int32_t empty_check(const struct parts *p)
{
    int fd = open(p->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno != ENOENT)
        return fault_report(p->env, errno, p->template.root, "cannot be looked into");
    if (fd < 0 || !holds_file(fd))
        return QETL_OK;
    return qetl_fail(p->env, QETL_E_CONFIG, "/if_exists",
                     "set if_exists to append (more files), replace_partitions (those that rows "
                     "come for), replace_all, or replace (files of the same name)",
                     "%s: the folder has files already, and if_exists is error", p->template.root);
}

/* Can the root change places with a folder beside it? */
static int32_t swap_check(const struct parts *p)
{
    char *parent = strdup(p->root), *slash = parent ? strrchr(parent, '/') : NULL;
    struct stat root, beside;
    int32_t status = QETL_OK;
    if (!parent)
        return fault_memory(p->env);
    slash[slash == parent] = '\0';
    bool all = p->if_exists == IF_EXISTS_REPLACE_ALL;
    if (!p->root[1] || (all && strcmp(p->template.root, ".") == 0))
        status = qetl_fail(p->env, QETL_E_CONFIG, "/path", "put a folder in front: out/...",
                           "if_exists %s needs a folder that the path begins with, to replace it",
                           all ? "replace_all" : "replace_partitions");
    else if (stat(p->root, &root) == 0 && stat(parent, &beside) == 0) {
        if (!S_ISDIR(root.st_mode))
            status = fault_report(p->env, ENOTDIR, p->template.root, "is to be a folder");
        else if (root.st_dev != beside.st_dev)
            status = fault_report(p->env, EBUSY, p->template.root, "cannot be replaced");
        else if (faccessat(AT_FDCWD, parent, W_OK | X_OK, AT_EACCESS) != 0)
            status = fault_report(p->env, errno, parent,
                                  "what is replaced cannot be kept there as a backup");
    }
    free(parent);
    return status;
}

int32_t parts_start(struct parts *p)
{
    const struct qetl_run_facts *run = p->env.host->get_extension(p->env.ctx, QETL_EXT_RUN);
    bool hive = qetl_option_given(p->env, "/partition_by");
    int32_t status = part_root_resolve(p);
    if (status == QETL_OK && part_swaps(p) && p->template.by_epoch)
        status = qetl_fail(p->env, QETL_E_CONFIG, "/if_exists",
                           "set error, append or replace; or take {epoch} out of the path",
                           "{epoch} adds files while the run goes on, and a folder is replaced "
                           "at its end only");
    if (status == QETL_OK && p->if_exists == IF_EXISTS_REPLACE_PARTITIONS && !hive)
        status = qetl_fail(p->env, QETL_E_CONFIG, "/if_exists",
                           "add partition_by; or set replace, which goes for files of one name",
                           "replace_partitions replaces the folders of partition_by");
    if (status == QETL_OK && part_swaps(p))
        status = swap_check(p);
    if (status == QETL_OK && hive && p->if_exists == IF_EXISTS_ERROR && !p->template.dated &&
        !(run && run->resumes(p->env.ctx)))
        status = empty_check(p);
    return status;
}

/* ---- The files ---- */

/* The path from the root on. */
static const char *below_root(const struct parts *p, const char *path)
{
    size_t length = strlen(p->template.root);
    if (strncmp(path, p->template.root, length) == 0 && path[length] == '/')
        path += length;
    return path + strspn(path, "/");
}

int32_t part_swap_name(struct parts *p, struct handle *h, const char *path)
{
    const char *below = below_root(p, path);
    struct target t = {.given = path};
    if (strncmp(below, "../", 3) == 0 || strstr(below, "/../"))
        return qetl_fail(p->env, QETL_E_CONFIG, "/path", "name the folder itself",
                         "%s: \"..\" behind a value leads out of what is replaced", path);
    h->action = HANDLE_MEMBER;
    h->given = strdup(path);
    h->backup = strdup("");
    if (asprintf(&h->final, "%s/%s", p->root, below) < 0)
        h->final = NULL;
    if (asprintf(&h->staged, "%s/new/%s", p->folder, below) < 0)
        h->staged = NULL;
    if (!h->given || !h->backup || !h->final || !h->staged)
        return fault_memory(p->env);
    char *folder = strrchr(h->staged, '/');
    t.folder = strndup(h->staged, (size_t)(folder - h->staged));
    int32_t status = t.folder ? target_folders(&t, p->env) : fault_memory(p->env);
    free(t.folder);
    return status;
}

/* ---- The folders ---- */

static int name_order(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int32_t backup_root(const struct parts *p, char **out)
{
    char *slash = strrchr(p->root, '/');
    struct target t = {.path = p->root,
                       .folder = strndup(p->root, (size_t)(slash - p->root) + (slash == p->root))};
    struct stat st;
    char *name = t.folder ? stage_backup(&t) : NULL;
    *out = name ? strdup(name) : NULL;
    for (int i = 1; *out && lstat(*out, &st) == 0; i++) {
        free(*out);
        if (asprintf(out, "%s.%d", name, i) < 0)
            *out = NULL;
    }
    free(name);
    free(t.folder);
    return *out ? QETL_OK : fault_memory(p->env);
}

/* Whether a folder may change its place, or have one in it do so; 0 or errno. */
static int folder_may(const char *path, int64_t device)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return errno;
    if (!S_ISDIR(st.st_mode))
        return ENOTDIR;
    if ((int64_t)st.st_dev != device)
        return EBUSY; /* something is mounted there */
    return faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) != 0 ? errno : 0;
}

/* Folders change places one after the other, each in one step: what would stop a later one is found
 * before the first. */
static int32_t swap_vote(const struct parts *p, const struct handle *h)
{
    char *path = strdup(h->final), *slash;
    int error = path ? folder_may(path, h->device) : ENOMEM, above = ENOENT;
    if (error && error != ENOENT) {
        free(path);
        return fault_report(p->env, error, h->given, "cannot be replaced, and so no folder is");
    }
    while (above == ENOENT && (slash = strrchr(path, '/')) && slash > path) {
        *slash = '\0';
        above = folder_may(path, h->device);
    }
    int32_t status = above && above != ENOENT
                         ? fault_report(p->env, above, path, "no folder can be replaced in it")
                         : QETL_OK;
    free(path);
    return status;
}

/* below: "" for all, "/country=DE" for a part. */
static int32_t swap_hand(struct parts *p, const char *staged, const char *below, const char *backup,
                         const struct qetl_writer *out)
{
    struct handle h = {.action = HANDLE_SWAP, .kept = p->saved, .staged = strdup(staged)};
    struct stat st;
    int32_t status = QETL_OK;
    if (asprintf(&h.given, "%s%s", p->template.root, below) < 0)
        h.given = NULL;
    if (asprintf(&h.final, "%s%s", p->root, below) < 0)
        h.final = NULL;
    if (asprintf(&h.backup, "%s%s", backup, below) < 0)
        h.backup = NULL;
    if (!h.given || !h.final || !h.backup || !h.staged)
        status = fault_memory(p->env);
    else if (stat(h.final, &st) == 0 && chmod(staged, st.st_mode & 07777) != 0)
        status = fault_report(p->env, errno, staged, "cannot be given the former folder's mode");
    if (status == QETL_OK && stat(staged, &st) != 0)
        status = fault_report(p->env, errno, staged, "cannot be examined");
    h.device = (int64_t)st.st_dev;
    h.inode = (int64_t)st.st_ino;
    if (status == QETL_OK)
        status = swap_vote(p, &h);
    if (status == QETL_OK && (status = handle_encode(&h, out)) == QETL_E_NO_MEMORY)
        fault_memory(p->env);
    handle_free(&h);
    return status;
}

/* Each folder that has a file, once. */
static int32_t partitions_hand(struct parts *p, const char *new, const char *backup,
                               const struct qetl_writer *out)
{
    char **folders = calloc((size_t)p->n_files + 1, sizeof *folders);
    int64_t n = 0;
    int32_t status = folders ? QETL_OK : fault_memory(p->env);
    for (const struct part_file *f = p->files; f && !status; f = f->next) {
        const char *staged = f->handle.staged, *slash = strrchr(staged, '/');
        folders[n] = strndup(staged, (size_t)(slash - staged));
        status = folders[n++] ? QETL_OK : fault_memory(p->env);
    }
    if (status == QETL_OK)
        qsort(folders, (size_t)n, sizeof *folders, name_order);
    for (int64_t i = 0; i < n && !status; i++)
        if (!i || strcmp(folders[i], folders[i - 1]) != 0)
            status = swap_hand(p, folders[i], folders[i] + strlen(new), backup, out);
    for (int64_t i = 0; i < n; i++)
        free(folders[i]);
    free(folders);
    return status;
}

int32_t part_swaps_hand(struct parts *p, const struct qetl_writer *out)
{
    char *backup = NULL, *new = NULL;
    int32_t status = backup_root(p, &backup);
    if (status == QETL_OK && asprintf(&new, "%s/new", p->folder) < 0) {
        new = NULL;
        status = fault_memory(p->env);
    }
    if (status == QETL_OK)
        status = p->if_exists == IF_EXISTS_REPLACE_ALL ? swap_hand(p, new, "", backup, out)
                                                       : partitions_hand(p, new, backup, out);
    free(new);
    free(backup);
    return status;
}
