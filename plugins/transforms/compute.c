/* SPDX-License-Identifier: Apache-2.0 */
/* Adds or replaces columns by expressions, in the order in which they are written, so that each may
 * use those above it. All other columns are carried past, byte for byte. */
#include <qetl/exprs.h>
#include <qetl/sdk.h>

#include <stdlib.h>

enum { POINTER_MAX = 600 };

/* An expression of `set`. */
struct step {
    const char *name;
    struct qetl_expr *expr;
    struct operand *operands;
    int64_t n_operands;
    bool good;        /* bound without a mistake */
    uint8_t *depends; /* a byte an input column: whether it goes into the result */
    struct ArrowArray result;
};

/* A column as the expressions see it: of the input, or made by a step. */
struct operand {
    int64_t input; /* column of the input, or -1 */
    int64_t step;  /* or the step that makes it */
    int64_t place; /* of the input's: among those that process gets */
};

struct compute {
    struct qetl_exprs exprs;
    struct step *steps;
    int64_t n_steps;
    struct ArrowSchema schema; /* the input's columns, and those of the steps so far */
    struct operand *columns;   /* of schema */
    int64_t *order;            /* of the derived columns: the steps */
    int64_t n_order;
    struct ArrowArray *results;
};

static int32_t compute_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                              const char *config)
{
    struct compute *compute = self;

    (void)config;
    return qetl_exprs_create(&compute->exprs, (struct qetl_env){host, ctx}, "compute",
                             "no memory to compute columns");
}

static void bound_reset(struct compute *compute)
{
    for (int64_t i = 0; i < compute->n_steps; i++) {
        struct step *step = &compute->steps[i];
        compute->exprs.service->free(step->expr);
        qetl_array_release(&step->result);
        free(step->operands);
        free(step->depends);
    }
    free(compute->steps);
    free(compute->columns);
    free(compute->order);
    free(compute->results);
    qetl_schema_release(&compute->schema);
    compute->steps = NULL;
    compute->columns = NULL;
    compute->order = NULL;
    compute->results = NULL;
    compute->n_steps = compute->n_order = 0;
}

static void compute_destroy(void *self)
{
    struct compute *compute = self;

    bound_reset(compute);
    qetl_exprs_free(&compute->exprs);
}

/* ---- bind ---- */

static int32_t bound_open(struct compute *compute, const struct ArrowSchema *input, int64_t n)
{
    size_t all = (size_t)(input->n_children + n + 1);

    bound_reset(compute);
    compute->steps = calloc((size_t)n + 1, sizeof *compute->steps);
    compute->columns = calloc(all, sizeof *compute->columns);
    compute->order = calloc(all, sizeof *compute->order);
    compute->results = calloc(all, sizeof *compute->results);
    if (!compute->steps || !compute->columns || !compute->order || !compute->results ||
        qetl_schema_copy(input, &compute->schema))
        return qetl_exprs_fail_memory(&compute->exprs);
    for (int64_t i = 0; i < input->n_children; i++)
        compute->columns[i] = (struct operand){.input = i, .step = -1};
    return qetl_exprs_bind(&compute->exprs, input, n);
}

/* Resolves what an expression reads, and has the host hand over what comes from the input. */
static int32_t operands_resolve(struct compute *compute, struct step *step, int64_t n_inputs,
                                struct qetl_binder *binder)
{
    const int64_t *columns;

    step->n_operands = compute->exprs.service->columns(step->expr, &columns);
    step->operands = calloc((size_t)step->n_operands + 1, sizeof *step->operands);
    step->depends = calloc((size_t)n_inputs + 1, 1);
    if (!step->operands || !step->depends)
        return qetl_exprs_fail_memory(&compute->exprs);
    for (int64_t i = 0; i < step->n_operands; i++) {
        struct operand *operand = &step->operands[i];
        *operand = compute->columns[columns[i]];
        if (operand->input < 0) {
            for (int64_t k = 0; k < n_inputs; k++)
                step->depends[k] |= compute->steps[operand->step].depends[k];
            continue;
        }
        step->depends[operand->input] = 1;
        operand->place = qetl_exprs_read(&compute->exprs, binder, operand->input);
        if (operand->place < 0)
            return (int32_t)operand->place;
    }
    return QETL_OK;
}

