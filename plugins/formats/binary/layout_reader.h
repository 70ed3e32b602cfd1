/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the readers of a layout file's parts share: where they are, and how they complain.
 *
 * Invariant: `where` names the part at hand, as fields[2].bits[0].
 * Ownership: the document belongs to whoever loads it.
 * Threads:   [control]
 */
#ifndef QETL_BINARY_LAYOUT_READER_H
#define QETL_BINARY_LAYOUT_READER_H

#include "layout.h"

#include <jansson.h>

struct binary_reader {
    struct qetl_env env;
    const char *path;
    char where[160];
    size_t where_size;
    bool big; /* of numbers that do not say it themselves */
    int32_t depth;
    int64_t n_fields; /* in all */
};

/* Goes into a part, and back: leave takes what enter answered. */
size_t binary_reader_enter(struct binary_reader *r, const char *part, int64_t index);
void binary_reader_leave(struct binary_reader *r, size_t mark);
int32_t binary_reader_fail(struct binary_reader *r, const char *mend, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* CONFIG where an object has other keys; words are parted by spaces. */
int32_t binary_reader_keys(struct binary_reader *r, const json_t *object, const char *words);
/* An integer in [least, greatest], or `otherwise` where it does not stand there. */
int32_t binary_reader_integer(struct binary_reader *r, const json_t *object, const char *key,
                              int64_t least, int64_t greatest, int64_t otherwise, int64_t *out);
/* A copy, or NULL where it does not stand there. */
int32_t binary_reader_text(struct binary_reader *r, const json_t *object, const char *key,
                           char **out);
/* Which of the words, or 0 where it does not stand there. */
int32_t binary_reader_word(struct binary_reader *r, const json_t *object, const char *key,
                           const char *words, int32_t *out);
/* true or false; false where it does not stand there. */
int32_t binary_reader_flag(struct binary_reader *r, const json_t *object, const char *key,
                           bool *out);
int32_t binary_reader_endian(struct binary_reader *r, const json_t *object, bool *big);

/* layout_field.c: one entry of fields, which may become several. */
int32_t binary_fields_read(struct binary_reader *r, const json_t *list, bool inner,
                           struct binary_field **fields, int64_t *n);
/* "u16" and such; false: it is none. */
bool binary_number_type(const char *type, enum binary_kind *kind, int64_t *width);

/* layout_number.c: what numbers may say of themselves: scale, enum, time, null, range. */
/* The bits of such a number can be this value. */
bool binary_raw_is_of(const struct binary_field *f, int64_t value);
int32_t binary_number_read(struct binary_reader *r, const json_t *object, struct binary_field *f);

#endif
