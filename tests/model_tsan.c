/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the code under test calls, handed to the explorer: what -fsanitize=thread makes the compiler
 * call, and the system through --wrap.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>

#include "model.h"

void __tsan_init(void);
void __tsan_init(void)
{
}

void __tsan_func_entry(void *caller);
void __tsan_func_entry(void *caller)
{
    (void)caller;
}

void __tsan_func_exit(void);
void __tsan_func_exit(void)
{
}

#define PLAIN(size)                      \
    void __tsan_read##size(void *addr);  \
    void __tsan_read##size(void *addr)   \
    {                                    \
        model_access(addr, size, false); \
    }                                    \
    void __tsan_write##size(void *addr); \
    void __tsan_write##size(void *addr)  \
    {                                    \
        model_access(addr, size, true);  \
    }

PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

void __tsan_read_range(void *addr, unsigned long size);
void __tsan_read_range(void *addr, unsigned long size)
{
    model_access(addr, size, false);
}

void __tsan_write_range(void *addr, unsigned long size);
void __tsan_write_range(void *addr, unsigned long size)
{
    model_access(addr, size, true);
}

#define ATOMIC(bits)                                                                          \
    uint##bits##_t __tsan_atomic##bits##_load(void *addr, int order);                         \
    uint##bits##_t __tsan_atomic##bits##_load(void *addr, int order)                          \
    {                                                                                         \
        struct model_op op = {MODEL_LOAD, order, bits / 8, 0, .addr = addr};                  \
        model_do(&op);                                                                        \
        return (uint##bits##_t)op.result;                                                     \
    }                                                                                         \
    void __tsan_atomic##bits##_store(void *addr, uint##bits##_t value, int order);            \
    void __tsan_atomic##bits##_store(void *addr, uint##bits##_t value, int order)             \
    {                                                                                         \
        struct model_op op = {MODEL_STORE, order, bits / 8, 0, .addr = addr, .value = value}; \
        model_do(&op);                                                                        \
    }

ATOMIC(8)
ATOMIC(32)

static uint32_t modify(enum model_kind kind, void *addr, uint32_t value, int order)
{
    struct model_op op = {kind, order, 4, 0, .addr = addr, .value = value};
    model_do(&op);
    return (uint32_t)op.result;
}

uint32_t __tsan_atomic32_fetch_add(void *addr, uint32_t value, int order);
uint32_t __tsan_atomic32_fetch_add(void *addr, uint32_t value, int order)
{
    return modify(MODEL_ADD, addr, value, order);
}

uint32_t __tsan_atomic32_fetch_sub(void *addr, uint32_t value, int order);
uint32_t __tsan_atomic32_fetch_sub(void *addr, uint32_t value, int order)
{
    return modify(MODEL_ADD, addr, 0 - value, order);
}

uint32_t __tsan_atomic32_fetch_or(void *addr, uint32_t value, int order);
uint32_t __tsan_atomic32_fetch_or(void *addr, uint32_t value, int order)
{
    return modify(MODEL_OR, addr, value, order);
}

uint32_t __tsan_atomic32_fetch_and(void *addr, uint32_t value, int order);
uint32_t __tsan_atomic32_fetch_and(void *addr, uint32_t value, int order)
{
    return modify(MODEL_AND, addr, value, order);
}

int __tsan_atomic32_compare_exchange_strong(void *addr, uint32_t *expected, uint32_t value,
                                            int order, int failed);
int __tsan_atomic32_compare_exchange_strong(void *addr, uint32_t *expected, uint32_t value,
                                            int order, int failed)
{
    (void)failed;
    struct model_op op = {
        MODEL_CAS, order, 4, 0, .addr = addr, .value = value, .expected = *expected};
    model_do(&op);
    *expected = (uint32_t)op.result;
    return (int)op.swapped;
}

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_thread_fence(int order)
{
    struct model_op op = {MODEL_FENCE, order, 4, 0, .addr = NULL};
    model_do(&op);
}

void __tsan_atomic_signal_fence(int order);
void __tsan_atomic_signal_fence(int order)
{
    (void)order;
}

/* What is called only in setup, before there are threads, needs no effect. */
long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
    struct model_op op = {.kind = MODEL_MEMBARRIER, .size = 4};
    if (number == SYS_futex) {
        va_list list;
        va_start(list, number);
        op.addr = va_arg(list, void *);
        op.kind = va_arg(list, int) == FUTEX_WAIT_PRIVATE ? MODEL_FUTEX_WAIT : MODEL_FUTEX_WAKE;
        op.value = op.expected = va_arg(list, unsigned);
        const struct timespec *timeout = va_arg(list, const struct timespec *);
        op.timeout = timeout ? timeout->tv_sec * 1000000000 + timeout->tv_nsec : -1;
        va_end(list);
    }
    model_do(&op);
    if (op.kind != MODEL_FUTEX_WAIT)
        return (long)op.result;
    errno = (int)op.result;
    return op.result ? -1 : 0;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    (void)clock;
    int64_t ns = model_clock();
    *now = (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    return 0;
}

void *__wrap_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    (void)alignment;
    return model_alloc(size);
}

/* Blocks of the arena go with the run; the explorer's own are the C library's. */
void __real_free(void *p);
void __wrap_free(void *p);
void __wrap_free(void *p)
{
    if (!model_owns(p))
        __real_free(p);
}

/* Asserts of the code under test end the run with its schedule. */
void __assert_fail(const char *text, const char *file, unsigned line, const char *function)
{
    fprintf(stderr, "%s:%u: %s: %s\n", file, line, function, text);
    model_fail("an assert failed");
}
