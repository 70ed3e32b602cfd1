/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory model, as a machine of views. A location is the list of its stores still readable by
 * someone; a view says, for each location, the oldest store its holder may still read. A release
 * store carries its thread's view, an acquire load joins it. For plain data a view holds bits: that
 * it includes the last write, and each thread's last read, of a granule of memory; an access whose
 * thread lacks one it must have is a race.
 */
#include "model.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { LOCATIONS = 16, STORES = 40 };

struct view {
    uint8_t seen[LOCATIONS];
    uint32_t wrote;
    uint32_t read[MODEL_THREADS];
};

struct store {
    uint64_t value;
    struct view view;
};

/* cur: what has been seen; acq: what an acquire fence would add; rel: what relaxed stores carry. */
struct thread_views {
    struct view cur, acq, rel;
    uint64_t ended;
};

static struct {
    struct thread_views threads[MODEL_THREADS];
    uint8_t sc[LOCATIONS];
    uint8_t count[LOCATIONS];
} memory;
static struct store stores[LOCATIONS][STORES];

/* What is known of an address stays known for a whole scenario, whatever state is restored: which
 * location it is, who stores to it, and whom memory_is_private has told that no one else does. */
static void *addresses[LOCATIONS];
static unsigned addresses_used;
static uint8_t writers[LOCATIONS], trusted[LOCATIONS];
bool memory_trust_broken;

static uint64_t raw_get(const void *addr, unsigned size)
{
    uint64_t value = 0;
    memcpy(&value, addr, size);
    return value;
}

static void raw_set(void *addr, unsigned size, uint64_t value)
{
    memcpy(addr, &value, size);
}

static unsigned location_of(void *addr, unsigned size)
{
    unsigned loc = 0;
    while (loc < addresses_used && addresses[loc] != addr)
        loc++;
    if (loc == addresses_used) {
        if (loc == LOCATIONS)
            model_fail("the model has too few locations");
        addresses[addresses_used++] = addr;
    }
    if (memory.count[loc] == 0) {
        stores[loc][0] = (struct store){.value = raw_get(addr, size)};
        memory.count[loc] = 1;
    }
    return loc;
}

static void seen_join(uint8_t *to, const uint8_t *from)
{
    for (int i = 0; i < LOCATIONS; i++)
        if (to[i] < from[i])
            to[i] = from[i];
}

static void view_join(struct view *to, const struct view *from)
{
    seen_join(to->seen, from->seen);
    to->wrote |= from->wrote;
    for (int i = 0; i < MODEL_THREADS; i++)
        to->read[i] |= from->read[i];
}

bool memory_reset(bool again)
{
    bool broken = memory_trust_broken;
    memset(&memory, 0, sizeof memory);
    if (!again) {
        addresses_used = 0;
        memset(writers, 0, sizeof writers);
    }
    memset(trusted, 0, sizeof trusted);
    memory_trust_broken = false;
    for (int t = 0; t < MODEL_THREADS; t++) {
        struct view all = {.wrote = UINT32_MAX};
        memset(all.read, 0xff, sizeof all.read);
        memory.threads[t] = (struct thread_views){all, all, all, 0};
    }
    return broken;
}

/*
 * A load by the only thread that ever stores there commutes with all that the others do: it need
 * not be a step of its own. Who stores where is learnt on the way; when a later store shows that
 * the trust was misplaced, the scenario is explored again with what is known by then.
 */
bool memory_is_private(int thread, const struct model_op *op)
{
    if (op->kind != MODEL_LOAD)
        return false;
    unsigned loc = location_of(op->addr, op->size);
    if (writers[loc] != 1u << thread)
        return false;
    trusted[loc] = 1;
    return true;
}

static bool order_acquires(int order)
{
    return order == memory_order_acquire || order == memory_order_acq_rel;
}

static bool order_releases(int order)
{
    return order == memory_order_release || order == memory_order_acq_rel;
}

static void store_read(struct thread_views *t, unsigned loc, unsigned index, int order)
{
    const struct view *view = &stores[loc][index].view;
    t->cur.seen[loc] = (uint8_t)index;
    if (t->acq.seen[loc] < index)
        t->acq.seen[loc] = (uint8_t)index;
    view_join(&t->acq, view);
    if (order_acquires(order))
        view_join(&t->cur, view);
}

