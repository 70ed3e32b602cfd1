/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Characters of UTF-8 text, and their case.
 *
 * Invariant: bytes that are no UTF-8 count as characters of one byte; nothing is read behind the
 * end. Case is Unicode's simple mapping, by the C library's locale C.UTF-8 whatever the program's
 * is. Ownership: none. Threads:   any.
 */
#ifndef QETL_EXPR_LETTERS_H
#define QETL_EXPR_LETTERS_H

#include "type.h"

enum expr_case { EXPR_CASE_LOWER, EXPR_CASE_UPPER, EXPR_CASE_INITIAL };
enum { EXPR_LETTER_MAX = 4 };

static inline bool expr_is_ascii(const char *data, int64_t size)
{
    unsigned char any = 0;

    for (int64_t i = 0; i < size; i++)
        any |= (unsigned char)data[i];
    return any < 0x80;
}

/* Bytes of the character at data, at least 1 and at most left. */
static inline int64_t expr_letter_size(const char *data, int64_t left)
{
    unsigned char c = (unsigned char)*data;
    int64_t size = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf8 ? 4 : 1;

    return size < left ? size : left;
}

int64_t qetl_expr_letters_count(struct expr_text text);
/* The byte behind the first n characters; the end where there are fewer. */
int64_t qetl_expr_letters_skip(struct expr_text text, int64_t n);
/* The code point of the character at data, of `size` bytes. */
uint32_t qetl_expr_letter_decode(const char *data, int64_t size);
/* Writes a code point; answers its bytes. */
int64_t qetl_expr_letter_encode(uint32_t code, char *out);
/* Writes text in that case, at most twice its size; answers the bytes. */
int64_t qetl_expr_letters_case(struct expr_text text, enum expr_case how, char *out);

#endif
