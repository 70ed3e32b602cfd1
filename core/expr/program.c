/* SPDX-License-Identifier: Apache-2.0 */
/* The graph in a line: arguments first, each guard before what it guards; then registers. */
#include "program.h"

#include <stdlib.h>

struct placer {
    struct expr_source *source;
    struct qetl_expr *expr;
    struct expr_guard *guard;
    uint32_t capacity, load_capacity;
};

static struct expr_vec *vec_new(struct placer *p)
{
    p->expr->n_vecs++;
    return qetl_expr_new(p->source, sizeof(struct expr_vec));
}

/* Grows an array in the arena by doubling; the old one is left behind. */
static void *grown(struct placer *p, void *array, uint32_t count, uint32_t *capacity, size_t size)
{
    void *larger;

    if (count < *capacity)
        return array;
    *capacity = *capacity ? *capacity * 2 : 16;
    larger = qetl_expr_new(p->source, *capacity * size);
    if (larger && count)
        memcpy(larger, array, count * size);
    return larger;
}

static struct expr_instr *instr_add(struct placer *p)
{
    struct qetl_expr *expr = p->expr;

    expr->instrs = grown(p, expr->instrs, expr->n_instrs, &p->capacity, sizeof *expr->instrs);
    if (!expr->instrs)
        return NULL;
    expr->instrs[expr->n_instrs].mask = p->guard ? p->guard->mask : 0;
    return &expr->instrs[expr->n_instrs++];
}

static bool place_column(struct placer *p, struct expr_node *node)
{
    struct qetl_expr *expr = p->expr;
    struct expr_load *load;

    node->vec = vec_new(p);
    expr->loads = grown(p, expr->loads, expr->n_loads, &p->load_capacity, sizeof *expr->loads);
    if (!node->vec || !expr->loads)
        return false;
    load = &expr->loads[expr->n_loads++];
    load->node = node;
    node->is_placed = true;
    return true;
}

static void *space_new(struct placer *p, enum expr_type_id type)
{
    size_t width = qetl_expr_type_width(type);
    size_t size = width ? width * EXPR_STRIP : EXPR_WORDS * sizeof(uint64_t);
    char *space = qetl_expr_new(p->source, size + 64);

    return space ? space + (-(uintptr_t)space & 63) : NULL;
}

/* Constant text stands as views, which compare fastest with views of columns. */
static bool fill_text(struct placer *p, struct expr_vec *vec, struct expr_text text)
{
    const void **buffers = qetl_expr_new(p->source, sizeof *buffers);
    struct expr_view *views = vec->space, view = {.size = (int32_t)text.size};

    if (!buffers)
        return false;
    buffers[0] = text.data;
    if (text.size > 12)
        memcpy(view.prefix, text.data, sizeof view.prefix);
    else if (text.size)
        memcpy(view.inlined, text.data, (size_t)text.size);
    for (int i = 0; i < EXPR_STRIP; i++)
        views[i] = view;
    vec->data = vec->space;
    vec->buffers = buffers;
    vec->views = true;
    return true;
}

/* A constant is a strip of equal values: kernels know no other operand. */
static bool place_constant(struct placer *p, struct expr_node *node)
{
    node->vec = vec_new(p);
    if (!node->vec)
        return false;
    node->is_placed = true;
    node->vec->space = node->vec->data = space_new(p, node->type.id);
    if (!node->vec->space)
        return false;
    node->vec->narrow =
        node->type.id == EXPR_DECIMAL && node->value.decimal == (int64_t)node->value.decimal;
    if (expr_type_is_text(node->type.id) && !node->value.null)
        return fill_text(p, node->vec, node->value.text);
    for (int i = 0; i < EXPR_STRIP; i++)
        qetl_expr_vec_set(node->vec, node->type.id, i, &node->value);
    return true;
}

static bool is_within(const struct expr_guard *inner, const struct expr_guard *outer)
{
    if (!outer)
        return true;
    while (inner && inner != outer)
        inner = inner->parent;
    return inner == outer;
}

static bool place(struct placer *p, struct expr_node *node);

/* An argument behind its guard. The guard is made anew for each place in the program: what one
 * place computed, another has only if it lies within it. */
static bool place_guarded(struct placer *p, struct expr_node *node, const struct expr_guard *wanted)
{
    struct expr_guard *guard = qetl_expr_new(p->source, sizeof *guard);
    struct expr_guard *outer = p->guard;
    struct expr_instr *in = guard && place(p, wanted->condition) ? instr_add(p) : NULL;
    uint32_t at = p->expr->n_instrs - 1;

    if (!in)
        return false;
    *guard = *wanted;
    guard->parent = outer;
    guard->mask = ++p->expr->n_masks;
    guard->condition->last_use = at;
    in->guard = guard;
    p->guard = guard;
    if (!place(p, node))
        return false;
    p->guard = outer;
    p->expr->instrs[at].jump = p->expr->n_instrs;
    return true;
}

static bool place_args(struct placer *p, struct expr_node *node)
{
    /* What was written first fails first. */
    if (node->reversed && !place(p, node->args[1]))
        return false;
    for (uint32_t i = 0; i < node->n_args; i++) {
        const struct expr_guard *guard = node->guards ? node->guards[i] : NULL;
        if (guard ? !place_guarded(p, node->args[i], guard) : !place(p, node->args[i]))
            return false;
    }
    return true;
}

