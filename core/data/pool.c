/* SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
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

enum { N_SHARDS = 8, CREDIT = 256 };

/* What threads have in common: each goes to its own first, so that memory comes back to the core
 * that has it in its caches, and no lock goes back and forth between them. */
struct shard {
    _Alignas(2 * ALIGNMENT) pthread_mutex_t lock;
    bool closed;               /* nothing is kept any more */
    int64_t credit;            /* references to the pool, in store for buffers */
    atomic_llong in_use_bytes; /* what was taken here less what came back here: any number */
    atomic_llong kept_bytes;
    _Atomic(struct header *) first[N_CLASSES]; /* written under the lock */
};

struct qetl_pool {
    int64_t budget_bytes;
    atomic_llong references; /* one a buffer that is out, those in store, and one of the owner */
    struct shard shards[N_SHARDS];
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
    struct qetl_pool *pool = aligned_alloc(_Alignof(struct qetl_pool), sizeof *pool);
    if (!pool)
        return NULL;
    memset(pool, 0, sizeof *pool);
    pool->budget_bytes = budget_bytes;
    atomic_init(&pool->references, 1);
    for (int i = 0; i < N_SHARDS; i++)
        pthread_mutex_init(&pool->shards[i].lock, NULL);
    return pool;
}

static struct shard *own_shard(struct qetl_pool *pool)
{
    static atomic_uint threads;
    static _Thread_local uint32_t number; /* from 1 on */
    if (!number)
        number = 1 + atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) % N_SHARDS;
    return &pool->shards[number - 1];
}

static void add(atomic_llong *sum, int64_t n)
{
    int64_t now = atomic_load_explicit(sum, memory_order_relaxed);
    atomic_store_explicit(sum, now + n, memory_order_relaxed); /* under the shard's lock */
}

static struct header *kept_pop(struct shard *shard, uint32_t class_index)
{
    struct header *header = atomic_load_explicit(&shard->first[class_index], memory_order_relaxed);
    if (!header)
        return NULL;
    atomic_store_explicit(&shard->first[class_index], header->next, memory_order_relaxed);
    add(&shard->kept_bytes, -class_bytes(class_index));
    return header;
}

static void kept_push(struct shard *shard, struct header *header)
{
    _Atomic(struct header *) *first = &shard->first[header->class_index];
    header->next = atomic_load_explicit(first, memory_order_relaxed);
    atomic_store_explicit(first, header, memory_order_relaxed);
    add(&shard->kept_bytes, class_bytes(header->class_index));
}

