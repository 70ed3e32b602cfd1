/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the helper library share and authors do not see.
 *
 * Invariant: qetl_sdk_type is the one place that knows what an Arrow format means to qetl.
 * Ownership: memory made without a host comes from malloc and goes by free.
 * Threads:   nothing here is shared.
 */
#ifndef QETL_SDK_INTERNAL_H
#define QETL_SDK_INTERNAL_H

#include <qetl/sdk.h>

#include <stdlib.h>

enum { QETL_SDK_VIEW_INLINE = 12, QETL_SDK_DECIMAL_DIGITS = 38, QETL_SDK_DEPTH_MAX = 128 };
enum { QETL_SDK_DIGITS_MAX = 40 };

/* The 16 bytes of a utf8_view or binary_view. */
struct qetl_sdk_view {
    int32_t size;
    union {
        char inlined[QETL_SDK_VIEW_INLINE];
        struct {
            char prefix[4];
            int32_t buffer;
            int32_t offset;
        } far;
    };
};

/* An Arrow format without its children: temporal types are stored as i or l, text as u, U or v. */
struct qetl_sdk_type {
    enum qetl_kind kind;
    char layout;
    int32_t width; /* bytes a value; 0 for bits, offsets and nested types */
    int32_t precision;
    int32_t scale; /* of decimals; of times: digits of the fraction */
    bool zoned;
};

int32_t qetl_sdk_type_of(const char *format, struct qetl_sdk_type *out);
const char *qetl_sdk_type_word(const char *format); /* its SQL name where a table has it, or NULL */
/* As qetl_type_field; *bad: the words within type that are no type, size 0: it fails elsewhere. */
int32_t qetl_sdk_type_field(const char *type, const char *name, struct ArrowSchema *out,
                            struct qetl_text *bad);
/* type_fail.c: a plugin's own columns are of no type: which, and what there is. FATAL. */
int32_t qetl_sdk_type_fail(struct qetl_env env, const char *id, const char *columns);

qetl_int128 qetl_sdk_power10(int32_t exponent); /* 10^exponent for 0 … 38 */

static inline unsigned __int128 qetl_sdk_magnitude(qetl_int128 value)
{
    return value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;
}

/* Decimal digits, not terminated; answers their number. */
int32_t qetl_sdk_digits(unsigned __int128 value, char out[QETL_SDK_DIGITS_MAX]);
double qetl_sdk_decimal_real(qetl_int128 value, int32_t scale); /* value / 10^scale, nearest */

size_t qetl_sdk_metadata_size(const char *metadata);
/* A copy in which key has this value; NULL: out of memory. metadata may be NULL. */
char *qetl_sdk_metadata_with(const char *metadata, const char *key, const char *value);

static inline bool qetl_sdk_bit(const uint8_t *bits, int64_t at)
{
    return bits[at >> 3] >> (at & 7) & 1;
}

/* As qetl_render, but as a JSON value, null and all. */
int32_t qetl_sdk_json_render(const struct qetl_column *c, int64_t i, struct qetl_space *out,
                             int depth);

/* A released-by-us array whose metadata has room for n_sizes numbers; *sizes points at them. */
int32_t qetl_sdk_array_new(struct qetl_env env, int64_t n_buffers, int64_t n_children,
                           int64_t n_sizes, int64_t **sizes, struct ArrowArray *out);

static inline void *qetl_sdk_buffer_new(struct qetl_env env, int64_t size)
{
    size_t bytes = size > 0 ? ((size_t)size + 63) & ~(size_t)63 : 64;
    return env.host ? env.host->buffer_alloc(env.ctx, bytes) : aligned_alloc(64, bytes);
}

static inline void qetl_sdk_buffer_free(struct qetl_env env, void *buffer)
{
    if (!buffer)
        return;
    if (env.host)
        env.host->buffer_free(buffer);
    else
        free(buffer);
}

/* One line of valid text, cut to capacity. */
void qetl_sdk_line(char *line, size_t capacity, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

#endif
