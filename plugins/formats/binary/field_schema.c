/* SPDX-License-Identifier: Apache-2.0 */
/* Which column a field becomes. */
#include "layout.h"

#include <stdio.h>

static const char *integer_format(const struct binary_field *f)
{
    static const char *const is_signed[] = {"c", "s", "i", "i", "l", "l", "l", "l"};
    static const char *const is_unsigned[] = {"C", "S", "I", "I", "L", "L", "L", "L"};

    return f->kind == BINARY_SIGNED ? is_signed[f->width - 1] : is_unsigned[f->width - 1];
}

static void leaf_format(const struct binary_field *f, char out[QETL_TYPE_FORMAT_MAX])
{
    const char *format = "vu";

    if (f->time.dos)
        format = "tsu:";
    else if (f->time.unit_ns && f->time.ticks_ns > 1000)
        format = "tdD";
    else if (f->time.unit_ns)
        format = f->time.ticks_ns == 1 ? "tsn:UTC" : "tsu:UTC";
    else if (f->kind == BINARY_BOOLEAN || (f->bits == 1 && !f->n_names))
        format = "b";
    else if (f->kind == BINARY_REAL)
        format = f->width == 8 ? "g" : "f";
    else if (f->kind == BINARY_BYTES)
        format = "vz";
    else if (f->kind != BINARY_TEXT && !f->n_names && f->scale < 0)
        format = integer_format(f);
    if (f->scale >= 0)
        snprintf(out, QETL_TYPE_FORMAT_MAX, "d:%d,%d", f->precision, f->scale);
    else
        snprintf(out, QETL_TYPE_FORMAT_MAX, "%s", format);
}

static int32_t element_schema(const struct binary_field *f, const char *name,
                              struct ArrowSchema *out)
{
    char format[QETL_TYPE_FORMAT_MAX];
    int32_t status;

    if (f->kind != BINARY_STRUCT) {
        leaf_format(f, format);
        return qetl_schema_init_field(out, name, format);
    }
    status = qetl_schema_init_field(out, name, "+s");
    for (int64_t i = 0; !status && i < f->n_fields; i++) {
        struct ArrowSchema child = {0};

        if (!f->fields[i].name)
            continue;
        status = binary_field_schema(&f->fields[i], &child);
        if (!status)
            status = qetl_schema_append(out, &child);
        qetl_schema_release(&child);
    }
    return status;
}

int32_t binary_field_schema(const struct binary_field *f, struct ArrowSchema *out)
{
    struct ArrowSchema element = {0};
    int32_t status;

    if (f->count < 0)
        return element_schema(f, f->name, out);
    status = qetl_schema_init_field(out, f->name, "+l");
    if (!status)
        status = element_schema(f, "item", &element);
    if (!status)
        status = qetl_schema_append(out, &element);
    qetl_schema_release(&element);
    return status;
}
