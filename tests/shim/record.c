/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records what a process does to files and folders, in order, so that a power failure can be played
 * back: to be loaded with LD_PRELOAD. QETL_RECORD names the log; QETL_INODES a table of "INODE
 * INODE" pairs: what fstat(2) and its kin say of the first is as if it were the second, so that a
 * copy of files may pass for them.
 *
 * An entry is a line "KIND NUMBER… NAME SIZE" and SIZE bytes. Files are known by their inode; an
 * entry is written behind the call that it is of, under one lock, so that the order of entries is
 * that of the calls.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
enum { INODES = 256 };

static int log_fd = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    uint64_t from, to;
} inodes[INODES];
static int n_inodes;
static uint64_t device;

static int raw_fstat(int fd, struct stat *about)
{
    return (int)syscall(SYS_fstat, fd, about);
}

__attribute__((constructor)) static void configure(void)
{
    const char *path = getenv("QETL_RECORD"), *table = getenv("QETL_INODES");
    if (path)
        log_fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
                              0600);
    if (!table)
        return;
    char text[INODES * 48];
    int fd = (int)syscall(SYS_openat, AT_FDCWD, table, O_RDONLY | O_CLOEXEC);
    ssize_t size = syscall(SYS_read, fd, text, sizeof text - 1);
    syscall(SYS_close, fd);
    text[size < 0 ? 0 : size] = '\0';
    char *at = text;
    device = strtoull(at, &at, 10);
    for (; n_inodes < INODES; n_inodes++) {
        char *end;
        inodes[n_inodes].from = strtoull(at, &end, 10);
        if (end == at)
            break;
        inodes[n_inodes].to = strtoull(end, &at, 10);
    }
}

/* ---- the log ---- */

static void entry(const char *head, const char *name, const struct iovec *pieces, int n,
                  size_t size)
{
    char line[512];
    int length = snprintf(line, sizeof line, "%s %s %zu\n", head, *name ? name : "-", size);
    struct iovec all[66] = {{line, (size_t)length}};
    size_t left = size;
    int used = 1;
    for (int i = 0; i < n && left && used < 65; i++) {
        size_t part = pieces[i].iov_len < left ? pieces[i].iov_len : left;
        all[used++] = (struct iovec){pieces[i].iov_base, part};
        left -= part;
    }
    all[used++] = (struct iovec){"\n", 1};
    syscall(SYS_writev, log_fd, all, used);
}

static bool regular(int fd, struct stat *about)
{
    return log_fd >= 0 && raw_fstat(fd, about) == 0 && S_ISREG(about->st_mode);
}

/* The folder of a path, and its name therein. */
static uint64_t parent_of(int f, const char *path, char name[256])
{
    char copy[4096], again[4096];
    snprintf(copy, sizeof copy, "%s", path);
    snprintf(again, sizeof again, "%s", path);
    snprintf(name, 256, "%s", basename(again));
    struct stat about;
    if (syscall(SYS_newfstatat, f, dirname(copy), &about, 0) != 0)
        return 0;
    return about.st_ino;
}

static uint64_t inode_at(int f, const char *path)
{
    struct stat about;
    return syscall(SYS_newfstatat, f, path, &about, AT_SYMLINK_NOFOLLOW) == 0 ? about.st_ino : 0;
}

static void entry_written(int fd, off_t at, const struct iovec *pieces, int n, ssize_t size)
{
    struct stat about;
    char head[128];
    if (size <= 0 || !regular(fd, &about))
        return;
    snprintf(head, sizeof head, "write %llu %lld", (unsigned long long)about.st_ino, (long long)at);
    entry(head, "", pieces, n, (size_t)size);
}

static void entry_numbers(const char *kind, uint64_t a, uint64_t b, const char *name)
{
    char head[128];
    snprintf(head, sizeof head, "%s %llu %llu", kind, (unsigned long long)a, (unsigned long long)b);
    entry(head, name, NULL, 0, 0);
}

/* Of two names: the first stands in the line, the second behind it. */
static void entry_names(const char *kind, uint64_t folder, const char *name, uint64_t folder2,
                        const char *name2)
{
    struct iovec piece = {(void *)name2, strlen(name2)};
    char head[128];
    snprintf(head, sizeof head, "%s %llu %llu", kind, (unsigned long long)folder,
             (unsigned long long)folder2);
    entry(head, name, &piece, 1, piece.iov_len);
}

#define REAL(name)                 \
    static __typeof__(name) *real; \
    if (!real)                     \
        real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name);
#define ENTER()                \
    pthread_mutex_lock(&lock); \
    int error
#define LEAVE(answer)            \
    errno = error;               \
    pthread_mutex_unlock(&lock); \
    return answer

/* ---- data ---- */

/* Where a write without an offset went. */
static off_t place_of(int fd, ssize_t size)
{
    return lseek(fd, 0, SEEK_CUR) - (size > 0 ? size : 0);
}

