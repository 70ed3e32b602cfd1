/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include "fault.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum {
    TRIES = 100,
    TOKEN_LENGTH = 6,
    OWNER_LENGTH = STAGE_MARK_BYTES - 2,
    AFFIX_LENGTH = 32 /* the most that is put around a name */
};

static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";

static void token_make(char token[TOKEN_LENGTH + 1])
{
    uint8_t noise[TOKEN_LENGTH];
    if (getrandom(noise, sizeof noise, 0) != (ssize_t)sizeof noise)
        memset(noise, (int)(clock() & 0xff),
               sizeof noise); /* a name that is taken is tried again */
    for (int i = 0; i < TOKEN_LENGTH; i++)
        token[i] = letters[noise[i] % 32];
    token[TOKEN_LENGTH] = '\0';
}

/* How much of the name fits beside what is put around it. */
static int name_length(const char *name)
{
    size_t length = strlen(name);
    return length > NAME_MAX - AFFIX_LENGTH ? NAME_MAX - AFFIX_LENGTH : (int)length;
}

static const char *name_of(const struct target *t)
{
    return strrchr(t->path, '/') + 1;
}

void stage_mark(const char *owner, char mark[STAGE_MARK_BYTES])
{
    uint64_t hash = 0xcbf29ce484222325;
    *mark = '\0';
    if (!owner)
        return;
    for (const char *c = owner; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 0x100000001b3;
    *mark++ = '-';
    for (int i = 0; i < OWNER_LENGTH; i++, hash >>= 8)
        *mark++ = letters[hash % 32];
    *mark = '\0';
}

/* ".NAME.qetl-x1y2z3.part" of this target, or with the owner's mark. */
static bool is_part(const char *entry, const char *name, const char *owner)
{
    char begin[NAME_MAX + 1], mark[STAGE_MARK_BYTES];
    int length = snprintf(begin, sizeof begin, ".%.*s.qetl-", name_length(name), name);
    stage_mark(owner, mark);
    if (strncmp(entry, begin, (size_t)length) != 0 ||
        strspn(entry + length, letters) != TOKEN_LENGTH)
        return false;
    const char *end = entry + length + TOKEN_LENGTH;
    size_t marked = strlen(mark);
    if (strncmp(end, mark, marked) == 0 && strcmp(end + marked, ".part") == 0)
        return true;
    return strcmp(end, ".part") == 0;
}

/* Whoever writes a staged file holds its lock, until the process is gone. */
static bool is_left(int fd)
{
    struct stat st;
    return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 &&
           st.st_uid == geteuid() && flock(fd, LOCK_EX | LOCK_NB) == 0;
}

static void left_take(int folder, const char *entry, const char *path,
                      const struct stage_left *left)
{
    int mode = left->removes ? O_RDWR : O_RDONLY;
    int fd = openat(folder, entry, mode | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (is_left(fd) && (!left->keeps || !left->keeps(left->arg, path))) {
        bool removed = left->removes && unlinkat(folder, entry, 0) == 0;
        if (removed || !left->removes)
            left->tell(left->arg, path, removed);
    }
    if (fd >= 0)
        close(fd);
}

void stage_left_each(const struct target *t, const char *owner, const struct stage_left *left)
{
    DIR *folder = opendir(t->folder);
    struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        char *path;
        if (!is_part(entry->d_name, name_of(t), owner) ||
            asprintf(&path, "%s/%s", t->folder, entry->d_name) < 0)
            continue;
        left_take(dirfd(folder), entry->d_name, path, left);
        free(path);
    }
    if (folder)
        closedir(folder);
}

void stage_left_log(void *env, const char *path, bool removed)
{
    (void)removed;
    qetl_logf(*(const struct qetl_env *)env, QETL_LOG_INFO,
              "%s is removed: the run that wrote it was killed", path);
}

void stage_sweep(struct qetl_env env, const struct target *t, const char *owner)
{
    stage_left_each(t, owner,
                    &(struct stage_left){.removes = true, .tell = stage_left_log, .arg = &env});
}

/* Between its making and its locking another run may have taken the file for one that was left. */
static bool lock_take(int fd)
{
    struct stat st;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return errno != EWOULDBLOCK; /* a file system without locks is trusted */
    return fstat(fd, &st) == 0 && st.st_nlink > 0;
}

int32_t stage_create(struct qetl_env env, const struct target *t, const char *owner, int *fd,
                     char **path)
{
    char mark[STAGE_MARK_BYTES];
    const char *name = name_of(t);
    int error = EEXIST;
    stage_mark(owner, mark);
    for (int i = 0; error == EEXIST && i < TRIES; i++) {
        char token[TOKEN_LENGTH + 1];
        token_make(token);
        if (asprintf(path, "%s/.%.*s.qetl-%s%s.part", t->folder, name_length(name), name, token,
                     mark) < 0) {
            *path = NULL;
            return fault_memory(env);
        }
        *fd = open(*path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (*fd >= 0 && lock_take(*fd))
            return QETL_OK;
        error = *fd >= 0 ? EEXIST : errno;
        if (*fd >= 0) {
            unlink(*path);
            close(*fd);
        }
        free(*path);
        *path = NULL;
    }
    return fault_report(env, error, t->given, "no file can be made beside it");
}

char *stage_name(const char *path, size_t folder_size, const char *name, const char *owner,
                 const char *ending)
{
    char mark[STAGE_MARK_BYTES], *made;
    stage_mark(owner, mark);
    if (asprintf(&made, "%.*s/.%.*s.qetl%s.%s", (int)folder_size, path, name_length(name), name,
                 mark, ending) < 0)
        return NULL;
    return made;
}

void stage_mode(int fd, const struct stat *former)
{
    struct stat now;
    mode_t mode = former->st_mode & 0777;
    if (fchown(fd, former->st_uid, former->st_gid) != 0 &&
        (fstat(fd, &now) != 0 || now.st_gid != former->st_gid) &&
        fchown(fd, (uid_t)-1, former->st_gid) != 0)
        mode &= ~(mode_t)0070 | ((mode & 0007) << 3); /* another group gets what all others get */
    if (fchmod(fd, mode) != 0)
        return; /* a file system without permissions */
}

char *stage_backup(const struct target *t)
{
    const char *name = name_of(t);
    char stamp[32], *path = NULL;
    time_t now = time(NULL);
    struct tm utc;
    if (!gmtime_r(&now, &utc) || !strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc))
        snprintf(stamp, sizeof stamp, "former");
    if (asprintf(&path, "%s/%.*s.%s.bak", t->folder, name_length(name), name, stamp) < 0)
        return NULL;
    return path;
}
