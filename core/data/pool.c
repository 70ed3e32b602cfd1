/* SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

/* A recycled buffer hides a use after free from AddressSanitizer, so there nothing is kept. */
#ifdef __SANITIZE_ADDRESS__
enum { KEEPS_BUFFERS = 0 };
#else
enum { KEEPS_BUFFERS = 1 };
#endif

enum { MAGIC = 0x71b0ffe4, ALIGNMENT = 64 };
enum { SMALLEST_SHIFT = 8, MAPPED_SHIFT = 21, LARGEST_SHIFT = 40 };
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

/* Large buffers go back to the system when they are freed, whatever malloc would like to keep. */
static bool is_mapped(uint32_t class_index)
{
    return class_index + SMALLEST_SHIFT >= MAPPED_SHIFT;
}

static struct header *block_get(uint32_t class_index)
{
    size_t size = (size_t)class_bytes(class_index);
    if (!is_mapped(class_index))
        return aligned_alloc(ALIGNMENT, size);
    void *block = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return block == MAP_FAILED ? NULL : block;
}

static void block_put(struct header *header, uint32_t class_index)
{
    if (is_mapped(class_index))
        munmap(header, (size_t)class_bytes(class_index));
    else
        free(header);
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

/* Gives back what is kept for later. */
static void trim(struct qetl_pool *pool)
{
    for (uint32_t i = 0; i < N_CLASSES; i++) {
        struct header *header;
        while ((header = take_kept(pool, i)))
            block_put(header, i);
    }
}

static void pool_unref(struct qetl_pool *pool)
{
    /* acq_rel: the last one must see every other thread's writes into the free lists */
    if (atomic_fetch_sub_explicit(&pool->references, 1, memory_order_acq_rel) != 1)
        return;
    trim(pool);
    for (int i = 0; i < N_CLASSES; i++)
        pthread_mutex_destroy(&pool->classes[i].lock);
    free(pool);
}

void qetl_pool_free(struct qetl_pool *pool)
{
    if (pool)
        pool_unref(pool);
}

/* With so many bytes more, what is used and what is kept would exceed the budget. */
static bool over_budget(const struct qetl_pool *pool, int64_t bytes)
{
    struct qetl_pool *p = (struct qetl_pool *)pool;
    return atomic_load_explicit(&p->in_use_bytes, memory_order_relaxed) +
               atomic_load_explicit(&p->kept_bytes, memory_order_relaxed) + bytes >
           pool->budget_bytes;
}

void *qetl_pool_alloc(struct qetl_pool *pool, size_t size)
{
    if (size > (size_t)1 << (LARGEST_SHIFT - 1))
        return NULL;
    uint32_t class_index = class_of(size);
    struct header *header = take_kept(pool, class_index);
    if (!header && over_budget(pool, class_bytes(class_index)))
        trim(pool);
    if (!header)
        header = block_get(class_index);
    if (!header)
        return NULL;
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
    return KEEPS_BUFFERS && !over_budget(pool, bytes) &&
           atomic_load_explicit(&((struct qetl_pool *)pool)->kept_bytes, memory_order_relaxed) +
                   bytes <=
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
        block_put(header, header->class_index);
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

int64_t qetl_pool_kept(const struct qetl_pool *pool)
{
    return atomic_load_explicit(&((struct qetl_pool *)pool)->kept_bytes, memory_order_relaxed);
}

int64_t qetl_pool_budget(const struct qetl_pool *pool)
{
    return pool->budget_bytes;
}

bool qetl_pool_has_room(const struct qetl_pool *pool, int64_t bytes)
{
    return qetl_pool_in_use(pool) + bytes <= pool->budget_bytes;
}
