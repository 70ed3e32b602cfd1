/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of a manifest that this host does not know: a later ABI's, or typing errors.
 *
 * Invariant: each is either a mistake or passed over; `x-…`, which are the author's own, are
 * neither. Ownership: borrows all.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_MANIFEST_KEYS_H
#define QETL_CORE_MANIFEST_KEYS_H

#include "config/document.h"

struct qetl_manifest_keys {
    const struct qetl_document *document;
    int newer; /* the manifest claims an ABI above this host's: what it means is not known here */
    struct qetl_findings *mistakes;
    struct qetl_findings *passed_over; /* warnings, for the author and for who looks */
};

/* pointer: where the object stands, whose keys the schema's properties name. */
void qetl_manifest_keys_check(const struct qetl_manifest_keys *, const json_t *schema,
                              const json_t *object, const char *pointer);

#endif
