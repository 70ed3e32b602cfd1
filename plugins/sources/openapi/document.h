/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A description of a service as one value, whether it is written in JSON or YAML, and where a
 * reference in it leads.
 *
 * Invariant: a reference that leads round and round, or nowhere, is NULL; nothing outside the file
 *            is read. Ownership: all values are the document's.
 * Threads:   one at a time.
 */
#ifndef OPENAPI_DOCUMENT_H
#define OPENAPI_DOCUMENT_H

#include <jansson.h>
#include <qetl/sdk.h>

struct document {
    struct qetl_env env;
    const char *path;
    json_t *root;
    bool *lacks; /* set where there was no memory: then what was made of it counts for nothing */
};

/* OK, or a failure that was reported, with its place in the file. */
int32_t document_open(struct document *, struct qetl_env, const char *path);
/* The same of a text, which ends with a NUL behind its size, into one with env and path alone. */
int32_t document_read(struct document *, const char *text, size_t size);
void document_close(struct document *);
/* The value itself, or what its $ref leads to; NULL: nothing, or value is NULL. */
const json_t *document_at(const struct document *, const json_t *value);

/* yaml.c: a new reference; NULL with *why and, from 1, the place; line 0: there is none. */
json_t *yaml_value(const char *text, size_t size, char why[120], size_t *line, size_t *column);

#endif
