/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns of the rows and columns of the table, by name; and the table made to fit.
 *
 * Invariant: each column of the rows has its place, or the options say that it goes nowhere.
 * Ownership: fills the loader. Threads: as the database.
 */
#ifndef SQLITE_SINK_MATCH_H
#define SQLITE_SINK_MATCH_H

#include "loader.h"

int32_t match_columns(struct loader *l, const struct ArrowSchema *schema);

/* ready.c: the table is created, emptied or made anew, as mode and create say; n_keys of the
 * schema's columns are those of the option key. l->table is read. */
int32_t ready_table(struct loader *l, const struct ArrowSchema *schema, int64_t n_keys,
                    const int64_t *keys);

/* As the options strict and decimals say. */
struct declare_as declare_options(struct qetl_env env);

#endif
