/* SPDX-License-Identifier: Apache-2.0 */
#include "op_partition.h"

#include "data/cell.h"

#include <stdlib.h>
#include <string.h>

enum { PREFIX_BYTES = 8, GROUPS_FIRST = 64 };

static int32_t rows_reserve(struct qetl_partition *p, int64_t rows)
{
    if (rows <= p->rows_room)
        return QETL_OK;
    int64_t size = 64;
    while (size < rows * 2)
        size *= 2;
    free(p->group_of);
    free(p->map);
    free(p->table);
    p->group_of = malloc((size_t)rows * sizeof *p->group_of);
    p->map = malloc((size_t)rows * sizeof *p->map);
    p->table = malloc((size_t)size * sizeof *p->table);
    p->rows_room = p->group_of && p->map && p->table ? rows : 0;
    p->table_size = size;
    return p->rows_room ? QETL_OK : QETL_E_NO_MEMORY;
}

/* Each text behind its length; -1: NULL. */
static int32_t key_append(struct qetl_partition *p, int64_t row)
{
    for (int64_t k = 0; k < p->n_keys; k++) {
        int64_t at = p->text.size, size = -1;
        int32_t status = p->text.reserve(&p->text, PREFIX_BYTES);
        if (status)
            return status;
        p->text.size += PREFIX_BYTES;
        if (!qetl_cell_is_null(&p->cells[k], row)) {
            status = qetl_cell_text(&p->cells[k], row, &p->text);
            if (status)
                return status;
            size = p->text.size - at - PREFIX_BYTES;
        }
        memcpy(p->text.data + at, &size, PREFIX_BYTES);
    }
    return QETL_OK;
}

static uint64_t hash_of(const uint8_t *data, int64_t size)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (int64_t i = 0; i < size; i++)
        hash = (hash ^ data[i]) * 0x100000001b3;
    return hash ^ hash >> 29;
}

static bool is_group(const struct qetl_partition *p, const struct qetl_group *group, int64_t key,
                     int64_t size)
{
    return group->size == size &&
           memcmp(p->text.data + group->key, p->text.data + key, (size_t)size) == 0;
}

/* The slot of a key: of its group, or where that would go. */
static int32_t *slot_of(const struct qetl_partition *p, uint64_t hash, int64_t key, int64_t size)
{
    uint64_t mask = (uint64_t)p->table_size - 1;
    uint64_t at = hash & mask;
    while (p->table[at] >= 0) {
        const struct qetl_group *group = &p->groups[p->table[at]];
        if (group->hash == hash && is_group(p, group, key, size))
            break;
        at = (at + 1) & mask;
    }
    return &p->table[at];
}

static int32_t group_add(struct qetl_partition *p, struct qetl_group group, int32_t *slot)
{
    if (p->n_groups == p->room) {
        int64_t room = p->room ? p->room * 2 : GROUPS_FIRST;
        struct qetl_group *grown = realloc(p->groups, (size_t)room * sizeof *grown);
        if (!grown)
            return QETL_E_NO_MEMORY;
        p->groups = grown;
        p->room = room;
    }
    *slot = (int32_t)p->n_groups;
    p->groups[p->n_groups++] = group;
    return QETL_OK;
}

/* The row's group; its key stays in the text if it is a new one. */
static int32_t row_find(struct qetl_partition *p, int64_t row, int32_t last)
{
    int64_t key = p->text.size;
    int32_t status = key_append(p, row);
    int64_t size = p->text.size - key;
    if (status)
        return status;
    if (last >= 0 && is_group(p, &p->groups[last], key, size)) {
        p->text.size = key;
        p->group_of[row] = last;
        return QETL_OK;
    }
    uint64_t hash = hash_of(p->text.data + key, size);
    int32_t *slot = slot_of(p, hash, key, size);
    if (*slot >= 0)
        p->text.size = key;
    else
        status = group_add(p, (struct qetl_group){key, size, hash, 0, 0}, slot);
    if (!status)
        p->group_of[row] = *slot;
    return status;
}

static void map_make(struct qetl_partition *p, int64_t rows)
{
    int64_t from = 0;
    for (int64_t row = 0; row < rows; row++)
        p->groups[p->group_of[row]].rows++;
    for (int64_t g = 0; g < p->n_groups; g++) {
        p->groups[g].from = from;
        from += p->groups[g].rows;
        p->groups[g].rows = 0;
    }
    p->in_order = true;
    for (int64_t row = 0; row < rows; row++) {
        struct qetl_group *group = &p->groups[p->group_of[row]];
        int64_t at = group->from + group->rows++;
        p->map[at] = (int32_t)row;
        p->in_order &= at == row;
    }
}

int32_t qetl_partition_make(struct qetl_partition *p, const struct ArrowSchema *schema,
                            const struct qetl_batch *batch)
{
    int32_t status = rows_reserve(p, batch->rows);
    if (!p->cells) {
        qetl_heap_space(&p->text);
        p->cells = calloc((size_t)p->n_keys + 1, sizeof *p->cells);
    }
    if (!p->cells || p->text.reserve(&p->text, 1)) /* no columns make an empty text, not none */
        return QETL_E_NO_MEMORY;
    for (int64_t k = 0; !status && k < p->n_keys; k++)
        status = qetl_cells_open(&p->cells[k], schema->children[p->keys[k]],
                                 &batch->columns[p->keys[k]]);
    p->text.size = p->n_groups = 0;
    if (!status)
        memset(p->table, -1, (size_t)p->table_size * sizeof *p->table);
    for (int64_t row = 0; !status && row < batch->rows; row++)
        status = row_find(p, row, row ? p->group_of[row - 1] : -1);
    if (!status)
        map_make(p, batch->rows);
    return status;
}

void qetl_partition_keys(const struct qetl_partition *p, const struct qetl_group *group,
                         struct qetl_blob *out)
{
    const uint8_t *at = p->text.data + group->key;
    for (int64_t k = 0; k < p->n_keys; k++) {
        int64_t size;
        memcpy(&size, at, PREFIX_BYTES);
        at += PREFIX_BYTES;
        out[k] = (struct qetl_blob){size < 0 ? NULL : at, size < 0 ? 0 : (size_t)size};
        at += size < 0 ? 0 : size;
    }
}

void qetl_partition_free(struct qetl_partition *p)
{
    free(p->cells);
    free(p->text.data);
    free(p->groups);
    free(p->group_of);
    free(p->map);
    free(p->table);
}
