/* SPDX-License-Identifier: Apache-2.0 */
/* The state of all columns as one piece, which is looked at as a whole before any of it counts. */
#include "state.h"

#include <stdlib.h>

static const int64_t ORDER_MARK = 0x0102030405060708; /* numbers are as this machine has them */

struct shape { /* of a column */
    int64_t kind, type;
};

struct memory {
    uint8_t *data;
    size_t size, room, taken;
};

static int32_t memory_write(void *stream, const void *data, size_t size)
{
    struct memory *m = stream;
    if (m->size + size > m->room) {
        size_t room = (m->size + size) * 2;
        uint8_t *grown = realloc(m->data, room);
        if (!grown)
            return QETL_E_NO_MEMORY;
        m->data = grown;
        m->room = room;
    }
    memcpy(m->data + m->size, data, size);
    m->size += size;
    return QETL_OK;
}

static int64_t memory_read(void *stream, void *data, size_t capacity)
{
    struct memory *m = stream;
    size_t size = m->size - m->taken < capacity ? m->size - m->taken : capacity;
    memcpy(data, m->data + m->taken, size);
    m->taken += size;
    return (int64_t)size;
}

static struct shape shape_of(const struct item *item)
{
    return (struct shape){item->reduction.kind, item->reduction.type};
}

int32_t items_save(const struct items *items, const struct qetl_writer *out)
{
    struct memory m = {0};
    struct qetl_writer writer = {&m, memory_write};
    int32_t status = memory_write(&m, &ORDER_MARK, sizeof ORDER_MARK);
    for (int64_t i = 0; i < items->count && !status; i++) {
        struct shape shape = shape_of(&items->list[i]);
        status = memory_write(&m, &shape, sizeof shape);
    }
    for (int64_t i = 0; i < items->count && !status; i++)
        status = reduce_save(&items->list[i].reduction, &writer);
    if (!status)
        status = qetl_state_write(out, m.data, m.size);
    free(m.data);
    return status;
}

static bool shape_fits(const struct items *items, struct memory *m)
{
    int64_t mark = 0;
    bool fits = memory_read(m, &mark, sizeof mark) == sizeof mark && mark == ORDER_MARK;
    for (int64_t i = 0; i < items->count && fits; i++) {
        struct shape found, wanted = shape_of(&items->list[i]);
        fits = memory_read(m, &found, sizeof found) == sizeof found &&
               memcmp(&found, &wanted, sizeof found) == 0;
    }
    return fits;
}

int32_t items_merge(struct items *items, const struct qetl_reader *in)
{
    void *data;
    struct memory m = {0};
    struct qetl_reader reader = {&m, memory_read};
    int32_t status = qetl_state_read(in, &data, &m.size);
    m.data = data;
    if (!status && !shape_fits(items, &m))
        status = QETL_E_UNSUPPORTED;
    for (int64_t i = 0; i < items->count && !status; i++)
        status = reduce_merge(&items->list[i].reduction, &reader);
    free(m.data);
    return status;
}
