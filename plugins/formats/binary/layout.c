/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a layout: made, placed, and given back. */
#include "layout.h"

#include "text.h"

#include <stdlib.h>

void binary_field_init(struct binary_field *f)
{
    *f = (struct binary_field){.count = -1, .length_from = -1, .scale = -1};
}

static void field_free(struct binary_field *f)
{
    free(f->name);
    for (int64_t i = 0; i < f->n_names; i++)
        free(f->names[i].name);
    free(f->names);
    free(f->encoding);
    free(f->null_text);
    binary_converter_free(f->converter);
    binary_fields_free(f->fields, f->n_fields);
}

void binary_fields_free(struct binary_field *fields, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        field_free(&fields[i]);
    free(fields);
}

void binary_layout_free(struct binary_layout *layout)
{
    if (!layout)
        return;
    free(layout->name);
    free(layout->summary);
    free(layout->path);
    for (int64_t i = 0; i < layout->n_matches; i++)
        free(layout->matches[i].bytes);
    free(layout->matches);
    binary_fields_free(layout->promise, layout->promise ? 1 : 0);
    for (int64_t t = 0; t < layout->n_types; t++) {
        free(layout->types[t].label);
        binary_fields_free(layout->types[t].fields, layout->types[t].n_fields);
    }
    free(layout->types);
    for (int64_t c = 0; c < layout->n_columns; c++)
        free(layout->columns[c].index);
    free(layout->columns);
    *layout = (struct binary_layout){.tag_field = -1};
}

struct binary_field *binary_field_add(struct binary_field **fields, int64_t *n)
{
    struct binary_field *grown = *fields;

    /* Room doubles whenever their number is a power of two. */
    if (!(*n & (*n - 1)))
        grown = realloc(grown, (size_t)(*n ? *n * 2 : 1) * sizeof *grown);
    if (!grown)
        return NULL;
    *fields = grown;
    binary_field_init(&grown[*n]);
    return &grown[(*n)++];
}

int32_t binary_record_finish(struct binary_record *record)
{
    int64_t at = 0;
    int32_t anchor = 0;

    record->size = 0;
    for (int64_t i = 0; i < record->n_fields; i++) {
        struct binary_field *f = &record->fields[i];

        f->anchor = anchor;
        record->size += f->at + f->size; /* `at` still says how far behind the last one */
        f->at += at;
        at = f->at + f->size;
        if (at > BINARY_RECORD_MAX || record->size > BINARY_RECORD_MAX)
            return QETL_E_UNSUPPORTED;
        if (binary_is_variable(f)) {
            f->ends = ++anchor;
            at = 0;
        }
    }
    record->n_anchors = anchor + 1;
    return QETL_OK;
}

static bool texts_equal(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

/* Whether both become the same column. */
static bool fields_alike(const struct binary_field *a, const struct binary_field *b)
{
    if (a->kind != b->kind || (a->count >= 0) != (b->count >= 0) || a->n_fields != b->n_fields ||
        a->width != b->width || a->scale != b->scale || a->n_names != b->n_names ||
        a->time.unit_ns != b->time.unit_ns || !texts_equal(a->name, b->name) || a->bits != b->bits)
        return false;
    for (int64_t i = 0; i < a->n_fields; i++)
        if (!fields_alike(&a->fields[i], &b->fields[i]))
            return false;
    return true;
}

static bool field_is_fallible(const struct binary_field *f)
{
    bool fallible = f->kind == BINARY_TEXT || f->kind == BINARY_PACKED || f->time.unit_ns ||
                    f->time.dos || (f->n_names && !f->names_open);

    for (int64_t i = 0; i < f->n_fields; i++)
        fallible |= field_is_fallible(&f->fields[i]);
    return fallible;
}

static struct binary_column *column_find(struct binary_layout *layout, const char *name)
{
    for (int64_t c = 0; c < layout->n_columns; c++)
        if (!strcmp(layout->columns[c].field->name, name))
            return &layout->columns[c];
    return NULL;
}

static struct binary_column *column_add(struct binary_layout *layout, const struct binary_field *f)
{
    struct binary_column *grown = layout->columns;
    int64_t n = layout->n_columns;

    if (!(n & (n - 1)))
        grown = realloc(grown, (size_t)(n ? n * 2 : 1) * sizeof *grown);
    if (!grown)
        return NULL;
    layout->columns = grown;
    grown[n] = (struct binary_column){.field = f, .fallible = field_is_fallible(f)};
    grown[n].index = malloc((size_t)layout->n_types * sizeof *grown[n].index);
    if (!grown[n].index)
        return NULL;
    for (int64_t t = 0; t < layout->n_types; t++)
        grown[n].index[t] = -1;
    layout->n_columns++;
    return &grown[n];
}

static int32_t columns_of(struct binary_layout *layout, int64_t t, const char **clash)
{
    const struct binary_record *type = &layout->types[t];

    for (int64_t i = 0; i < type->n_fields; i++) {
        const struct binary_field *f = &type->fields[i];
        struct binary_column *c = f->name ? column_find(layout, f->name) : NULL;

        if (!f->name)
            continue;
        if (c && (c->index[t] >= 0 || !fields_alike(c->field, f))) {
            *clash = f->name;
            return QETL_E_UNSUPPORTED;
        }
        if (!c && !(c = column_add(layout, f)))
            return QETL_E_NO_MEMORY;
        c->index[t] = (int32_t)i;
    }
    return QETL_OK;
}

int32_t binary_layout_finish(struct binary_layout *layout, const char **clash)
{
    int32_t status = QETL_OK;

    layout->fixed = true;
    layout->stride = layout->types[0].size;
    for (int64_t t = 0; !status && t < layout->n_types; t++) {
        const struct binary_record *type = &layout->types[t];

        status = columns_of(layout, t, clash);
        layout->fixed &= type->n_anchors == 1 && type->size == layout->stride;
        layout->stride = type->size < layout->stride ? type->size : layout->stride;
        if (type->n_anchors > layout->anchors_most)
            layout->anchors_most = type->n_anchors;
    }
    return status;
}
