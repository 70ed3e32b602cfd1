/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON for the test host: a tree, read and written. Authors link the test host without a further
 * library, so that it has a reader of its own; qetl itself has another.
 *
 * Invariant: a value is of one kind; keys of an object are unique, the last one counts.
 * Ownership: a tree owns its parts; free takes all of it.
 * Threads:   one.
 */
#ifndef QETL_TESTHOST_JSON_H
#define QETL_TESTHOST_JSON_H

#include "text.h"

#include <stdbool.h>
#include <stdint.h>

struct json {
    int32_t kind; /* QETL_OPTION_ */
    bool boolean;
    int64_t integer;
    double real; /* of an integer, too */
    char *text;
    int64_t n;
    struct json **items; /* of a list or object */
    char **keys;         /* of an object */
};

/* NULL: it is no JSON, or nested too deeply; *at is the byte at fault. */
struct json *json_read(const char *text, size_t size, size_t *at);
void json_free(struct json *value);
struct json *json_copy(const struct json *value);
/* The member of this name, or NULL; also of NULL and of what is no object. */
struct json *json_get(const struct json *object, const char *key);
void json_set(struct json *object, const char *key, struct json *moved);
/* By a JSON pointer, or NULL. */
struct json *json_at(struct json *value, const char *pointer);
/* Compact, keys sorted. */
void json_write(const struct json *value, struct text *out);

#endif
