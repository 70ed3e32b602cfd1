/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A decoder: chunks of lines to batches.
 *
 * A record is read by prediction: behind column a came column b the last time, spelled `,"b":`. If
 * the same bytes stand there again, one comparison has read comma, key and colon. Otherwise the key
 * is read in full, looked up, and learned.
 *
 * Invariant: what is stored for row `row` counts once the row is counted; until then it may be
 * undone. Ownership: the decoder owns its columns; the buffers of a batch until they become arrays.
 * Threads:   one decoder, one thread.
 */
#ifndef NDJSON_DECODER_H
#define NDJSON_DECODER_H

#include "bytes.h"
#include "convert.h"
#include "json.h"
#include "kernel.h"
#include "names.h"
#include "nest.h"

enum { NDJSON_RUN_MAX = 64, NDJSON_RUN_NONE = INT32_MAX };

/* A utf8_view of Arrow: low is size and prefix; high the rest, or buffer and offset. */
struct ndjson_view {
    uint64_t low, high;
};

enum ndjson_sink_kind {
    NDJSON_SINK_CONTENT, /* views of the content */
    NDJSON_SINK_RAW,     /* views of the token as it stands */
    NDJSON_SINK_BITS,
    NDJSON_SINK_FIXED,
    NDJSON_SINK_BINARY,
    NDJSON_SINK_NEST /* a builder's */
};

/* Where one wanted column goes. */
struct ndjson_sink {
    int64_t column;
    int64_t next; /* another sink of the same column, or -1 */
    enum ndjson_sink_kind kind;
    int32_t width; /* bytes a value; 0: bits */
    uint8_t *values;
    uint8_t *validity;            /* all ones but for nulls; NULL until the first */
    struct qetl_builder *builder; /* of nested values */
};

struct ndjson_column {
    uint8_t run[NDJSON_RUN_MAX]; /* what stood between this column's value and the next one's */
    struct ndjson_column *next;  /* whose that was */
    struct ndjson_view *views;   /* where plain cells go at once; NULL: nobody wants them */
    uint64_t seen;               /* stamp of the last record that had it */
    int32_t run_size;
    int32_t integer_max; /* digits of numbers that go there without a conversion */
    int32_t fraction_max;
    bool plain_text; /* strings go there without one */
    /* What follows is for cells that do not. */
    bool typed;   /* cells must convert */
    bool content; /* cells are wanted unescaped */
    bool nests;   /* nested values are stored, which checks them */
    struct ndjson_type type;
    int64_t first_sink;       /* -1: none */
    struct ndjson_nest *nest; /* NULL: the type is not nested */
};

struct ndjson_decoder {
    struct qetl_env env;
    const struct ndjson_kernel *kernel;
    struct ndjson_reader reader;
    struct ndjson_names names;
    struct ndjson_column *columns; /* n_columns, then stop and start */
    struct ndjson_column *stop, *start;
    int64_t n_columns;
    struct ndjson_sink *sinks;
    int64_t n_sinks;
    int64_t n_heaped; /* sinks that may put a cell into the heap once more */
    uint64_t stamp;
    bool drops;                  /* keys that the schema lacks are passed over, not rejected */
    bool grows;                  /* and become columns: */
    bool grown;                  /* the chunk at hand has one */
    struct ndjson_names dropped; /* those that were announced */
    /* The chunk at hand. */
    const struct qetl_chunk *chunk;
    const uint8_t *data, *end;
    const uint8_t *base; /* of the buffer: offsets of views count from here */
    bool utf8;           /* all of the chunk is valid */
    int64_t row, records;
    uint8_t *heap; /* content that was unescaped */
    int64_t heap_size;
    int32_t *map, *offsets;
    int64_t lines, lines_capacity;
};

/* ---- columns.c: schema and wants ---- */

static inline const char *ndjson_column_name(const struct ndjson_decoder *d,
                                             const struct ndjson_column *c)
{
    return d->names.names[c - d->columns].data;
}

