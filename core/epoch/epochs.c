/* SPDX-License-Identifier: Apache-2.0 */
#include "epochs.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct sheet { /* an epoch under way */
    uint64_t epoch;
    int64_t since_ns;
    struct sheet *next;
    struct line {
        bool filled;
        struct qetl_handed handed;
    } lines[];
};

struct qetl_epochs {
    pthread_mutex_t lock;
    struct qetl_epoch_slot *slots;
    size_t n;
    uint64_t *upto;      /* a slot: the newest epoch that it handed in for; UINT64_MAX: it ended */
    struct sheet *first; /* the oldest */
    uint64_t newest;
    struct qetl_handed *base;
};

/* ---- what was handed in ---- */

static void handles_clear(struct qetl_handed *handed)
{
    for (size_t i = 0; i < handed->n_handles; i++)
        free((void *)handed->handles[i].data);
    free(handed->handles);
    handed->handles = NULL;
    handed->n_handles = 0;
}

void qetl_handed_clear(struct qetl_handed *handed)
{
    handles_clear(handed);
    qetl_stand_free(handed->stand);
    free(handed->state);
    *handed = (struct qetl_handed){0};
}

static int32_t handle_move(struct qetl_handed *handed, struct qetl_blob handle)
{
    struct qetl_blob *handles = realloc(handed->handles, (handed->n_handles + 1) * sizeof *handles);
    if (!handles)
        return QETL_E_NO_MEMORY;
    handed->handles = handles;
    handles[handed->n_handles++] = handle;
    return QETL_OK;
}

int32_t qetl_handed_add(struct qetl_handed *handed, const void *handle, size_t size)
{
    void *copy = malloc(size + 1);
    if (!copy)
        return QETL_E_NO_MEMORY;
    if (size)
        memcpy(copy, handle, size);
    int32_t status = handle_move(handed, (struct qetl_blob){copy, size});
    if (status)
        free(copy);
    return status;
}

void qetl_handed_cut(struct qetl_handed *handed, size_t n_handles)
{
    while (handed->n_handles > n_handles)
        free((void *)handed->handles[--handed->n_handles].data);
}

/* The newer one counts, but handles add up: room for them was made when they were handed in. */
static void supersede(struct qetl_handed *base, struct qetl_handed *newer)
{
    struct qetl_blob *handles = newer->handles;
    if (base->n_handles) {
        memmove(handles + base->n_handles, handles, newer->n_handles * sizeof *handles);
        memcpy(handles, base->handles, base->n_handles * sizeof *handles);
        newer->n_handles += base->n_handles;
        base->n_handles = 0;
    }
    qetl_handed_clear(base);
    *base = *newer;
    *newer = (struct qetl_handed){0};
}

/* ---- epochs ---- */

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

struct qetl_epochs *qetl_epochs_new(const struct qetl_epoch_slot *slots, size_t n)
{
    struct qetl_epochs *e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    pthread_mutex_init(&e->lock, NULL);
    e->slots = calloc(n + 1, sizeof *e->slots);
    e->upto = calloc(n + 1, sizeof *e->upto);
    e->base = calloc(n + 1, sizeof *e->base);
    if (!e->slots || !e->upto || !e->base) {
        qetl_epochs_free(e);
        return NULL;
    }
    e->n = n;
    if (n)
        memcpy(e->slots, slots, n * sizeof *slots);
    return e;
}

static void sheet_free(struct sheet *sheet, size_t n)
{
    for (size_t i = 0; i < n; i++)
        qetl_handed_clear(&sheet->lines[i].handed);
    free(sheet);
}

void qetl_epochs_free(struct qetl_epochs *e)
{
    if (!e)
        return;
    while (e->first) {
        struct sheet *next = e->first->next;
        sheet_free(e->first, e->n);
        e->first = next;
    }
    for (size_t i = 0; i < e->n; i++)
        qetl_handed_clear(&e->base[i]);
    pthread_mutex_destroy(&e->lock);
    free(e->slots);
    free(e->upto);
    free(e->base);
    free(e);
}

/* The epoch's sheet, begun if need be; NULL without memory. */
static struct sheet *sheet_of(struct qetl_epochs *e, uint64_t epoch)
{
    struct sheet **at = &e->first;
    while (*at && (*at)->epoch < epoch)
        at = &(*at)->next;
    if (*at && (*at)->epoch == epoch)
        return *at;
    struct sheet *sheet = calloc(1, sizeof *sheet + e->n * sizeof sheet->lines[0]);
    if (!sheet)
        return NULL;
    sheet->epoch = epoch;
    sheet->since_ns = now_ns();
    sheet->next = *at;
    *at = sheet;
    e->newest = epoch > e->newest ? epoch : e->newest;
    return sheet;
}

