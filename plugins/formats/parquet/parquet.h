/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two components of this plugin: files are read by a source, which needs their end first, and
 * written by a format, front to back, into any sink of bytes (decision 30).
 *
 * Invariant: both open libduckdb when they start, and never before.
 * Ownership: static tables.
 * Threads:   as the ABI says.
 */
#ifndef PARQUET_PARQUET_H
#define PARQUET_PARQUET_H

#include <qetl/sdk.h>

/* DuckDB's time for a file grows with the square of their number. */
enum { PARQUET_MOST_COLUMNS = 20000 };
#define PARQUET_MOST_COLUMNS_TEXT "20000"

extern const struct qetl_component parquet_source, parquet_format;

#endif
