/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes a chosen call fail, or kills the process there. To be loaded with LD_PRELOAD.
 *
 *   QETL_SHIM=CLASS:N:WHAT   the N-th call of the class (N+: and all behind it). WHAT: a name of
 * errno, SHORT (half of it is written or read), KILL (before the call), DIE (behind it)
 *   QETL_SHIM_FIRED=FILE     is made once that happens
 *   QETL_SHIM_COUNT=FILE     at the end: how many calls of each class there were
 *   QETL_SHIM_STACKS=CLASS:FILE   one 64-bit hash of the callers for each call of the class
 *
 * Calls on what is neither a regular file nor a folder pass: eventfd(2) does not fail for want of
 * room.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <regex.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

enum class {
    WRITE,
    SYNC,
    RENAME,
    LINK,
    UNLINK,
    TRUNCATE,
    OPEN,
    MKDIR,
    READ,
    CLOSE,
    MMAP,
    STAT,
    LOCK,
    THREAD,
    ALLOC,
    ANY, /* all but ALLOC */
    CLASSES
};
static const char *const class_names[CLASSES] = {
    "write", "sync",  "rename", "link", "unlink", "truncate", "open",  "mkdir",
    "read",  "close", "mmap",   "stat", "lock",   "thread",   "alloc", "any"};
static const struct {
    const char *name;
    int number;
} errors[] = {{"ENOSPC", ENOSPC}, {"EIO", EIO},       {"EINTR", EINTR},   {"EMFILE", EMFILE},
              {"ENOMEM", ENOMEM}, {"EACCES", EACCES}, {"EDQUOT", EDQUOT}, {"EAGAIN", EAGAIN},
              {"EROFS", EROFS},   {"EXDEV", EXDEV},   {"ENOLCK", ENOLCK}, {"SHORT", -1},
              {"KILL", -2},       {"DIE", -3}};

static int target_class = -1, target_what, stacks_class = -1, stacks_fd = -1;
static uint64_t target_n;
static bool target_on;
static atomic_ullong counts[CLASSES];
static _Thread_local int inside;
static _Thread_local bool passed_over; /* a call whose failure its library passes over on purpose */

static void die(void)
{
    syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
}

static int class_of(const char *text, size_t size)
{
    for (int i = 0; i < CLASSES; i++)
        if (strlen(class_names[i]) == size && memcmp(text, class_names[i], size) == 0)
            return i;
    static const char message[] = "shim: no such class\n";
    syscall(SYS_write, 2, message, sizeof message - 1);
    _exit(99);
}

static void configure_target(const char *text)
{
    size_t size = strcspn(text, ":");
    target_class = class_of(text, size);
    char *rest;
    target_n = strtoull(text + size + 1, &rest, 10);
    target_on = *rest == '+';
    rest += target_on;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (*rest == ':' && strcmp(rest + 1, errors[i].name) == 0)
            target_what = errors[i].number;
    if (!target_what)
        _exit(99);
}

__attribute__((constructor)) static void configure(void)
{
    inside++;
    const char *target = getenv("QETL_SHIM"), *stacks = getenv("QETL_SHIM_STACKS");
    if (target)
        configure_target(target);
    if (stacks) {
        void *unused[2];
        backtrace(unused, 2); /* loads what it needs */
        stacks_class = class_of(stacks, strcspn(stacks, ":"));
        stacks_fd = (int)syscall(SYS_openat, AT_FDCWD, strchr(stacks, ':') + 1,
                                 O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    }
    inside--;
}

__attribute__((destructor)) static void report(void)
{
    const char *path = getenv("QETL_SHIM_COUNT");
    char text[1024];
    int size = 0;
    if (!path)
        return;
    for (int i = 0; i < CLASSES; i++)
        size += snprintf(text + size, sizeof text - (size_t)size, "%s %llu\n", class_names[i],
                         (unsigned long long)atomic_load(&counts[i]));
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    syscall(SYS_write, fd, text, (size_t)size);
    syscall(SYS_close, fd);
}

static void note_stack(void)
{
    void *callers[24];
    inside++;
    int n = backtrace(callers, 24);
    inside--;
    uint64_t hash = 1469598103934665603u;
    for (int i = 2; i < n; i++)
        hash = (hash ^ (uint64_t)(uintptr_t)callers[i]) * 1099511628211u;
    syscall(SYS_write, stacks_fd, &hash, sizeof hash);
}

static bool hit(enum class class, uint64_t n)
{
    return target_class == (int)class && (n == target_n || (target_on && n > target_n));
}

/* 0: the call is made; else what is to happen in its place. */
static int verdict(enum class class)
{
    if (inside)
        return 0;
    uint64_t n = atomic_fetch_add(&counts[class], 1) + 1, any = 0;
    if (class != ALLOC)
        any = atomic_fetch_add(&counts[ANY], 1) + 1;
    if (stacks_class == (int)class || (stacks_class == ANY && any))
        note_stack();
    if (!hit(class, n) && !(any && hit(ANY, any)))
        return 0;
    const char *fired = getenv("QETL_SHIM_FIRED");
    if (fired && !passed_over)
        syscall(SYS_close, syscall(SYS_openat, AT_FDCWD, fired, O_WRONLY | O_CREAT, 0600));
    if (target_what == -2)
        die();
    return target_what;
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

#define REAL(name)                                          \
    static __typeof__(name) *real;                          \
    if (!real) {                                            \
        inside++;                                           \
        real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name); \
        inside--;                                           \
    }

/* The call, unless it has to fail. */
#define WRAPPED(class, applies, call, failure) \
    int what = (applies) ? verdict(class) : 0; \
    if (what > 0) {                            \
        errno = what;                          \
        return failure;                        \
    }                                          \
    __typeof__(call) answer = call;            \
    if (what == -3)                            \
        die();                                 \
    return answer

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

/* glibc 2.36 frees twice where it runs out of memory here; that is not ours to mend. */
EXPORT int regcomp(regex_t *into, const char *pattern, int flags)
{
    REAL(regcomp)
    inside++;
    int answer = real(into, pattern, flags);
    inside--;
    return answer;
}

#ifndef SHIM_NO_ALLOC /* with a sanitizer's own, these are not ours to replace */
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

EXPORT void *malloc(size_t size)
{
    WRAPPED(ALLOC, true, __libc_malloc(size), NULL);
}
EXPORT void *calloc(size_t n, size_t size)
{
    WRAPPED(ALLOC, true, __libc_calloc(n, size), NULL);
}
EXPORT void *realloc(void *old, size_t size)
{
    WRAPPED(ALLOC, true, __libc_realloc(old, size), NULL);
}
EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    WRAPPED(ALLOC, true, __libc_memalign(alignment, size), NULL);
}
EXPORT void *memalign(size_t alignment, size_t size)
{
    WRAPPED(ALLOC, true, __libc_memalign(alignment, size), NULL);
}
EXPORT int posix_memalign(void **out, size_t alignment, size_t size)
{
    int what = verdict(ALLOC);
    *out = what > 0 ? NULL : __libc_memalign(alignment, size);
    return *out ? 0 : ENOMEM;
}
#endif
