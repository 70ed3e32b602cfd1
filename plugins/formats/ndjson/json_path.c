/* SPDX-License-Identifier: Apache-2.0 */
#include "json_path.h"

#include <stdlib.h>
#include <string.h>

enum { INDEX_DIGITS = 9 };

static int64_t step_index(const char *name, int64_t size)
{
    int64_t index = 0;
    if (!size || size > INDEX_DIGITS || (size > 1 && *name == '0'))
        return -1;
    for (int64_t i = 0; i < size; i++) {
        if (name[i] < '0' || name[i] > '9')
            return -1;
        index = index * 10 + (name[i] - '0');
    }
    return index;
}

/* Unescapes in place, up to the next slash or the end; NULL: ~ stands before neither 0 nor 1. */
static char *step_read(char *p, struct json_step *step)
{
    char *out = p;
    *step = (struct json_step){.name = p};
    for (; *p && *p != '/'; p++) {
        if (*p != '~') {
            *out++ = *p;
            continue;
        }
        if (p[1] != '0' && p[1] != '1')
            return NULL;
        *out++ = *++p == '0' ? '~' : '/';
    }
    step->size = out - step->name;
    step->index = step_index(step->name, step->size);
    return p;
}

int json_path_read(struct json_path *path, const char *pointer)
{
    *path = (struct json_path){0};
    if (!pointer || !*pointer)
        return 0;
    if (*pointer != '/')
        return -1;
    char *p = path->text = strdup(pointer);
    if (!p)
        return -3;
    while (*p == '/') {
        if (path->n_steps == JSON_STEPS_MAX)
            return -2;
        p = step_read(p + 1, &path->steps[path->n_steps++]);
        if (!p)
            return -1;
    }
    return 0;
}

void json_path_free(struct json_path *path)
{
    free(path->text);
    path->text = NULL;
    path->n_steps = 0;
}
