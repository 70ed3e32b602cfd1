/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects that pause while others go on, as files that grow do: what is known of one, its note, its
 * values and how many rows it had, is there again when it goes on.
 */
#include "op_source.h"

#include <stdlib.h>
#include <string.h>

/* Of one name, so many are remembered: a source does not say when it is done with one. */
enum { KEPT_A_NAME = 8 };

static struct qetl_object *paused_take(struct qetl_source_state *s, size_t i)
{
    struct qetl_object *object = s->paused[i];
    s->n_paused--;
    memmove(s->paused + i, s->paused + i + 1, (s->n_paused - i) * sizeof(struct qetl_object *));
    return object;
}

struct qetl_object *qetl_object_go_on(struct qetl_source_state *s, const char *name, uint64_t id)
{
    for (size_t i = s->n_paused; i-- > 0;)
        if (s->paused[i]->id == id && strcmp(s->paused[i]->name, name) == 0)
            return paused_take(s, i);
    return NULL;
}

/* The one that has paused longest goes. */
static void namesakes_limit(struct qetl_source_state *s, const char *name)
{
    size_t found = 0;
    for (size_t i = s->n_paused; i-- > 0;)
        if (strcmp(s->paused[i]->name, name) == 0 && ++found == KEPT_A_NAME)
            qetl_object_unref(paused_take(s, i));
}

int32_t qetl_object_pause(struct qetl_source_state *s, struct qetl_object *object)
{
    namesakes_limit(s, object->name);
    struct qetl_object **paused = realloc(s->paused, (s->n_paused + 1) * sizeof *paused);
    if (!paused) {
        qetl_object_unref(object);
        return QETL_E_NO_MEMORY;
    }
    s->paused = paused;
    paused[s->n_paused++] = object;
    return QETL_OK;
}