static void store_add(struct thread_views *t, unsigned loc, int order, uint64_t value, bool rmw)
{
    unsigned index = memory.count[loc]++, by = 1u << (t - memory.threads);
    memory_trust_broken |= trusted[loc] && writers[loc] != by;
    writers[loc] |= (uint8_t)by;
    if (index == STORES)
        model_fail("the model has too few stores");
    t->cur.seen[loc] = t->acq.seen[loc] = (uint8_t)index;
    struct store *store = &stores[loc][index];
    store->value = value;
    store->view = order_releases(order) ? t->cur : t->rel;
    store->view.seen[loc] = (uint8_t)index;
    if (rmw)
        view_join(&store->view, &store[-1].view);
}

void memory_fence(int thread)
{
    struct thread_views *t = &memory.threads[thread];
    seen_join(t->acq.seen, memory.sc);
    memcpy(memory.sc, t->acq.seen, sizeof memory.sc);
    t->cur = t->rel = t->acq;
}

static void view_forget(struct view *view, unsigned loc, unsigned gone)
{
    view->seen[loc] = view->seen[loc] > gone ? (uint8_t)(view->seen[loc] - gone) : 0;
}

/* Stores that no thread can read any more go, and the rest move up: equal futures, equal states. */
static void location_trim(unsigned loc)
{
    unsigned gone = memory.count[loc] - 1u;
    for (int t = 0; t < MODEL_THREADS; t++)
        if (!memory.threads[t].ended && memory.threads[t].cur.seen[loc] < gone)
            gone = memory.threads[t].cur.seen[loc];
    if (gone == 0)
        return;
    memory.count[loc] -= (uint8_t)gone;
    memmove(stores[loc], stores[loc] + gone, memory.count[loc] * sizeof(struct store));
    for (int t = 0; t < MODEL_THREADS; t++) {
        view_forget(&memory.threads[t].cur, loc, gone);
        view_forget(&memory.threads[t].acq, loc, gone);
        view_forget(&memory.threads[t].rel, loc, gone);
    }
    memory.sc[loc] = memory.sc[loc] > gone ? (uint8_t)(memory.sc[loc] - gone) : 0;
    for (unsigned l = 0; l < addresses_used; l++)
        for (unsigned i = 0; i < memory.count[l]; i++)
            view_forget(&stores[l][i].view, loc, gone);
}

static void memory_trim(void)
{
    for (unsigned loc = 0; loc < addresses_used; loc++)
        if (memory.count[loc] > 1)
            location_trim(loc);
}

/* What an ended thread stored is no more visible than before: a membarrier has to reach it too. */
void memory_thread_end(int thread)
{
    struct thread_views *t = &memory.threads[thread];
    struct view last = {.wrote = 0};
    memcpy(last.seen, t->acq.seen, sizeof last.seen);
    *t = (struct thread_views){last, last, last, 1};
    memory_trim();
}

/* The index a choice stands for. For an exchange 0 is the newest; then come older ones whose value
 * makes it fail, since a failing exchange is only a load. */
static unsigned choice_index(int thread, const struct model_op *op, unsigned loc, unsigned choice,
                             unsigned *choices)
{
    unsigned newest = memory.count[loc] - 1u, found = newest;
    *choices = 0;
    for (unsigned i = newest + 1; i-- > memory.threads[thread].cur.seen[loc];)
        if (i == newest || op->kind == MODEL_LOAD || stores[loc][i].value != op->expected)
            if ((*choices)++ == choice)
                found = i;
    return found;
}

unsigned memory_choices(int thread, const struct model_op *op)
{
    unsigned choices = 1;
    if (op->kind == MODEL_LOAD || op->kind == MODEL_CAS)
        choice_index(thread, op, location_of(op->addr, op->size), 0, &choices);
    return choices;
}

