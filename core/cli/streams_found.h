/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams that a pipeline names by a pattern: what there is, is asked of their source.
 *
 * Invariant: a document that names all of its streams is not touched, and nobody is asked.
 * Ownership: takes the document, and answers the one to go on with.
 * Threads:   the main thread.
 */
#ifndef QETL_CORE_STREAMS_FOUND_H
#define QETL_CORE_STREAMS_FOUND_H

#include "cli.h"

/* NULL, with findings: a source could not be asked, or has none like that. document may be NULL. */
struct qetl_document *qetl_cli_streams(struct qetl_cli *, struct qetl_document *,
                                       const struct qetl_registry *, struct qetl_findings *);

#endif