#define WRITING(name, PARAMETERS, ARGUMENTS, AT, PIECES, N) \
    EXPORT ssize_t name PARAMETERS                          \
    {                                                       \
        REAL(name)                                          \
        struct stat about;                                  \
        if (!regular(fd, &about))                           \
            return real ARGUMENTS;                          \
        ENTER();                                            \
        ssize_t answer = real ARGUMENTS;                    \
        error = errno;                                      \
        entry_written(fd, AT, PIECES, N, answer);           \
        LEAVE(answer);                                      \
    }
#define ONE_PIECE (&(struct iovec){(void *)data, size})
WRITING(write, (int fd, const void *data, size_t size), (fd, data, size), place_of(fd, answer),
        ONE_PIECE, 1)
WRITING(pwrite, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at), at,
        ONE_PIECE, 1)
WRITING(pwrite64, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at), at,
        ONE_PIECE, 1)
WRITING(writev, (int fd, const struct iovec *pieces, int n), (fd, pieces, n), place_of(fd, answer),
        pieces, n)

static int truncated(int fd, int64_t size, int answer)
{
    struct stat about;
    if (answer == 0 && regular(fd, &about))
        entry_numbers("truncate", about.st_ino, (uint64_t)size, "");
    return answer;
}

static int synced(int fd, const char *kind, int answer)
{
    struct stat about;
    if (answer == 0 && log_fd >= 0 && raw_fstat(fd, &about) == 0)
        entry_numbers(S_ISDIR(about.st_mode) && *kind == 'f' ? "fsync-folder" : kind, about.st_ino,
                      0, "");
    return answer;
}

#define CALL(name, PARAMETERS, ARGUMENTS, NOTE) \
    EXPORT int name PARAMETERS                  \
    {                                           \
        REAL(name)                              \
        if (log_fd < 0)                         \
            return real ARGUMENTS;              \
        ENTER();                                \
        int answer = real ARGUMENTS;            \
        error = errno;                          \
        NOTE;                                   \
        LEAVE(answer);                          \
    }
CALL(ftruncate, (int fd, off_t size), (fd, size), truncated(fd, size, answer))
CALL(ftruncate64, (int fd, off64_t size), (fd, size), truncated(fd, size, answer))
CALL(fsync, (int fd), (fd), synced(fd, "fsync", answer))
CALL(fdatasync, (int fd), (fd), synced(fd, "fsync", answer))
CALL(syncfs, (int fd), (fd), synced(fd, "syncfs", answer))
CALL(fallocate, (int fd, int mode, off_t at, off_t size), (fd, mode, at, size),
     abort()) /* not known here */

/* ---- names ---- */

struct names { /* as they are before the call, which may unmake them */
    uint64_t folder, folder2;
    char name[256], name2[256];
    bool was_there;
};

static struct names names_of(int f, const char *path, int g, const char *path2)
{
    struct names names = {0};
    names.folder = parent_of(f, path, names.name);
    if (path2)
        names.folder2 = parent_of(g, path2, names.name2);
    names.was_there = inode_at(f, path);
    return names;
}

#define NAMING(type, name, PARAMETERS, ARGUMENTS, f, path, g, path2, NOTE) \
    EXPORT type name PARAMETERS                                            \
    {                                                                      \
        REAL(name)                                                         \
        if (log_fd < 0)                                                    \
            return real ARGUMENTS;                                         \
        ENTER();                                                           \
        struct names names = names_of(f, path, g, path2);                  \
        type answer = real ARGUMENTS;                                      \
        error = errno;                                                     \
        if (answer != (type)-1) {                                          \
            NOTE;                                                          \
        }                                                                  \
        LEAVE(answer);                                                     \
    }
#define NOTE_RENAME(kind) entry_names(kind, names.folder, names.name, names.folder2, names.name2)
NAMING(int, rename, (const char *a, const char *b), (a, b), AT_FDCWD, a, AT_FDCWD, b,
       NOTE_RENAME("rename"))
NAMING(int, renameat, (int f, const char *a, int g, const char *b), (f, a, g, b), f, a, g, b,
       NOTE_RENAME("rename"))
NAMING(int, renameat2, (int f, const char *a, int g, const char *b, unsigned flags),
       (f, a, g, b, flags), f, a, g, b, NOTE_RENAME(flags & 2 ? "exchange" : "rename"))
#define NOTE_LINK entry_numbers("link", names.folder2, inode_at(g, b), names.name2)
NAMING(int, linkat, (int f, const char *a, int g, const char *b, int flags), (f, a, g, b, flags), f,
       a, g, b, NOTE_LINK)
EXPORT int link(const char *a, const char *b)
{
    return linkat(AT_FDCWD, a, AT_FDCWD, b, 0);
}
#define NOTE_UNLINK entry_numbers("unlink", names.folder, 0, names.name)
NAMING(int, unlink, (const char *path), (path), AT_FDCWD, path, 0, NULL, NOTE_UNLINK)
NAMING(int, unlinkat, (int f, const char *path, int flags), (f, path, flags), f, path, 0, NULL,
       NOTE_UNLINK)
