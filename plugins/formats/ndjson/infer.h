/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema that a sample suggests, and the types that the user has declared.
 *
 * Invariant: columns stand in the order of their first appearance; a declared column that the
 * sample lacks comes behind them. Ownership: an inference owns what it gathers; finish moves the
 * schema out. Threads:   one inference, one thread.
 */
#ifndef NDJSON_INFER_H
#define NDJSON_INFER_H

#include "json.h"
#include "names.h"

#include <qetl/sdk.h>

struct ndjson_shape;

/* What the cells of one column, of a field of objects, or of the elements of lists are. */
enum { NDJSON_SEEN_MAX = 48 };
struct ndjson_tally {
    int64_t strings, booleans, objects, lists, nulls;
    int64_t integers, fractions, exponents;
    int32_t integer_digits, fraction_digits; /* most that were seen */
    bool overflow;                           /* an exponent beyond double */
    bool shapeless;                          /* objects that no struct holds */
    struct ndjson_shape *shape;              /* of the objects, or NULL */
    struct ndjson_tally *element;            /* of the lists, or NULL */
    int64_t seen_row;                        /* of the first value of a column that is no number */
    uint8_t seen_size;
    char seen[NDJSON_SEEN_MAX]; /* how that value begins */
};

/* Keys with a tally each, in the order of their first appearance. */
struct ndjson_shape {
    struct ndjson_names names;
    struct ndjson_tally *tallies;
    int64_t capacity;
};

struct ndjson_infer {
    struct qetl_env env;
    struct ndjson_reader reader;
    struct ndjson_shape shape; /* of the records */
    bool flat;                 /* nested values stay JSON text */
    int64_t records, faulty;
    char summary[320];
};

/* ---- tally.c ---- */

/* The tally of a name, which is new or not; NULL without memory. */
struct ndjson_tally *ndjson_shape_find(struct ndjson_shape *shape, const uint8_t *data,
                                       int64_t size);
void ndjson_tally_free(struct ndjson_tally *tally); /* what it holds */
void ndjson_shape_free(struct ndjson_shape *shape);
/* Counts the value at p, which was read once: nothing in it can fail but memory. The place behind,
 * or NULL. */
const uint8_t *ndjson_tally_value(struct ndjson_reader *reader, const uint8_t *p,
                                  struct ndjson_tally *tally);
/* Kinds of values that no type has in common. */
int64_t ndjson_tally_kinds(const struct ndjson_tally *tally);
/* A field of the type that holds all that was counted; flat: a nested one is JSON text. */
int32_t ndjson_tally_field(const struct ndjson_tally *tally, const char *name, bool flat,
                           struct ArrowSchema *out);

/* ---- infer.c ---- */

/* JSON pointer of a column's entry in types, to be freed; NULL without memory. */
char *ndjson_types_pointer(const char *name);

/* One record, or what is none, with nothing but blanks around it. */
int32_t ndjson_infer_record(struct ndjson_infer *in, const uint8_t *p, const uint8_t *end);
int32_t ndjson_infer_sample(struct ndjson_infer *in, const uint8_t *data, int64_t size);
int32_t ndjson_infer_finish(struct ndjson_infer *in, struct ArrowSchema *out);
void ndjson_infer_free(struct ndjson_infer *in);

#endif
