/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who asks, by the security schemes of a description.
 *
 * Invariant: secrets are placeholders.
 * Ownership: a new reference.
 * Threads:   one at a time.
 */
#ifndef OPENAPI_AUTH_H
#define OPENAPI_AUTH_H

#include "document.h"

/* The option `auth` for an operation; NULL: nobody is asked for, or it cannot be said. */
json_t *auth_of(const struct document *, const json_t *operation, json_t *notes);

#endif