NAMING(int, remove, (const char *path), (path), AT_FDCWD, path, 0, NULL, NOTE_UNLINK)
NAMING(int, rmdir, (const char *path), (path), AT_FDCWD, path, 0, NULL, NOTE_UNLINK)
#define NOTE_MKDIR(f, path) entry_numbers("mkdir", names.folder, inode_at(f, path), names.name)
NAMING(int, mkdir, (const char *path, mode_t mode), (path, mode), AT_FDCWD, path, 0, NULL,
       NOTE_MKDIR(AT_FDCWD, path))
NAMING(int, mkdirat, (int f, const char *path, mode_t mode), (f, path, mode), f, path, 0, NULL,
       NOTE_MKDIR(f, path))

static int truncated_at(const char *path, int64_t size, int answer)
{
    struct stat about;
    if (answer == 0 && syscall(SYS_newfstatat, AT_FDCWD, path, &about, 0) == 0)
        entry_numbers("truncate", about.st_ino, (uint64_t)size, "");
    return answer;
}
CALL(truncate, (const char *path, off_t size), (path, size), truncated_at(path, size, answer))
CALL(truncate64, (const char *path, off64_t size), (path, size), truncated_at(path, size, answer))

/* These have no name before they are made. */
EXPORT char *mkdtemp(char *pattern)
{
    REAL(mkdtemp)
    if (log_fd < 0)
        return real(pattern);
    ENTER();
    char name[256], *answer = real(pattern);
    error = errno;
    uint64_t folder = answer ? parent_of(AT_FDCWD, answer, name) : 0;
    if (answer)
        entry_numbers("mkdir", folder, inode_at(AT_FDCWD, answer), name);
    LEAVE(answer);
}

static int made(const char *path, int fd)
{
    char name[256];
    uint64_t folder = fd >= 0 ? parent_of(AT_FDCWD, path, name) : 0;
    if (fd >= 0)
        entry_numbers("create", folder, inode_at(AT_FDCWD, path), name);
    return fd;
}
CALL(mkstemp, (char *pattern), (pattern), made(pattern, answer))
CALL(mkostemp, (char *pattern, int flags), (pattern, flags), made(pattern, answer))
CALL(mkostemps, (char *pattern, int size, int flags), (pattern, size, flags), made(pattern, answer))

static void opened(const struct names *names, int fd, int flags)
{
    struct stat about;
    if (!regular(fd, &about))
        return;
    if ((flags & O_TMPFILE) == O_TMPFILE)
        entry_numbers("nameless", about.st_ino, 0, "");
    else if (flags & O_CREAT && !names->was_there)
        entry_numbers("create", names->folder, about.st_ino, names->name);
    else if (flags & O_TRUNC)
        entry_numbers("truncate", about.st_ino, 0, "");
}

#define OPENING(name, PARAMETERS, f, flags, ARGUMENTS)             \
    EXPORT int name PARAMETERS                                     \
    {                                                              \
        REAL(name)                                                 \
        mode_t mode = 0;                                           \
        bool makes = flags & (O_CREAT | O_TMPFILE) & ~O_DIRECTORY; \
        if (makes) {                                               \
            va_list list;                                          \
            va_start(list, flags);                                 \
            mode = va_arg(list, mode_t);                           \
            va_end(list);                                          \
        }                                                          \
        if (log_fd < 0 || !(makes || flags & O_TRUNC))             \
            return real ARGUMENTS;                                 \
        ENTER();                                                   \
        struct names names = names_of(f, path, 0, NULL);           \
        int answer = real ARGUMENTS;                               \
        error = errno;                                             \
        if (answer >= 0)                                           \
            opened(&names, answer, flags);                         \
        LEAVE(answer);                                             \
    }
OPENING(open, (const char *path, int flags, ...), AT_FDCWD, flags, (path, flags, mode))
OPENING(open64, (const char *path, int flags, ...), AT_FDCWD, flags, (path, flags, mode))
OPENING(openat, (int f, const char *path, int flags, ...), f, flags, (f, path, flags, mode))
OPENING(openat64, (int f, const char *path, int flags, ...), f, flags, (f, path, flags, mode))

/* ---- what is said of files ---- */

static int disguised(struct stat *about, int answer)
{
    for (int i = 0; answer == 0 && i < n_inodes; i++)
        if (inodes[i].from == about->st_ino) {
            about->st_ino = inodes[i].to;
            about->st_dev = device;
            break;
        }
    return answer;
}
#define TELLING(name, type, PARAMETERS, ARGUMENTS)            \
    EXPORT int name PARAMETERS                                \
    {                                                         \
        REAL(name)                                            \
        return disguised((struct stat *)out, real ARGUMENTS); \
    }
TELLING(fstat, stat, (int fd, struct stat *out), (fd, out))
TELLING(stat, stat, (const char *path, struct stat *out), (path, out))
TELLING(lstat, stat, (const char *path, struct stat *out), (path, out))
TELLING(fstatat, stat, (int f, const char *path, struct stat *out, int flags),
        (f, path, out, flags))
TELLING(fstat64, stat64, (int fd, struct stat64 *out), (fd, out))
TELLING(stat64, stat64, (const char *path, struct stat64 *out), (path, out))
