/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of DuckDB's vectors appended to builders.
 *
 * Invariant: values arrive as they are, to the last digit, or not at all.
 * Ownership: nothing is kept of the vectors.
 * Threads:   one.
 */
#ifndef PARQUET_TAKE_H
#define PARQUET_TAKE_H

#include "shape.h"

/* Rows [first, first + count) of the vector that the shape is attached to. DATA: a value that the
 * type in qetl cannot hold. */
int32_t take_rows(const struct shape *, struct qetl_builder *, int64_t first, int64_t count);

#endif
