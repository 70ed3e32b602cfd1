/* SPDX-License-Identifier: Apache-2.0 */
/* The hidden folder that many files are staged in: a kill leaves it alone behind, and the next run
 * removes it. */
#include "fault.h"
#include "parts_internal.h"
#include "publish.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

static const char BEGIN[] = ".qetl-parts-", PLACE[] = "XXXXXX";

static bool is_ours(const char *name)
{
    return strncmp(name, BEGIN, sizeof BEGIN - 1) == 0 &&
           strlen(name) == sizeof BEGIN - 1 + sizeof PLACE - 1;
}

/* The descriptor's folder with the files in it. */
static void folder_remove(int parent, const char *name, int fd)
{
    DIR *dir = fdopendir(fd);
    struct dirent *entry;
    if (!dir) {
        close(fd);
        return;
    }
    while ((entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(dirfd(dir), entry->d_name, 0);
    unlinkat(parent, name, AT_REMOVEDIR);
    closedir(dir);
}

/* What runs left that were killed: nobody holds its lock. */
static void folders_sweep(struct qetl_env env, const char *root)
{
    DIR *dir = opendir(root);
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        struct stat st;
        if (!is_ours(entry->d_name))
            continue;
        int fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
            continue;
        if (fstat(fd, &st) == 0 && st.st_uid == geteuid() && flock(fd, LOCK_EX | LOCK_NB) == 0) {
            qetl_logf(env, QETL_LOG_INFO, "%s/%s is removed: the run that wrote it was killed",
                      root, entry->d_name);
            folder_remove(dirfd(dir), entry->d_name, fd);
        } else {
            close(fd);
        }
    }
    if (dir)
        closedir(dir);
}

static int32_t root_make(struct parts *p)
{
    struct target t = {.given = p->template.root};
    int32_t status = QETL_OK;
    /* a path of its own for target_folders, which begins behind the first slash */
    if (asprintf(&t.folder, "%s%s", *t.given == '/' ? "" : "./", t.given) < 0)
        return fault_memory(p->env);
    status = target_folders(&t, p->env);
    free(t.folder);
    return status;
}

int32_t part_folder_make(struct parts *p)
{
    const char *root = p->template.root;
    int32_t status = root_make(p);
    if (status)
        return status;
    folders_sweep(p->env, root);
    if (asprintf(&p->folder, "%s/%s%s", root, BEGIN, PLACE) < 0) {
        p->folder = NULL;
        return fault_memory(p->env);
    }
    if (!mkdtemp(p->folder)) {
        int error = errno;
        free(p->folder);
        p->folder = NULL;
        return fault_report(p->env, error, root, "no file can be made there");
    }
    p->folder_fd = open(p->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (p->folder_fd < 0)
        return fault_report(p->env, errno, p->folder, "cannot be opened");
    flock(p->folder_fd, LOCK_EX | LOCK_NB); /* file systems without locks are trusted */
    return QETL_OK;
}

void part_folder_drop(struct parts *p)
{
    if (p->folder)
        rmdir(p->folder);
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
    const char *slash = strrchr(h->final, '/');
    struct target t = {.given = h->given,
                       .folder = slash ? strndup(h->final, (size_t)(slash - h->final)) : NULL};
    if (!t.folder)
        return fault_memory(env);
    int32_t status = *t.folder ? target_folders(&t, env) : QETL_OK;
    free(t.folder);
    return status ? status : publish_show(env, h);
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
