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
#include "type.h"

#include <stdint.h>

struct expr_frame;
struct expr_instr;
struct expr_vec;
struct expr_set;
typedef int32_t expr_kernel(struct expr_frame *f, const struct expr_instr *in);

enum { EXPR_ARGS_MAX = 3 };
enum {
    EXPR_OP_MASKED = 1,  /* may fail, or costs much: computed only where it is needed */
    EXPR_OP_NULLABLE = 2 /* of a NULL it may make something else than NULL */
};

struct expr_op {
    const char *name;
    uint32_t n_args;
    enum expr_type_id args[EXPR_ARGS_MAX];
    enum expr_type_id result;
    uint32_t flags;
    expr_kernel *kernel;
};

/* Rows in which something is needed: those of the outer guard where the condition… */
enum expr_sense { EXPR_UNLESS_FALSE, EXPR_UNLESS_TRUE };
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
    struct expr_node *args[EXPR_ARGS_MAX];
    bool reversed;                   /* args[1] was written first: > and >= */
    const struct expr_set *set;      /* of IN */
    struct expr_guard *guard;        /* where a masked one is computed */
    struct expr_guard *right_guard;  /* of AND and OR: what args[1] is computed under */
    struct expr_node *chain;         /* in the table of nodes */
    struct expr_vec *vec;            /* where the program keeps it */
    const struct expr_guard *placed; /* the guard under which it was placed last */
    bool is_placed;
    uint32_t last_use; /* the last instruction that reads it */
};

#endif
