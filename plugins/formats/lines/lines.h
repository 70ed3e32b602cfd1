/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The formats lines, a row per line, and raw, a row per file: what both share.
 *
 * Invariant: the first column is the content; a file's name, offset or size follow if asked for.
 * Ownership: the instance owns what its pointers name. Threads:   as the border says of formats.
 */
#ifndef LINES_H
#define LINES_H

#include <qetl/sdk.h>

enum { LINES_SEPARATOR_MAX = 256, LINES_COLUMNS_MAX = 3, LINES_ENCODED_MAX = 3 };

enum lines_content { LINES_CONTENT, LINES_FILE, LINES_NUMBER };

/* UTF-8 of each byte of an encoding of one byte a character; no bytes: it means nothing. */
struct lines_encoding {
    uint8_t sizes[256];
    char bytes[256][4];
};

struct lines_want {
    enum lines_content content;
    bool spelled; /* a number or bytes as text */
    struct qetl_builder builder;
};

struct lines {
    struct qetl_env env;
    bool raw;
    char separator[LINES_SEPARATOR_MAX + 1];
    int64_t separator_size; /* 0: raw */
    bool binary, replace, strip, skip_blank;
    int64_t max_bytes; /* 0: none */
    struct lines_encoding *encoding;
    bool passing_over; /* framing: the record at hand was rejected already */
    struct lines_want *wants;
    int64_t n_wants;
    /* of the chunk decoded last */
    int32_t *offsets, *map;
    int64_t offsets_room, map_room;
    char *text; /* a line put into UTF-8 */
    int64_t text_room;
    /* writing */
    struct ArrowSchema schema;
    int64_t column;
    bool null_rejects;
};

/* ---- options.c ---- */
int32_t lines_options(struct lines *l);
/* Names of the columns in their order, what each is; answers how many. */
int64_t lines_columns(const struct lines *l, const char *names[LINES_COLUMNS_MAX],
                      enum lines_content contents[LINES_COLUMNS_MAX]);

/* ---- frame.c, raw_frame.c ---- */
/* Where the first separator in [from, size) begins, or -1. */
int64_t lines_find(const struct lines *l, const uint8_t *data, int64_t from, int64_t size);
void lines_reject_oversize(struct qetl_env env, struct qetl_frame *io, int64_t begin, int64_t limit,
                           const char *what);
int32_t lines_frame(void *self, struct qetl_frame *io);
int32_t lines_raw_frame(void *self, struct qetl_frame *io);

/* ---- decode.c, text.c ---- */
int32_t lines_open_decode(void *self, const struct ArrowSchema *schema, struct qetl_blob prologue,
                          int64_t n_wants, const struct qetl_want *wants);
int32_t lines_decode(void *self, const struct qetl_chunk *chunk, struct qetl_decoded *out);
void lines_decode_free(struct lines *l);
/* The line in UTF-8, in l->text. DATA: it is not in the encoding, and shall be rejected. */
int32_t lines_text(struct lines *l, const char *data, int64_t size, struct qetl_text *out);

/* ---- encode.c ---- */
int32_t lines_forms(void *self, const struct ArrowSchema *schema, uint32_t *forms);
int32_t lines_open_encode(void *self, const struct ArrowSchema *schema);
int32_t lines_encode(void *self, const struct ArrowArray *batch, struct qetl_space *out);

#endif
