/* SPDX-License-Identifier: Apache-2.0 */
#include "blocks.h"

#include "turn.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { SLOTS = 1 << 18, PROBES = 4096, MAPPINGS = 4096, FRAMES = 24 };

struct block {
    uintptr_t at; /* 0: the slot is free, and always was; 1: it was given back */
    size_t size;
    int32_t round;
    const void *asker;
};

static struct {
    pthread_mutex_t lock;
    struct block *slots;         /* by address */
    struct block maps[MAPPINGS]; /* those of mmap, in any order */
    int round;
    const void *library; /* the base of the one whose calls are noted; or NULL */
} known = {.lock = PTHREAD_MUTEX_INITIALIZER, .round = -1};
static _Thread_local bool inside; /* of one of the functions below */

/* The functions themselves: our own references to them are turned, too. */
static struct {
    void *(*malloc)(size_t);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    void *(*aligned_alloc)(size_t, size_t);
    void *(*memalign)(size_t, size_t);
    int (*posix_memalign)(void **, size_t, size_t);
    char *(*strdup)(const char *);
    char *(*strndup)(const char *, size_t);
    void (*free)(void *);
    void *(*mmap)(void *, size_t, int, int, int, off_t);
    int (*munmap)(void *, size_t);
} real;

/* ---- the table ---- */

static size_t slot_of(uintptr_t at)
{
    return (size_t)((at >> 4) * 0x9e3779b97f4a7c15u >> 40) % SLOTS;
}

static struct block *block_find(uintptr_t at)
{
    size_t slot = slot_of(at);
    for (size_t i = 0; i < PROBES; i++) {
        struct block *block = &known.slots[(slot + i) % SLOTS];
        if (block->at == at)
            return block;
        if (!block->at)
            return NULL;
    }
    return NULL;
}

/* What finds no slot is not known, and never told as left. */
static void block_put(struct block new)
{
    size_t slot = slot_of(new.at);
    struct block *block = block_find(new.at);
    for (size_t i = 0; !block && i < PROBES; i++)
        if (known.slots[(slot + i) % SLOTS].at <= 1)
            block = &known.slots[(slot + i) % SLOTS];
    if (block)
        *block = new;
}

static const void *library_base(const void *address)
{
    Dl_info info;
    return address && dladdr(address, &info) ? info.dli_fbase : NULL;
}

/* The nearest of the callers that lies in the library. */
static const void *asker_find(void)
{
    void *frames[FRAMES];
    int n = backtrace(frames, FRAMES);
    for (int i = 0; i < n; i++)
        if (library_base(frames[i]) == known.library)
            return frames[i];
    return n > 2 ? frames[2] : NULL;
}

static void note_as(void *at, size_t size, void (*put)(struct block))
{
    if (!at || inside)
        return;
    inside = true;
    const void *asker = known.library && known.round >= 0 ? asker_find() : NULL;
    pthread_mutex_lock(&known.lock);
    if (known.round >= 0)
        put((struct block){(uintptr_t)at, size, known.round, asker});
    pthread_mutex_unlock(&known.lock);
    inside = false;
}

static void note(void *at, size_t size)
{
    note_as(at, size, block_put);
}

static void forget(const void *at)
{
    if (!at || inside)
        return;
    pthread_mutex_lock(&known.lock);
    struct block *block = block_find((uintptr_t)at);
    if (block)
        block->at = 1;
    pthread_mutex_unlock(&known.lock);
}

static void map_put(struct block new)
{
    for (size_t i = 0; i < MAPPINGS; i++)
        if (known.maps[i].at <= 1) {
            known.maps[i] = new;
            return;
        }
}

/* Parts of a mapping may be given back alone. */
static void unmap(uintptr_t at, size_t size)
{
    for (size_t i = 0; i < MAPPINGS; i++) {
        struct block *map = &known.maps[i], rest = *map;
        if (map->at <= 1 || at >= map->at + map->size || at + size <= map->at)
            continue;
        if (rest.at + rest.size > at + size)
            rest.size -= at + size - rest.at;
        else
            rest.size = 0;
        rest.at = at + size;
        map->size = at > map->at ? at - map->at : 0;
        map->at = map->size ? map->at : 1;
        if (rest.size)
            map_put(rest);
    }
}

/* ---- in place of the functions of memory ---- */

static void *noted_malloc(size_t size)
{
    void *at = real.malloc(size);
    note(at, size);
    return at;
}

static void *noted_calloc(size_t n, size_t size)
{
    void *at = real.calloc(n, size);
    note(at, n * size);
    return at;
}

/* The old block is forgotten before another thread may get its place. */
static void *noted_realloc(void *old, size_t size)
{
    struct block was = {0};
    pthread_mutex_lock(&known.lock);
    struct block *block = inside ? NULL : block_find((uintptr_t)old);
    if (block) {
        was = *block;
        block->at = 1;
    }
    pthread_mutex_unlock(&known.lock);
    void *at = real.realloc(old, size);
    if (at || !size) {
        note(at, size);
    } else if (was.at) {
        pthread_mutex_lock(&known.lock);
        block_put(was);
        pthread_mutex_unlock(&known.lock);
    }
    return at;
}