void memory_step(int thread, struct model_op *op, unsigned choice)
{
    struct thread_views *t = &memory.threads[thread];
    if (op->order == memory_order_seq_cst && op->kind != MODEL_FENCE)
        model_fail("the model has no seq_cst accesses");
    if (op->kind == MODEL_FENCE) {
        memory_fence(thread);
        memory_trim();
        return;
    }
    unsigned choices, loc = location_of(op->addr, op->size), index = memory.count[loc] - 1u;
    if (op->kind == MODEL_LOAD || op->kind == MODEL_CAS)
        index = choice_index(thread, op, loc, choice, &choices);
    if (op->kind != MODEL_STORE) {
        op->result = stores[loc][index].value;
        op->swapped = op->kind == MODEL_CAS && op->result == op->expected;
        /* A failed exchange reads by its failure order; here that is always relaxed. */
        bool failed = op->kind == MODEL_CAS && !op->swapped;
        store_read(t, loc, index, failed ? memory_order_relaxed : op->order);
    }
    uint64_t value = op->kind == MODEL_ADD   ? op->result + op->value
                     : op->kind == MODEL_OR  ? op->result | op->value
                     : op->kind == MODEL_AND ? op->result & op->value
                                             : op->value;
    if (op->kind != MODEL_LOAD && (op->kind != MODEL_CAS || op->swapped)) {
        raw_set(op->addr, op->size, value);
        store_add(t, loc, op->order, raw_get(op->addr, op->size), op->kind != MODEL_STORE);
    }
    memory_trim();
}

void memory_direct(struct model_op *op)
{
    op->result = raw_get(op->addr, op->size);
    op->swapped = op->result == op->expected;
    if (op->kind == MODEL_STORE || (op->kind == MODEL_CAS && op->swapped))
        raw_set(op->addr, op->size, op->value);
    else if (op->kind == MODEL_ADD)
        raw_set(op->addr, op->size, op->result + op->value);
    else if (op->kind == MODEL_OR)
        raw_set(op->addr, op->size, op->result | op->value);
    else if (op->kind == MODEL_AND)
        raw_set(op->addr, op->size, op->result & op->value);
}

uint64_t memory_latest(void *addr, unsigned size)
{
    unsigned loc = location_of(addr, size);
    return stores[loc][memory.count[loc] - 1u].value;
}

static void view_clear(struct view *view, int reader, uint32_t bit)
{
    if (reader < 0)
        view->wrote &= ~bit;
    else
        view->read[reader] &= ~bit;
}

const char *memory_access(int thread, unsigned granule, bool write)
{
    struct view *mine = &memory.threads[thread].cur;
    uint32_t bit = UINT32_C(1) << granule;
    if (!(mine->wrote & bit))
        return write ? "data race: write after an unseen write" : "data race: read of a write";
    for (int t = 0; write && t < MODEL_THREADS; t++)
        if (t != thread && !(mine->read[t] & bit))
            return "data race: write while another reads";
    int reader = write ? -1 : thread;
    for (int t = 0; t < MODEL_THREADS; t++) {
        view_clear(&memory.threads[t].cur, reader, bit);
        view_clear(&memory.threads[t].acq, reader, bit);
        view_clear(&memory.threads[t].rel, reader, bit);
    }
    for (unsigned l = 0; l < addresses_used; l++)
        for (unsigned i = 0; i < memory.count[l]; i++)
            view_clear(&stores[l][i].view, reader, bit);
    struct view *own[] = {mine, &memory.threads[thread].acq};
    for (int i = 0; i < 2; i++)
        *(write ? &own[i]->wrote : &own[i]->read[thread]) |= bit;
    return NULL;
}

size_t memory_save(unsigned char *to)
{
    unsigned char *p = to;
    memcpy(p, &memory, sizeof memory);
    p += sizeof memory;
    for (unsigned l = 0; l < LOCATIONS; l++) {
        size_t bytes = memory.count[l] * sizeof(struct store);
        memcpy(p, stores[l], bytes);
        p += bytes;
    }
    return (size_t)(p - to);
}

size_t memory_load(const unsigned char *from)
{
    const unsigned char *p = from;
    memcpy(&memory, p, sizeof memory);
    p += sizeof memory;
    for (unsigned l = 0; l < LOCATIONS; l++) {
        size_t bytes = memory.count[l] * sizeof(struct store);
        memcpy(stores[l], p, bytes);
        p += bytes;
    }
    return (size_t)(p - from);
}
