/* SPDX-License-Identifier: Apache-2.0 */
/* bind, and what a transform says of itself in it. */
#include "border_binder.h"

struct binder {
    struct qetl_binder base;
    struct qetl_border_guest *guest;
    struct qetl_binder *real;
    uint32_t n_inputs;
    const struct ArrowSchema *const *inputs;
};

static struct binder *of(struct qetl_binder *binder)
{
    return (struct binder *)binder;
}

static int32_t binder_read(struct qetl_binder *binder, uint32_t in_port, int64_t column,
                           uint32_t form)
{
    struct binder *b = of(binder);
    struct qetl_crossing c = qetl_crossing_to_host(b->guest, "binder.read");
    qetl_cargo_nonzero(&c, "in_port", in_port);
    qetl_cargo_number(&c, "column", column);
    qetl_cargo_number(&c, "form", form);
    qetl_crossing_begin(&c);
    int32_t index = b->real->read(b->real, in_port, column, form);
    if (index >= 0) {
        const struct ArrowSchema *known = qetl_shape_of(b->guest, QETL_SHAPE_IN, in_port);
        if (known && known->n_children == index)
            qetl_shape_add(b->guest, QETL_SHAPE_IN, in_port, b->inputs[in_port]->children[column],
                           form);
    }
    return (int32_t)qetl_crossing_end_number(&c, index);
}

static int32_t binder_copy(struct qetl_binder *binder, uint32_t out_port, int64_t out_column,
                           uint32_t in_port, int64_t column, const char *name)
{
    struct binder *b = of(binder);
    struct qetl_crossing c = qetl_crossing_to_host(b->guest, "binder.copy");
    qetl_cargo_nonzero(&c, "out_port", out_port);
    qetl_cargo_number(&c, "out_column", out_column);
    qetl_cargo_nonzero(&c, "in_port", in_port);
    qetl_cargo_number(&c, "column", column);
    if (name)
        qetl_cargo_text(&c, "name", name);
    qetl_crossing_begin(&c);
    return qetl_crossing_end(&c,
                             b->real->copy(b->real, out_port, out_column, in_port, column, name));
}

static int32_t binder_derive(struct qetl_binder *binder, uint32_t out_port,
                             struct ArrowSchema *field, int64_t n_inputs, const int64_t *inputs)
{
    struct binder *b = of(binder);
    struct qetl_crossing c = qetl_crossing_to_host(b->guest, "binder.derive");
    qetl_cargo_nonzero(&c, "out_port", out_port);
    qetl_cargo_schema(&c, "field", field);
    qetl_cargo_number(&c, "n_inputs", n_inputs);
    if (n_inputs > 0)
        qetl_cargo_numbers(&c, "inputs", inputs, n_inputs);
    qetl_crossing_begin(&c);
    struct ArrowSchema kept = {0};
    int32_t kept_status = qetl_schema_copy(field, &kept); /* it moves */
    int32_t status = b->real->derive(b->real, out_port, field, n_inputs, inputs);
    for (int i = 0; i < c.n_cargo; i++) /* the watcher has seen it: it is gone now */
        if (c.cargo[i].kind == QETL_CARGO_SCHEMA)
            c.cargo[i].schema = kept_status ? NULL : &kept;
    if (!qetl_shape_of(b->guest, QETL_SHAPE_OUT, out_port))
        qetl_shape_clear(b->guest, QETL_SHAPE_OUT, out_port);
    if (!kept_status && !status)
        qetl_shape_add(b->guest, QETL_SHAPE_OUT, out_port, &kept, QETL_FORM_VALUE);
    status = qetl_crossing_end(&c, status);
    qetl_schema_release(&kept);
    return status;
}

static int32_t binder_rows(struct qetl_binder *binder, uint32_t out_port, uint32_t rows)
{
    struct binder *b = of(binder);
    struct qetl_crossing c = qetl_crossing_to_host(b->guest, "binder.rows");
    qetl_cargo_nonzero(&c, "out_port", out_port);
    qetl_cargo_number(&c, "rows", rows);
    qetl_crossing_begin(&c);
    return qetl_crossing_end(&c, b->real->rows(b->real, out_port, rows));
}

static int32_t binder_distribution(struct qetl_binder *binder, uint32_t kind, int64_t n_columns,
                                   const int64_t *columns)
{
    struct binder *b = of(binder);
    struct qetl_crossing c = qetl_crossing_to_host(b->guest, "binder.distribution");
    qetl_cargo_number(&c, "kind", kind);
    if (n_columns > 0)
        qetl_cargo_numbers(&c, "columns", columns, n_columns);
    qetl_crossing_begin(&c);
    return qetl_crossing_end(&c, b->real->distribution(b->real, kind, n_columns, columns));
}

static int32_t binder_input(struct qetl_binder *binder, uint32_t in_port, uint32_t kind)
{
    struct binder *b = of(binder);
    struct qetl_crossing c = qetl_crossing_to_host(b->guest, "binder.input");
    qetl_cargo_nonzero(&c, "in_port", in_port);
    qetl_cargo_number(&c, "kind", kind);
    qetl_crossing_begin(&c);
    return qetl_crossing_end(&c, b->real->input(b->real, in_port, kind));
}

static void shapes_forget(struct qetl_border_guest *guest, uint32_t n_inputs)
{
    qetl_shapes_free(guest);
    for (uint32_t i = 0; i < n_inputs; i++)
        qetl_shape_clear(guest, QETL_SHAPE_IN, i);
}

int32_t qetl_border_bind(void *self, uint32_t n_inputs, const struct ArrowSchema *const *inputs,
                         struct qetl_binder *real)
{
    struct qetl_border_guest *guest = self;
    struct binder binder = {
        .base = {sizeof binder.base, binder_read, binder_copy, binder_derive, binder_rows,
                 binder_distribution, binder_input},
        .guest = guest,
        .real = real,
        .n_inputs = n_inputs,
        .inputs = inputs,
    };
    struct qetl_crossing c = qetl_crossing_in(guest, "bind");
    qetl_cargo_number(&c, "n_inputs", n_inputs);
    for (uint32_t i = 0; i < n_inputs && c.n_cargo < QETL_CARGO_MOST - 1; i++)
        qetl_cargo_schema(&c, "input", inputs[i]);
    shapes_forget(guest, n_inputs);
    qetl_crossing_begin(&c);
    return qetl_crossing_end(
        &c, guest->of->real->transform->bind(guest->state, n_inputs, inputs, &binder.base));
}