int32_t ndjson_decoder_open(struct ndjson_decoder *d, struct qetl_env env,
                            const struct ArrowSchema *schema, const uint8_t *declared,
                            int64_t n_wants, const struct qetl_want *wants);
void ndjson_decoder_free(struct ndjson_decoder *d);

/* ---- batch.c: the buffers of a batch ---- */

int32_t ndjson_batch_begin(struct ndjson_decoder *d);
int32_t ndjson_batch_finish(struct ndjson_decoder *d, struct ArrowArray *out);
void ndjson_batch_drop(struct ndjson_decoder *d);
/* The validity of a sink that gets its first null. */
uint8_t *ndjson_batch_validity(struct ndjson_decoder *d, struct ndjson_sink *sink);
int32_t ndjson_batch_heap(struct ndjson_decoder *d);

/* ---- decode.c ---- */

int32_t ndjson_decode_chunk(struct ndjson_decoder *d, const struct qetl_chunk *chunk,
                            struct qetl_decoded *out);
/* Behind the record at p. */
const uint8_t *ndjson_record_behind(const struct ndjson_decoder *d, const uint8_t *p);
/* Rejects the record at line; answers where the next one may begin. */
const uint8_t *ndjson_record_reject(struct ndjson_decoder *d, const uint8_t *line);
/* Whether the line at p is UTF-8, where the chunk as a whole is not; reports. */
bool ndjson_line_valid(struct ndjson_decoder *d, const uint8_t *p);

/* ---- member.c: what prediction did not read ---- */

/* The column whose value stands at the new *p, or stop behind the record, or NULL with a fault. */
struct ndjson_column *ndjson_member_find(struct ndjson_decoder *d, struct ndjson_column *at,
                                         const uint8_t **p);
/* Reads the value at p and stores it; the place behind, or NULL with a fault. */
const uint8_t *ndjson_value_store(struct ndjson_decoder *d, struct ndjson_column *c,
                                  const uint8_t *p);
/* Stores a value that was read. */
bool ndjson_cell_store(struct ndjson_decoder *d, struct ndjson_column *c, struct ndjson_cell *cell);
/* Puts the content of a string into the heap. */
bool ndjson_cell_unescape(struct ndjson_decoder *d, struct ndjson_cell *cell);
/* Stores NULL for columns that the record at hand does not have. */
bool ndjson_missing_store(struct ndjson_decoder *d);
/* Passes over the value at p, whose key no column has; NULL with a fault. */
const uint8_t *ndjson_value_drop(struct ndjson_decoder *d, const struct ndjson_key *key,
                                 const uint8_t *p);
const uint8_t *ndjson_twice_fault(struct ndjson_decoder *d, const struct ndjson_column *c,
                                  const uint8_t *p);

/* data: readable for 12 bytes at least. reference: offset << 32 | buffer. */
static inline void ndjson_view_put(struct ndjson_view *view, const uint8_t *data, int64_t size,
                                   uint64_t reference)
{
    static const uint64_t ones = UINT64_MAX;
    static const struct {
        uint64_t low, high;
    } masks[] = {{0, 0},
                 {0xff, 0},
                 {0xffff, 0},
                 {0xffffff, 0},
                 {ones >> 32, 0},
                 {ones >> 32, 0xff},
                 {ones >> 32, 0xffff},
                 {ones >> 32, 0xffffff},
                 {ones >> 32, ones >> 32},
                 {ones >> 32, ones >> 24},
                 {ones >> 32, ones >> 16},
                 {ones >> 32, ones >> 8},
                 {ones >> 32, ones},
                 {ones >> 32, 0}};
    int64_t at = size < 13 ? size : 13;
    view->low = (uint64_t)size | (ndjson_load32(data) & masks[at].low) << 32;
    view->high = (ndjson_load64(data + 4) & masks[at].high) | (size > 12 ? reference : 0);
}

#endif
