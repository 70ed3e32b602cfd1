/* SPDX-License-Identifier: Apache-2.0 */
/* What columns the arrays have that cross: noted where they are agreed upon. */
#include "border_internal.h"

#include <stdlib.h>

static struct qetl_shape *shape_find(const struct qetl_border_guest *guest,
                                     enum qetl_shape_role role, uint32_t port)
{
    for (size_t i = 0; i < guest->n_shapes; i++)
        if (guest->shapes[i].role == role && guest->shapes[i].port == port)
            return &guest->shapes[i];
    return NULL;
}

/* An empty place for it; NULL without memory. */
static struct qetl_shape *shape_place(struct qetl_border_guest *guest, enum qetl_shape_role role,
                                      uint32_t port)
{
    struct qetl_shape *shape = shape_find(guest, role, port);
    if (!shape) {
        struct qetl_shape *grown =
            realloc(guest->shapes, (guest->n_shapes + 1) * sizeof *guest->shapes);
        if (!grown)
            return NULL;
        guest->shapes = grown;
        shape = &grown[guest->n_shapes++];
        *shape = (struct qetl_shape){.role = role, .port = port};
    }
    qetl_schema_release(&shape->schema);
    return shape;
}

void qetl_shape_clear(struct qetl_border_guest *guest, enum qetl_shape_role role, uint32_t port)
{
    struct qetl_shape *shape = shape_place(guest, role, port);
    if (shape && qetl_schema_init_struct(&shape->schema))
        shape->schema.release = NULL;
}

void qetl_shape_set(struct qetl_border_guest *guest, enum qetl_shape_role role, uint32_t port,
                    const struct ArrowSchema *schema)
{
    struct qetl_shape *shape = shape_place(guest, role, port);
    if (shape && qetl_schema_copy(schema, &shape->schema))
        shape->schema.release = NULL;
}

/* As it is delivered: what is not a value is text, whose spelling is there also where it is NULL.
 */
static int32_t field_make(const struct ArrowSchema *field, uint32_t form, struct ArrowSchema *out)
{
    if (form == QETL_FORM_VALUE)
        return qetl_schema_copy(field, out);
    int32_t status = qetl_schema_init_field(out, field->name, "vu");
    if (!status && (status = qetl_schema_set_metadata(out, "qetl:lexical", "")))
        qetl_schema_release(out);
    return status;
}

void qetl_shape_add(struct qetl_border_guest *guest, enum qetl_shape_role role, uint32_t port,
                    const struct ArrowSchema *field, uint32_t form)
{
    struct ArrowSchema made = {0};
    struct qetl_shape *shape = shape_find(guest, role, port);
    if (!shape || !shape->schema.release)
        return;
    if (field_make(field, form, &made) || qetl_schema_append(&shape->schema, &made)) {
        qetl_schema_release(&made);
        qetl_schema_release(&shape->schema); /* half of the columns are worse than none */
    }
}

const struct ArrowSchema *qetl_shape_of(const struct qetl_border_guest *guest,
                                        enum qetl_shape_role role, uint32_t port)
{
    const struct qetl_shape *shape = shape_find(guest, role, port);
    return shape && shape->schema.release ? &shape->schema : NULL;
}

void qetl_shapes_free(struct qetl_border_guest *guest)
{
    for (size_t i = 0; i < guest->n_shapes; i++)
        qetl_schema_release(&guest->shapes[i].schema);
    free(guest->shapes);
    guest->shapes = NULL;
    guest->n_shapes = 0;
}
