/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of one csv instance and the parts it is made of.
 *
 * Invariant: dialect, names and types are settled by open_decode or open_encode and then constant.
 * Ownership: an instance owns all that it points at; texts of options belong to the host.
 * Threads:   as plugin.h says: one thread at a time inside an instance.
 */
#ifndef QETL_CSV_H
#define QETL_CSV_H

#include "locale.h"
#include "scan.h"
#include "values.h"

#include <qetl/sdk.h>

/* Spellings of NULL. Bit min(size, 63) of sizes is set for the size of each. */
struct csv_nulls {
    struct qetl_text *list;
    int64_t count;
    uint64_t sizes;
};

enum csv_quoting { CSV_QUOTE_MINIMAL, CSV_QUOTE_ALL, CSV_QUOTE_NONNUMERIC };

struct csv_dialect {
    struct csv_marks marks;
    bool delimiter_given;
    bool header;
    bool crlf;
    bool returns; /* lines end in a carriage return alone */
    bool bom;     /* a writer begins with a byte order mark */
    bool safe;    /* for spreadsheets: no text is taken for a formula */
    enum csv_quoting quoting;
    bool pad;           /* short rows get NULLs */
    int64_t skip_lines; /* before the header of each object */
    int64_t sample_bytes;
    struct csv_nulls nulls;
};

/* Names as they stand in a header. */
struct csv_names {
    struct qetl_text *list; /* into text */
    int64_t count;
    char *text;
};

enum { CSV_DELIMITER_SHOWN = 8 };

struct csv_column {
    char *name; /* for messages */
    struct csv_type type;
    bool declared;
    bool check;   /* every cell is proven to be of the type */
    int64_t seen; /* the check reads the views of the want before this one; 0: there is none */
    struct csv_local_type local;
};

struct csv_framer {
    struct csv_scan scan;  /* at `scanned` */
    int64_t offset;        /* of the next data in the object */
    int64_t scanned;       /* bytes of the next data that are known already */
    int64_t known_end;     /* end of a record among them that was held back, or 0 */
    int64_t careful_until; /* offset in the object up to which each line stands for itself */
    bool within_line;      /* the next data goes on with a line whose beginning was rejected */
    bool within_record;    /* the same, of a record of many lines … */
    bool tail_mid;         /* … within a line of it */
    struct csv_scan tail;  /* its quotes */
    bool header_pending;
    int64_t cells;      /* a row of the object has, if its header is not that of the first; or 0 */
    enum csv_code code; /* why the careful stretch begins; CSV_FINE behind its first piece */
};

enum { CSV_ENCODED_MAX = 3, CSV_REWRITE_TAIL = 80 };

/* What each byte of a file is in UTF-8. */
struct csv_encoding {
    uint8_t bytes[256][4], sizes[256];
};

struct csv_encoder;
struct csv_foreign;
struct csv_match;
struct csv_scratch;

struct csv {
    struct qetl_env env;
    struct csv_dialect dialect;
    const struct csv_kernel *kernel;

    struct csv_names header; /* of the first object; none without a header */
    struct csv_column *columns;
    int64_t n_columns;
    struct qetl_want *wants; /* the late ones last */
    int64_t n_wants, n_late;

    struct csv_framer framer;
    struct csv_index index;
    struct csv_scratch *scratch; /* of decode */
    struct qetl_chunk chunk; /* that was decoded last, for decode_late; its names do not live on */
    struct csv_encoder *encoder;
    struct csv_encoding *encoding; /* NULL: UTF-8 */
    struct ArrowSchema schema;     /* that decoding was opened with */
    struct csv_match *match;       /* of an object with another header (match.h) */
    bool matching;                 /* the chunk at hand is of such an object */
    uint8_t *note;                 /* what frame said of one */
    struct csv_foreign *foreign;   /* NULL: the kernels speak the dialect */
    uint8_t *converted;            /* the sample, or a header, in UTF-8 */
    void *rewritten;               /* buffer of the chunk that was decoded last, or NULL */

    uint8_t *prologue; /* what infer answered */
    char *summary;
    bool apostrophe_fits; /* for a quote of the sample, be it taken or not */
    int64_t places;       /* of the object, behind the sample, that types were looked at in */
};

/* dialect.c */
int32_t csv_dialect_read(struct csv *self, uint8_t default_delimiter);
/* "/types/NAME", with ~ and / escaped as JSON pointers have them; to be freed. */
char *csv_option_pointer(const char *front, const char *name);
void csv_dialect_free(struct csv_dialect *dialect);
bool csv_nulls_match(const struct csv_nulls *nulls, const void *data, int64_t size);
void csv_delimiter_show(uint8_t delimiter, char out[CSV_DELIMITER_SHOWN]);

