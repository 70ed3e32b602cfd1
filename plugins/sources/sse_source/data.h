/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The data of an event as lines for a format.
 *
 * Invariant: what it writes ends with a line's end. A line's end within JSON goes out as a space,
 *            where that does not change its value; every other byte as it came.
 * Ownership: the caller's.
 * Threads:   any.
 */
#ifndef SSE_SOURCE_DATA_H
#define SSE_SOURCE_DATA_H

#include <stdint.h>

/* In place; data has room for one byte more. Answers the size. */
int64_t data_line(char *data, int64_t size);

#endif
