/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text in a field: what of its bytes is content, and other encodings than UTF-8 (iconv).
 *
 * Invariant: what is answered as text is valid UTF-8.
 * Ownership: answers point into the field or into the converter, until its next call.
 * Threads:   a converter belongs to one thread at a time.
 */
#ifndef QETL_BINARY_TEXT_H
#define QETL_BINARY_TEXT_H

#include "value.h"

/* NULL: iconv does not know the encoding, or errno is ENOMEM. */
struct binary_converter *binary_converter_new(const char *encoding);
void binary_converter_free(struct binary_converter *converter); /* accepts NULL */
/* Bytes of the units that a NUL of the encoding has: 1, 2 or 4. */
int32_t binary_converter_unit(const struct binary_converter *converter);
/* BINARY_BAD_TEXT: these bytes mean nothing in the encoding. NO_MEMORY. */
int32_t binary_converter_decode(struct binary_converter *converter, struct qetl_text in,
                                struct qetl_text *out);
/* BINARY_NO_LETTER: the encoding has no such letters. NO_MEMORY. */
int32_t binary_converter_encode(struct binary_converter *converter, struct qetl_text in,
                                struct qetl_text *out);

/* The content of a field's bytes. BINARY_BAD_TEXT: it is no text. NO_MEMORY. */
int32_t binary_text_read(const struct binary_field *f, const uint8_t *data, int64_t size,
                         struct qetl_text *out);
/* Bytes before what is trimmed, of content in UTF-8 or bytes of one letter each. */
int64_t binary_text_size(enum binary_trim trim, const uint8_t *data, int64_t size);

#endif
