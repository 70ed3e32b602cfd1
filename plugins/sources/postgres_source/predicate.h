/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions of the pipeline as conditions of SQL, as far as the server judges alike.
 *
 * Invariant: no row that the pipeline would keep is left out, nor one in which a compared value
 *            cannot be read. Values stand beside the text.
 * Ownership: texts and values until predicates_free.
 * Threads:   one at a time.
 */
#ifndef POSTGRES_SOURCE_PREDICATE_H
#define POSTGRES_SOURCE_PREDICATE_H

#include "relation.h"
#include "values.h"

struct predicates {
    struct pg_sql where;  /* of no size: no condition */
    struct values values; /* numbered from behind those of the relation's keys on */
};

/* tree: JSON of qetl.expr/1. Answers QETL_PUSH_, or a failure. */
int32_t predicates_add(struct predicates *, const struct relation *, const char *tree);
void predicates_free(struct predicates *);

#endif
