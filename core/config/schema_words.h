/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a schema asks for and what a value is, in words for messages.
 *
 * Invariant: the words fit the line: long values are cut.
 * Ownership: answers are the caller's to free; NULL without memory.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_SCHEMA_WORDS_H
#define QETL_CORE_SCHEMA_WORDS_H

#include "finding.h"

/* "text or a list of text", "one of batch, stream, hybrid". */
char *qetl_words_expected(const json_t *schema);
/* "the number 5", "a list"; of a secret its type alone. */
char *qetl_words_found(const json_t *value, int secret);
/* A value as it would be written in a pipeline file: "5", "\"5\"", "[a]". */
char *qetl_words_value(const json_t *value);
/* The schema's first example, else its default or first choice; NULL if it has none of these. */
const json_t *qetl_words_example(const json_t *schema);
/* How to mend a value of the wrong type; key NULL: an element of a list. */
void qetl_words_mend(struct qetl_finding *finding, const json_t *schema, const json_t *value,
                     const char *key, int secret);
/* "for example  key: value", if the schema has an example. */
void qetl_words_mend_example(struct qetl_finding *finding, const json_t *schema, const char *key);
/* "known here: a, b, c" */
void qetl_words_mend_keys(struct qetl_finding *finding, const json_t *properties);

#endif
