/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which files a Parquet source reads, what stands in their footers, and the columns of them all.
 *
 * Invariant: files stand in byte order per pattern, each was opened once and is whole at its end;
 *            columns are those of the schema that the host gets, in its order.
 * Ownership: files_free frees all; the schema is moved out.
 * Threads:   one.
 */
#ifndef PARQUET_FILES_H
#define PARQUET_FILES_H

#include "query.h"
#include "shape.h"

struct file {
    char *path;
    int64_t rows, bytes;
};

struct files {
    struct file *items;
    int64_t n, room;
    int64_t rows, bytes; /* of all */
    struct query from;   /* read_parquet([…], …) */
};

/* Expands the option /path, reads the footers. OK or a failure, which was reported. */
int32_t files_open(struct files *, struct session *);
/* The columns, as read_parquet names them; *shapes: one for each, to be freed by the caller. */
int32_t files_columns(struct files *, struct session *, struct ArrowSchema *schema,
                      struct shape **shapes);
/* Their names as a list in SQL, each taken as it stands. */
void files_list(struct query *, const struct files *);
/* The file that this row of all stands in. */
const char *files_at(const struct files *, int64_t row);
void files_free(struct files *);

/* metadata.c: what read_parquet needs to be told for the option /metadata; its columns, put into
 * `from`; whether one of them has this name; whether a column of the files has one of theirs. */
void metadata_ask(struct query *, const struct session *);
void metadata_add(struct files *, const struct session *);
bool metadata_has(const struct session *, const char *name);
int32_t metadata_check(const struct session *, const struct ArrowSchema *schema);

#endif
