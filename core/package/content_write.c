/* SPDX-License-Identifier: Apache-2.0 */
#include "content_write.h"

#include "durable.h"
#include "limits.h"

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

static int text_write(struct writing *writing, const char *name, const char *text, size_t size)
{
    int error = file_begin(writing, name);
    return error ? error : qetl_write_all(writing->fd, text, size);
}

static int all_write(struct writing *writing, const struct package *package,
                     struct qetl_findings *findings)
{
    int error = text_write(writing, QETL_PACKAGE_CONTENTS, package->list, package->list_size);
    if (!error && package->is_signed) {
        char *text = qetl_signature_write(&package->signature);
        error = text ? text_write(writing, QETL_PACKAGE_SIGNATURE, text, strlen(text)) : ENOMEM;
        free(text);
    }
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

/* In place of a content that is there, which nobody names or which may be damaged; that one goes to
 * the unborn, where it is swept. */
static int content_rename(const struct depot *depot, const char *from, const char *to)
{
    int error = renameat2(depot->folder, from, depot->folder, to, RENAME_NOREPLACE) ? errno : 0;
    if (error == EEXIST)
        error = renameat2(depot->folder, from, depot->folder, to, RENAME_EXCHANGE) ? errno : 0;
    int content = error ? -1 : openat(depot->folder, "content", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!error && (content < 0 || fsync(content)))
        error = errno;
    if (content >= 0)
        close(content);
    return error;
}

int qetl_content_write(const struct depot *depot, const struct package *package, const char *digest,
                       struct qetl_findings *findings)
{
    char from[sizeof "unborn/" + QETL_DIGEST_TEXT], to[sizeof "content/" + QETL_DIGEST_TEXT];
    struct writing writing = {.root = -1, .fd = -1};
    snprintf(from, sizeof from, "unborn/%s", digest);
    snprintf(to, sizeof to, "content/%s", digest);
    if (mkdirat(depot->folder, from, FOLDER_MODE))
        return errno;
    writing.root = openat(depot->folder, from, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (writing.root < 0)
        return errno;
    int error = all_write(&writing, package, findings);
    close(writing.root);
    return error ? error : content_rename(depot, from, to);
}
