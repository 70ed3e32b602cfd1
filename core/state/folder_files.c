/* SPDX-License-Identifier: Apache-2.0 */
/* Names in the folder of a state, and the name of the folder itself. */
#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NAME_MOST = 200, DIGEST_SHOWN = 16 };

/* ---- the folder's name ---- */

static bool plain(char byte, bool first)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' || (byte == '.' && !first);
}

static void shorten(const char *pipeline, char *name)
{
    struct sha256_ctx context;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&context);
    sha256_update(&context, strlen(pipeline), (const uint8_t *)pipeline);
    sha256_digest(&context, sizeof digest, digest);
    name += NAME_MOST - DIGEST_SHOWN - 1;
    *name++ = '~';
    for (int i = 0; i < DIGEST_SHOWN / 2; i++)
        sprintf(name + (size_t)i * 2, "%02x", digest[i]);
}

char *qetl_state_folder_name(const char *pipeline)
{
    char *name = malloc(strlen(pipeline) * 3 + 2), *to = name;
    if (!name)
        return NULL;
    for (const char *at = pipeline; *at; at++)
        if (plain(*at, at == pipeline))
            *to++ = *at;
        else
            to += sprintf(to, "%%%02X", (unsigned char)*at);
    if (to == name)
        *to++ = '%';
    *to = '\0';
    if (to - name > NAME_MOST)
        shorten(pipeline, name);
    return name;
}

char *qetl_state_pipeline_name(const char *folder_name)
{
    char *name = strdup(folder_name), *to = name;
    unsigned byte;
    if (!name)
        return NULL;
    for (const char *at = folder_name; *at; at++)
        if (*at == '%' && at[1] && at[2] && sscanf(at + 1, "%2X", &byte) == 1 && byte) {
            *to++ = (char)byte;
            at += 2;
        } else if (*at != '%')
            *to++ = *at;
    *to = '\0';
    return name;
}

/* ---- files ---- */

char *qetl_state_folder_file(const struct state_folder *folder, const char *name)
{
    char *path;
    return asprintf(&path, "%s/%s", folder->path, name) < 0 ? NULL : path;
}

int qetl_state_folder_read_through(const struct state_folder *folder, const char *name)
{
    char bytes[16384];
    int fd = openat(folder->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? 0 : errno;
    ssize_t size = 1;
    while (size > 0 || (size < 0 && errno == EINTR))
        size = read(fd, bytes, sizeof bytes);
    int error = size < 0 ? errno : 0;
    close(fd);
    return error;
}

/* A folder above may be one that may be entered but not read: it is not ours then. */
static int sync_above(const char *path)
{
    struct stat about;
    char *above = strdup(path), *slash;
    int error = above ? 0 : ENOMEM;
    bool more = true;
    while (!error && more) {
        more = (slash = strrchr(above, '/')) != NULL;
        if (more)
            slash[slash == above] = '\0';
        else
            strcpy(above, "."); /* of a path that is relative, the last one above */
        int fd = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        bool ours = fd >= 0 && !fstat(fd, &about) && about.st_uid == geteuid();
        if (ours && fsync(fd) && errno != EINVAL && errno != EROFS)
            error = errno;
        if (fd >= 0)
            close(fd);
        if (!ours || slash == above)
            break;
    }
    free(above);
    return error;
}

int qetl_state_folder_sync(const struct state_folder *folder, bool above)
{
    if (fsync(folder->fd))
        return errno;
    return above ? sync_above(folder->path) : 0;
}

/* ---- set aside ---- */

static const char mark[] = ".unreadable-";

static bool taken(const struct state_folder *folder, const char *name)
{
    struct stat about;
    return !fstatat(folder->fd, name, &about, AT_SYMLINK_NOFOLLOW);
}

static char *aside_name(const struct state_folder *folder, const char *name)
{
    char stamp[32], *made = NULL;
    time_t now = time(NULL);
    struct tm utc;
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
    for (int i = 0; i < 10000; i++) {
        int size = i ? asprintf(&made, "%s%s%s.%d", name, mark, stamp, i)
                     : asprintf(&made, "%s%s%s", name, mark, stamp);
        if (size < 0)
            return NULL;
        if (!taken(folder, made))
            return made;
        free(made);
    }
    errno = EEXIST;
    return NULL;
}

static int rename_log(const struct state_folder *folder, const char *name, const char *aside)
{
    char from[300], to[300];
    snprintf(from, sizeof from, "%s-shm", name);
    unlinkat(folder->fd, from, 0);
    snprintf(from, sizeof from, "%s-wal", name);
    snprintf(to, sizeof to, "%s-wal", aside);
    return renameat(folder->fd, from, folder->fd, to) && errno != ENOENT ? -1 : 0;
}

/* The database first: without its log it might pass for an older state of itself. */
char *qetl_state_folder_set_aside(const struct state_folder *folder, const char *name)
{
    char *aside = aside_name(folder, name);
    if (!aside)
        return NULL;
    if (!renameat(folder->fd, name, folder->fd, aside) && !rename_log(folder, name, aside) &&
        !fsync(folder->fd))
        return aside;
    free(aside);
    return NULL;
}

char *qetl_state_folder_aside(const struct state_folder *folder, const char *name)
{
    struct dirent *entry;
    char *newest = NULL;
    size_t length = strlen(name);
    int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    while (dir && (entry = readdir(dir))) {
        size_t size = strlen(entry->d_name);
        if (strncmp(entry->d_name, name, length) != 0 ||
            strncmp(entry->d_name + length, mark, sizeof mark - 1) != 0 ||
            (size > 4 && !strcmp(entry->d_name + size - 4, "-wal")) ||
            (newest && strcmp(entry->d_name, newest) <= 0))
            continue;
        free(newest);
        newest = strdup(entry->d_name);
    }
    if (dir)
        closedir(dir);
    return newest;
}
