/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transforms over the host's expressions (qetl.expr/1): columns that they read are asked for once,
 * and rows that failed in one of them are left out by the next and do not go on.
 *
 *     qetl_exprs_create(&c->exprs, env, "compute", "no memory to compute columns");
 *     … in bind:    qetl_exprs_bind(&c->exprs, input); place = qetl_exprs_read(&c->exprs, …);
 *     … in process: qetl_exprs_begin(&c->exprs, event->batch, event->rows);
 *                   qetl_exprs_evaluate(&c->exprs, expr, places, n, &result);
 *                   out->rows = qetl_exprs_rest(&c->exprs, &out->row_map);
 *
 * Invariant: every failure is reported. No allocation per batch once there was one of its size.
 * Ownership: free disposes of all but expressions and results, which are the caller's.
 * Threads:   those of bind and process.
 */
#ifndef QETL_EXPRS_H
#define QETL_EXPRS_H

#include <qetl/rows.h>

#ifdef __cplusplus
extern "C" {
#endif

struct qetl_exprs {
    struct qetl_env env;
    const struct qetl_expr_host *service;
    const char *no_memory; /* what is said then */
    /* of bind: the input's columns among those that process gets, or -1 */
    int64_t *places;
    int64_t n_reads;
    /* of the batch at hand: those columns from its first row on, and what an expression is given */
    struct ArrowArray *reads, **operands;
    int64_t rows, failed;
    uint8_t *failures; /* a bit a row */
    int64_t failures_room;
    struct qetl_row_map rest;
};

/* UNSUPPORTED: the host has no expressions. who: "compute". */
int32_t qetl_exprs_create(struct qetl_exprs *exprs, struct qetl_env env, const char *who,
                          const char *no_memory);
void qetl_exprs_free(struct qetl_exprs *exprs); /* accepts what was zeroed */
int32_t qetl_exprs_fail_memory(const struct qetl_exprs *exprs);

/* Forgets what was read. operands has room for all columns, and `more`. */
int32_t qetl_exprs_bind(struct qetl_exprs *exprs, const struct ArrowSchema *input, int64_t more);
/* The place of a column of port 0, as VALUE, or a failure. */
int32_t qetl_exprs_read(struct qetl_exprs *exprs, struct qetl_binder *binder, int64_t column);
/* Those of all columns that an expression reads, to be freed; how many, into n. */
int32_t qetl_exprs_read_all(struct qetl_exprs *exprs, struct qetl_binder *binder,
                            const struct qetl_expr *expr, int64_t **places, int64_t *n);
/* Compiles the text of an option. */
int32_t qetl_exprs_compile(const struct qetl_exprs *exprs, const char *pointer,
                           const struct ArrowSchema *schema, struct qetl_expr **out);
/* The same; CONFIG where it is no boolean. what: "`where`". */
int32_t qetl_exprs_condition(const struct qetl_exprs *exprs, const char *pointer, const char *what,
                             const struct ArrowSchema *schema, struct qetl_expr **out);
/* `{b: a}`: it is a column and nothing else. */
bool qetl_exprs_is_column(const struct qetl_exprs *exprs, const struct qetl_expr *expr);

/* A batch: no row of it has failed. */
int32_t qetl_exprs_begin(struct qetl_exprs *exprs, const struct ArrowArray *batch, int64_t rows);
/* Over columns that were read, or over the first n operands, which the caller has put there. */
int32_t qetl_exprs_evaluate(struct qetl_exprs *exprs, struct qetl_expr *expr, const int64_t *places,
                            int64_t n, struct ArrowArray *out);
int32_t qetl_exprs_evaluate_operands(struct qetl_exprs *exprs, struct qetl_expr *expr, int64_t n,
                                     struct ArrowArray *out);
/* How many rows have not failed; which, into *map, if not all. */
int64_t qetl_exprs_rest(struct qetl_exprs *exprs, const int32_t **map);

#ifdef __cplusplus
}
#endif

#endif
