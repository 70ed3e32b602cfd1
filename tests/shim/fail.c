/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls to the system that fail, as verdict.h tells. Calls on what is neither a regular file nor a
 * folder pass: eventfd(2) does not fail for want of room.
 */
#include "verdict.h"

#include <pthread.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>

static bool is_ours(int class)
{
    return class != ALLOC;
}

static bool concerns(int fd)
{
    struct stat about;
    inside++;
    bool is =
        syscall(SYS_fstat, fd, &about) == 0 && (S_ISREG(about.st_mode) || S_ISDIR(about.st_mode));
    inside--;
    return is;
}

#define IO(name, class, PARAMETERS, LESS)             \
    EXPORT ssize_t name PARAMETERS                    \
    {                                                 \
        REAL(name)                                    \
        int what = concerns(fd) ? verdict(class) : 0; \
        if (what > 0) {                               \
            errno = what;                             \
            return -1;                                \
        }                                             \
        bool half = what == -1;                       \
        ssize_t answer = LESS;                        \
        if (what == -3)                               \
            die();                                    \
        return answer;                                \
    }
#define SIZE (half && size > 1 ? size / 2 : size)
#define PIECES (half && n > 1 ? n / 2 : n)

IO(write, WRITE, (int fd, const void *data, size_t size), real(fd, data, SIZE))
IO(pwrite, WRITE, (int fd, const void *data, size_t size, off_t at), real(fd, data, SIZE, at))
IO(pwrite64, WRITE, (int fd, const void *data, size_t size, off_t at), real(fd, data, SIZE, at))
IO(writev, WRITE, (int fd, const struct iovec *pieces, int n), real(fd, pieces, PIECES))
IO(pwritev, WRITE, (int fd, const struct iovec *pieces, int n, off_t at),
   real(fd, pieces, PIECES, at))
IO(read, READ, (int fd, void *data, size_t size), real(fd, data, SIZE))
IO(pread, READ, (int fd, void *data, size_t size, off_t at), real(fd, data, SIZE, at))
IO(pread64, READ, (int fd, void *data, size_t size, off_t at), real(fd, data, SIZE, at))
IO(readv, READ, (int fd, const struct iovec *pieces, int n), real(fd, pieces, PIECES))
IO(copy_file_range, WRITE,
   (int from, off64_t *from_at, int fd, off64_t *at, size_t size, unsigned flags),
   real(from, from_at, fd, at, SIZE, flags))

#define CALL(type, name, class, applies, PARAMETERS, ARGUMENTS) \
    EXPORT type name PARAMETERS                                 \
    {                                                           \
        REAL(name)                                              \
        WRAPPED(class, applies, real ARGUMENTS, (type)-1);      \
    }
/* SQLite does not look at what its fsync of a folder answers. */
static bool is_passed_over(int fd, void *caller)
{
    struct stat about;
    Dl_info from;
    inside++;
    bool is = syscall(SYS_fstat, fd, &about) == 0 && S_ISDIR(about.st_mode) &&
              dladdr(caller, &from) && strstr(from.dli_fname, "libsqlite3");
    inside--;
    return is;
}

#define SYNCING(name)                                                  \
    EXPORT int name(int fd)                                            \
    {                                                                  \
        REAL(name)                                                     \
        passed_over = is_passed_over(fd, __builtin_return_address(0)); \
        int what = verdict(SYNC), answer = what > 0 ? -1 : real(fd);   \
        passed_over = false;                                           \
        if (what == -3)                                                \
            die();                                                     \
        if (what > 0)                                                  \
            errno = what;                                              \
        return answer;                                                 \
    }
SYNCING(fsync)
SYNCING(fdatasync)
CALL(int, syncfs, SYNC, true, (int fd), (fd))
CALL(int, rename, RENAME, true, (const char *a, const char *b), (a, b))
CALL(int, renameat, RENAME, true, (int f, const char *a, int g, const char *b), (f, a, g, b))
CALL(int, renameat2, RENAME, true, (int f, const char *a, int g, const char *b, unsigned flags),
     (f, a, g, b, flags))
CALL(int, link, LINK, true, (const char *a, const char *b), (a, b))
CALL(int, linkat, LINK, true, (int f, const char *a, int g, const char *b, int flags),
     (f, a, g, b, flags))
