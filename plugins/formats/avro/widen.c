/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns that hold what two files have: those of the first, perhaps of wider types, and behind
 * them those that are new. Types that have no common one stay as they are in the first.
 */
#include "plan.h"

#include "names.h"

#include <stdio.h>
#include <stdlib.h>

static int32_t field_widen(const struct ArrowSchema *from, const struct ArrowSchema *with,
                           struct ArrowSchema *out, bool *changed);

/* The wider of two numbers: of integers long, of others double; NULL: they are no two numbers. */
static const char *number_wider(const char *from, const char *with)
{
    if (strlen(from) != 1 || strlen(with) != 1 || !strchr("ilfg", *from) || !strchr("ilfg", *with))
        return NULL;
    bool integers = strchr("il", *from) && strchr("il", *with);
    return *from == *with ? from : integers ? "l" : "g";
}

/* Digits before and behind the point, as many as both need. */
static bool decimal_wider(const char *from, const char *with, char out[QETL_TYPE_FORMAT_MAX])
{
    int32_t p, s, q, t;
    if (!qetl_type_decimal(from, &p, &s) || !qetl_type_decimal(with, &q, &t))
        return false;
    int32_t before = p - s > q - t ? p - s : q - t, behind = s > t ? s : t;
    if (before + behind > AVRO_DIGITS_MAX)
        return false;
    snprintf(out, QETL_TYPE_FORMAT_MAX, "d:%d,%d", before + behind, behind);
    return true;
}

static int32_t scalar_widen(const struct ArrowSchema *from, const struct ArrowSchema *with,
                            struct ArrowSchema *out, bool *changed)
{
    char decimal[QETL_TYPE_FORMAT_MAX];
    const char *format = number_wider(from->format, with->format);
    if (!format && decimal_wider(from->format, with->format, decimal))
        format = decimal;
    if (!format || strcmp(format, from->format) == 0)
        return qetl_schema_copy(from, out);
    *changed = true;
    return qetl_schema_init_field(out, from->name, format);
}

static int32_t child_append(struct ArrowSchema *out, struct ArrowSchema *child, int32_t status)
{
    if (!status)
        status = qetl_schema_append(out, child);
    qetl_schema_release(child);
    return status;
}

/* The fields of both; met[i] is set for those of `with` that `from` has. */
static int32_t fields_widen(const struct ArrowSchema *from, const struct ArrowSchema *with,
                            struct ArrowSchema *out, bool *changed, const struct avro_name *names,
                            bool *met)
{
    int32_t status = QETL_OK;
    for (int64_t i = 0; !status && i < from->n_children; i++) {
        struct ArrowSchema child = {0};
        int64_t at = avro_names_find(names, with->n_children, from->children[i]->name);
        if (at >= 0)
            met[at] = true;
        status = at < 0 ? qetl_schema_copy(from->children[i], &child)
                        : field_widen(from->children[i], with->children[at], &child, changed);
        status = child_append(out, &child, status);
    }
    for (int64_t i = 0; !status && i < with->n_children; i++) {
        struct ArrowSchema child = {0};
        if (met[i])
            continue;
        *changed = true;
        status = child_append(out, &child, qetl_schema_copy(with->children[i], &child));
    }
    return status;
}

static int32_t struct_widen(const struct ArrowSchema *from, const struct ArrowSchema *with,
                            struct ArrowSchema *out, bool *changed)
{
    struct avro_name *names = avro_names_sort(with);
    bool *met = calloc((size_t)with->n_children + 1, sizeof *met);
    int32_t status =
        names && met ? qetl_schema_init_field(out, from->name, "+s") : QETL_E_NO_MEMORY;
    if (!status) {
        out->flags = from->flags;
        status = fields_widen(from, with, out, changed, names, met);
    }
    free(names);
    free(met);
    return status;
}

static int32_t field_widen(const struct ArrowSchema *from, const struct ArrowSchema *with,
                           struct ArrowSchema *out, bool *changed)
{
    bool alike = strcmp(from->format, with->format) == 0;
    if (alike && !strcmp(from->format, "+s"))
        return struct_widen(from, with, out, changed);
    if (!alike || strcmp(from->format, "+l") != 0)
        return scalar_widen(from, with, out, changed);
    struct ArrowSchema child = {0};
    int32_t status = qetl_schema_init_field(out, from->name, "+l");
    if (!status)
        status = field_widen(from->children[0], with->children[0], &child, changed);
    return child_append(out, &child, status);
}

int32_t avro_widen(const struct ArrowSchema *from, const struct ArrowSchema *with,
                   struct ArrowSchema *out, bool *changed)
{
    return struct_widen(from, with, out, changed);
}
