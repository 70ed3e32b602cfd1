/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layouts that are installed with the plugin, and which of them a file is.
 *
 * Invariant: names of the catalogue hold no slash.
 * Ownership: a loaded layout is the caller's.
 * Threads:   [control]
 */
#ifndef QETL_BINARY_CATALOGUE_H
#define QETL_BINARY_CATALOGUE_H

#include "layout.h"

/* A path, or the name of a layout of the catalogue. Reports. */
int32_t binary_catalogue_load(struct qetl_env env, const char *what, struct binary_layout *out);
/* The layout that fits the sample best. *found false: none does. *sure: its header says so much
 * that more bytes would change nothing. */
int32_t binary_catalogue_detect(struct qetl_env env, const struct qetl_sample *sample,
                                struct binary_layout *out, bool *found, bool *sure);

#endif
