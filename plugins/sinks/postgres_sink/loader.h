/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of rows into a table: which columns go where, and the statements that take them there.
 *
 * Invariant: a row is in the open transaction as a whole, or was rejected with the server's reason.
 * Ownership: until loader_clear.
 * Threads:   as the server.
 */
#ifndef POSTGRES_SINK_LOADER_H
#define POSTGRES_SINK_LOADER_H

#include "merge.h"
#include "singly.h"

enum load_mode { LOAD_APPEND, LOAD_TRUNCATE, LOAD_REPLACE, LOAD_UPSERT, LOAD_DELETE, LOAD_SCD2 };
enum load_columns { COLUMNS_FREEZE, COLUMNS_EVOLVE, COLUMNS_REJECT, COLUMNS_DROP };

/* A column that the table lacks, of which no row may have a value. */
struct stray {
    int64_t child; /* of the batch */
    struct qetl_column column;
};

struct loader {
    struct server *server;
    enum load_mode mode;
    int32_t new_columns; /* enum load_columns: what becomes of columns that the table lacks */
    bool create;
    const char *schema_name, *table_name; /* of the options; the first may be NULL */
    struct table table;
    bool beside; /* LOAD_REPLACE: the table takes the rows until it is the one */
    struct value *values;
    int64_t n_values, n_keys; /* the keys' values are the first */
    struct stray *strays;
    int64_t n_strays;
    bool binary;                  /* the format of COPY */
    struct merge merge;           /* of modes that look for rows; of the others its stage */
    struct singly singly;         /* the way of rows where many are refused */
    struct pg_sql copy;           /* COPY … FROM STDIN, of the table or the stage */
    struct pg_sql copy_staged;    /* of the stage, into which rows go that go singly */
    struct table_history history; /* LOAD_SCD2 */
    const char *at;               /* its option */
    bool fresh;                   /* nothing of this run is in the database yet */
    bool swapped;                 /* LOAD_REPLACE: within the open transaction */
    int64_t unmatched, same;      /* rows that changed nothing */
    struct wire wire;             /* of rows on their way */
};

/* The table is there as the options say; schema and options fit it, or that is the error. */
int32_t loader_open(struct loader *, struct server *, const struct ArrowSchema *schema);
/* Opens a transaction, and looks whether somebody has changed the table meanwhile. */
int32_t loader_begin(struct loader *, const struct ArrowSchema *schema);
/* rows.c: rows of a batch; those that cannot be are rejected. */
int32_t loader_write(struct loader *, const struct ArrowArray *batch,
                     const struct ArrowSchema *schema, int64_t *written);
/* No row comes any more: LOAD_REPLACE shows what it has. May be called again. */
int32_t loader_finish(struct loader *);
void loader_clear(struct loader *);
/* Whether rows go into a stage first. */
bool loader_merges(const struct loader *);

/* match.c: columns of the rows and columns of the table, by name; the table is made to fit. */
int32_t match_columns(struct loader *, const struct ArrowSchema *schema);
/* ready.c: the table is created, emptied or made anew, as mode and create say; n_keys of the
 * schema's columns are those of the option key. */
int32_t ready_table(struct loader *, const struct ArrowSchema *schema, int64_t n_keys,
                    const int64_t *keys);

#endif
