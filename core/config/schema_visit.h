/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every value of an option with the schemas that speak of it: for what a schema says beyond its
 * type, such as "format" and "x-file".
 *
 * Invariant: of alternatives, those are visited whose type fits.
 * Ownership: borrows all.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_SCHEMA_VISIT_H
#define QETL_CORE_SCHEMA_VISIT_H

#include <jansson.h>

struct qetl_visit {
    void (*value)(void *arg, const json_t *schema, const json_t *value, const char *pointer);
    void *arg;
};

/* 0, or -1 without memory for all of them. */
int qetl_schema_visit(const struct qetl_visit *, const json_t *schema, const json_t *value,
                      const char *pointer);

#endif
