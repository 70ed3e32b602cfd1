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

/* Without a letter or sign that text does not have; UTF-16 says so at its beginning. */
static bool is_text(const struct qetl_sample *sample)
{
    bool text = true;

    if (sample->size >= 2 && ((sample->data[0] == 0xff && sample->data[1] == 0xfe) ||
                              (sample->data[0] == 0xfe && sample->data[1] == 0xff)))
        return true;
    for (int64_t i = 0; text && i < sample->size; i++)
        text = sample->data[i] >= ' ' || (sample->data[i] >= '\t' && sample->data[i] <= '\r');
    return text;
}

/* Not ours: another format may read it, if it can be text at all. */
static int32_t format_else(struct binary *self, const struct qetl_sample *sample,
                           struct qetl_inferred *out)
{
    const char *other = qetl_option_text(self->env, "/fallback");
    bool text = is_text(sample), known = out->struct_size > offsetof(struct qetl_inferred, instead);

    if (!other || !strcmp(other, "none") || !text || !known)
        return qetl_fail(self->env, QETL_E_DATA, NULL,
                         "Say what a record is made of, with struct or layout.",
                         "%s: no layout of the catalogue fits this file%s", sample->object,
                         text ? "" : ", nor is it text");
    out->instead = other;
    out->summary = "no layout of the catalogue fits";
    return QETL_INSTEAD;
}

static int32_t layout_detect(struct binary *self, const struct qetl_sample *sample,
                             struct qetl_inferred *out)
{
    bool found, sure;
    int32_t status = binary_catalogue_detect(self->env, sample, &self->layout, &found, &sure);

    if (!status && !sure && !sample->whole && sample->size < DETECT_BYTES)
        return QETL_NEED_INPUT;
    return status || found ? status : format_else(self, sample, out);
}

int32_t binary_infer(struct binary *self, const struct qetl_sample *sample,
                     struct qetl_inferred *out)
{
    bool given;
    int32_t status;

    binary_layout_free(&self->layout);
    self->loaded = false;
    status = binary_layout_given(self, &given);
    if (!status && !given)
        status = layout_detect(self, sample, out);
    if (!status)
        status = binary_schema(&self->layout, &out->schema);
    return status ? status : summary_make(self, given, out);
}
