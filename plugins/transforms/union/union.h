/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The columns of a union: what they are called, of which type they are, and where they come from.
 *
 * Invariant: a column is carried past if all inputs that have it agree on its type, else made.
 * Ownership: the table owns its columns and expressions.
 * Threads:   made in bind; then one.
 */
#ifndef QETL_UNION_H
#define QETL_UNION_H

#include <qetl/exprs.h>
#include <qetl/sdk.h>

struct union_source {       /* of a column, in one input */
    int64_t column;         /* of the input, or -1 */
    int64_t place;          /* among those that process gets */
    struct qetl_expr *cast; /* NULL: it is of the common type */
};

struct union_column {
    const char *name;
    const struct ArrowSchema *first; /* as it was seen first */
    uint32_t first_port;
    char format[QETL_TYPE_FORMAT_MAX];
    bool made;                    /* its types differ */
    struct union_source *sources; /* one an input */
    struct ArrowSchema field;     /* of a made one */
};

struct union_table {
    struct qetl_env env;
    struct qetl_exprs exprs; /* only of batches: inputs are read port by port */
    struct union_column *columns;
    int64_t n_columns, n_made;
    uint32_t n_inputs;
    int32_t as_text;       /* types that do not go together become text */
    int32_t missing_fails; /* every input must have every column */
};

/* From the inputs' schemas; a failure was reported. */
int32_t union_table_make(struct union_table *table, uint32_t n_inputs,
                         const struct ArrowSchema *const *inputs);
int32_t union_table_bind(struct union_table *table, struct qetl_binder *binder);
void union_table_clear(struct union_table *table);

#endif