/* The column of that name from now on; moves *field. */
static int32_t column_put(struct compute *compute, struct ArrowSchema *field, struct operand from)
{
    int64_t at = qetl_schema_find(&compute->schema, field->name);

    if (at >= 0) {
        qetl_schema_release(compute->schema.children[at]);
        *compute->schema.children[at] = *field;
        field->release = NULL;
    } else if (qetl_schema_append(&compute->schema, field)) {
        qetl_schema_release(field);
        return qetl_exprs_fail_memory(&compute->exprs);
    } else {
        at = compute->schema.n_children - 1;
    }
    compute->columns[at] = from;
    return QETL_OK;
}

static int32_t step_bind(struct compute *compute, int64_t i, const char *pointer, int64_t n_inputs,
                         struct qetl_binder *binder)
{
    struct step *step = &compute->steps[i];
    struct operand from = {.input = -1, .step = i};
    const int64_t *columns;
    struct ArrowSchema field;
    int32_t status = qetl_exprs_compile(&compute->exprs, pointer, &compute->schema, &step->expr);

    if (status)
        return status;
    compute->exprs.service->columns(step->expr, &columns);
    /* `{b: a}`: the column itself, which then needs no computing */
    if (qetl_exprs_is_column(&compute->exprs, step->expr) &&
        compute->columns[columns[0]].input >= 0) {
        from = compute->columns[columns[0]];
        status = qetl_schema_copy(compute->schema.children[columns[0]], &field);
        if (!status && qetl_schema_set_name(&field, step->name)) {
            qetl_schema_release(&field);
            return qetl_exprs_fail_memory(&compute->exprs);
        }
    } else {
        status = operands_resolve(compute, step, n_inputs, binder);
        if (!status)
            status = compute->exprs.service->result(step->expr, step->name, &field);
    }
    return status ? status : column_put(compute, &field, from);
}

/* Whether an expression might use a step before it that is wrong: what it then said would follow.
 */
static bool is_beyond(const struct compute *compute, int64_t i, const char *text)
{
    for (int64_t k = 0; k < i; k++)
        if (!compute->steps[k].good && strstr(text, compute->steps[k].name))
            return true;
    return false;
}

static int32_t steps_bind(struct compute *compute, const struct ArrowSchema *input,
                          struct qetl_binder *binder)
{
    int64_t n = qetl_option_count(compute->exprs.env, "/set");
    int32_t status = bound_open(compute, input, n);

    if (!status && n == 0)
        return qetl_fail(compute->exprs.env, QETL_E_CONFIG, "/set",
                         "name a column and its expression: set: {total: quantity * unit_price}",
                         "`set` is empty");
    for (int64_t i = 0; i < n && (!status || status == QETL_E_CONFIG); i++) {
        struct step *step = &compute->steps[i];
        char pointer[POINTER_MAX];
        step->name = qetl_option_key(compute->exprs.env, "/set", i);
        compute->n_steps++;
        if (qetl_option_pointer(pointer, sizeof pointer, "/set", step->name))
            return qetl_fail(compute->exprs.env, QETL_E_CONFIG, "/set", "choose a shorter one",
                             "a column's name has more than %d bytes", POINTER_MAX / 2);
        const char *text = qetl_option_text(compute->exprs.env, pointer);
        if (status && is_beyond(compute, i, text ? text : ""))
            continue;
        int32_t one = step_bind(compute, i, pointer, input->n_children, binder);
        step->good = !one;
        status = status ? status : one;
    }
    return status;
}

