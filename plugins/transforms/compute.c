/* SPDX-License-Identifier: Apache-2.0 */
/* Adds or replaces columns by expressions, in the order in which they are written, so that each may
 * use those above it. All other columns are carried past, byte for byte. */
#include <qetl/plugin.h>
#include <qetl/sdk.h>

#include <stdio.h>
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
    struct qetl_env env;
    const struct qetl_expr_host *service;
    struct step *steps;
    int64_t n_steps;
    struct ArrowSchema schema; /* the input's columns, and those of the steps so far */
    struct operand *columns;   /* of schema */
    int64_t *places;           /* of the input's columns that are read, or -1 */
    int64_t *order;            /* of the derived columns: the steps */
    int64_t n_order, n_reads;
    struct ArrowArray *reads, **children, *results;
    uint8_t *failures; /* of the batch at hand, a bit a row */
    int32_t *survivors;
    int64_t capacity;
};

static int32_t no_memory(const struct compute *compute)
{
    return qetl_fail(compute->env, QETL_E_NO_MEMORY, NULL,
                     "make batches smaller, or raise --memory", "no memory to compute columns");
}

static int32_t compute_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                              const char *config)
{
    struct compute *compute = self;

    (void)config;
    compute->env = (struct qetl_env){host, ctx};
    compute->service = host->get_extension(ctx, QETL_EXT_EXPR);
    if (!compute->service)
        return qetl_fail(compute->env, QETL_E_UNSUPPORTED, NULL, "use a newer qetl",
                         "compute needs a host that offers " QETL_EXT_EXPR);
    return QETL_OK;
}

static void bound_reset(struct compute *compute)
{
    for (int64_t i = 0; i < compute->n_steps; i++) {
        struct step *step = &compute->steps[i];
        compute->service->free(step->expr);
        qetl_array_release(&step->result);
        free(step->operands);
        free(step->depends);
    }
    free(compute->steps);
    free(compute->columns);
    free(compute->places);
    free(compute->order);
    free(compute->reads);
    free(compute->children);
    free(compute->results);
    qetl_schema_release(&compute->schema);
    compute->steps = NULL;
    compute->columns = NULL;
    compute->places = compute->order = NULL;
    compute->reads = compute->results = NULL;
    compute->children = NULL;
    compute->n_steps = compute->n_order = compute->n_reads = 0;
}

static void compute_destroy(void *self)
{
    struct compute *compute = self;

    bound_reset(compute);
    free(compute->failures);
    free(compute->survivors);
}

/* ---- bind ---- */

static int32_t bound_open(struct compute *compute, const struct ArrowSchema *input, int64_t n)
{
    size_t all = (size_t)(input->n_children + n + 1);

    bound_reset(compute);
    compute->steps = calloc((size_t)n + 1, sizeof *compute->steps);
    compute->columns = calloc(all, sizeof *compute->columns);
    compute->places = malloc(all * sizeof *compute->places);
    compute->order = calloc(all, sizeof *compute->order);
    compute->reads = calloc(all, sizeof *compute->reads);
    compute->children = calloc(all, sizeof *compute->children);
    compute->results = calloc(all, sizeof *compute->results);
    if (!compute->steps || !compute->columns || !compute->places || !compute->order ||
        !compute->reads || !compute->children || !compute->results ||
        qetl_schema_copy(input, &compute->schema))
        return no_memory(compute);
    for (int64_t i = 0; i < input->n_children; i++) {
        compute->columns[i] = (struct operand){.input = i, .step = -1};
        compute->places[i] = -1;
    }
    return QETL_OK;
}

/* `set: {b: a}`: the column itself, which then needs no computing. */
static bool is_column(const struct compute *compute, const struct qetl_expr *expr)
{
    static const char head[] = "{\"column\":";
    const char *tree = compute->service->tree(expr);

    return tree && strncmp(tree, head, sizeof head - 1) == 0;
}

/* Resolves what an expression reads, and has the host hand over what comes from the input. */
static int32_t operands_resolve(struct compute *compute, struct step *step, int64_t n_inputs,
                                struct qetl_binder *binder)
{
    const int64_t *columns;

