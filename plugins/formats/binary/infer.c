/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of the layout that was named, or that fits the sample. */
#include "binary.h"

#include "catalogue.h"

#include <stdio.h>
#include <stdlib.h>

enum { DETECT_BYTES = 4096 };

int32_t binary_schema(const struct binary_layout *layout, struct ArrowSchema *out)
{
    int32_t status = qetl_schema_init_struct(out);

    for (int64_t c = 0; !status && c < layout->n_columns; c++) {
        struct ArrowSchema field = {0};

        status = binary_field_schema(layout->columns[c].field, &field);
        if (!status)
            status = qetl_schema_append(out, &field);
        qetl_schema_release(&field);
    }
    return status;
}

static int32_t summary_make(struct binary *self, bool given, struct qetl_inferred *out)
{
    const struct binary_layout *l = &self->layout;
    char size[64], *summary = NULL;

    snprintf(size, sizeof size, l->fixed ? "%lld bytes a record" : "records of %lld bytes or more",
             (long long)l->stride);
    if (asprintf(&summary, "%s%s%s, %s, %lld columns", l->name ? "layout " : "struct string",
                 l->name ? l->name : "", given ? "" : " (it fits the file)", size,
                 (long long)l->n_columns) < 0)
        return QETL_E_NO_MEMORY;
    free(self->summary);
    free(self->prologue);
    self->summary = summary;
    self->prologue = strdup(given || !l->path ? "" : l->path);
    if (!self->prologue)
        return QETL_E_NO_MEMORY;
    out->summary = self->summary;
    out->prologue = (struct qetl_blob){self->prologue, strlen(self->prologue)};
    return QETL_OK;
}

int32_t binary_infer(struct binary *self, const struct qetl_sample *sample,
                     struct qetl_inferred *out)
{
    bool given, found = false;
    int32_t status;

    binary_layout_free(&self->layout);
    self->loaded = false;
    status = binary_layout_given(self, &given);
    if (!status && !given && !sample->whole && sample->size < DETECT_BYTES)
        return QETL_NEED_INPUT;
    if (!status && !given)
        status = binary_catalogue_detect(self->env, sample, &self->layout, &found);
    if (!status && !given && !found)
        return qetl_fail(self->env, QETL_E_DATA, NULL,
                         "Say what a record is made of, with struct or layout.",
                         "%s: no layout of the catalogue fits this file", sample->object);
    if (!status)
        status = binary_schema(&self->layout, &out->schema);
    return status ? status : summary_make(self, given, out);
}