static int32_t derive(struct compute *compute, int64_t column, int64_t n_inputs,
                      struct qetl_binder *binder)
{
    struct step *step = &compute->steps[compute->columns[column].step];
    int64_t *inputs = malloc(((size_t)n_inputs + 1) * sizeof *inputs), n = 0;
    int32_t status;

    if (!inputs)
        return qetl_exprs_fail_memory(&compute->exprs);
    for (int64_t i = 0; i < n_inputs; i++)
        if (step->depends[i])
            inputs[n++] = i;
    compute->order[compute->n_order++] = compute->columns[column].step;
    status = qetl_bind_field(binder, 0, compute->schema.children[column], n, inputs);
    free(inputs);
    return status;
}

static int32_t compute_bind(void *self, uint32_t n_inputs, const struct ArrowSchema *const *inputs,
                            struct qetl_binder *binder)
{
    struct compute *compute = self;
    int32_t status = steps_bind(compute, inputs[0], binder);

    (void)n_inputs;
    for (int64_t i = 0; i < compute->schema.n_children && status >= 0; i++) {
        const struct operand *from = &compute->columns[i];
        if (from->input >= 0)
            status = binder->copy(binder, 0, -1, 0, from->input, compute->schema.children[i]->name);
        else
            status = derive(compute, i, inputs[0]->n_children, binder);
    }
    if (status < 0)
        return status;
    return binder->rows(binder, 0, compute->n_order ? QETL_ROWS_SUBSET : QETL_ROWS_KEEP);
}

/* ---- batches ---- */

static int32_t step_evaluate(struct compute *compute, struct step *step)
{
    for (int64_t i = 0; i < step->n_operands; i++) {
        const struct operand *from = &step->operands[i];
        compute->exprs.operands[i] = from->input >= 0 ? &compute->exprs.reads[from->place]
                                                      : &compute->steps[from->step].result;
    }
    return qetl_exprs_evaluate_operands(&compute->exprs, step->expr, step->n_operands,
                                        &step->result);
}

static int32_t output_make(struct compute *compute, int64_t rows, struct qetl_output *out)
{
    out->rows = qetl_exprs_rest(&compute->exprs, &out->row_map);
    out->derived_map = out->row_map;
    if (out->rows <= 0)
        return out->rows ? (int32_t)out->rows : QETL_NEED_INPUT;
    for (int64_t i = 0; i < compute->n_order; i++) {
        compute->results[i] = compute->steps[compute->order[i]].result;
        compute->steps[compute->order[i]].result.release = NULL;
    }
    if (!qetl_array_struct(compute->exprs.env, rows, compute->n_order, compute->results,
                           &out->batch))
        return QETL_OUTPUT;
    for (int64_t i = 0; i < compute->n_order; i++)
        qetl_array_release(&compute->results[i]);
    return qetl_exprs_fail_memory(&compute->exprs);
}

static int32_t compute_process(void *self, const struct qetl_event *event, struct qetl_output *out)
{
    struct compute *compute = self;
    int32_t status;

    if (!event || event->kind != QETL_EVENT_BATCH)
        return QETL_NEED_INPUT;
    status = qetl_exprs_begin(&compute->exprs, event->batch, event->rows);
    for (int64_t i = 0; i < compute->n_steps && !status; i++)
        if (compute->steps[i].operands)
            status = step_evaluate(compute, &compute->steps[i]);
    if (!status)
        status = output_make(compute, event->rows, out);
    for (int64_t i = 0; i < compute->n_steps; i++)
        qetl_array_release(&compute->steps[i].result);
    return status;
}

static const struct qetl_transform compute_transform = {
    .struct_size = sizeof compute_transform,
    .bind = compute_bind,
    .process = compute_process,
};

static const struct qetl_component compute_component = {
    .struct_size = sizeof compute_component,
    .kind = QETL_TRANSFORM,
    .id = "compute",
    .state_size = sizeof(struct compute),
    .create = compute_create,
    .destroy = compute_destroy,
    .transform = &compute_transform,
};

QETL_PLUGIN("compute", "0.1.0", &compute_component)
