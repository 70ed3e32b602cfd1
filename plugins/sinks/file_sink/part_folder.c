/* SPDX-License-Identifier: Apache-2.0 */
/* The hidden folder that many files are staged in: a kill leaves it alone behind, and the next run
 * removes it. */
#include "fault.h"
#include "parts_internal.h"
#include "publish.h"
#include "run_owner.h"
#include "stage.h"
#include "swap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

static const char PLACE[] = "XXXXXX";

/* Where whole folders are replaced it lies beside the root, with its name. With an owner's mark it
 * may be named by a state that only the owner's runs know. */
static void begin_make(const char *root, bool beside, const char *owner, char begin[NAME_MAX])
{
    const char *name = beside ? strrchr(root, '/') + 1 : NULL;
    char mark[STAGE_MARK_BYTES];
    stage_mark(owner, mark);
    if (name)
        snprintf(begin, NAME_MAX, ".%.200s.qetl-parts%s-", name, mark);
    else
        snprintf(begin, NAME_MAX, ".qetl-parts%s-", mark);
}

/* Whoever writes into such a folder holds its lock, until the process is gone. */
static void left_take(int above, const char *name, const char *path, const struct stage_left *left)
{
    struct stat st;
    int fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && st.st_uid == geteuid() && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
        (!left->keeps || !left->keeps(left->arg, path))) {
        if (left->removes)
            swap_tree_remove(path);
        left->tell(left->arg, path, left->removes);
    }
    close(fd);
}

static void left_each(const char *root, const char *begin, const struct stage_left *left)
{
    DIR *dir = opendir(root);
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        char *path;
        if (strncmp(entry->d_name, begin, strlen(begin)) != 0 ||
            strlen(entry->d_name) != strlen(begin) + sizeof PLACE - 1 ||
            asprintf(&path, "%s/%s", root, entry->d_name) < 0)
            continue;
        left_take(dirfd(dir), entry->d_name, path, left);
        free(path);
    }
    if (dir)
        closedir(dir);
}

int part_folder_left_each(const char *root, const char *owner, const struct stage_left *left)
{
    const char *slash = strrchr(root, '/'), *owners[] = {NULL, owner};
    char *parent = strndup(root, (size_t)(slash - root) + (slash == root));
    char begin[NAME_MAX];
    for (int i = 0; parent && i < 1 + (owner != NULL); i++) {
        begin_make(root, false, owners[i], begin);
        left_each(root, begin, left);
        begin_make(root, true, owners[i], begin);
        left_each(parent, begin, left);
    }
    free(parent);
    return parent ? 0 : ENOMEM;
}

static int32_t folder_name(struct parts *p, const char *place, bool beside)
{
    char begin[NAME_MAX];
    begin_make(p->root, beside, run_owner(p->env), begin);
    if (asprintf(&p->folder, "%s/%s%s", place, begin, PLACE) >= 0)
        return QETL_OK;
    p->folder = NULL;
    return fault_memory(p->env);
}

