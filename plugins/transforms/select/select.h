/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which columns go on, in which order, under which names.
 *
 * Invariant: no two chosen columns have one name.
 * Ownership: the selection owns the list and its expressions; names are the options' or the
 * input's. Threads:   made in bind; then one.
 */
#ifndef QETL_SELECT_H
#define QETL_SELECT_H

#include <qetl/exprs.h>
#include <qetl/sdk.h>

enum { SELECT_POINTER_MAX = 600 };
enum { SELECT_SKIPPED = INT32_MIN }; /* a name that fits no column, and may be passed over */

/* One column of the output. */
struct chosen {
    int64_t column; /* of the input */
    const char *name;
    const char *type; /* what it is cast to, or NULL */
    struct qetl_expr *expr;
    int64_t place; /* of the column among those that process gets */
};

struct select {
    struct qetl_env env;
    struct qetl_exprs exprs;
    struct chosen *chosen;
    int64_t n_chosen, n_casts;
    int32_t skips; /* names of columns that are not there */
    struct ArrowArray *results;
};

/* From the options columns, drop and rename; a failure was reported. */
int32_t select_choose(struct select *select, const struct ArrowSchema *input);
void select_reset(struct select *select);
/* The column that entry i of an object of options names, which must be chosen; its pointer is
 * written. A failure, or SKIPPED. */
int64_t select_keyed(struct select *select, const struct ArrowSchema *input, const char *option,
                     int64_t i, char pointer[SELECT_POINTER_MAX]);

#endif
