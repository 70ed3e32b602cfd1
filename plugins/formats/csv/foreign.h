/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dialects that the kernels do not speak: escapes, delimiters of several bytes, no quotes,
 * comments, line ends of a carriage return, UTF-16 and other encodings, numbers and dates as a
 * country writes them. Their records are put into the one dialect that the kernels do speak, whose
 * marks are two control characters, and back again.
 *
 * Invariant: settled by open; the plain dialect has none of this (csv.foreign is NULL). Records end
 * where csv_foreign_end says, in raw bytes, wherever the data was cut.
 * Ownership: an instance owns its parts; texts of options belong to the host.
 * Threads:   as the instance.
 */
#ifndef QETL_CSV_FOREIGN_H
#define QETL_CSV_FOREIGN_H

#include "csv.h"
#include "locale.h"

#include <iconv.h>

enum { CSV_MARK_MAX = 16, CSV_CANON_DELIMITER = 0x1f, CSV_CANON_QUOTE = 0x1e };

/* A mark of one character or more: as UTF-8, and as units of the file's encoding. */
struct csv_mark {
    uint8_t text[CSV_MARK_MAX];
    uint16_t units[CSV_MARK_MAX];
    uint8_t size, n_units;
    uint8_t fall[CSV_MARK_MAX + 1]; /* units that still fit where one does not */
};

enum csv_trim { CSV_TRIM_NONE, CSV_TRIM_UNQUOTED, CSV_TRIM_ALL };

struct csv_bytes {
    uint8_t *data;
    int64_t size, room;
};

struct csv_span {
    int64_t begin, end, behind; /* in the chunk as it came: without its line end, and with it */
};

struct csv_foreign {
    struct csv_mark delimiter;
    uint8_t comment[2], n_comment;
    uint8_t quote, escape; /* 0: none */
    bool coded;            /* \n and such are what they are in C */
    bool returns;          /* lines end in a carriage return alone */
    bool crlf;             /* those that are written */
    bool skip_blank;
    enum csv_trim trim;
    uint8_t width;        /* bytes of a unit */
    bool big;             /* of two bytes, the higher comes first */
    const char *encoding; /* NULL: UTF-8 */
    iconv_t from, into;   /* (iconv_t)-1: none */
    uint8_t stops[256];   /* bytes that mean something */
    struct csv_locale locale;
    bool comma_found; /* decimal commas were seen in the sample */

    struct csv_span *spans; /* records of the chunk at hand */
    int64_t n_spans, room_spans;
    struct csv_bytes text, cell, local, canon; /* a record in UTF-8; a cell; the chunk */
    uint32_t *cells;                           /* of the record at hand: where each ends in canon */
    bool strict; /* bare quotes are faults, as kernels have them before csv_index_settle */
    struct csv_fault *faults;
    int64_t n_faults, room_faults;
};

/* foreign.c: what the options ask for; self->foreign stays NULL if that is the plain dialect. */
int32_t csv_foreign_open(struct csv *self);
/* As open, of what was found in a sample or stands in a prologue. */
int32_t csv_foreign_need(struct csv *self);
int32_t csv_foreign_encoding(struct csv *self, const char *encoding);
int32_t csv_foreign_comma(struct csv *self);
void csv_foreign_delimiter(struct csv *self, uint8_t delimiter);
void csv_foreign_settle(struct csv_foreign *f);
void csv_foreign_free(struct csv_foreign *f);
/* UTF-16 by its byte order mark, or by zeros where ASCII has them; NULL: neither. */
const char *csv_foreign_detect(const uint8_t *data, int64_t size);
/* Whether all lines end in a carriage return alone. */
bool csv_foreign_returns(const struct csv_foreign *f, const uint8_t *data, int64_t size);

/* foreign_scan.c: behind the first record that ends in data[from, to), or -1. */
int64_t csv_foreign_end(const struct csv_foreign *f, const uint8_t *data, int64_t from, int64_t to,
                        struct csv_scan *scan);
int64_t csv_foreign_last_end(const struct csv_foreign *f, const uint8_t *data, int64_t from,
                             int64_t to, struct csv_scan *scan);
/* Behind the first line feed, quoted or not, or -1. */
int64_t csv_foreign_line(const struct csv_foreign *f, const uint8_t *data, int64_t size);
/* Bytes of the line end at the end of data, 0 if there is none. */
int64_t csv_foreign_feed(const struct csv_foreign *f, const uint8_t *data, int64_t size);
/* Bytes of comments and blank lines at the front; -1: they do not end here. */
int64_t csv_foreign_idle(const struct csv_foreign *f, const uint8_t *data, int64_t size,
                         bool whole);
/* The records of a chunk into f->spans. */
int32_t csv_foreign_spans(struct csv_foreign *f, const uint8_t *data, int64_t size);

/* foreign_read.c: the spans of data in the kernels' dialect into f->canon. With a job, cells are
 * translated by type, and short rows filled. */
struct csv_job;
int32_t csv_foreign_read(struct csv *self, const uint8_t *data, struct csv_job *job);

/* foreign_text.c */
int32_t csv_bytes_room(struct csv_bytes *b, int64_t n);
/* A record in UTF-8; what has no meaning becomes 0xff. */
int32_t csv_foreign_decode(struct csv_foreign *f, const uint8_t *data, int64_t size,
                           struct csv_bytes *out);
/* Text in the encoding, appended; UNSUPPORTED: it has a character that the encoding lacks. */
int32_t csv_foreign_encode_text(struct csv_foreign *f, const uint8_t *data, int64_t size,
                                struct csv_bytes *out);

/* foreign_write.c: one row in the kernels' dialect, appended to out; UNSUPPORTED, with *why: it
 * cannot be written. types NULL: a header. */
struct csv_encoder;
int32_t csv_foreign_write(struct csv *self, const uint8_t *row, int64_t size, bool header,
                          struct qetl_space *out, const char **why);
/* foreign_read.c: cells that a row lacks. */
int32_t csv_foreign_pad(struct csv *self, int64_t cells);
/* detect.c: what the sample says of encoding, line ends and delimiter. */
int32_t csv_detect(struct csv *self, const struct qetl_sample *sample, bool *guessed);

static inline uint32_t csv_unit(const struct csv_foreign *f, const uint8_t *p)
{
    if (f->width == 1)
        return *p;
    return f->big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

#endif