/* Room for the handles of all epochs that it may be merged with. */
static int32_t handles_reserve(const struct qetl_epochs *e, size_t slot, struct qetl_handed *handed)
{
    size_t n = handed->n_handles + e->base[slot].n_handles;
    for (const struct sheet *s = e->first; s; s = s->next)
        n += s->lines[slot].handed.n_handles;
    struct qetl_blob *handles = realloc(handed->handles, (n + 1) * sizeof *handles);
    if (!handles)
        return QETL_E_NO_MEMORY;
    handed->handles = handles;
    return QETL_OK;
}

int32_t qetl_epochs_hand_in(struct qetl_epochs *e, size_t slot, uint64_t epoch,
                            struct qetl_handed *moved)
{
    assert(slot < e->n);
    pthread_mutex_lock(&e->lock);
    assert(e->upto[slot] < epoch);
    struct sheet *sheet = sheet_of(e, epoch);
    int32_t status = QETL_E_NO_MEMORY;
    if (sheet && (!e->slots[slot].sink || !handles_reserve(e, slot, moved))) {
        e->upto[slot] = moved->ended ? UINT64_MAX : epoch;
        sheet->lines[slot].filled = true;
        sheet->lines[slot].handed = *moved;
        *moved = (struct qetl_handed){0};
        status = QETL_OK;
    }
    pthread_mutex_unlock(&e->lock);
    qetl_handed_clear(moved);
    return status;
}

/* Under the lock: up to which epoch all sinks have handed in. */
static uint64_t sinks_upto(const struct qetl_epochs *e)
{
    uint64_t upto = UINT64_MAX;
    for (size_t i = 0; i < e->n; i++)
        if (e->slots[i].sink && e->upto[i] < upto)
            upto = e->upto[i];
    return upto < e->newest ? upto : e->newest;
}

uint64_t qetl_epochs_complete(struct qetl_epochs *e)
{
    pthread_mutex_lock(&e->lock);
    uint64_t upto = sinks_upto(e);
    uint64_t complete = e->first && e->first->epoch <= upto ? upto : 0;
    pthread_mutex_unlock(&e->lock);
    return complete;
}

bool qetl_epochs_over(struct qetl_epochs *e)
{
    pthread_mutex_lock(&e->lock);
    bool over = true;
    for (size_t i = 0; i < e->n; i++)
        over &= !e->slots[i].sink || e->upto[i] == UINT64_MAX;
    pthread_mutex_unlock(&e->lock);
    return over;
}

size_t qetl_epochs_debtor(struct qetl_epochs *e, uint64_t *epoch, int64_t *since_ns)
{
    size_t debtor = SIZE_MAX;
    pthread_mutex_lock(&e->lock);
    uint64_t upto = sinks_upto(e);
    const struct sheet *sheet = e->first;
    while (sheet && sheet->epoch <= upto)
        sheet = sheet->next;
    for (size_t i = 0; sheet && debtor == SIZE_MAX && i < e->n; i++)
        if (e->upto[i] < sheet->epoch)
            debtor = i;
    if (debtor != SIZE_MAX) {
        *epoch = sheet->epoch;
        *since_ns = sheet->since_ns;
    }
    pthread_mutex_unlock(&e->lock);
    return debtor;
}

void qetl_epochs_merge(struct qetl_epochs *e, uint64_t upto)
{
    pthread_mutex_lock(&e->lock);
    while (e->first && e->first->epoch <= upto) {
        struct sheet *sheet = e->first;
        e->first = sheet->next;
        for (size_t i = 0; i < e->n; i++)
            if (sheet->lines[i].filled)
                supersede(&e->base[i], &sheet->lines[i].handed);
        sheet_free(sheet, e->n);
    }
    pthread_mutex_unlock(&e->lock);
}

struct qetl_handed *qetl_epochs_base(struct qetl_epochs *e, size_t slot)
{
    return &e->base[slot];
}

void qetl_epochs_settle(struct qetl_epochs *e)
{
    pthread_mutex_lock(&e->lock);
    for (size_t i = 0; i < e->n; i++)
        handles_clear(&e->base[i]);
    pthread_mutex_unlock(&e->lock);
}
