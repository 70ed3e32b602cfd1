/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes, each computation once. */
#include "bind.h"

#include "set.h"
#include "time/interval.h"

#include <qetl/sdk.h>
#include <string.h>

static uint32_t hash_mix(uint32_t hash, uint64_t value)
{
    value = (value ^ hash) * 0x9e3779b97f4a7c15ULL;
    return (uint32_t)(value >> 32);
}

static uint64_t value_bits(const struct expr_type *type, const struct expr_value *value)
{
    uint64_t bits = 0;

    if (value->null)
        return 1;
    if (type->id == EXPR_BOOL)
        return value->boolean;
    if (type->id == EXPR_DECIMAL)
        return (uint64_t)value->decimal ^ (uint64_t)(value->decimal >> 64);
    if (expr_type_is_float(type->id))
        memcpy(&bits, &value->real, sizeof bits);
    else if (type->id == EXPR_INTERVAL)
        bits = (uint64_t)expr_interval_span(value->interval);
    else if (expr_type_is_text(type->id))
        bits = qetl_expr_hash_text(value->text);
    else
        bits = value->natural;
    return bits;
}

static bool values_equal(const struct expr_type *type, const struct expr_value *a,
                         const struct expr_value *b)
{
    if (a->null || b->null)
        return a->null && b->null;
    if (type->id == EXPR_BOOL)
        return a->boolean == b->boolean;
    if (type->id == EXPR_DECIMAL)
        return a->decimal == b->decimal;
    if (expr_type_is_float(type->id))
        return !memcmp(&a->real, &b->real, sizeof a->real);
    if (type->id == EXPR_INTERVAL)
        return !memcmp(&a->interval, &b->interval, sizeof a->interval);
    if (expr_type_is_text(type->id))
        return a->text.size == b->text.size &&
               (!a->text.size || !memcmp(a->text.data, b->text.data, (size_t)a->text.size));
    return a->natural == b->natural;
}

static uint32_t node_hash(const struct expr_node *node)
{
    uint32_t hash = hash_mix((uint32_t)node->kind, (uint64_t)node->type.id);

    hash = hash_mix(hash, (uint64_t)node->type.scale << 8 | (uint64_t)node->type.precision);
    if (node->kind == EXPR_NODE_COLUMN)
        return hash_mix(hash, (uint64_t)node->column);
    if (node->kind == EXPR_NODE_CONSTANT)
        return hash_mix(hash, value_bits(&node->type, &node->value));
    hash = hash_mix(hash, (uintptr_t)node->op);
    for (uint32_t i = 0; i < node->n_args; i++)
        hash = hash_mix(hash, (uintptr_t)node->args[i]);
    return hash;
}

/* A node under a guard may be used where that guard holds. */
static bool is_within(const struct expr_guard *inner, const struct expr_guard *outer)
{
    if (!outer)
        return true;
    while (inner && inner != outer)
        inner = inner->parent;
    return inner == outer;
}

static bool is_same(const struct expr_node *a, const struct expr_node *b)
{
    if (a->kind != b->kind || !qetl_expr_type_equal(&a->type, &b->type))
        return false;
    if (a->kind == EXPR_NODE_COLUMN)
        return a->column == b->column;
    if (a->kind == EXPR_NODE_CONSTANT)
        return values_equal(&a->type, &a->value, &b->value);
    if (a->op != b->op || a->set != b->set || a->n_args != b->n_args)
        return false;
    for (uint32_t i = 0; i < a->n_args; i++)
        if (a->args[i] != b->args[i])
            return false;
    return !(a->op->flags & EXPR_OP_MASKED) || is_within(b->guard, a->guard);
}

/* Lists of constants make nodes by the hundred thousand: chains stay short. */
static bool buckets_grow(struct expr_binder *b)
{
    uint32_t n_buckets = b->n_buckets ? 4 * b->n_buckets : EXPR_BUCKETS;
    struct expr_node **buckets = qetl_expr_new(b->source, n_buckets * sizeof *buckets);

    if (!buckets)
        return false;
    for (uint32_t i = 0; i < b->n_buckets; i++)
        for (struct expr_node *node = b->buckets[i], *next; node; node = next) {
            struct expr_node **bucket = &buckets[node_hash(node) % n_buckets];
            next = node->chain;
            node->chain = *bucket;
            *bucket = node;
        }
    b->buckets = buckets;
    b->n_buckets = n_buckets;
    return true;
}

/* The node of the graph that is like this one; made if there is none. */
static struct expr_node *node_intern(struct expr_binder *b, const struct expr_node *wanted)
{
    struct expr_node **bucket, *node;

