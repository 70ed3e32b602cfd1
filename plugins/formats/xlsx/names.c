/* SPDX-License-Identifier: Apache-2.0 */
/* The names of columns, made unlike one another: found by a table, as thousands may be alike. */
#include "xlsx.h"

#include <stdio.h>
#include <stdlib.h>

enum { SLOTS = 2 * XLSX_COLUMNS_MAX };

/* The slot of a name, or the free one where it belongs; a slot holds a column's number from 1. */
static int32_t *slot_of(const struct xlsx_table *t, const char *name)
{
    uint32_t hash = 2166136261u;
    for (const char *c = name; *c; c++)
        hash = (hash ^ (uint8_t)*c) * 16777619u;
    for (uint32_t i = hash ^ hash >> 15;; i++) {
        int32_t *slot = &t->slots[i % SLOTS];
        if (!*slot || !strcmp(t->names[*slot - 1].text, name))
            return slot;
    }
}

static int32_t names_room(struct xlsx_table *t)
{
    if (!t->slots)
        t->slots = calloc(SLOTS, sizeof *t->slots);
    if (!t->slots)
        return QETL_E_NO_MEMORY;
    if (t->n_names == t->names_room) {
        int32_t room = t->names_room ? t->names_room * 2 : 64;
        struct xlsx_name *grown = realloc(t->names, (size_t)room * sizeof *grown);
        if (!grown)
            return QETL_E_NO_MEMORY;
        t->names = grown;
        t->names_room = room;
    }
    return QETL_OK;
}

int32_t xlsx_name_add(struct xlsx_table *t, struct qetl_text text, bool lettered)
{
    size_t size = (size_t)text.size + 16;
    char *name = names_room(t) ? NULL : malloc(size);
    if (!name)
        return QETL_E_NO_MEMORY;
    snprintf(name, size, "%.*s", (int)text.size, text.data);
    int32_t *slot = slot_of(t, name), first = *slot;
    while (*slot) {
        snprintf(name, size, "%.*s_%d", (int)text.size, text.data, t->names[first - 1].next++);
        slot = slot_of(t, name);
    }
    t->names[t->n_names++] = (struct xlsx_name){name, 2, lettered};
    *slot = t->n_names;
    return QETL_OK;
}

void xlsx_names_free(struct xlsx_table *t)
{
    for (int32_t i = 0; i < t->n_names; i++)
        free(t->names[i].text);
    free(t->names);
    free(t->slots);
}
