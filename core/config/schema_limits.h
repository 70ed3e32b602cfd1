/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the parts of the schema check: one value at its place, and what bounds its size.
 *
 * Invariant: `secret` is nonzero wherever the value must not be shown.
 * Ownership: borrows all.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_SCHEMA_LIMITS_H
#define QETL_CORE_SCHEMA_LIMITS_H

#include "document.h"

struct qetl_check {
    const struct qetl_document *document;
    struct qetl_findings *findings;
    size_t before; /* errors that were there already */
    int secret;    /* depth of secret schemas around the value at hand */
};

struct qetl_spot {
    const char *pointer;
    const char *key; /* NULL: the root */
};

/* The name that a message begins with. */
const char *qetl_spot_name(struct qetl_spot spot);

/* minimum and maximum; minLength, maxLength and pattern; minItems and maxItems. */
void qetl_limits_number(struct qetl_check *c, const json_t *schema, const json_t *value,
                        struct qetl_spot spot);
void qetl_limits_text(struct qetl_check *c, const json_t *schema, const json_t *value,
                      struct qetl_spot spot);
void qetl_limits_list(struct qetl_check *c, const json_t *schema, const json_t *value,
                      struct qetl_spot spot);

#endif