static bool place_call(struct placer *p, struct expr_node *node)
{
    struct expr_vec **args =
        qetl_expr_new(p->source, (node->n_args ? node->n_args : 1) * sizeof(struct expr_vec *));
    struct expr_instr *in;

    if (!args || !place_args(p, node))
        return false;
    if (!node->vec)
        node->vec = vec_new(p);
    in = node->vec ? instr_add(p) : NULL;
    if (!in)
        return false;
    in->kernel = node->op->kernel ? node->op->kernel : qetl_expr_kernel_rows;
    in->dst = node->vec;
    in->args = args;
    in->node = node;
    node->total = !(node->op->flags & EXPR_OP_MASKED);
    for (uint32_t i = 0; i < node->n_args; i++) {
        node->total &= node->args[i]->kind != EXPR_NODE_CALL || node->args[i]->total;
        args[i] = node->args[i]->vec;
        node->args[i]->last_use = p->expr->n_instrs - 1;
    }
    in->total = node->total;
    node->is_placed = true;
    node->placed = p->guard;
    return true;
}

static bool place(struct placer *p, struct expr_node *node)
{
    if (node->is_placed && (node->kind != EXPR_NODE_CALL || is_within(p->guard, node->placed)))
        return true;
    if (node->kind == EXPR_NODE_COLUMN)
        return place_column(p, node);
    if (node->kind == EXPR_NODE_CONSTANT)
        return place_constant(p, node);
    return place_call(p, node);
}

/* ---- registers ---- */

enum { WIDTHS = 5, POOL = 64 };

/* Strips that are free again, by the logarithm of their width. */
struct pool {
    void *spaces[WIDTHS][POOL];
    uint32_t counts[WIDTHS];
};

static int width_class(enum expr_type_id type)
{
    return __builtin_ctzll(qetl_expr_type_width(type));
}

static void *pool_take(struct placer *p, struct pool *pool, enum expr_type_id type)
{
    uint32_t *count;

    if (!qetl_expr_type_width(type))
        return space_new(p, type);
    count = &pool->counts[width_class(type)];
    return *count ? pool->spaces[width_class(type)][--*count] : space_new(p, type);
}

static void pool_give(struct pool *pool, const struct expr_node *node)
{
    int class;

    if (!qetl_expr_type_width(node->type.id) || !node->vec->space)
        return;
    class = width_class(node->type.id);
    if (pool->counts[class] < POOL)
        pool->spaces[class][pool->counts[class]++] = node->vec->space;
}

/* Every result gets a strip; one whose last reader has run gives it to the next. */
static bool registers_assign(struct placer *p)
{
    struct pool *pool = qetl_expr_new(p->source, sizeof *pool);

    for (uint32_t i = 0; pool && i < p->expr->n_instrs; i++) {
        struct expr_instr *in = &p->expr->instrs[i];
        if (!in->kernel)
            continue;
        if (!in->dst->space)
            in->dst->space = pool_take(p, pool, in->node->type.id);
        in->dst->data = in->dst->space;
        if (!in->dst->space)
            return false;
        for (uint32_t k = 0; k < in->node->n_args; k++) {
            struct expr_node *arg = in->node->args[k];
            if (arg->kind == EXPR_NODE_CALL && arg->last_use == i && !arg->given) {
                pool_give(pool, arg);
                arg->given = true;
            }
        }
    }
    return pool != NULL;
}

/* ---- columns ---- */

static int load_order(const void *a, const void *b)
{
    int64_t x = ((const struct expr_load *)a)->node->column;
    int64_t y = ((const struct expr_load *)b)->node->column;

    return (x > y) - (x < y);
}

/* Columns whose batches cannot be read in place get a strip to be brought to. */
static bool loads_finish(struct placer *p)
{
    struct qetl_expr *expr = p->expr;

    if (expr->n_loads)
        qsort(expr->loads, expr->n_loads, sizeof *expr->loads, load_order);
    expr->columns = qetl_expr_new(p->source, (expr->n_loads + 1) * sizeof *expr->columns);
    if (!expr->columns)
        return false;
    for (uint32_t i = 0; i < expr->n_loads; i++) {
        struct expr_load *load = &expr->loads[i];
        const struct expr_node *node = load->node;
        const struct ArrowSchema *field = p->source->schema->children[node->column];
        bool offsets = !strcmp(field->format, "u") || !strcmp(field->format, "U");
        expr->columns[i] = node->column;
        load->by_row = node->type.id != EXPR_OPAQUE && (field->dictionary || offsets);
        if (qetl_schema_copy(field, &load->field))
            return qetl_expr_no_memory(p->source);
        if (load->by_row || node->type.id == EXPR_BOOL || node->type.id == EXPR_DECIMAL ||
            node->type.id == EXPR_INTERVAL) {
            node->vec->space = space_new(p, node->type.id);
            if (!node->vec->space)
                return false;
        }
    }
    return true;
}

bool qetl_expr_program(struct expr_source *source, struct qetl_expr *expr)
{
    struct placer placer = {.source = source, .expr = expr};

    if (!place(&placer, expr->root))
        return false;
    expr->root->last_use = UINT32_MAX;
    expr->masks = qetl_expr_new(source, (expr->n_masks + 1) * sizeof *expr->masks);
    return expr->masks && registers_assign(&placer) && loads_finish(&placer);
}
