/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks a JSON value against a JSON Schema and fills in defaults. The subset: type (also a list),
 * enum, const, properties, required, additionalProperties, items, minItems, maxItems, minimum,
 * maximum, minLength, maxLength, pattern (POSIX extended), oneOf, anyOf, default; and for people
 * description, examples, x-unit, secret.
 *
 * Invariant: every mistake is a finding with place, path and mend; a secret's value is in none of
 * them. Ownership: the value stays the caller's; it gets copies of defaults. Threads:   none of its
 * own.
 */
#ifndef QETL_CORE_SCHEMA_CHECK_H
#define QETL_CORE_SCHEMA_CHECK_H

#include "document.h"

/* pointer: where the value stands in the document. Answers how many errors were found. */
size_t qetl_schema_check(const json_t *schema, json_t *value, const struct qetl_document *document,
                         const char *pointer, struct qetl_findings *findings);

/* Whether a value is of one of the schema's types; of any if it names none. */
int qetl_schema_type_fits(const json_t *schema, const json_t *value);

#endif
