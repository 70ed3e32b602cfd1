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

extern const struct qetl_component parquet_source, parquet_format;

#endif
