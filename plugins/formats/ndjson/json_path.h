/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JSON pointer (RFC 6901) as the steps that lead down into a document.
 *
 * Invariant: steps are unescaped; index is -1 where a step names no element of a list.
 * Ownership: a path owns its text.
 * Threads:   constant once read.
 */
#ifndef NDJSON_JSON_PATH_H
#define NDJSON_JSON_PATH_H

#include <stdint.h>

enum { JSON_STEPS_MAX = 32 };

struct json_step {
    const char *name;
    int64_t size, index;
};

struct json_path {
    char *text;
    struct json_step steps[JSON_STEPS_MAX];
    int64_t n_steps;
};

/* 0; -1: no pointer; -2: too many steps; -3: no memory. NULL and "" are the whole document. */
int json_path_read(struct json_path *path, const char *pointer);
void json_path_free(struct json_path *path);

#endif
