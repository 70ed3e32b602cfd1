/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text that grows. A test that has no memory left ends.
 *
 * Invariant: a NUL stands behind data[size] unless data is NULL.
 * Ownership: free what data names.
 * Threads:   one.
 */
#ifndef QETL_TESTHOST_TEXT_H
#define QETL_TESTHOST_TEXT_H

#include <stdarg.h>
#include <stddef.h>

struct text {
    char *data;
    size_t size, capacity;
};

void *memory_need(void *memory); /* what was allocated; NULL ends the program */
void text_put(struct text *t, const void *data, size_t size);
void text_print(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* As put, with | \ and newlines behind a backslash. */
void text_put_cell(struct text *t, const char *data, size_t size);
void text_clear(struct text *t);
void text_free(struct text *t);
const char *text_of(const struct text *t); /* never NULL */

#endif
