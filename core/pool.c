/* SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* A recycled buffer hides a use after free from AddressSanitizer, so there nothing is kept. */
#ifdef __SANITIZE_ADDRESS__
enum { KEEPS_BUFFERS = 0 };
#else
enum { KEEPS_BUFFERS = 1 };
#endif

enum { MAGIC = 0x71b0ffe4, SMALLEST_SHIFT = 8, LARGEST_SHIFT = 40, ALIGNMENT = 64 };
enum { N_CLASSES = LARGEST_SHIFT - SMALLEST_SHIFT + 1 };

/* Stands in the 64 bytes before each buffer. */
struct header {
    struct qetl_pool *pool;
    struct header *next; /* in a free list */
    uint32_t magic;
    uint32_t class_index;
    atomic_uint refs;
};
_Static_assert(sizeof(struct header) <= ALIGNMENT,
               "the header stands in one line before the buffer");

struct free_list {
    pthread_mutex_t lock;
    struct header *first;
};

struct qetl_pool {
    int64_t budget_bytes;
    atomic_llong in_use_bytes;
    atomic_llong kept_bytes;
    atomic_llong references; /* one a buffer that is out, and one until qetl_pool_free */
    struct free_list classes[N_CLASSES];
};

static int64_t class_bytes(uint32_t class_index)
{
    return (int64_t)1 << (class_index + SMALLEST_SHIFT);
}

static uint32_t class_of(size_t size)
{
    size_t total = size + ALIGNMENT;
    if (total <= (size_t)1 << SMALLEST_SHIFT)
        return 0;
    return 64 - (uint32_t)__builtin_clzll(total - 1) - SMALLEST_SHIFT;
}

static struct header *header_of(const void *buffer)
{
    struct header *header = (struct header *)((char *)buffer - ALIGNMENT);
    assert(header->magic == MAGIC);
    return header;
}

struct qetl_pool *qetl_pool_new(int64_t budget_bytes)
{
    struct qetl_pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return NULL;
    pool->budget_bytes = budget_bytes;
    atomic_init(&pool->references, 1);
    for (int i = 0; i < N_CLASSES; i++)
        pthread_mutex_init(&pool->classes[i].lock, NULL);
    return pool;
}

static void pool_unref(struct qetl_pool *pool)
{
    /* acq_rel: the last one must see every other thread's writes into the free lists */
    if (atomic_fetch_sub_explicit(&pool->references, 1, memory_order_acq_rel) != 1)
        return;
    for (int i = 0; i < N_CLASSES; i++) {
        while (pool->classes[i].first) {
            struct header *header = pool->classes[i].first;
            pool->classes[i].first = header->next;
            free(header);
        }
        pthread_mutex_destroy(&pool->classes[i].lock);
    }
    free(pool);
}

void qetl_pool_free(struct qetl_pool *pool)
{
    if (pool)
        pool_unref(pool);
}

static struct header *take_kept(struct qetl_pool *pool, uint32_t class_index)
{
    struct free_list *list = &pool->classes[class_index];
    pthread_mutex_lock(&list->lock);
    struct header *header = list->first;
    if (header)
        list->first = header->next;
    pthread_mutex_unlock(&list->lock);
    if (header)
        atomic_fetch_sub_explicit(&pool->kept_bytes, class_bytes(class_index),
                                  memory_order_relaxed);
    return header;
}

void *qetl_pool_alloc(struct qetl_pool *pool, size_t size)
{
    if (size > (size_t)1 << (LARGEST_SHIFT - 1))
        return NULL;
    uint32_t class_index = class_of(size);
    struct header *header = take_kept(pool, class_index);
    if (!header) {
        header = aligned_alloc(ALIGNMENT, (size_t)class_bytes(class_index));
        if (!header)
            return NULL;
    }
    header->pool = pool;
    header->next = NULL;
    header->magic = MAGIC;
    header->class_index = class_index;
    atomic_init(&header->refs, 1);
    atomic_fetch_add_explicit(&pool->references, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&pool->in_use_bytes, class_bytes(class_index), memory_order_relaxed);
    return (char *)header + ALIGNMENT;
}

void qetl_buffer_retain(void *buffer)
{
    atomic_fetch_add_explicit(&header_of(buffer)->refs, 1, memory_order_relaxed);
}

static bool keeps(const struct qetl_pool *pool, int64_t bytes)
{
    return KEEPS_BUFFERS && atomic_load_explicit(&pool->kept_bytes, memory_order_relaxed) + bytes <=
                                pool->budget_bytes / 4;
}

void qetl_buffer_free(void *buffer)
{
    if (!buffer)
        return;
    struct header *header = header_of(buffer);
    /* acq_rel: pairs with the other owners' frees, so that the next user writes after their reads
     */
    if (atomic_fetch_sub_explicit(&header->refs, 1, memory_order_acq_rel) != 1)
        return;
    struct qetl_pool *pool = header->pool;
    struct free_list *list = &pool->classes[header->class_index];
    int64_t bytes = class_bytes(header->class_index);
    atomic_fetch_sub_explicit(&pool->in_use_bytes, bytes, memory_order_relaxed);
    if (keeps(pool, bytes)) {
        atomic_fetch_add_explicit(&pool->kept_bytes, bytes, memory_order_relaxed);
        pthread_mutex_lock(&list->lock);
        header->next = list->first;
        list->first = header;
        pthread_mutex_unlock(&list->lock);
    } else {
        free(header);
    }
    pool_unref(pool);
}

size_t qetl_buffer_capacity(const void *buffer)
{
    return (size_t)class_bytes(header_of(buffer)->class_index) - ALIGNMENT;
}

int64_t qetl_pool_in_use(const struct qetl_pool *pool)
{
    return atomic_load_explicit(&((struct qetl_pool *)pool)->in_use_bytes, memory_order_relaxed);
}

int64_t qetl_pool_budget(const struct qetl_pool *pool)
{
    return pool->budget_bytes;
}

bool qetl_pool_has_room(const struct qetl_pool *pool, int64_t bytes)
{
    return qetl_pool_in_use(pool) + bytes <= pool->budget_bytes;
}