static inline bool csv_nulls_may(const struct csv_nulls *nulls, int64_t size)
{
    return nulls->sizes >> (size < 63 ? size : 63) & 1;
}

/* sniff.c: the delimiter that the sample speaks for; settled says that it was no mere default. */
uint8_t csv_sniff(struct csv *self, const uint8_t *data, int64_t size, bool whole,
                  const char *object, bool *settled);
/* Whether it takes the apostrophe for the quote, which the dialect then has. Sets
 * apostrophe_fits. */
bool csv_sniff_apostrophe(struct csv *self, const uint8_t *data, int64_t size, bool whole,
                          const char *object);

/* names.c */
int32_t csv_names_read(struct csv *self, const struct csv_index *ix, const uint8_t *data,
                       struct csv_names *out, const char *object);
bool csv_names_equal(const struct csv_names *a, const struct csv_names *b);
/* "a, b, c", shortened. */
void csv_names_show(const struct csv_names *names, char *out, size_t size);
void csv_names_free(struct csv_names *names);
/* Unlike names for columns: empty ones get a number, doubles a suffix. */
int32_t csv_names_columns(struct csv *self, const struct csv_names *names,
                          struct ArrowSchema *schema);

/* infer.c */
int32_t csv_infer(struct csv *self, const struct qetl_sample *sample, struct qetl_inferred *out);
/* Bytes of a byte order mark at the front: 0 or 3. */
int64_t csv_bom_size(const uint8_t *data, int64_t size);

/* preamble.c: bytes before the header, or before the first record: a byte order mark, lines to
 * skip. -1: they do not end here. */
int64_t csv_preamble_size(const struct csv *self, const uint8_t *data, int64_t size, bool whole);
/* Data in UTF-8, valid until the next call; NULL without memory. */
const uint8_t *csv_converted(struct csv *self, const uint8_t *data, int64_t *size);
/* Columns' names as the option `names` has them; out->count 0: it is not given. */
int32_t csv_names_given(struct csv *self, int64_t n_columns, struct csv_names *out);

/* rewrite.c */
int32_t csv_encoding_open(struct csv *self);
/* Its characters have more than one byte. */
bool csv_encoding_is_wide(const char *name);
/* out has room for CSV_ENCODED_MAX * size + 4. Answers its end. */
uint8_t *csv_encoding_convert(const struct csv_encoding *e, const uint8_t *data, int64_t size,
                              uint8_t *out);

/* prologue.c */
int32_t csv_prologue_write(struct csv *self, const struct csv_names *header, struct qetl_blob *out);
int32_t csv_prologue_read(struct csv *self, struct qetl_blob prologue);

/* open.c */
int32_t csv_open_decode(struct csv *self, const struct ArrowSchema *schema,
                        struct qetl_blob prologue, int64_t n_wants, const struct qetl_want *wants);
void csv_columns_free(struct csv *self);
/* How cells of such a column are spelled, if not as SQL does. */
struct csv_local_type csv_local_of(const struct csv *self, const char *name,
                                   const struct csv_type *type);

/* frame.c, careful.c */
int32_t csv_frame(struct csv *self, struct qetl_frame *io);
/* Line by line, behind a record that had no end. */
int32_t csv_frame_careful(struct csv *self, struct qetl_frame *io);
/* The rest of a line whose beginning was rejected. */
int32_t csv_frame_pass_over(struct csv *self, struct qetl_frame *io);
int32_t csv_frame_tail(struct csv *self, struct qetl_frame *io, int64_t *used);
/* Bytes of an empty line at the end of data[from, size), where a record begins at from; else 0. */
int64_t csv_empty_line_size(const struct csv *self, const uint8_t *data, int64_t from, int64_t size,
                            bool object_end);

/* decode.c */
int32_t csv_decode(struct csv *self, const struct qetl_chunk *chunk, struct qetl_decoded *out);
int32_t csv_decode_late(struct csv *self, int64_t rows, const int32_t *map, struct ArrowArray *out);
void csv_scratch_free(struct csv_scratch *scratch);

/* reject.c: the stable word of a reason */
const char *csv_code_word(enum csv_code code);

/* encode.c */
int32_t csv_open_encode(struct csv *self, const struct ArrowSchema *schema);
int32_t csv_begin(struct csv *self, struct qetl_space *out);
int32_t csv_encode(struct csv *self, const struct ArrowArray *batch, struct qetl_space *out);
void csv_encoder_free(struct csv_encoder *encoder);

static inline bool csv_bit(const uint8_t *bits, int64_t at)
{
    return bits[at >> 3] >> (at & 7) & 1;
}

#endif