/* From any shard: a thread may free what another allocates. */
static struct header *take_kept(struct qetl_pool *pool, uint32_t class_index)
{
    struct header *header = NULL;
    for (int i = 0; i < N_SHARDS && !header; i++) {
        struct shard *shard = &pool->shards[i];
        if (!atomic_load_explicit(&shard->first[class_index], memory_order_relaxed))
            continue;
        pthread_mutex_lock(&shard->lock);
        header = kept_pop(shard, class_index);
        pthread_mutex_unlock(&shard->lock);
    }
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

static void pool_unref(struct qetl_pool *pool, int64_t n)
{
    /* acq_rel: the last one must see what every other thread did here */
    if (atomic_fetch_sub_explicit(&pool->references, n, memory_order_acq_rel) != n)
        return;
    for (int i = 0; i < N_SHARDS; i++)
        pthread_mutex_destroy(&pool->shards[i].lock);
    free(pool);
}

void qetl_pool_free(struct qetl_pool *pool)
{
    int64_t references = 1;
    if (!pool)
        return;
    for (int i = 0; i < N_SHARDS; i++) {
        struct shard *shard = &pool->shards[i];
        pthread_mutex_lock(&shard->lock);
        shard->closed = true;
        references += shard->credit;
        shard->credit = 0;
        pthread_mutex_unlock(&shard->lock);
    }
    trim(pool);
    pool_unref(pool, references);
}

/* A buffer of the thread's shard goes out, kept or (NULL) new; the accounts are right at once. */
static struct header *shard_take(struct qetl_pool *pool, struct shard *shard, uint32_t class_index)
{
    pthread_mutex_lock(&shard->lock);
    struct header *header = kept_pop(shard, class_index);
    add(&shard->in_use_bytes, class_bytes(class_index));
    if (!shard->credit) {
        atomic_fetch_add_explicit(&pool->references, CREDIT, memory_order_relaxed);
        shard->credit = CREDIT;
    }
    shard->credit--;
    pthread_mutex_unlock(&shard->lock);
    return header;
}

static bool keeps(const struct qetl_pool *pool, const struct shard *shard, int64_t bytes)
{
    int64_t own = atomic_load_explicit(&((struct shard *)shard)->kept_bytes, memory_order_relaxed);
    if (!KEEPS_BUFFERS || shard->closed)
        return false;
    if (own + bytes <= pool->budget_bytes / 4 / N_SHARDS)
        return true;
    return qetl_pool_in_use(pool) + qetl_pool_kept(pool) + bytes <= pool->budget_bytes &&
           qetl_pool_kept(pool) + bytes <= pool->budget_bytes / 4;
}

/* A buffer comes back; header NULL: it could not be had. False: its block is to be given back. */
static bool shard_put(struct qetl_pool *pool, struct header *header, uint32_t class_index)
{
    struct shard *shard = own_shard(pool);
    int64_t references = 0;
    pthread_mutex_lock(&shard->lock);
    add(&shard->in_use_bytes, -class_bytes(class_index));
    bool kept = header && keeps(pool, shard, class_bytes(class_index));
    if (kept)
        kept_push(shard, header);
    shard->credit++;
    if (shard->closed || shard->credit > 2 * CREDIT) {
        references = shard->closed ? shard->credit : CREDIT;
        shard->credit -= references;
    }
    pthread_mutex_unlock(&shard->lock);
    if (references)
        pool_unref(pool, references);
    return kept;
}

void *qetl_pool_alloc(struct qetl_pool *pool, size_t size)
{
    if (size > (size_t)1 << (LARGEST_SHIFT - 1))
        return NULL;
    uint32_t class_index = class_of(size);
    struct header *header = shard_take(pool, own_shard(pool), class_index);
    if (!header)
        header = take_kept(pool, class_index);
    if (!header && qetl_pool_in_use(pool) + qetl_pool_kept(pool) > pool->budget_bytes)
        trim(pool);
    if (!header)
        header = block_get(class_index);
    if (!header) {
        shard_put(pool, NULL, class_index);
        return NULL;
    }
    header->pool = pool;
    header->next = NULL;
    header->magic = MAGIC;
    header->class_index = class_index;
    atomic_init(&header->refs, 1);
    return (char *)header + ALIGNMENT;
}

void qetl_buffer_retain(void *buffer)
{
    atomic_fetch_add_explicit(&header_of(buffer)->refs, 1, memory_order_relaxed);
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
    uint32_t class_index = header->class_index;
    if (!shard_put(header->pool, header, class_index))
        block_put(header, class_index);
}

size_t qetl_buffer_capacity(const void *buffer)
{
    return (size_t)class_bytes(header_of(buffer)->class_index) - ALIGNMENT;
}

/* While others take and give back, a sum may miss one of two that belong together. */
int64_t qetl_pool_in_use(const struct qetl_pool *pool)
{
    int64_t sum = 0;
    for (int i = 0; i < N_SHARDS; i++)
        sum += atomic_load_explicit(&((struct qetl_pool *)pool)->shards[i].in_use_bytes,
                                    memory_order_relaxed);
    return sum > 0 ? sum : 0;
}

int64_t qetl_pool_kept(const struct qetl_pool *pool)
{
    int64_t sum = 0;
    for (int i = 0; i < N_SHARDS; i++)
        sum += atomic_load_explicit(&((struct qetl_pool *)pool)->shards[i].kept_bytes,
                                    memory_order_relaxed);
    return sum;
}

int64_t qetl_pool_budget(const struct qetl_pool *pool)
{
    return pool->budget_bytes;
}

bool qetl_pool_has_room(const struct qetl_pool *pool, int64_t bytes)
{
    return qetl_pool_in_use(pool) + bytes <= pool->budget_bytes;
}

unsigned qetl_buffer_owners(const void *buffer)
{
    return atomic_load_explicit(&header_of(buffer)->refs, memory_order_acquire);
}
