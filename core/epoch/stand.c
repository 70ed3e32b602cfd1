/* SPDX-License-Identifier: Apache-2.0 */
#include "stand.h"

#include <qetl/plugin.h>

#include <stdlib.h>
#include <string.h>

enum {
    LAYOUT = 2,
    ENDED = 1,
    BEGUN = 2,
    IN_OBJECT = 4,
    STARTED = 8,
    OBJECT_ENDED = 16,
    TOLD = 32,
    STARTS_ROWS = 64,
    OBJECT_BYTES_LEAST = 57
};

struct qetl_stand *qetl_stand_new(void)
{
    return calloc(1, sizeof(struct qetl_stand));
}

void qetl_stand_free(struct qetl_stand *stand)
{
    if (!stand)
        return;
    for (size_t i = 0; i < stand->n_objects; i++) {
        free(stand->objects[i].name);
        free(stand->objects[i].note);
        free(stand->objects[i].head);
        qetl_object_unref(stand->objects[i].object);
    }
    free(stand->objects);
    free(stand->position);
    free(stand);
}

static int32_t copy(void **to, const void *from, size_t size)
{
    void *bytes = malloc(size + 1);
    if (!bytes)
        return QETL_E_NO_MEMORY;
    if (size)
        memcpy(bytes, from, size);
    free(*to);
    *to = bytes;
    return QETL_OK;
}

int32_t qetl_stand_set_position(struct qetl_stand *stand, const void *position, size_t size)
{
    int32_t status = copy(&stand->position, position, size);
    if (!status) {
        stand->begun = true;
        stand->position_size = size;
    }
    return status;
}

static struct qetl_stand_object *object_add(struct qetl_stand *stand)
{
    struct qetl_stand_object *objects =
        realloc(stand->objects, (stand->n_objects + 1) * sizeof *objects);
    if (!objects)
        return NULL;
    stand->objects = objects;
    objects[stand->n_objects] = (struct qetl_stand_object){0};
    return &objects[stand->n_objects++];
}

int32_t qetl_stand_add_object(struct qetl_stand *stand, struct qetl_object *object)
{
    struct qetl_stand_object *added = object_add(stand);
    if (!added)
        return QETL_E_NO_MEMORY;
    added->object = object;
    qetl_object_ref(object);
    added->name = strdup(object->name);
    added->note_size = object->note_size;
    added->number = object->number;
    added->id = object->id;
    added->head_size = object->head_size;
    size_t head = object->head_size > 0 ? (size_t)object->head_size : 0;
    int32_t status = copy(&added->note, object->note, object->note_size);
    if (!status)
        status = copy((void **)&added->head, object->head, head);
    return added->name ? status : QETL_E_NO_MEMORY;
}

static void settle(void *arg, int64_t rows)
{
    struct qetl_stand *stand = arg;
    stand->rows = rows;
    for (size_t i = 0; i < stand->n_objects; i++)
        stand->objects[i].rows = stand->objects[i].object->next_row;
    /* release: pairs with who packs it */
    atomic_store_explicit(&stand->settled, true, memory_order_release);
}

int32_t qetl_stand_settle(struct qetl_stand *stand, struct qetl_tracker *tracker)
{
    return qetl_tracker_mark(tracker, settle, stand) ? QETL_E_NO_MEMORY : QETL_OK;
}

void qetl_stand_pack(const struct qetl_stand *stand, struct qetl_pack *pack)
{
    qetl_pack_u8(pack, LAYOUT);
    qetl_pack_u8(
        pack, (uint8_t)((stand->ended ? ENDED : 0) | (stand->begun ? BEGUN : 0) |
                        (stand->in_object ? IN_OBJECT : 0) | (stand->object_started ? STARTED : 0) |
                        (stand->object_ended ? OBJECT_ENDED : 0) | (stand->end_told ? TOLD : 0) |
                        (stand->starts_rows ? STARTS_ROWS : 0)));
    qetl_pack_u32(pack, stand->split);
    qetl_pack_blob(pack, stand->position, stand->position_size);
    qetl_pack_i64(pack, stand->skip);
    qetl_pack_i64(pack, stand->rows);
    qetl_pack_i64(pack, stand->numbered);
    qetl_pack_u32(pack, (uint32_t)stand->n_objects);
    for (size_t i = 0; i < stand->n_objects; i++) {
        const struct qetl_stand_object *object = &stand->objects[i];
        qetl_pack_text(pack, object->name);
        qetl_pack_blob(pack, object->note, object->note_size);
        qetl_pack_i64(pack, object->head_size);
        qetl_pack_blob(pack, object->head, object->head_size > 0 ? (size_t)object->head_size : 0);
        qetl_pack_i64(pack, object->number);
        qetl_pack_i64(pack, (int64_t)object->id);
        qetl_pack_i64(pack, object->rows);
    }
}

static void flags_take(struct qetl_stand *stand, uint8_t flags)
{
    stand->ended = flags & ENDED;
    stand->begun = flags & BEGUN;
    stand->in_object = flags & IN_OBJECT;
    stand->object_started = flags & STARTED;
    stand->object_ended = flags & OBJECT_ENDED;
    stand->end_told = flags & TOLD;
    stand->starts_rows = flags & STARTS_ROWS;
}

static bool object_unpack(struct qetl_unpack *unpack, struct qetl_stand *stand)
{
    struct qetl_stand_object *object = object_add(stand);
    size_t size;
    if (!object)
        return false;
    object->name = qetl_unpack_text(unpack);
    const void *note = qetl_unpack_blob(unpack, &size);
    object->note_size = size;
    object->head_size = qetl_unpack_i64(unpack);
    size_t head_size;
    const void *head = qetl_unpack_blob(unpack, &head_size);
    object->number = qetl_unpack_i64(unpack);
    object->id = (uint64_t)qetl_unpack_i64(unpack);
    object->rows = qetl_unpack_i64(unpack);
    bool fits = object->head_size < 0 ? head_size == 0 : (size_t)object->head_size == head_size;
    return fits && !copy(&object->note, note, size) &&
           !copy((void **)&object->head, head, head_size) && object->name && object->rows >= 0;
}

struct qetl_stand *qetl_stand_unpack(const void *data, size_t size)
{
    struct qetl_unpack unpack = qetl_unpack_from(data, size);
    struct qetl_stand *stand = qetl_stand_new();
    size_t position_size;
    bool good = stand && qetl_unpack_u8(&unpack) == LAYOUT;
    if (good) {
        flags_take(stand, qetl_unpack_u8(&unpack));
        stand->split = qetl_unpack_u32(&unpack);
        const void *position = qetl_unpack_blob(&unpack, &position_size);
        stand->position_size = position_size;
        good = !copy(&stand->position, position, position_size);
        stand->skip = qetl_unpack_i64(&unpack);
        stand->rows = qetl_unpack_i64(&unpack);
        stand->numbered = qetl_unpack_i64(&unpack);
    }
    uint32_t n = good ? qetl_unpack_count(&unpack, OBJECT_BYTES_LEAST) : 0;
    for (uint32_t i = 0; good && i < n; i++)
        good = object_unpack(&unpack, stand);
    good = good && !unpack.failed && unpack.at == unpack.end && stand->skip >= 0 &&
           stand->rows >= 0 && (!stand->in_object || stand->n_objects);
    if (good) {
        atomic_store_explicit(&stand->settled, true, memory_order_relaxed);
        return stand;
    }
    qetl_stand_free(stand);
    return NULL;
}
