/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects that pause while others go on, as files that grow do: what is known of one, its note, its
 * values and how many rows it had, is there again when it goes on.
 */
#include "op_source.h"

#include <stdlib.h>
#include <string.h>

struct qetl_object *qetl_object_go_on(struct qetl_source_state *s, const char *name)
{
    for (size_t i = s->n_paused; i-- > 0;) {
        struct qetl_object *object = s->paused[i];
        if (strcmp(object->name, name) != 0)
            continue;
        s->paused[i] = s->paused[--s->n_paused];
        return object;
    }
    return NULL;
}

int32_t qetl_object_pause(struct qetl_source_state *s, struct qetl_object *object)
{
    struct qetl_object **paused = realloc(s->paused, (s->n_paused + 1) * sizeof *paused);
    if (!paused) {
        qetl_object_unref(object);
        return QETL_E_NO_MEMORY;
    }
    s->paused = paused;
    paused[s->n_paused++] = object;
    return QETL_OK;
}
