/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes a chosen call fail, or kills the process there: what those share that are loaded for it
 * with LD_PRELOAD, fail.so for calls to the system and starve.so for allocations.
 *
 *   QETL_SHIM=CLASS:N:WHAT   the N-th call of the class (N+: and all behind it). WHAT: a name of
 * errno, SHORT (half of it is written or read), KILL (before the call), DIE (behind it)
 *   QETL_SHIM_FIRED=FILE     is made once that happens
 *   QETL_SHIM_CALLERS=FILE   then says who called
 *   QETL_SHIM_COUNT=FILE     at the end: how many calls of each class there were is added to it
 *   QETL_SHIM_STACKS=CLASS:FILE   one 64-bit hash of the callers for each call of the class
 *
 * Invariant: a class belongs to one of the two (is_ours); what the shim itself calls is not
 * counted. Ownership: nothing. Threads:   any. A sanitizer's runtime comes here before it is ready,
 * so that nothing here may call for what is not there yet: thread-local places are laid out at the
 * start.
 */
#ifndef QETL_TESTS_SHIM_VERDICT_H
#define QETL_TESTS_SHIM_VERDICT_H

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
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

/* Of the shim that this is. */
static bool is_ours(int class);

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
    if (stacks || getenv("QETL_SHIM_CALLERS")) {
        void *unused[2];
        backtrace(unused, 2); /* loads what it needs */
    }
    if (stacks && is_ours(class_of(stacks, strcspn(stacks, ":")))) {
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
        if (is_ours(i))
            size += snprintf(text + size, sizeof text - (size_t)size, "%s %llu\n", class_names[i],
                             (unsigned long long)atomic_load(&counts[i]));
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND, 0600);
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

static void tell_callers(const char *path)
{
    void *callers[24];
    inside++;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    backtrace_symbols_fd(callers, backtrace(callers, 24), fd);
    syscall(SYS_close, fd);
    inside--;
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
    if (getenv("QETL_SHIM_CALLERS"))
        tell_callers(getenv("QETL_SHIM_CALLERS"));
    if (target_what == -2)
        die();
    return target_what;
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

#endif