CALL(int, unlink, UNLINK, true, (const char *path), (path))
CALL(int, remove, UNLINK, true, (const char *path), (path))
CALL(int, unlinkat, UNLINK, true, (int f, const char *path, int flags), (f, path, flags))
CALL(int, ftruncate, TRUNCATE, concerns(fd), (int fd, off_t size), (fd, size))
CALL(int, ftruncate64, TRUNCATE, concerns(fd), (int fd, off64_t size), (fd, size))
CALL(int, truncate, TRUNCATE, true, (const char *path, off_t size), (path, size))
CALL(int, fallocate, TRUNCATE, true, (int fd, int mode, off_t at, off_t size), (fd, mode, at, size))
CALL(int, mkdir, MKDIR, true, (const char *path, mode_t mode), (path, mode))
CALL(int, mkdirat, MKDIR, true, (int f, const char *path, mode_t mode), (f, path, mode))
CALL(int, fstat, STAT, concerns(fd), (int fd, struct stat *out), (fd, out))
CALL(int, stat, STAT, true, (const char *path, struct stat *out), (path, out))
CALL(int, lstat, STAT, true, (const char *path, struct stat *out), (path, out))
CALL(int, fstatat, STAT, true, (int f, const char *path, struct stat *out, int flags),
     (f, path, out, flags))
CALL(int, fstat64, STAT, concerns(fd), (int fd, struct stat64 *out), (fd, out))
CALL(int, stat64, STAT, true, (const char *path, struct stat64 *out), (path, out))
CALL(int, flock, LOCK, true, (int fd, int how), (fd, how))
CALL(void *, mmap, MMAP, fd >= 0,
     (void *at, size_t size, int protection, int flags, int fd, off_t offset),
     (at, size, protection, flags, fd, offset))
CALL(void *, mmap64, MMAP, fd >= 0,
     (void *at, size_t size, int protection, int flags, int fd, off_t offset),
     (at, size, protection, flags, fd, offset))

/* A descriptor is closed all the same, as Linux does it. */
EXPORT int close(int fd)
{
    REAL(close)
    int what = concerns(fd) ? verdict(CLOSE) : 0, answer = real(fd);
    if (what == -3)
        die();
    if (what <= 0)
        return answer;
    errno = what;
    return -1;
}

#define OPENING(name, PARAMETERS, last, ARGUMENTS) \
    EXPORT int name PARAMETERS                     \
    {                                              \
        REAL(name)                                 \
        mode_t mode = 0;                           \
        if (last & (O_CREAT | O_TMPFILE)) {        \
            va_list list;                          \
            va_start(list, last);                  \
            mode = va_arg(list, mode_t);           \
            va_end(list);                          \
        }                                          \
        WRAPPED(OPEN, true, real ARGUMENTS, -1);   \
    }
OPENING(open, (const char *path, int flags, ...), flags, (path, flags, mode))
OPENING(open64, (const char *path, int flags, ...), flags, (path, flags, mode))
OPENING(openat, (int f, const char *path, int flags, ...), flags, (f, path, flags, mode))
OPENING(openat64, (int f, const char *path, int flags, ...), flags, (f, path, flags, mode))
EXPORT int __open64_2(const char *path, int flags)
{
    return open64(path, flags);
}
EXPORT int __open_2(const char *path, int flags)
{
    return open(path, flags);
}
EXPORT int __openat64_2(int f, const char *path, int flags)
{
    return openat64(f, path, flags);
}
EXPORT int __openat_2(int f, const char *path, int flags)
{
    return openat(f, path, flags);
}
EXPORT ssize_t __read_chk(int fd, void *data, size_t size, size_t room)
{
    (void)room;
    return read(fd, data, size);
}

#define LOCKING(name)                                                                     \
    EXPORT int name(int fd, int command, ...)                                             \
    {                                                                                     \
        REAL(name)                                                                        \
        va_list list;                                                                     \
        va_start(list, command);                                                          \
        void *argument = va_arg(list, void *);                                            \
        va_end(list);                                                                     \
        bool locks = command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK; \
        WRAPPED(LOCK, locks, real(fd, command, argument), -1);                            \
    }
LOCKING(fcntl)
LOCKING(fcntl64)

EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument)
{
    REAL(pthread_create)
    int what = verdict(THREAD);
    return what > 0 ? what : real(thread, attributes, run, argument);
}
