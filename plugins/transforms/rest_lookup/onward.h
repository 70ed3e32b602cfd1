/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether an answer is the first page of several.
 *
 * Invariant: what services usually say of a next page is found; what nobody says cannot be.
 * Ownership: answers static text.
 * Threads:   any.
 */
#ifndef REST_LOOKUP_ONWARD_H
#define REST_LOOKUP_ONWARD_H

#include <jansson.h>

/* What says that there is another page; NULL: nothing does. link: the header, or NULL. */
const char *onward_sign(const json_t *answer, const char *link);

#endif
