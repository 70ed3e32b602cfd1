/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ${NAME}, ${NAME:-default}, ${secret:NAME} and $${ in the text values of a document.
 *
 * Invariant: what a placeholder stands for is text, whatever it holds, and is not looked at again.
 *            Keys are left alone.
 * Ownership: the new document is the caller's; secrets go to its mask.
 * Threads:   one.
 */
#ifndef QETL_CORE_EXPAND_H
#define QETL_CORE_EXPAND_H

#include "document.h"
#include "variables.h"

/* A copy with all placeholders replaced. A finding for each that cannot be: its text stays as it
 * was, and no further mistakes are told about it. NULL without memory, with a finding. */
struct qetl_document *qetl_document_expanded(const struct qetl_document *document,
                                             struct qetl_variables *variables,
                                             struct qetl_findings *findings);

#endif
