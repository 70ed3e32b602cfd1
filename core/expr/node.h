/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The typed graph: what is computed, each thing once.
 *
 * Invariant: equal computations that are needed under the same guard are one node.
 * Ownership: nodes live in the compilation's arena.
 * Threads:   immutable once compiled.
 */
#ifndef QETL_EXPR_NODE_H
#define QETL_EXPR_NODE_H

#include "ast.h"
#include "value/type.h"

#include <stdint.h>

struct expr_binder;
struct expr_frame;
struct expr_instr;
struct expr_vec;
struct expr_set;
typedef int32_t expr_kernel(struct expr_frame *f, const struct expr_instr *in);

/* One row of a call; what is no failure of the row itself (no memory) is the answer. */
typedef int32_t expr_row(struct expr_frame *f, const struct expr_instr *in, int64_t i);

enum { EXPR_ARGS_MAX = 7, EXPR_CALL_ARGS_MAX = 100 };
enum {
    EXPR_OP_MASKED = 1,   /* may fail, or costs much: computed only where it is needed */
    EXPR_OP_NULLABLE = 2, /* of a NULL it may make something else than NULL */
    EXPR_OP_VARIADIC = 4, /* the last argument may come again and again */
    EXPR_OP_SURE = 8      /* masked for what it costs alone: it never fails */
};

struct expr_node;

struct expr_op {
    const char *name;
    uint32_t n_args; /* of a variadic one: at least */
    enum expr_type_id args[EXPR_ARGS_MAX];
    enum expr_type_id result;
    uint32_t flags;
    expr_kernel *kernel; /* NULL: row */
    expr_row *row;       /* called for each row to be computed; see rows.h */
    /* Makes ready what depends on constant arguments, into call->state, released by a deferred
     * call of the arena; may also refuse arguments. NULL: nothing to do. False: reported. */
    bool (*prepare)(struct expr_binder *b, struct expr_node *call);
    /* The result's type where the id does not say it all (decimals); may replace arguments.
     * NULL: the result is what the id says. False: reported. */
    bool (*typing)(struct expr_binder *b, struct expr_span span, uint32_t n_args,
                   struct expr_node **args, struct expr_type *type);
};

/* Rows in which something is needed: those of the outer guard where the condition… */
enum expr_sense { EXPR_UNLESS_FALSE, EXPR_UNLESS_TRUE, EXPR_WHERE_TRUE, EXPR_WHERE_NULL };
struct expr_guard {
    struct expr_guard *parent; /* NULL: all rows */
    struct expr_node *condition;
    enum expr_sense sense;
    uint32_t mask; /* index of its bitmap in the program */
};

enum expr_node_kind { EXPR_NODE_COLUMN, EXPR_NODE_CONSTANT, EXPR_NODE_CALL };

struct expr_node {
    enum expr_node_kind kind;
    struct expr_type type;
    struct expr_span span;
    int64_t column;          /* index in the schema */
    struct expr_value value; /* of constants */
    const struct expr_op *op;
    uint32_t n_args;
    struct expr_node **args;
    bool reversed;                   /* args[1] was written first: > and >= */
    bool prepared;                   /* op->prepare has been asked */
    const struct expr_set *set;      /* of IN */
    void *state;                     /* what op->prepare made */
    struct expr_guard *guard;        /* where a masked one is computed */
    struct expr_guard **guards;      /* NULL, or what each argument is computed under, or NULL */
    struct expr_node *chain;         /* in the table of nodes */
    struct expr_vec *vec;            /* where the program keeps it */
    const struct expr_guard *placed; /* the guard under which it was placed last */
    bool is_placed;
    bool given;        /* its strip has gone to another */
    bool total;        /* neither it nor what it is made of is masked: once per strip is enough */
    uint32_t last_use; /* the last instruction that reads it */
};

#endif
