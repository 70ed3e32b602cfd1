/* SPDX-License-Identifier: Apache-2.0 */
#include "origin.h"

#include "batch.h"
#include "dead_letter.h"
#include "pool.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct qetl_tracker {
    pthread_mutex_t lock;
    char *source;
    void (*deliver)(void *arg, struct qetl_letter *);
    void *arg;
    uint64_t made;                    /* origins numbered so far; the source's stage alone */
    struct qetl_origin *first, *last; /* not yet resolved, in order; referenced */
    int64_t next_base_row;            /* of rows that are of no object */
};

struct qetl_object *qetl_object_new(const char *name)
{
    size_t size = strlen(name) + 1;
    struct qetl_object *object = calloc(1, sizeof *object + size);
    if (!object)
        return NULL;
    atomic_init(&object->refs, 1);
    memcpy(object->name, name, size);
    return object;
}

int32_t qetl_object_note(struct qetl_object *object, const void *data, size_t size)
{
    void *copy = malloc(size);
    if (!copy)
        return -1;
    memcpy(copy, data, size);
    free(object->note);
    object->note = copy;
    object->note_size = size;
    return 0;
}

void qetl_object_head(struct qetl_object *object, const uint8_t *data, int64_t size)
{
    int64_t before = object->head_size;
    bool fits = before >= 0 && before + size <= QETL_LETTER_BYTES_MAX;
    uint8_t *grown = fits ? realloc(object->head, (size_t)(before + size)) : NULL;
    object->head_size = grown ? before + size : -1;
    if (!grown)
        return;
    memcpy(grown + before, data, (size_t)size);
    object->head = grown;
}

int32_t qetl_object_value(struct qetl_object *object, struct qetl_vector *moved)
{
    size_t size = (size_t)(object->n_values + 1) * sizeof(struct qetl_vector *);
    struct qetl_vector **values = realloc(object->values, size);
    if (!values)
        return -1;
    object->values = values;
    values[object->n_values++] = moved;
    return 0;
}

void qetl_object_ref(struct qetl_object *object)
{
    atomic_fetch_add_explicit(&object->refs, 1, memory_order_relaxed);
}

