/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int names_take(struct names *list, char *name)
{
    if (!name)
        return ENOMEM;
    if (list->count == list->capacity) {
        int64_t capacity = list->capacity ? list->capacity * 2 : 16;
        char **items = realloc(list->items, (size_t)capacity * sizeof *items);
        if (!items) {
            free(name);
            return ENOMEM;
        }
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = name;
    return 0;
}

int names_add(struct names *list, const char *name)
{
    return names_take(list, strdup(name));
}

static int name_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void names_sort(struct names *list, int64_t first)
{
    int64_t kept = first;
    if (list->count - first < 2)
        return;
    qsort(list->items + first, (size_t)(list->count - first), sizeof *list->items, name_compare);
    for (int64_t i = first; i < list->count; i++) {
        if (kept > first && strcmp(list->items[kept - 1], list->items[i]) == 0)
            free(list->items[i]);
        else
            list->items[kept++] = list->items[i];
    }
    list->count = kept;
}

void names_free(struct names *list)
{
    for (int64_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct names){0};
}

char *names_join(const char *folder, const char *name)
{
    size_t length = strlen(folder);
    const char *slash = length && folder[length - 1] != '/' ? "/" : "";
    char *path = NULL;
    if (asprintf(&path, "%s%s%s", folder, slash, name) < 0)
        return NULL;
    return path;
}
