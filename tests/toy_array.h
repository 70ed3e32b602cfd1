/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random Arrow arrays of every layout that the core carries, made without its help.
 *
 * Invariant: buffers are malloc'ed to their exact size, so that sanitizers see a step beyond.
 * Ownership: release frees all.
 * Threads:   none.
 */
#ifndef QETL_TOY_ARRAY_H
#define QETL_TOY_ARRAY_H

#include <qetl/plugin.h>

#include <stdbool.h>

struct toy_view { /* Arrow's 16 bytes of a text view */
    int32_t size;
    char inline_text[4];
    int32_t buffer, offset;
};

enum toy_nulls { TOY_NULLS_NONE, TOY_NULLS_PLAIN, TOY_NULLS_SPELLED, TOY_NULLS_GARBAGE };

/* offset: rows before the first one. Spelled: the views of NULLs hold text; garbage: anything. */
void toy_array_make(const struct ArrowSchema *, int64_t length, int64_t offset, enum toy_nulls,
                    uint64_t *random, struct ArrowArray *out);
/* The text of row i as a string of its own, "NULL(…)" included; `spelled`: of NULLs too. Free it.
 */
char *toy_array_print(const struct ArrowSchema *, const struct ArrowArray *, int64_t row,
                      bool spelled);

#endif
