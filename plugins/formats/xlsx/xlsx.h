/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The format xlsx: its options, a table within a sheet, an instance.
 *
 * Invariant: a table's columns are named once its header was seen; each of its rows is then handed
 * on with the number that it has in the sheet. Ownership: the instance owns what its pointers
 * name. Threads:   as the border says of formats.
 */
#ifndef XLSX_H
#define XLSX_H

#include "value.h"

enum { XLSX_BATCH_ROWS = 8192, XLSX_ENOUGH = 2, XLSX_GROWS = 3 };
enum xlsx_new_columns { XLSX_NEW_REJECT, XLSX_NEW_DROP, XLSX_NEW_EVOLVE };
enum xlsx_errors { XLSX_ERRORS_REJECT, XLSX_ERRORS_NULL, XLSX_ERRORS_TEXT };

struct xlsx_options {
    const char *sheet; /* NULL: by its number */
    int64_t index;
    struct xlsx_range range;
    bool header, keep_blank;
    enum xlsx_errors errors;
    enum xlsx_new_columns new_columns;
    int64_t sample_rows, max_bytes, max_ratio, max_strings;
};
int32_t xlsx_options_read(struct qetl_env env, struct xlsx_options *out);

/* A workbook that is open at a sheet. */
struct xlsx_name {
    char *text;
    int32_t next;  /* suffix to try for the next one that is spelled so */
    bool lettered; /* letters, for want of another */
};

struct xlsx_table {
    const struct xlsx_options *options;
    struct xlsx_package package;
    struct xlsx_book book;
    struct xlsx_sheet sheet;
    bool open, named;
    struct xlsx_name *names; /* of columns; may grow where rows are wider than their header */
    int32_t n_names, names_room, *slots; /* slots: see names.c */
    int32_t next_row;
    /* A row of the table: cells of the sheet's columns from the range's first on. */
    int32_t (*on_row)(void *user, int32_t row, const struct xlsx_cell *cells, int32_t n);
    void *user;
};
int32_t xlsx_table_open(struct xlsx_table *t, struct qetl_env env,
                        const struct xlsx_options *options, const char *object, const uint8_t *data,
                        int64_t size);
/* The next column is called as the text says, or, where that is taken, a_2, a_3 … */
int32_t xlsx_name_add(struct xlsx_table *t, struct qetl_text text, bool lettered);
void xlsx_names_free(struct xlsx_table *t);
/* Names for columns up to n. */
int32_t xlsx_table_widen(struct xlsx_table *t, int32_t n);
/* Some rows more; *done at the end of the table. */
int32_t xlsx_table_step(struct xlsx_table *t, bool *done);
void xlsx_table_close(struct xlsx_table *t);

struct xlsx_writer;

struct xlsx {
    struct qetl_env env;
    struct xlsx_options options;
    char summary[160];
    int32_t width;             /* columns of the sample, those without name and value too */
    struct ArrowSchema schema; /* as bound */
    struct xlsx_table table;
    struct qetl_builder *builders; /* one a column of the schema */
    int64_t n_builders;
    int64_t *wants, n_wants;
    int32_t *columns; /* of the schema, for each of the table's; -1: none */
    int32_t n_columns;
    int32_t *map, rows, records, first_record; /* of the batch; records of the chunk so far */
    int32_t map_room;
    struct xlsx_text original; /* of a row that is rejected */
    struct xlsx_writer *writer;
};

/* infer.c */
/* The instance's columns, and behind them those that the header of this workbook has besides. */
int32_t xlsx_grow(struct xlsx *x, const struct qetl_chunk *chunk, struct ArrowSchema *out);
int32_t xlsx_infer(void *self, const struct qetl_sample *sample, struct qetl_inferred *out);
/* decode.c, rows.c */
int32_t xlsx_open_decode(void *self, const struct ArrowSchema *schema, struct qetl_blob prologue,
                         int64_t n_wants, const struct qetl_want *wants);
int32_t xlsx_frame(void *self, struct qetl_frame *io);
int32_t xlsx_decode(void *self, const struct qetl_chunk *chunk, struct qetl_decoded *out);
void xlsx_decode_free(struct xlsx *x);
int32_t xlsx_row_take(void *user, int32_t row, const struct xlsx_cell *cells, int32_t n);
/* encode.c */
int32_t xlsx_forms(void *self, const struct ArrowSchema *schema, uint32_t *forms);
int32_t xlsx_open_encode(void *self, const struct ArrowSchema *schema);
int32_t xlsx_begin(void *self, struct qetl_space *out);
int32_t xlsx_encode(void *self, const struct ArrowArray *batch, struct qetl_space *out);
int32_t xlsx_finish(void *self, struct qetl_space *out);
void xlsx_writer_free(struct xlsx *x);

#endif
