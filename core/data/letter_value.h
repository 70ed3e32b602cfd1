/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A value as JSON that can be read back exactly, given its type: integers as numbers, what JSON's
 * numbers cannot hold as text, bytes in base64, nested values nested.
 *
 * Invariant: NULL is null; two values of a type are equal where their JSON is.
 * Ownership: the caller owns what is answered.
 * Threads:   any.
 */
#ifndef QETL_CORE_LETTER_VALUE_H
#define QETL_CORE_LETTER_VALUE_H

#include <jansson.h>
#include <qetl/sdk.h>

/* NULL without memory, or where the array does not fit its type. */
json_t *qetl_letter_value(const struct qetl_column *, int64_t row);
/* Text as it is, or {"base64": …} where it is no UTF-8. */
json_t *qetl_letter_words(struct qetl_text);

#endif