    if (b->n_nodes >= b->n_buckets && !buckets_grow(b))
        return NULL;
    bucket = &b->buckets[node_hash(wanted) % b->n_buckets];
    for (node = *bucket; node; node = node->chain)
        if (is_same(node, wanted))
            return node;
    node = qetl_expr_new(b->source, sizeof *node);
    if (!node)
        return NULL;
    *node = *wanted;
    node->chain = *bucket;
    *bucket = node;
    b->n_nodes++;
    return node;
}

struct expr_node *qetl_expr_constant(struct expr_binder *b, struct expr_type type,
                                     const struct expr_value *value, struct expr_span span)
{
    struct expr_node node = {
        .kind = EXPR_NODE_CONSTANT, .type = type, .value = *value, .span = span};
    struct expr_text text = value->text;
    bool is_text = expr_type_is_text(type.id);

    if (is_text && !value->null) {
        node.value.text.data =
            qetl_expr_arena_text(b->source->arena, text.data ? text.data : "", (size_t)text.size);
        if (!node.value.text.data)
            return qetl_expr_no_memory(b->source);
    }
    return node_intern(b, &node);
}

struct expr_node *qetl_expr_column(struct expr_binder *b, int64_t column, struct expr_span span)
{
    const struct ArrowSchema *field = b->source->schema->children[column];
    struct expr_node node = {.kind = EXPR_NODE_COLUMN, .column = column, .span = span};

    node.type = qetl_expr_type_parse(field->dictionary ? field->dictionary->format : field->format);
    if (node.type.id == EXPR_TEXT && qetl_schema_is_json(field))
        node.type.id = EXPR_JSON;
    if (node.type.zone) {
        node.type.zone =
            qetl_expr_arena_text(b->source->arena, node.type.zone, strlen(node.type.zone));
        if (!node.type.zone)
            return qetl_expr_no_memory(b->source);
    }
    return node_intern(b, &node);
}

static bool is_constant(const struct expr_node *node)
{
    for (uint32_t i = 0; i < node->n_args; i++)
        if (node->args[i]->kind != EXPR_NODE_CONSTANT)
            return false;
    return node->n_args > 0;
}

/* Of a NULL constant nearly everything makes NULL, and does not look at its other arguments. */
static bool has_null(const struct expr_node *node)
{
    for (uint32_t i = 0; i < node->n_args; i++)
        if (node->args[i]->kind == EXPR_NODE_CONSTANT && node->args[i]->value.null)
            return true;
    return false;
}

static bool node_prepare(struct expr_binder *b, struct expr_node *node)
{
    bool first = !node->prepared;

    node->prepared = true;
    return !first || !node->op->prepare || node->op->prepare(b, node);
}

/* A call whose arguments are there. */
static struct expr_node *call_make(struct expr_binder *b, struct expr_node *node)
{
    struct expr_value value;

    if (is_constant(node)) {
        if (!node_prepare(b, node))
            return NULL;
        if (qetl_expr_fold(b, node, &value))
            return qetl_expr_constant(b, node->type, &value, node->span);
        if (b->source->status)
            return NULL;
    }
    node = node_intern(b, node);
    return node && node_prepare(b, node) ? node : NULL;
}

struct expr_node *qetl_expr_call_of(struct expr_binder *b, const struct expr_op *op,
                                    struct expr_type type, struct expr_span span, uint32_t n_args,
                                    struct expr_node *const *args, const struct expr_set *set)
{
    struct expr_node node = {.kind = EXPR_NODE_CALL, .type = type, .span = span, .op = op};
    struct expr_value null = {.null = true};

    node.n_args = n_args;
    node.set = set;
    node.args = qetl_expr_new(b->source, (n_args ? n_args : 1) * sizeof(struct expr_node *));
    if (!node.args)
        return NULL;
    for (uint32_t i = 0; i < n_args; i++) {
        if (!args[i])
            return NULL;
        node.args[i] = args[i];
    }
    if (!(op->flags & EXPR_OP_NULLABLE) && has_null(&node))
        return qetl_expr_constant(b, type, &null, span);
    node.guard = op->flags & EXPR_OP_MASKED ? b->guard : NULL;
    return call_make(b, &node);
}

struct expr_node *qetl_expr_call(struct expr_binder *b, const struct expr_op *op,
                                 struct expr_type type, struct expr_span span,
                                 struct expr_node *const *args, const struct expr_set *set)
{
    return qetl_expr_call_of(b, op, type, span, op->n_args, args, set);
}