    step->n_operands = compute->service->columns(step->expr, &columns);
    step->operands = calloc((size_t)step->n_operands + 1, sizeof *step->operands);
    step->depends = calloc((size_t)n_inputs + 1, 1);
    if (!step->operands || !step->depends)
        return no_memory(compute);
    for (int64_t i = 0; i < step->n_operands; i++) {
        struct operand *operand = &step->operands[i];
        *operand = compute->columns[columns[i]];
        if (operand->input < 0) {
            for (int64_t k = 0; k < n_inputs; k++)
                step->depends[k] |= compute->steps[operand->step].depends[k];
            continue;
        }
        step->depends[operand->input] = 1;
        if (compute->places[operand->input] < 0) {
            int32_t place = binder->read(binder, 0, operand->input, QETL_FORM_VALUE);
            if (place < 0)
                return place;
            compute->places[operand->input] = place;
            compute->n_reads++;
        }
        operand->place = compute->places[operand->input];
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
        return no_memory(compute);
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
    const char *text = qetl_option_text(compute->env, pointer);
    struct operand from = {.input = -1, .step = i};
    const int64_t *columns;
    struct ArrowSchema field;
    int32_t status = compute->service->compile(compute->env.ctx, text ? text : "", pointer,
                                               &compute->schema, &step->expr);

    if (status)
        return status;
    compute->service->columns(step->expr, &columns);
    if (is_column(compute, step->expr) && compute->columns[columns[0]].input >= 0) {
        from = compute->columns[columns[0]];
        status = qetl_schema_copy(compute->schema.children[columns[0]], &field);
        if (!status && qetl_schema_set_name(&field, step->name)) {
            qetl_schema_release(&field);
            return no_memory(compute);
        }
    } else {
        status = operands_resolve(compute, step, n_inputs, binder);
        if (!status)
            status = compute->service->result(step->expr, step->name, &field);
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
    int64_t n = qetl_option_count(compute->env, "/set");
    int32_t status = bound_open(compute, input, n);

    if (!status && n == 0)
        return qetl_fail(compute->env, QETL_E_CONFIG, "/set",
                         "name a column and its expression: set: {total: quantity * unit_price}",
                         "`set` is empty");
    for (int64_t i = 0; i < n && (!status || status == QETL_E_CONFIG); i++) {
        struct step *step = &compute->steps[i];
        char pointer[POINTER_MAX];
        step->name = qetl_option_key(compute->env, "/set", i);
        compute->n_steps++;
        if (qetl_option_pointer(pointer, sizeof pointer, "/set", step->name))
            return qetl_fail(compute->env, QETL_E_CONFIG, "/set", "choose a shorter one",
                             "a column's name has more than %d bytes", POINTER_MAX / 2);
        const char *text = qetl_option_text(compute->env, pointer);
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
    struct ArrowSchema field;
    int32_t status;

    if (!inputs || qetl_schema_copy(compute->schema.children[column], &field)) {
        free(inputs);
        return no_memory(compute);
    }
    for (int64_t i = 0; i < n_inputs; i++)
        if (step->depends[i])
            inputs[n++] = i;
    compute->order[compute->n_order++] = compute->columns[column].step;
    status = binder->derive(binder, 0, &field, n, inputs);
    qetl_schema_release(&field);
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

static int32_t rows_reserve(struct compute *compute, int64_t rows)
{
    if (rows > compute->capacity || !compute->failures) {
        free(compute->failures);
        free(compute->survivors);
        compute->failures = malloc((size_t)rows / 8 + 1);
        compute->survivors = malloc(((size_t)rows + 1) * sizeof *compute->survivors);
        compute->capacity = compute->failures && compute->survivors ? rows : 0;
        if (!compute->failures || !compute->survivors)
            return no_memory(compute);
    }
    memset(compute->failures, 0, (size_t)rows / 8 + 1);
    return QETL_OK;
}

/* The input's columns from the batch's first row on. */
static void reads_open(struct compute *compute, const struct ArrowArray *batch)
{
    for (int64_t i = 0; i < compute->n_reads; i++) {
        compute->reads[i] = *batch->children[i];
        compute->reads[i].offset += batch->offset;
        compute->reads[i].length = batch->length;
        if (batch->offset)
            compute->reads[i].null_count = -1;
    }
}

static int32_t step_evaluate(struct compute *compute, struct step *step, int64_t rows,
                             int64_t *failed)
{
    struct ArrowArray view = {.length = rows,
                              .n_buffers = 1,
                              .buffers = (const void *[1]){NULL},
                              .n_children = step->n_operands,
                              .children = compute->children};
    int64_t more = 0;
    int32_t status;

    for (int64_t i = 0; i < step->n_operands; i++) {
        const struct operand *from = &step->operands[i];
        compute->children[i] =
            from->input >= 0 ? &compute->reads[from->place] : &compute->steps[from->step].result;
    }
    status = compute->service->evaluate(step->expr, &view, rows, &step->result, compute->failures,
                                        &more);
    *failed += more;
    return status;
}

static int64_t survivors_list(struct compute *compute, int64_t rows)
{
    int64_t count = 0;

    for (int64_t i = 0; i < rows; i++)
        if (!(compute->failures[i >> 3] >> (i & 7) & 1))
            compute->survivors[count++] = (int32_t)i;
    return count;
}

static int32_t output_make(struct compute *compute, int64_t rows, int64_t failed,
                           struct qetl_output *out)
{
    int32_t status;

    out->rows = failed ? survivors_list(compute, rows) : rows;
    if (!out->rows)
        return QETL_NEED_INPUT;
    for (int64_t i = 0; i < compute->n_order; i++) {
        compute->results[i] = compute->steps[compute->order[i]].result;
        compute->steps[compute->order[i]].result.release = NULL;
    }
    status = qetl_array_struct(compute->env, rows, compute->n_order, compute->results, &out->batch);
    if (status) {
        for (int64_t i = 0; i < compute->n_order; i++)
            qetl_array_release(&compute->results[i]);
        return no_memory(compute);
    }
    if (failed)
        out->row_map = out->derived_map = compute->survivors;
    return QETL_OUTPUT;
}

static int32_t compute_process(void *self, const struct qetl_event *event, struct qetl_output *out)
{
    struct compute *compute = self;
    int64_t failed = 0;
    int32_t status;

    if (!event || event->kind != QETL_EVENT_BATCH)
        return QETL_NEED_INPUT;
    status = rows_reserve(compute, event->rows);
    if (!status)
        reads_open(compute, event->batch);
    for (int64_t i = 0; i < compute->n_steps && !status; i++)
        if (compute->steps[i].operands)
            status = step_evaluate(compute, &compute->steps[i], event->rows, &failed);
    if (!status)
        status = output_make(compute, event->rows, failed, out);
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
