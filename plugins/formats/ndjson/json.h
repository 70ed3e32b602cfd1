/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a line of JSON is made of: values of RFC 8259, one after the other.
 *
 * Invariant: a function that answers a place has proven everything before it; NULL means that
 *            reader->fault says what is wrong. Nothing at or behind reader->end is
 *            read.
 * Ownership: cells point into the text; the reader owns only its scratch.
 * Threads:   one reader, one thread.
 */
#ifndef NDJSON_JSON_H
#define NDJSON_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { NDJSON_DEPTH_MAX = 64, NDJSON_FAULT_TEXT = 240 };

enum ndjson_token {
    NDJSON_STRING,
    NDJSON_NUMBER,
    NDJSON_TRUE,
    NDJSON_FALSE,
    NDJSON_NULL,
    NDJSON_NESTED
};

struct ndjson_cell {
    const uint8_t *raw; /* the token as it stands */
    int64_t raw_size;
    const uint8_t *data; /* of a string what stands between its quotes, otherwise the token */
    int64_t size;
    enum ndjson_token token;
    bool escaped; /* data still holds escapes */
    bool in_heap; /* data was unescaped into the decoder's second buffer */
};

/* Why a record cannot go on. */
struct ndjson_fault {
    const char *code; /* a stable word */
    const uint8_t *at;
    int64_t column; /* -1: none */
    int32_t status; /* a QETL_E_: the run cannot go on; 0: only the record */
    char text[NDJSON_FAULT_TEXT];
};

struct ndjson_key {
    const uint8_t *data; /* unescaped */
    int64_t size;
};

struct ndjson_reader {
    const uint8_t *end;
    bool across; /* records go across lines: a line feed is a blank */
    struct ndjson_fault fault;
    /* Keys of the objects that are open, outermost first. */
    struct ndjson_key *keys;
    int64_t n_keys, keys_capacity;
    /* Unescaped keys of one record; never moves while a record is read. */
    uint8_t *scratch;
    int64_t scratch_size, scratch_capacity;
};

void ndjson_reader_free(struct ndjson_reader *reader);

/* A record begins: forgets what was kept of the one before. */
void ndjson_reader_begin(struct ndjson_reader *reader);

const uint8_t *ndjson_fault_set(struct ndjson_reader *reader, const char *code, const uint8_t *at,
                                const char *format, ...) __attribute__((format(printf, 4, 5)));

/* "the line ends", as messages have it. */
const char *ndjson_ends(const struct ndjson_reader *reader);

/* A message may quote a piece of the input, with control characters, or cut inside a character: it
 * becomes one line of UTF-8 again. */
void ndjson_message_mend(char *message);

/* Blanks inside a record. Where records are lines, a line feed ends the record and is none. */
static inline const uint8_t *ndjson_blanks(const struct ndjson_reader *reader, const uint8_t *p)
{
    uint8_t feed = reader->across ? '\n' : ' ';
    while (p < reader->end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == feed))
        p++;
    return p;
}

/* p stands behind the opening quote; answers the place of the closing one. */
const uint8_t *ndjson_string_read(struct ndjson_reader *reader, const uint8_t *p, bool *escaped);
/* The place behind the number at p, or NULL if none stands there. Reports nothing. */
const uint8_t *ndjson_number_end(const uint8_t *p, const uint8_t *end);
/* p stands at the opening quote of a key; answers the place of its value. key is unescaped. */
const uint8_t *ndjson_key_read(struct ndjson_reader *reader, const uint8_t *p,
                               struct ndjson_key *key);
/* Any value but a nested one. */
const uint8_t *ndjson_scalar_read(struct ndjson_reader *reader, const uint8_t *p,
                                  struct ndjson_cell *cell);
/* An object or a list at p, with all in it. depth: of the objects around it. */
const uint8_t *ndjson_nested_read(struct ndjson_reader *reader, const uint8_t *p, int32_t depth);
/* Any value inside a record. */
const uint8_t *ndjson_value_read(struct ndjson_reader *reader, const uint8_t *p,
                                 struct ndjson_cell *cell);

/* Why the line at p, which does not begin with an object, is no record. */
void ndjson_stranger_fault(struct ndjson_reader *reader, const uint8_t *p);

/* Behind the closing brace of a record: answers the place behind its line feed. */
const uint8_t *ndjson_record_end(struct ndjson_reader *reader, const uint8_t *p);

/* ---- escape.c ---- */

/* Unescapes what ndjson_string_read approved; out has room for size bytes. Answers the new size. */
int64_t ndjson_unescape(const uint8_t *data, int64_t size, uint8_t *out);
/* The code unit of four hexadecimal digits, or -1. */
int32_t ndjson_hex4(const uint8_t *p);

#endif
