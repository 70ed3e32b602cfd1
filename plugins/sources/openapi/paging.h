/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a service pages, guessed from the names of parameters and of what a response has.
 *
 * Invariant: what is guessed is said. Without a guess there is one page.
 * Ownership: new references.
 * Threads:   one at a time.
 */
#ifndef OPENAPI_PAGING_H
#define OPENAPI_PAGING_H

#include "shape.h"

struct paging {
    const struct document *document;
    json_t *params;         /* of the query, name: parameter, behind references */
    const json_t *response; /* that succeeds */
    const json_t *schema;   /* of its content */
    const struct shape *shape;
    json_t *notes;
};

/* The option `pagination`; NULL: none is to be seen. */
json_t *paging_guess(const struct paging *);
/* The first of these words (ended by NULL) that is a parameter, as it is spelled; NULL: none. */
const char *paging_param(const json_t *params, const char *const *words);

#endif
