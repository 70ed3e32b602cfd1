/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a description offers: each operation that answers with rows, and the options that read it.
 *
 * Invariant: streams stand in the order of the document. One that cannot be read says why, with its
 *            place. Ownership: the list is the caller's.
 * Threads:   one at a time.
 */
#ifndef OPENAPI_STREAMS_H
#define OPENAPI_STREAMS_H

#include "document.h"

/* [{"name": "/orders", "summary", "kind": "list", "child" (of what its path names), "values" (no
 * objects) or "object", "options": {…}, "types": {…}, "notes": […], "trouble"}], a new reference;
 * NULL: no memory. url: where the service is; NULL: the document says. */
json_t *streams_of(const struct document *, const char *url);

#endif