/* Makes the folder `place`, and in it, new and empty, the one for the files. */
static int32_t folder_make_in(struct parts *p, char *place, bool beside)
{
    struct target t = {.given = p->template.root, .folder = place};
    int32_t status = target_folders(&t, p->env);
    if (status == QETL_OK)
        status = folder_name(p, place, beside);
    if (status)
        return status;
    if (!mkdtemp(p->folder)) {
        int error = errno;
        free(p->folder);
        p->folder = NULL;
        return fault_report(p->env, error, t.given, "no file can be made there");
    }
    p->folder_fd = open(p->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (p->folder_fd < 0)
        return fault_report(p->env, errno, p->folder, "cannot be opened");
    flock(p->folder_fd, LOCK_EX | LOCK_NB); /* file systems without locks are trusted */
    return QETL_OK;
}

static int32_t folder_new(struct parts *p)
{
    if (mkdirat(p->folder_fd, "new", 0777) == 0)
        return QETL_OK;
    return fault_report(p->env, errno, p->folder, "no folder can be made there");
}

int32_t part_folder_make(struct parts *p)
{
    bool beside = p->if_exists == IF_EXISTS_REPLACE_ALL;
    const char *slash = strrchr(p->root, '/');
    char *parent = strndup(p->root, (size_t)(slash - p->root) + (slash == p->root));
    const struct stage_left left = {.removes = true, .tell = stage_left_log, .arg = &p->env};
    if (!parent || part_folder_left_each(p->root, run_owner(p->env), &left)) {
        free(parent);
        return fault_memory(p->env);
    }
    int32_t status = folder_make_in(p, beside ? parent : p->root, beside);
    if (status == QETL_OK && part_swaps(p))
        status = folder_new(p);
    free(parent);
    return status;
}

/* One that part_folder_make makes: what it is not told to keep is removed there. */
static bool is_place(const struct parts *p, const char *path)
{
    bool beside = p->if_exists == IF_EXISTS_REPLACE_ALL;
    const char *slash = strrchr(path, '/'), *end = strrchr(p->root, '/');
    char begin[NAME_MAX];
    size_t length = beside ? (size_t)(end - p->root) : strlen(p->root);
    begin_make(p->root, beside, run_owner(p->env), begin);
    return slash && (size_t)(slash - path) == (length == 1 && !beside ? 0 : length) &&
           strncmp(path, p->root, (size_t)(slash - path)) == 0 &&
           strncmp(slash + 1, begin, strlen(begin)) == 0 &&
           strlen(slash + 1) == strlen(begin) + sizeof PLACE - 1;
}

int32_t part_folder_reopen(struct parts *p, const char *path)
{
    if (!is_place(p, path))
        return qetl_fail(p->env, QETL_E_IN_DOUBT, "/path", "begin anew with --full-refresh",
                         "%s: the run cannot go on: it is no folder that files are staged in, for "
                         "%s",
                         path, p->root);
    p->folder = strdup(path);
    if (!p->folder)
        return fault_memory(p->env);
    p->folder_fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (p->folder_fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return qetl_fail(p->env, QETL_E_IN_DOUBT, "/path",
                         "put it back; or begin anew with --full-refresh",
                         "%s: the run cannot go on: the folder with what it wrote is gone", path);
    if (p->folder_fd < 0)
        return fault_report(p->env, errno, path, "cannot be opened again");
    if (flock(p->folder_fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return qetl_fail(p->env, QETL_E_ENVIRONMENT, "/path", "wait until the other run has ended",
                         "%s: another process is writing there", path);
    p->rooted = p->named = true;
    return QETL_OK;
}

static int path_order(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void folder_tidy(int parent, const char *name, const char *path, char **stay, size_t n)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;
    if (!dir && fd >= 0)
        close(fd);
    while (dir && (entry = readdir(dir))) {
        struct stat st;
        char *below;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
            asprintf(&below, "%s/%s", path, entry->d_name) < 0)
            continue;
        if (S_ISDIR(st.st_mode))
            folder_tidy(dirfd(dir), entry->d_name, below, stay, n);
        else if (!bsearch(&below, stay, n, sizeof *stay, path_order))
            unlinkat(dirfd(dir), entry->d_name, 0);
        free(below);
    }
    if (dir)
        closedir(dir);
}

/* What was begun behind the epoch that the run goes on from comes again, under other names. */
int32_t part_folder_tidy(struct parts *p)
{
    char **stay = calloc((size_t)p->n_files + 1, sizeof *stay);
    size_t n = 0;
    if (!stay)
        return fault_memory(p->env);
    for (struct part_file *f = p->files; f; f = f->next)
        stay[n++] = f->handle.staged;
    qsort(stay, n, sizeof *stay, path_order);
    folder_tidy(AT_FDCWD, p->folder, p->folder, stay, n);
    free(stay);
    return QETL_OK;
}

void part_folder_drop(struct parts *p, bool keep)
{
    if (p->folder && keep)
        swap_empties_remove(p->folder);
    else if (p->folder)
        swap_tree_remove(p->folder);
    if (p->folder_fd >= 0)
        close(p->folder_fd);
    p->folder_fd = -1;
    free(p->folder);
    p->folder = NULL;
}

int32_t part_folder_check(const struct parts *p, const struct target *t)
{
    char *root = realpath(p->template.root, NULL), *folder = strdup(t->folder), *real = NULL;
    int32_t status = root && folder ? QETL_OK : fault_memory(p->env);
    while (status == QETL_OK && !(real = realpath(folder, NULL))) {
        char *slash = strrchr(folder, '/');
        if ((errno != ENOENT && errno != ENOTDIR) || !slash || slash == folder)
            status = fault_report(p->env, errno, t->folder, "cannot be examined");
        else
            *slash = '\0';
    }
    size_t length = root ? strlen(root) : 0;
    bool inside = real && (strcmp(root, "/") == 0 || (strncmp(real, root, length) == 0 &&
                                                      (!real[length] || real[length] == '/')));
    if (status == QETL_OK && !inside)
        status = qetl_fail(p->env, QETL_E_ENVIRONMENT, "/path", "remove the symbolic link",
                           "%s: leads out of %s, to %s", t->given, p->template.root, real);
    free(root);
    free(folder);
    free(real);
    return status;
}

int32_t part_show(struct qetl_env env, const struct handle *h)
{
    if (h->action == HANDLE_SWAP || h->action == HANDLE_MEMBER)
        return h->action == HANDLE_SWAP ? swap_show(env, h) : QETL_OK;
    const char *slash = strrchr(h->final, '/');
    struct target t = {.given = h->given,
                       .folder = slash ? strndup(h->final, (size_t)(slash - h->final)) : NULL};
    if (!t.folder)
        return fault_memory(env);
    int32_t status = *t.folder ? target_folders(&t, env) : QETL_OK;
    free(t.folder);
    return status ? status : publish_show(env, h);
}

/* Of a process that is gone: the name alone tells which folder it was, which may lie several levels
 * above the file. */
static size_t folder_length(const char *staged)
{
    size_t length = 0;
    for (const char *at = strchr(staged, '/'); at; at = strchr(at + 1, '/')) {
        size_t name = strcspn(at + 1, "/");
        const char *mark = memmem(at + 1, name, ".qetl-parts", sizeof ".qetl-parts" - 1);
        if (at[1] == '.' && mark && at[1 + name])
            length = (size_t)(at + 1 + name - staged);
    }
    return length;
}

void part_folder_clear(const struct handle *h)
{
    size_t length = folder_length(h->staged);
    char *folder = length ? strndup(h->staged, length) : NULL;
    if (folder)
        swap_empties_remove(folder);
    free(folder);
}

int32_t part_hide(struct qetl_env env, const struct handle *h)
{
    if (h->action == HANDLE_SWAP || h->action == HANDLE_MEMBER)
        return h->action == HANDLE_SWAP && !h->kept ? swap_abort(env, h) : QETL_OK;
    return publish_abort(env, h);
}

int32_t parts_sync(struct qetl_env env, const struct handle *h)
{
    const char *slash = strrchr(h->final, '/');
    char *folder = slash > h->final ? strndup(h->final, (size_t)(slash - h->final)) : strdup("/");
    if (!folder)
        return fault_memory(env);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int32_t status = QETL_OK;
    if (fd < 0 || syncfs(fd) != 0)
        status = fault_report(env, errno, h->given, "its folder cannot be made durable (syncfs)");
    if (fd >= 0)
        close(fd);
    free(folder);
    return status;
}
