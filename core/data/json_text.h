/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text from outside as a JSON string: a file name or a message may quote bytes that are no UTF-8.
 *
 * Invariant: an answer is made of whatever text; bytes beyond ASCII show as ? where they are no
 * UTF-8. Ownership: a new reference for the caller; NULL without memory. Threads:   any.
 */
#ifndef QETL_CORE_JSON_TEXT_H
#define QETL_CORE_JSON_TEXT_H

#include <jansson.h>

json_t *qetl_json_text(const char *text); /* null for NULL */

#endif
