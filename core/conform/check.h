/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a component is checked with: options, and rows or bytes to be fed with. They come from the
 * manifest's `check`, from a file given beside it, from the manifest's examples, or are made up.
 *
 * Invariant: options are valid by the manifest's schema, with defaults filled in.
 * Ownership: the check owns all it points to.
 * Threads:   made by one, then read.
 */
#ifndef QETL_CORE_CONFORM_CHECK_H
#define QETL_CORE_CONFORM_CHECK_H

#include "cells.h"
#include "plugin/registry.h"

#include <qetl/sdk.h>

enum { CONFORM_INPUTS = 4 };

struct conform_table { /* rows of one input */
    struct ArrowSchema schema;
    json_t *rows; /* lists of values: null, true, 7, 1.5, "text", [ ... ], { ... } */
    size_t own;   /* so many were given; those behind are the same again */
    bool holed;   /* some of them are NULL all the same */
};

struct conform_check {
    json_t *options;
    struct conform_table tables[CONFORM_INPUTS];
    size_t n_tables;
    char *bytes; /* for formats; NULL: what the format writes itself */
    size_t bytes_size;
    bool reads_only;     /* bytes are given and no rows: the format is not asked to write */
    bool one_way;        /* what a format writes is not what it reads */
    const json_t *entry; /* what was given in all; borrowed */
    const json_t *files; /* name: text, or {"from": path}; borrowed */
    const char *folder;  /* what paths in it are relative to; borrowed */
};

/* given: of --options, for this component, or NULL. How many checks it has, one at least. */
size_t conform_check_count(const struct qetl_manifest_component *, const json_t *given);
/* The rest of the arguments as its file has them; folder: what paths in it are relative to. 0, or
 * -1: why stands in `why`. */
int conform_check_make(const struct qetl_manifest_component *, const json_t *given, size_t number,
                       const char *folder, const char *scratch, struct conform_check *out,
                       char *why, size_t size);
void conform_check_free(struct conform_check *);
/* As `from`, at another place: a copy whose options alone are its own. */
void conform_check_move(const struct conform_check *from, const struct qetl_manifest_component *,
                        const char *scratch, const char *place, struct conform_check *out);
/* Such options in place of *out, which is freed. */
void conform_options_move(const json_t *options, const struct qetl_manifest_component *,
                          const char *scratch, const char *place, json_t **out);
/* Its files into the scratch folder, as they were. 0, or -1. */
int conform_check_files(const struct conform_check *, const char *scratch);

/* table.c: rows [first, first + n) of a table as a batch of the host's; offset: so many rows of
 * other content stand in front in the buffers. Columns whose bit in `keep` is not set have other
 * rows' values. */
int32_t conform_table_batch(const struct conform_table *, struct qetl_env, int64_t first, int64_t n,
                            int64_t offset, uint64_t keep, struct ArrowArray *out);
/* table_text.c: from text as examples of manifests have it: CSV with a header, or NDJSON. types: of
 * columns by their names, in place of what is guessed; or NULL. 0 or -1 */
int conform_table_read(struct conform_table *, const char *text, bool ndjson, const json_t *types);
/* table_made.c: columns of all usual types, NULLs among them. 0 or -1 */
int conform_table_invent(struct conform_table *);
/* The same with rarer types, of which the kinds are numbered from 0: what it is tried with, in
 * words; NULL: there are no more. */
const char *conform_table_types(struct conform_table *, int which);
/* Its rows; QETL_OK or a failure. */
int32_t conform_table_cells(const struct conform_table *, struct conform_cells *out);
/* The same rows with their columns from the last to the first: 0 or -1; freed in any case. */
int conform_table_turn(const struct conform_table *, struct conform_table *out);
void conform_table_free(struct conform_table *);

#endif
