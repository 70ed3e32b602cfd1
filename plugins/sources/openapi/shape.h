/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a response looks like, by its schema: where its rows stand, and which columns they have.
 *
 * Invariant: schemas that refer to themselves come to an end.
 * Ownership: schemas are the document's; what is made is the caller's.
 * Threads:   one at a time.
 */
#ifndef OPENAPI_SHAPE_H
#define OPENAPI_SHAPE_H

#include "document.h"

/* The schema that counts: behind references, beside null, of what is all of one. May be NULL. */
const json_t *schema_at(const struct document *, const json_t *schema);
/* "object", "array", "string" …; "": nothing is said. */
const char *schema_type(const struct document *, const json_t *schema);
/* Name: schema of all members, also of those that the schema is made of; a new reference. */
json_t *schema_members(const struct document *, const json_t *schema);

struct shape {
    char *records;      /* JSON pointer of the rows; "": the response is their list */
    bool is_list;       /* else it is one row */
    const json_t *item; /* a row's schema; NULL: nothing is known */
};

/* named: the last word of the path, after which a list may be called. false: no memory. */
bool shape_find(const struct document *, const json_t *schema, const char *named, struct shape *);
void shape_free(struct shape *);
/* Column: SQL type, of a row; a new reference. */
json_t *shape_types(const struct document *, const struct shape *);

#endif
