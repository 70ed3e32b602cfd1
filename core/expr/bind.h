/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the syntax tree to the typed graph.
 *
 * Invariant: every function answers NULL after a mistake, which then has been reported.
 * Ownership: nodes live in source->arena.
 * Threads:   one at a time.
 */
#ifndef QETL_EXPR_BIND_H
#define QETL_EXPR_BIND_H

#include "node.h"

enum { EXPR_BUCKETS = 256 }; /* at first */

struct expr_binder {
    struct expr_source *source;
    struct expr_guard *guard;   /* under which the part at hand is needed */
    struct expr_node **buckets; /* all nodes made so far, by what they compute */
    uint32_t n_buckets, n_nodes;
};

struct expr_node *qetl_expr_bind(struct expr_binder *b, const struct expr_ast *ast);

/* Binds what follows under a guard within the one at hand; answers the guard, NULL without memory.
 */
struct expr_guard *qetl_expr_guard_enter(struct expr_binder *b, enum expr_sense sense,
                                         struct expr_node *condition);
/* args[k] of a call is computed under the guard (which may be NULL). */
bool qetl_expr_guard_set(struct expr_binder *b, struct expr_node *call, uint32_t k,
                         struct expr_guard *guard);

/* ---- graph.c ---- */

struct expr_node *qetl_expr_constant(struct expr_binder *b, struct expr_type type,
                                     const struct expr_value *value, struct expr_span span);
struct expr_node *qetl_expr_column(struct expr_binder *b, int64_t column, struct expr_span span);
/* A call, folded where it is constant, shared where it was made before. */
struct expr_node *qetl_expr_call_of(struct expr_binder *b, const struct expr_op *op,
                                    struct expr_type type, struct expr_span span, uint32_t n_args,
                                    struct expr_node *const *args, const struct expr_set *set);
/* The same with as many arguments as op has. */
struct expr_node *qetl_expr_call(struct expr_binder *b, const struct expr_op *op,
                                 struct expr_type type, struct expr_span span,
                                 struct expr_node *const *args, const struct expr_set *set);

/* ---- coerce.c ---- */

/* CAST(node AS type), explicit. any_scale: of a decimal, the scale that loses nothing. */
struct expr_node *qetl_expr_cast(struct expr_binder *b, struct expr_node *node,
                                 struct expr_type type, bool any_scale, struct expr_span span);
/* An untyped literal takes the type of the other side (of a decimal: its own scale). */
struct expr_node *qetl_expr_settle(struct expr_binder *b, struct expr_node *node,
                                   const struct expr_type *other);
/* For comparisons: the same value in the common type; what does not fit there lies beyond all that
 * does. */
struct expr_node *qetl_expr_align(struct expr_binder *b, struct expr_node *node,
                                  struct expr_type type);
/* A node whose type takes part in arithmetic: unsigned and tiny integers widen. */
struct expr_node *qetl_expr_promote(struct expr_binder *b, struct expr_node *node);
/* The type in which two values compare or compute; UNKNOWN: there is none. */
struct expr_type qetl_expr_common(const struct expr_type *a, const struct expr_type *b);

/* ---- wanted.c ---- */

/* For a message of a text where a number is wanted; what follows on what is said already. */
struct expr_wanted {
    char what[320], mend[400];
};
/* Whether it is what a column becomes that holds more than numbers. */
bool qetl_expr_is_wordy(const struct expr_type *type);
void qetl_expr_wanted_number(const struct expr_binder *b, const struct expr_node *node,
                             struct expr_wanted *out);

/* ---- resolve.c: operators ---- */

struct expr_node *qetl_expr_arithmetic(struct expr_binder *b, const struct expr_ast *ast,
                                       struct expr_node *left, struct expr_node *right);
struct expr_node *qetl_expr_negate(struct expr_binder *b, const struct expr_ast *ast,
                                   struct expr_node *arg);
/* name: = <> < <= > >= */
struct expr_node *qetl_expr_compare(struct expr_binder *b, const char *name, struct expr_span span,
                                    struct expr_node *left, struct expr_node *right);
struct expr_node *qetl_expr_concat(struct expr_binder *b, struct expr_span span,
                                   struct expr_node *left, struct expr_node *right);
struct expr_node *qetl_expr_boolean(struct expr_binder *b, struct expr_node *node,
                                    const char *where);

/* ---- resolve_moment.c ---- */

/* Operands of arithmetic of which one is a date, time or interval, brought to types that have the
 * operator, if any do. */
bool qetl_expr_settle_moments(struct expr_binder *b, char symbol, struct expr_node **left,
                              struct expr_node **right);

/* ---- function.c ---- */

/* name(args) or an operator of the table, overloads resolved as PostgreSQL does. */
struct expr_node *qetl_expr_function(struct expr_binder *b, const char *name, struct expr_span span,
                                     uint32_t n_args, struct expr_node **args, bool is_operator);
/* What can be said before types are known: each function exists, with so many arguments. False: the
 * first mistake has been reported. */
bool qetl_expr_calls_are_possible(struct expr_source *source, const struct expr_ast *ast);

/* ---- special.c: what is no plain function ---- */

struct expr_special {
    const char *name;
    uint32_t least, most; /* arguments */
    struct expr_node *(*bind)(struct expr_binder *b, const struct expr_ast *ast);
};
/* special_time.c */
struct expr_node *qetl_expr_bind_now(struct expr_binder *b, const struct expr_ast *ast);
struct expr_node *qetl_expr_bind_age(struct expr_binder *b, const struct expr_ast *ast);
/* NULL: none of that name. */
const struct expr_special *qetl_expr_special_find(const char *name);
/* False: a wrong number of arguments, which has been reported. */
bool qetl_expr_special_takes(struct expr_source *source, const struct expr_special *special,
                             const struct expr_ast *ast);
/* condition ? yes : no, each computed under its guard (NULL: everywhere); both of one type. */
struct expr_node *qetl_expr_select_node(struct expr_binder *b, struct expr_span span,
                                        struct expr_node *const *args,
                                        struct expr_guard *const *guards);
/* The type that branches take, of all that are there; UNKNOWN: none. */
struct expr_type qetl_expr_branch_type(const struct expr_type *a, const struct expr_type *b);

/* ---- set.c: IN ---- */

/* node IN (constants), all of node's type; has_null: NULL was among them. */
struct expr_node *qetl_expr_in(struct expr_binder *b, struct expr_node *node, uint32_t n,
                               struct expr_node *const *items, struct expr_span span);

/* ---- fold.c ---- */

/* The value of a call over constants; false: it failed (reported if no guard stands before it). */
bool qetl_expr_fold(struct expr_binder *b, const struct expr_node *call, struct expr_value *out);

#endif