void qetl_object_unref(struct qetl_object *object)
{
    if (!object || atomic_fetch_sub_explicit(&object->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (int64_t i = 0; i < object->n_values; i++)
        qetl_vector_unref(object->values[i]);
    free(object->values);
    free(object->note);
    free(object->head);
    free(object);
}

struct qetl_tracker *qetl_tracker_new(const char *source,
                                      void (*deliver)(void *arg, struct qetl_letter *), void *arg)
{
    struct qetl_tracker *tracker = calloc(1, sizeof *tracker);
    if (!tracker || !(tracker->source = strdup(source))) {
        free(tracker);
        return NULL;
    }
    pthread_mutex_init(&tracker->lock, NULL);
    tracker->deliver = deliver;
    tracker->arg = arg;
    return tracker;
}

const char *qetl_tracker_source(const struct qetl_tracker *tracker)
{
    return tracker->source;
}

/* Under the lock. */
static void enqueue(struct qetl_tracker *tracker, struct qetl_origin *origin)
{
    if (tracker->last)
        tracker->last->next = origin;
    else
        tracker->first = origin;
    tracker->last = origin;
}

struct qetl_origin *qetl_origin_new(struct qetl_tracker *tracker, struct qetl_object *object,
                                    bool starts_object, int64_t offset, const uint8_t *data,
                                    int64_t size, void *buffer)
{
    struct qetl_origin *origin = calloc(1, sizeof *origin);
    if (!origin)
        return NULL;
    atomic_init(&origin->refs, 2); /* the caller's and the queue's */
    origin->tracker = tracker;
    origin->object = object;
    if (object)
        qetl_object_ref(object);
    origin->starts_object = starts_object;
    origin->offset = offset;
    origin->data = data;
    origin->size = size;
    origin->buffer = buffer;
    if (buffer)
        qetl_buffer_retain(buffer);
    pthread_mutex_lock(&tracker->lock);
    origin->number = tracker->made++;
    enqueue(tracker, origin);
    pthread_mutex_unlock(&tracker->lock);
    return origin;
}

void qetl_origin_ref(struct qetl_origin *origin)
{
    atomic_fetch_add_explicit(&origin->refs, 1, memory_order_relaxed);
}

void qetl_origin_unref(struct qetl_origin *origin)
{
    if (!origin || atomic_fetch_sub_explicit(&origin->refs, 1, memory_order_acq_rel) != 1)
        return;
    assert(!origin->waiting);
    qetl_object_unref(origin->object);
    qetl_buffer_free(origin->buffer);
    qetl_buffer_free(origin->record_offsets);
    free(origin);
}

static void deliver(struct qetl_tracker *tracker, struct qetl_origin *origin,
                    struct qetl_letter *letter)
{
    letter->origin = origin;
    letter->row = origin->resolved ? origin->base_row + letter->record + 1 : 0;
    letter->next = NULL;
    tracker->deliver(tracker->arg, letter);
}

/* Letters wait newest first; they leave in the order of their records. */
static void deliver_waiting(struct qetl_tracker *tracker, struct qetl_origin *origin)
{
    struct qetl_letter *ordered = NULL;
    while (origin->waiting) {
        struct qetl_letter *letter = origin->waiting;
        origin->waiting = letter->next;
        struct qetl_letter **at = &ordered;
        while (*at && (*at)->record < letter->record)
            at = &(*at)->next;
        letter->next = *at;
        *at = letter;
    }
    while (ordered) {
        struct qetl_letter *letter = ordered;
        ordered = letter->next;
        deliver(tracker, origin, letter);
    }
}

static int64_t *next_row(struct qetl_tracker *tracker, const struct qetl_origin *origin)
{
    return origin->object ? &origin->object->next_row : &tracker->next_base_row;
}

/* Of the first in the queue. */
static int64_t base_of(struct qetl_tracker *tracker, const struct qetl_origin *origin)
{
    return origin->starts_object ? 0 : *next_row(tracker, origin);
}

/* All before it are counted: who waits for its base may have it. */
static void tell(struct qetl_origin *origin)
{
    if (origin->wake)
        origin->wake(origin->wake_arg);
    origin->wake = NULL;
}

/* Numbers the completed origins at the head of the queue. Returns those that left it, linked. */
static struct qetl_origin *resolve_head(struct qetl_tracker *tracker)
{
    struct qetl_origin *done = NULL, **end = &done;
    while (tracker->first && tracker->first->completed) {
        struct qetl_origin *origin = tracker->first;
        tracker->first = origin->next;
        if (!tracker->first)
            tracker->last = NULL;
        origin->base_row = base_of(tracker, origin);
        *next_row(tracker, origin) = origin->base_row + origin->records;
        origin->resolved = true;
        if (origin->reached)
            origin->reached(origin->wake_arg, origin->base_row);
        tell(origin);
        deliver_waiting(tracker, origin);
        origin->next = NULL;
        *end = origin;
        end = &origin->next;
    }
    if (tracker->first)
        tell(tracker->first);
    return done;
}

static void unref_all(struct qetl_origin *done)
{
    while (done) {
        struct qetl_origin *next = done->next;
        qetl_origin_unref(done);
        done = next;
    }
}

void qetl_origin_complete(struct qetl_origin *origin, int64_t records, int32_t *record_offsets)
{
    struct qetl_tracker *tracker = origin->tracker;
    pthread_mutex_lock(&tracker->lock);
    assert(!origin->completed);
    origin->completed = true;
    origin->records = records;
    origin->record_offsets = record_offsets;
    struct qetl_origin *done = resolve_head(tracker);
    pthread_mutex_unlock(&tracker->lock);
    unref_all(done);
}

int32_t qetl_tracker_mark(struct qetl_tracker *tracker, void (*reached)(void *arg, int64_t rows),
                          void *arg)
{
    struct qetl_origin *mark = calloc(1, sizeof *mark);
    if (!mark)
        return -1;
    atomic_init(&mark->refs, 1); /* the queue's */
    mark->tracker = tracker;
    mark->reached = reached;
    mark->wake_arg = arg;
    mark->completed = true;
    pthread_mutex_lock(&tracker->lock);
    mark->number = tracker->made++;
    enqueue(tracker, mark);
    struct qetl_origin *done = resolve_head(tracker);
    pthread_mutex_unlock(&tracker->lock);
    unref_all(done);
    return 0;
}

void qetl_tracker_begin_at(struct qetl_tracker *tracker, int64_t rows)
{
    if (rows > tracker->next_base_row)
        tracker->next_base_row = rows;
}

bool qetl_origin_base(struct qetl_origin *origin, void (*wake)(void *arg), void *arg, int64_t *base)
{
    struct qetl_tracker *tracker = origin->tracker;
    pthread_mutex_lock(&tracker->lock);
    bool known = origin->resolved || tracker->first == origin;
    if (known)
        *base = origin->resolved ? origin->base_row : base_of(tracker, origin);
    origin->wake = known ? NULL : wake;
    origin->wake_arg = arg;
    pthread_mutex_unlock(&tracker->lock);
    return known;
}

void qetl_origin_post(struct qetl_origin *origin, struct qetl_letter *letter)
{
    struct qetl_tracker *tracker = origin->tracker;
    pthread_mutex_lock(&tracker->lock);
    if (origin->resolved) {
        deliver(tracker, origin, letter);
    } else {
        letter->next = origin->waiting;
        origin->waiting = letter;
    }
    pthread_mutex_unlock(&tracker->lock);
}

/* After a failed run some origins never completed: their letters leave without a number. */
void qetl_tracker_free(struct qetl_tracker *tracker)
{
    if (!tracker)
        return;
    while (tracker->first) {
        struct qetl_origin *origin = tracker->first;
        tracker->first = origin->next;
        deliver_waiting(tracker, origin);
        qetl_origin_unref(origin);
    }
    pthread_mutex_destroy(&tracker->lock);
    free(tracker->source);
    free(tracker);
}
