/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A text or bytes in a column of views ("vu", "vz"), as the Arrow columnar format has them.
 *
 * Invariant: 16 bytes; what is no longer than PG_VIEW_INLINE stands within, and bytes behind it are
 * 0. Ownership: plain data; what is longer lies in a buffer of the array. Threads:   any.
 */
#ifndef PG_VIEW_H
#define PG_VIEW_H

#include <stdint.h>

enum { PG_VIEW_INLINE = 12 };

struct pg_view {
    int32_t size;
    union {
        char inlined[PG_VIEW_INLINE];
        struct {
            char prefix[4];
            int32_t buffer, offset;
        } far;
    };
};
_Static_assert(sizeof(struct pg_view) == 16, "views have 16 bytes");

#endif
