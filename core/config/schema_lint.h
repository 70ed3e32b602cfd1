/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks an option schema itself, as it stands in a manifest.
 *
 * Invariant: a schema that passes can be given to qetl_schema_check: it knows every word in it.
 * Ownership: borrows all.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_SCHEMA_LINT_H
#define QETL_CORE_SCHEMA_LINT_H

#include "document.h"

/* pointer: where the schema stands in the document. Answers how many errors were found. */
size_t qetl_schema_lint(const json_t *schema, const struct qetl_document *document,
                        const char *pointer, struct qetl_findings *findings);

#endif
