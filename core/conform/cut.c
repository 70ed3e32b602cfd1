/* SPDX-License-Identifier: Apache-2.0 */
#include "cut.h"

#include "turn.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_llong left; /* calls until the last; 0: nothing is counted */

static void pass(void)
{
    if (atomic_load(&left) > 0 && atomic_fetch_sub(&left, 1) == 1)
        _exit(0);
}

void conform_cut_at(int64_t nth)
{
    atomic_store(&left, nth);
}

/* The functions themselves: our own references to them are turned, too. */
static struct {
    int (*rename)(const char *, const char *);
    int (*renameat)(int, const char *, int, const char *);
    int (*renameat2)(int, const char *, int, const char *, unsigned);
    int (*link)(const char *, const char *);
    int (*linkat)(int, const char *, int, const char *, int);
    int (*unlink)(const char *);
    int (*unlinkat)(int, const char *, int);
    int (*remove)(const char *);
    int (*rmdir)(const char *);
    int (*mkdir)(const char *, mode_t);
    int (*mkdirat)(int, const char *, mode_t);
    int (*open)(const char *, int, ...);
    int (*openat)(int, const char *, int, ...);
    FILE *(*fopen)(const char *, const char *);
    int (*fclose)(FILE *);
    int (*fflush)(FILE *);
    ssize_t (*write)(int, const void *, size_t);
    ssize_t (*writev)(int, const struct iovec *, int);
    ssize_t (*pwrite)(int, const void *, size_t, off_t);
    int (*ftruncate)(int, off_t);
    int (*truncate)(const char *, off_t);
} real;

static int cut_rename(const char *from, const char *to)
{
    pass();
    return real.rename(from, to);
}

static int cut_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    pass();
    return real.renameat(from_fd, from, to_fd, to);
}

static int cut_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
    pass();
    return real.renameat2(from_fd, from, to_fd, to, flags);
}

static int cut_link(const char *from, const char *to)
{
    pass();
    return real.link(from, to);
}

static int cut_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    pass();
    return real.linkat(from_fd, from, to_fd, to, flags);
}

static int cut_unlink(const char *path)
{
    pass();
    return real.unlink(path);
}

static int cut_unlinkat(int fd, const char *path, int flags)
{
    pass();
    return real.unlinkat(fd, path, flags);
}

static int cut_remove(const char *path)
{
    pass();
    return real.remove(path);
}

static int cut_rmdir(const char *path)
{
    pass();
    return real.rmdir(path);
}

static int cut_mkdir(const char *path, mode_t mode)
{
    pass();
    return real.mkdir(path, mode);
}

static int cut_mkdirat(int fd, const char *path, mode_t mode)
{
    pass();
    return real.mkdirat(fd, path, mode);
}

/* The mode counts only where a file may be made. */
static mode_t mode_of(int flags, va_list args)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
}

static int cut_open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    if (flags & O_ACCMODE)
        pass();
    return real.open(path, flags, mode);
}

static int cut_openat(int fd, const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_of(flags, args);
    va_end(args);
    if (flags & O_ACCMODE)
        pass();
    return real.openat(fd, path, flags, mode);
}

static FILE *cut_fopen(const char *path, const char *mode)
{
    if (*mode != 'r')
        pass();
    return real.fopen(path, mode);
}

static int cut_fclose(FILE *file)
{
    pass();
    return real.fclose(file);
}

static int cut_fflush(FILE *file)
{
    pass();
    return real.fflush(file);
}

static ssize_t cut_write(int fd, const void *data, size_t size)
{
    pass();
    return real.write(fd, data, size);
}

static ssize_t cut_writev(int fd, const struct iovec *pieces, int n)
{
    pass();
    return real.writev(fd, pieces, n);
}

static ssize_t cut_pwrite(int fd, const void *data, size_t size, off_t at)
{
    pass();
    return real.pwrite(fd, data, size, at);
}

static int cut_ftruncate(int fd, off_t size)
{
    pass();
    return real.ftruncate(fd, size);
}

static int cut_truncate(const char *path, off_t size)
{
    pass();
    return real.truncate(path, size);
}

/* name: as libraries ask for it; some have another for large files. */
#define CUT(name, place)                                                                          \
    {                                                                                             \
        {name, (conform_function *)cut_##place}, (conform_function **)(void *)&real.place, #place \
    }

static const struct {
    struct conform_turned turned;
    conform_function **real;
    const char *itself;
} cuts[] = {CUT("rename", rename),         CUT("renameat", renameat),
            CUT("renameat2", renameat2),   CUT("link", link),
            CUT("linkat", linkat),         CUT("unlink", unlink),
            CUT("unlinkat", unlinkat),     CUT("remove", remove),
            CUT("rmdir", rmdir),           CUT("mkdir", mkdir),
            CUT("mkdirat", mkdirat),       CUT("open", open),
            CUT("open64", open),           CUT("openat", openat),
            CUT("openat64", openat),       CUT("fopen", fopen),
            CUT("fopen64", fopen),         CUT("fclose", fclose),
            CUT("fflush", fflush),         CUT("write", write),
            CUT("writev", writev),         CUT("pwrite", pwrite),
            CUT("pwrite64", pwrite),       CUT("ftruncate", ftruncate),
            CUT("ftruncate64", ftruncate), CUT("truncate", truncate),
            CUT("truncate64", truncate)};

enum { CUTS = sizeof cuts / sizeof *cuts };

int conform_cut_ready(void)
{
    struct conform_turned turned[CUTS];
    for (size_t i = 0; i < CUTS; i++) {
        void *function = dlsym(RTLD_NEXT, cuts[i].itself);
        function = function ? function : dlsym(RTLD_DEFAULT, cuts[i].itself);
        if (!function)
            return -1;
        *(void **)(void *)cuts[i].real = function;
        turned[i] = cuts[i].turned;
    }
    return conform_turn_all(turned, CUTS);
}