static void *noted_reallocarray(void *old, size_t n, size_t size)
{
    size_t bytes;
    if (!__builtin_mul_overflow(n, size, &bytes))
        return noted_realloc(old, bytes);
    errno = ENOMEM;
    return NULL;
}

static void *noted_aligned_alloc(size_t alignment, size_t size)
{
    void *at = real.aligned_alloc(alignment, size);
    note(at, size);
    return at;
}

static void *noted_memalign(size_t alignment, size_t size)
{
    void *at = real.memalign(alignment, size);
    note(at, size);
    return at;
}

static int noted_posix_memalign(void **out, size_t alignment, size_t size)
{
    int error = real.posix_memalign(out, alignment, size);
    if (!error)
        note(*out, size);
    return error;
}

/* The C library's asks malloc, a sanitizer's does not. */
static char *noted_strdup(const char *text)
{
    char *at = real.strdup(text);
    note(at, at ? strlen(at) + 1 : 0);
    return at;
}

static char *noted_strndup(const char *text, size_t size)
{
    char *at = real.strndup(text, size);
    note(at, at ? strlen(at) + 1 : 0);
    return at;
}

static void noted_free(void *at)
{
    forget(at);
    real.free(at);
}

static void *noted_mmap(void *wanted, size_t size, int protection, int flags, int fd, off_t offset)
{
    void *at = real.mmap(wanted, size, protection, flags, fd, offset);
    note_as(at == MAP_FAILED ? NULL : at, size, map_put);
    return at;
}

static int noted_munmap(void *at, size_t size)
{
    pthread_mutex_lock(&known.lock);
    unmap((uintptr_t)at, size);
    pthread_mutex_unlock(&known.lock);
    return real.munmap(at, size);
}

static const struct conform_turned functions[] = {
    {"malloc", (conform_function *)noted_malloc},
    {"calloc", (conform_function *)noted_calloc},
    {"realloc", (conform_function *)noted_realloc},
    {"reallocarray", (conform_function *)noted_reallocarray},
    {"aligned_alloc", (conform_function *)noted_aligned_alloc},
    {"memalign", (conform_function *)noted_memalign},
    {"posix_memalign", (conform_function *)noted_posix_memalign},
    {"strdup", (conform_function *)noted_strdup},
    {"__strdup", (conform_function *)noted_strdup},
    {"strndup", (conform_function *)noted_strndup},
    {"__strndup", (conform_function *)noted_strndup},
    {"free", (conform_function *)noted_free},
    {"mmap", (conform_function *)noted_mmap},
    {"mmap64", (conform_function *)noted_mmap},
    {"munmap", (conform_function *)noted_munmap},
};

/* ---- rounds ---- */

static void real_find(const char *name, void *function)
{
    void *found = dlsym(RTLD_DEFAULT, name);
    memcpy(function, &found, sizeof found); /* ISO C has no cast from data to function */
}

static void real_find_all(void)
{
    real_find("malloc", &real.malloc);
    real_find("calloc", &real.calloc);
    real_find("realloc", &real.realloc);
    real_find("aligned_alloc", &real.aligned_alloc);
    real_find("memalign", &real.memalign);
    real_find("posix_memalign", &real.posix_memalign);
    real_find("strdup", &real.strdup);
    real_find("strndup", &real.strndup);
    real_find("free", &real.free);
    real_find("mmap", &real.mmap);
    real_find("munmap", &real.munmap);
}

bool conform_blocks_ready(void)
{
    void *frames[FRAMES];
    if (known.slots)
        return true;
    backtrace(frames, FRAMES); /* what it loads for itself it loads now */
    real_find_all();
    known.slots = mmap(NULL, SLOTS * sizeof *known.slots, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (known.slots == MAP_FAILED)
        known.slots = NULL;
    return known.slots && !conform_turn_all(functions, sizeof functions / sizeof *functions);
}

void conform_blocks_round(int round, const void *in_library)
{
    pthread_mutex_lock(&known.lock);
    known.round = round;
    known.library = library_base(in_library);
    pthread_mutex_unlock(&known.lock);
}

static void left_add(struct conform_left *left, const struct block *block, int round, bool mapped)
{
    if (block->at <= 1 || block->round != round)
        return;
    left->blocks++;
    left->bytes += (int64_t)block->size;
    left->mapped += mapped ? (int64_t)block->size : 0;
    if (!left->asker)
        left->asker = block->asker;
}

struct conform_left conform_blocks_left(int round)
{
    struct conform_left left = {0};
    pthread_mutex_lock(&known.lock);
    inside = true;
    for (size_t i = 0; i < SLOTS; i++)
        left_add(&left, &known.slots[i], round, false);
    for (size_t i = 0; i < MAPPINGS; i++)
        left_add(&left, &known.maps[i], round, true);
    inside = false;
    pthread_mutex_unlock(&known.lock);
    return left;
}

void conform_left_site(const struct conform_left *left, char site[CONFORM_PLACE])
{
    struct conform_crash at = {0};
    Dl_info info = {0};
    *site = 0;
    if (!left->asker || !dladdr(left->asker, &info) || !info.dli_fname)
        return;
    snprintf(at.path, sizeof at.path, "%s", info.dli_fname);
    at.at =
        (uint64_t)((uintptr_t)left->asker - (uintptr_t)info.dli_fbase) - 1; /* it returns there */
    conform_place_print(&at, site);
}
