/* SPDX-License-Identifier: Apache-2.0 */
#include "content_write.h"

#include "content_check.h"

#include "disk/durable.h"
#include "package/package_limits.h"
#include "plugin/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_MODE = 0755, FILE_MODE = 0444 };

struct writing {
    int root; /* the unborn folder */
    int fd;   /* of the file under way; -1 */
    int error;
};

/* The folder that the last part of a path lies in, made where it has to be; -1 with errno. */
static int folder_open(int root, const char *path)
{
    int fd = dup(root);
    for (const char *slash; fd >= 0 && (slash = strchr(path, '/')); path = slash + 1) {
        char part[QETL_PACKAGE_PATH_MAX + 1];
        memcpy(part, path, (size_t)(slash - path));
        part[slash - path] = '\0';
        int bad = mkdirat(fd, part, FOLDER_MODE) ? errno != EEXIST : fsync(fd) != 0;
        int below = bad ? -1 : openat(fd, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        int error = errno;
        close(fd);
        errno = error;
        fd = below;
    }
    return fd;
}

/* Its entry in the folder is made durable here, too: few packages have many files. */
static int file_end(struct writing *writing)
{
    int fd = writing->fd, error = 0;
    writing->fd = -1;
    if (fd < 0)
        return 0;
    if (fchmod(fd, FILE_MODE) || fsync(fd))
        error = errno;
    if (close(fd) && !error)
        error = errno;
    return error;
}

static int file_begin(struct writing *writing, const char *path)
{
    int error = file_end(writing);
    int folder = error ? -1 : folder_open(writing->root, path);
    if (folder < 0)
        return error ? error : errno;
    const char *slash = strrchr(path, '/');
    writing->fd = openat(folder, slash ? slash + 1 : path,
                         O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    error = writing->fd < 0 || fsync(folder) ? errno : 0;
    close(folder);
    return error;
}

static int piece_write(void *arg, const struct package_file *file, const void *piece, size_t size)
{
    struct writing *writing = arg;
    writing->error =
        piece ? qetl_write_all(writing->fd, piece, size) : file_begin(writing, file->path);
    return writing->error;
}

static int list_write(struct writing *writing, const struct package *package)
{
    int error = file_begin(writing, QETL_PACKAGE_CONTENTS);
    return error ? error : qetl_write_all(writing->fd, package->list, package->list_size);
}

static int all_write(struct writing *writing, const struct package *package,
                     struct qetl_findings *findings)
{
    int error = list_write(writing, package);
    if (!error) {
        error = qetl_package_visit(package, piece_write, writing, findings);
        if (error > 0)
            error = writing->error;
    }
    int last = file_end(writing);
    if (!error)
        error = last;
    return !error && fsync(writing->root) ? errno : error;
}

/* ---- into its place ---- */

struct folders {
    int content, unborn;
};

static int folders_open(const struct depot *depot, struct folders *folders)
{
    *folders = (struct folders){-1, -1};
    int error = qetl_beneath_folder(depot->folder, "content", &folders->content);
    return error ? error : qetl_beneath_folder(depot->folder, "unborn", &folders->unborn);
}

static void folders_close(struct folders *folders)
{
    if (folders->content >= 0)
        close(folders->content);
    if (folders->unborn >= 0)
        close(folders->unborn);
}

/* Somebody may read it at this moment: what is whole stays as it stands there. */
static int is_whole(const struct depot *depot, const struct package *package, const char *digest)
{
    struct qetl_findings said = {0};
    struct depot_entry entry = {.name = package->contents->name,
                                .version = package->contents->version};
    memcpy(entry.digest, digest, sizeof entry.digest);
    int whole = qetl_content_check(depot, &entry, &said) == 0;
    qetl_findings_free(&said);
    return whole;
}

/* What stands there is damaged, or what nobody names: it goes to the unborn, where it is swept. At
 * once, so that nobody finds nothing; but for file systems that cannot. */
static int content_rename(const struct folders *folders, const char *unborn, const char *digest)
{
    int error = 0;
    if (renameat2(folders->unborn, unborn, folders->content, digest, RENAME_EXCHANGE)) {
        if (errno == EINVAL || errno == ENOSYS)
            error = qetl_depot_retire(folders->content, folders->unborn, digest);
        else if (errno != ENOENT)
            error = errno;
        if (!error || error == ENOENT)
            error = renameat(folders->unborn, unborn, folders->content, digest) ? errno : 0;
    }
    return !error && fsync(folders->content) ? errno : error;
}

static int package_write(const struct folders *folders, const struct package *package,
                         const char *digest, struct qetl_findings *findings)
{
    char unborn[QETL_DEPOT_UNBORN];
    struct writing writing = {.root = -1, .fd = -1};
    int error = qetl_depot_unborn_name(folders->unborn, digest, unborn);
    if (!error && mkdirat(folders->unborn, unborn, FOLDER_MODE))
        error = errno;
    if (!error)
        error = qetl_beneath_folder(folders->unborn, unborn, &writing.root);
    if (error)
        return error;
    error = all_write(&writing, package, findings);
    close(writing.root);
    return error ? error : content_rename(folders, unborn, digest);
}

int qetl_content_write(const struct depot *depot, const struct package *package, const char *digest,
                       struct qetl_findings *findings)
{
    struct folders folders;
    int error = folders_open(depot, &folders);
    if (!error && is_whole(depot, package, digest)) /* whoever wrote it may have been killed then */
        error = fsync(folders.content) ? errno : 0;
    else if (!error)
        error = package_write(&folders, package, digest, findings);
    folders_close(&folders);
    return error;
}
