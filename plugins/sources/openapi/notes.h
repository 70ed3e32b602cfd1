/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines for people: what was guessed, and what they have to fill in.
 *
 * Invariant: a line is one line, whatever the description has put into it; that there was no
 *            memory is noted, too.
 * Ownership: a list of texts, the caller's.
 * Threads:   one at a time.
 */
#ifndef OPENAPI_NOTES_H
#define OPENAPI_NOTES_H

#include "document.h"

void note(const struct document *, json_t *notes, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Moves the value; NULL: there was no memory for it. */
void put(const struct document *, json_t *object, const char *key, json_t *value);
/* A value of a pipeline file, in which no placeholder stands that the description has put there: a
 * new reference. */
json_t *plain_text(const char *text);
/* The name of a variable, "${NAME}" or "${secret:NAME}", made of what it is called: to be freed. */
char *variable_of(const char *prefix, const char *name);

#endif
