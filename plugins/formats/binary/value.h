/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single values: from the bytes of a field into a builder, and from a column into those bytes.
 *
 * Invariant: what is read without a complaint is written as it stood, but for padding, signs of
 * packed decimals and what is trimmed off texts. Ownership: none. Threads:   as the instance.
 */
#ifndef QETL_BINARY_VALUE_H
#define QETL_BINARY_VALUE_H

#include "layout.h"

/* Why a row is rejected. */
enum binary_code {
    BINARY_FINE,
    BINARY_BAD_TEXT,
    BINARY_BAD_PACKED,
    BINARY_UNKNOWN_VALUE,
    BINARY_BAD_TIME,
    BINARY_UNKNOWN_TYPE,
    BINARY_REMAINDER,
    BINARY_NO_NULL,
    BINARY_TOO_LARGE,
    BINARY_TOO_LONG,
    BINARY_NOT_EXACT,
    BINARY_NO_LETTER,
    BINARY_TRIMMED,
    BINARY_READS_AS_NULL,
    BINARY_WRONG_COUNT,
    BINARY_NOT_OF_TYPE
};

const char *binary_code_word(enum binary_code code);

static inline uint64_t binary_load(const uint8_t *data, int64_t width, bool big)
{
    uint64_t value = 0;

    for (int64_t i = 0; i < width; i++)
        value |= (uint64_t)data[i] << 8 * (big ? width - 1 - i : i);
    return value;
}

static inline void binary_store(uint8_t *data, int64_t width, bool big, uint64_t value)
{
    for (int64_t i = 0; i < width; i++)
        data[i] |= (uint8_t)(value >> 8 * (big ? width - 1 - i : i));
}

/* An integer field's value as it stands there; bits heeded, sign extended. */
int64_t binary_raw(const struct binary_field *f, const uint8_t *data);

double binary_half_read(uint16_t half);
/* false: it is too large. */
bool binary_half_write(double value, uint16_t *half);

/* value_read.c: data: of a variable field its content. b NULL: it is only looked at. A code, or a
 * failure of the builder. b has its struct or list appended too. */
int32_t binary_value_read(const struct binary_field *f, const uint8_t *data, int64_t size,
                          struct qetl_builder *b);

/* value_write.c: row of c into a zeroed fixed field. A code, or NO_MEMORY. scratch: for text that
 * is made of other values. */
int32_t binary_value_write(const struct binary_field *f, const struct qetl_column *c, int64_t row,
                           uint8_t *data, struct qetl_space *scratch);
/* The number into its bits. TOO_LARGE: it has more. */
int32_t binary_raw_write(const struct binary_field *f, qetl_int128 raw, uint8_t *data);
/* value_text.c: the same for text and bytes. */
int32_t binary_text_write(const struct binary_field *f, const struct qetl_column *c, int64_t row,
                          uint8_t *data, struct qetl_space *scratch);
/* value_text.c: content of a variable field is appended; *units: what its length has to say. */
int32_t binary_variable_write(const struct binary_field *f, const struct qetl_column *c,
                              int64_t row, struct qetl_space *out, struct qetl_space *scratch,
                              int64_t *units);
/* Whether columns of this kind can be written into the field at all. */
bool binary_value_suits(const struct binary_field *f, const struct qetl_column *c);

/* time.c */
/* Ticks of the column's type; false: beyond it, or no date. */
bool binary_time_read(const struct binary_field *f, int64_t raw, const uint8_t *fraction,
                      int64_t *out);
/* value: ns since 1970, of dates days. */
int32_t binary_time_write(const struct binary_field *f, qetl_int128 value, uint8_t *data);
bool binary_date_is(int64_t year, int32_t month, int32_t day); /* of our calendar, from year 1 on */
int64_t binary_days_from_civil(int64_t year, int32_t month, int32_t day);

#endif
