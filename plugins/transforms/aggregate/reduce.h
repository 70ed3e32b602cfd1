/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of the values of one aggregate function so far.
 *
 * Invariant: independent of the order in which values came and of how they were shared out.
 * Ownership: the reduction owns its text; clear drops it.
 * Threads:   one at a time.
 */
#ifndef QETL_AGGREGATE_REDUCE_H
#define QETL_AGGREGATE_REDUCE_H

#include "exact_sum.h"

enum reduce_kind { REDUCE_COUNT, REDUCE_SUM, REDUCE_AVG, REDUCE_MIN, REDUCE_MAX };

struct reduction {
    enum reduce_kind kind;
    enum qetl_kind type; /* of the values; 0: none are looked at */
    int32_t precision;   /* of decimals */
    int64_t count;       /* of values that are not NULL */
    struct wide_sum exact;
    struct real_sum real;
    /* the least or greatest value, if count > 0 */
    qetl_int128 number;
    double floating;
    char *text;
    int64_t text_size, text_room;
};

/* The type of the result; false: the function does not go with the type. */
bool reduce_type(enum reduce_kind kind, const struct ArrowSchema *values,
                 char format[QETL_TYPE_FORMAT_MAX]);
/* Takes in the rows whose bit in `left_out` (may be NULL) is not set. NO_MEMORY or OK. */
int32_t reduce_add(struct reduction *r, const struct qetl_column *values, int64_t rows,
                   const uint8_t *left_out);
/* Appends the result. DATA: it is beyond its type. */
int32_t reduce_result(struct reduction *r, int32_t scale, struct qetl_builder *out);
int32_t reduce_save(const struct reduction *r, const struct qetl_writer *out);
int32_t reduce_merge(struct reduction *r, const struct qetl_reader *in);
void reduce_clear(struct reduction *r);

#endif
