/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the option `path` to the files that it means.
 *
 * Invariant: entries keep their order; what an entry expands to stands in byte order; an entry that
 *            means no file is an error, unless no_match says otherwise.
 * Ownership: the caller owns the list.
 * Threads:   none of its own.
 */
#ifndef FILE_SOURCE_LISTING_H
#define FILE_SOURCE_LISTING_H

#include "choice.h"

/* OK or a failure, which has been reported. */
int32_t listing_make(struct qetl_env, struct choice *, struct names *out);
/* Adds the files that folders and patterns have by now, at the end. */
int32_t listing_grow(struct qetl_env, struct choice *, struct names *out);
/* The names nearest to one that is not there, from its own folder: "a, b" or NULL. To be freed. */
char *listing_near(const char *path);

#endif
