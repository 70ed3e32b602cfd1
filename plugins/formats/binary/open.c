/* SPDX-License-Identifier: Apache-2.0 */
/* Readies an instance to frame and decode. */
#include "binary.h"

#include "catalogue.h"

#include <stdlib.h>

void binary_decoder_free(struct binary *self)
{
    for (int64_t i = 0; self->builders && i < self->n_wants; i++)
        qetl_builder_free(&self->builders[i]);
    free(self->builders);
    free(self->wants);
    self->builders = NULL;
    self->wants = NULL;
    self->n_wants = 0;
}

/* The prologue is the path of the layout that was detected, or nothing. */
static int32_t layout_load(struct binary *self, struct qetl_blob prologue)
{
    bool given;
    int32_t status;
    char *path;

    binary_layout_free(&self->layout);
    self->loaded = false;
    status = binary_layout_given(self, &given);
    if (status || given)
        return status;
    path = strndup(prologue.size ? prologue.data : "", prologue.size);
    if (!path)
        return QETL_E_NO_MEMORY;
    status = binary_layout_load(self->env, path, &self->layout);
    self->loaded = !status;
    free(path);
    return status;
}

static int32_t wants_open(struct binary *self, const struct ArrowSchema *schema, int64_t n_wants,
                          const struct qetl_want *wants)
{
    int32_t status = QETL_OK;

    self->wants = calloc((size_t)n_wants + 1, sizeof *self->wants);
    self->builders = calloc((size_t)n_wants + 1, sizeof *self->builders);
    if (!self->wants || !self->builders)
        return QETL_E_NO_MEMORY;
    for (int64_t i = 0; !status && i < n_wants; i++) {
        self->wants[i] = wants[i];
        if (wants[i].column < 0 || wants[i].column >= self->layout.n_columns)
            return qetl_fail(self->env, QETL_E_FATAL, NULL, NULL,
                             "a column was wanted that the schema does not have");
        status =
            qetl_builder_open(&self->builders[i], self->env, schema->children[wants[i].column], 0);
        self->n_wants += !status;
    }
    return status;
}

int32_t binary_open_decode(struct binary *self, const struct ArrowSchema *schema,
                           struct qetl_blob prologue, int64_t n_wants,
                           const struct qetl_want *wants)
{
    int32_t status;

    binary_decoder_free(self);
    self->framer = (struct binary_framer){0};
    self->scratch.stride = 0;
    self->scratch.room = 0; /* anchors may be more now */
    status = layout_load(self, prologue);
    if (status)
        return status;
    if (schema->n_children != self->layout.n_columns)
        return qetl_fail(self->env, QETL_E_FATAL, NULL, NULL,
                         "the layout has changed since it was looked at");
    return wants_open(self, schema, n_wants, wants);
}
