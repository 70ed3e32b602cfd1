/* SPDX-License-Identifier: Apache-2.0 */
#include "examine.h"

#include "anchor.h"
#include "look_internal.h"
#include "store_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_MOST = 1 << 30 };

struct examining {
    struct qetl_state_exam *exam;
    const struct state_folder *folder;
    struct state_blobs named;
    bool failed; /* there was no memory */
};

static void name_add(struct examining *in, struct state_names *names, const char *name)
{
    char **grown = realloc(names->items, (names->count + 1) * sizeof *grown);
    if (grown)
        names->items = grown;
    char *copy = grown ? strdup(name) : NULL;
    in->failed |= !copy;
    if (copy)
        grown[names->count++] = copy;
}

static void names_free(struct state_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
    *names = (struct state_names){0};
}

/* ---- a copy ---- */

static int file_copy(const struct state_folder *folder, const char *name, int to)
{
    struct stat about;
    int in = openat(folder->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    int out = in < 0 ? -1 : openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int error = in < 0 && errno != ENOENT ? errno : 0;
    if (in >= 0 && (out < 0 || fstat(in, &about)))
        error = errno;
    else if (in >= 0 && (!S_ISREG(about.st_mode) || about.st_size > COPY_MOST))
        error = EFBIG;
    for (off_t left = in < 0 || error ? 0 : about.st_size; left > 0 && !error;) {
        ssize_t n = sendfile(out, in, NULL, (size_t)left);
        error = n < 0 ? errno : 0;
        left = n > 0 ? left - n : 0;
    }
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    return error;
}

static const char *const copied[] = {STATE_FILE, STATE_FILE "-wal"};
static const char *const made[] = {STATE_FILE, STATE_FILE "-wal", STATE_FILE "-shm",
                                   STATE_FILE "-journal"};

/* Of the database and its log, in a folder that goes away again. 0 or an errno. */
static int copy_make(const struct state_folder *folder, char **place)
{
    const char *above = getenv("TMPDIR");
    *place = NULL;
    if (asprintf(place, "%s/qetl-XXXXXX", above && *above ? above : "/tmp") < 0) {
        *place = NULL;
        return ENOMEM;
    }
    if (!mkdtemp(*place)) {
        free(*place);
        *place = NULL;
        return errno;
    }
    int to = open(*place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = to < 0 ? errno : 0;
    for (size_t i = 0; !error && i < sizeof copied / sizeof *copied; i++)
        error = file_copy(folder, copied[i], to);
    if (to >= 0)
        close(to);
    return error;
}

static void copy_remove(char *place)
{
    int fd = place ? open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    for (size_t i = 0; fd >= 0 && i < sizeof made / sizeof *made; i++)
        unlinkat(fd, made[i], 0);
    if (fd >= 0)
        close(fd);
    if (place)
        rmdir(place);
    free(place);
}

/* ---- the database ---- */

static int fetch(void *arg, const uint8_t digest[STATE_DIGEST], uint64_t size, void **data)
{
    struct examining *in = arg;
    char name[sizeof "blob-" + STATE_DIGEST * 2] = "blob-";
    int error = qetl_state_blob_read(in->folder, digest, size, data);
    for (size_t i = 0; i < STATE_DIGEST; i++)
        sprintf(name + 5 + i * 2, "%02x", digest[i]);
    if (qetl_state_blobs_add(&in->named, digest))
        return ENOMEM;
    if (error == EBADMSG)
        name_add(in, &in->exam->missing, name);
    return error == EBADMSG ? 0 : error;
}

static int64_t size_alone(const struct state_folder *folder)
{
    struct stat about;
    if (!fstatat(folder->fd, STATE_FILE "-wal", &about, 0) && about.st_size > 0)
        return -1;
    return fstatat(folder->fd, STATE_FILE, &about, 0) ? -1 : (int64_t)about.st_size;
}

/* The file may be as it should. */
static bool is_hindered(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_IOERR:
        return rc != SQLITE_IOERR_SHORT_READ;
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
        return true;
    default:
        return false;
    }
}

static bool database_read(struct examining *in, struct qetl_state_look *look, const char *place,
                          uint64_t anchor)
{
    struct state_reading reading = {.look = look,
                                    .fetch = fetch,
                                    .fetch_arg = in,
                                    .whole = true,
                                    .size_alone = look->holder.pid ? -1 : size_alone(in->folder)};
    char *path = NULL;
    if (asprintf(&path, "%s/%s", place, STATE_FILE) < 0)
        return false;
    int rc = qetl_state_reading_run(&reading, path, anchor);
    in->exam->out_of_reach = is_hindered(rc);
    free(path);
    return qetl_state_look_judge(look, rc) && !in->failed;
}

/* ---- the folder ---- */

static bool begins(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

static bool is_named(const struct examining *in, const char *file)
{
    char name[sizeof "blob-" + STATE_DIGEST * 2] = "blob-";
    for (size_t b = 0; b < in->named.count; b++) {
        for (size_t i = 0; i < STATE_DIGEST; i++)
            sprintf(name + 5 + i * 2, "%02x", in->named.items[b][i]);
        if (strcmp(name, file) == 0)
            return true;
    }
    return false;
}

static void file_sort(struct examining *in, const char *name)
{
    struct qetl_state_exam *exam = in->exam;
    bool known = !qetl_state_look_is_refused(&exam->look);
    if (strcmp(name, "lock") == 0 || strcmp(name, "anchor") == 0 || strcmp(name, ".") == 0 ||
        strcmp(name, "..") == 0 || strcmp(name, STATE_FILE) == 0 ||
        strcmp(name, STATE_FILE "-wal") == 0 || strcmp(name, STATE_FILE "-shm") == 0 ||
        strcmp(name, STATE_FILE "-journal") == 0 || strcmp(name, STATE_OWNER_FILE) == 0)
        return;
    if (begins(name, STATE_FILE ".unreadable-") || begins(name, STATE_OWNER_FILE ".unreadable-"))
        name_add(in, &exam->aside, name);
    else if (begins(name, "blob-") || strcmp(name, "unfinished") == 0 || begins(name, "new.db") ||
             strcmp(name, "owner.new") == 0) {
        if (known && !is_named(in, name))
            name_add(in, &exam->idle, name);
    } else
        name_add(in, &exam->strange, name);
}

static void files_sort(struct examining *in)
{
    struct dirent *entry;
    int fd = openat(in->folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir && fd >= 0)
        close(fd);
    while (dir && (entry = readdir(dir)))
        file_sort(in, entry->d_name);
    if (dir)
        closedir(dir);
}

/* ---- an exam ---- */

static bool examine_at(const struct state_folder *folder, struct qetl_state_look *look, void *arg)
{
    struct examining *in = arg;
    char *place = NULL;
    uint64_t anchor = qetl_state_anchor_get(folder); /* before the database */
    in->folder = folder;
    in->exam->name_damaged = qetl_state_owner_read(folder, &look->owner) != 0;
    bool there = !faccessat(folder->fd, STATE_FILE, F_OK, 0);
    /* What cannot be copied, for want of room or because of its size, is read where it is. */
    if (there && !look->holder.pid && copy_make(folder, &place)) {
        copy_remove(place);
        place = NULL;
    }
    bool said = there ? database_read(in, look, place ? place : folder->path, anchor)
                      : qetl_state_look_absent(folder, anchor, look);
    copy_remove(place);
    if (said)
        files_sort(in);
    return said && !in->failed;
}

int qetl_state_examine(const char *above, const char *name, struct qetl_state_exam *exam)
{
    struct examining in = {.exam = exam};
    struct stat about;
    *exam = (struct qetl_state_exam){0};
    int error = qetl_state_look_with(above, name, &exam->look, examine_at, &in);
    qetl_state_blobs_free(&in.named);
    if (!error && !stat(exam->look.path, &about)) {
        exam->owner = about.st_uid;
        exam->mode = about.st_mode & 07777;
    }
    if (error)
        qetl_state_exam_free(exam);
    return error;
}

void qetl_state_exam_free(struct qetl_state_exam *exam)
{
    qetl_state_look_free(&exam->look);
    names_free(&exam->missing);
    names_free(&exam->idle);
    names_free(&exam->aside);
    names_free(&exam->strange);
}

size_t qetl_state_idle_remove(const struct state_folder *folder, const struct state_names *names)
{
    size_t removed = 0;
    for (size_t i = 0; i < names->count; i++)
        removed += !unlinkat(folder->fd, names->items[i], 0);
    return removed;
}
