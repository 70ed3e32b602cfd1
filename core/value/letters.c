/* SPDX-License-Identifier: Apache-2.0 */
#include "letters.h"

#include <locale.h>
#include <pthread.h>
#include <string.h>
#include <wctype.h>

/* Kept as long as the process lives. (locale_t)0: the C library has no C.UTF-8. */
static locale_t unicode;

static void unicode_open(void)
{
    unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

int64_t qetl_expr_letters_count(struct expr_text text)
{
    int64_t count = 0;

    for (int64_t i = 0; i < text.size; i++)
        count += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return count;
}

int64_t qetl_expr_letters_skip(struct expr_text text, int64_t n)
{
    int64_t at = 0;

    while (n-- > 0 && at < text.size)
        at += expr_letter_size(text.data + at, text.size - at);
    return at;
}

uint32_t qetl_expr_letter_decode(const char *data, int64_t size)
{
    const unsigned char *bytes = (const unsigned char *)data;
    uint32_t code = size == 1 ? bytes[0] : bytes[0] & (0xffu >> (size + 1));

    for (int64_t i = 1; i < size; i++)
        code = code << 6 | (bytes[i] & 0x3f);
    return code;
}

int64_t qetl_expr_letter_encode(uint32_t code, char *out)
{
    int64_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};

    for (int64_t i = size - 1; i > 0; i--, code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)(lead[size] | code);
    return size;
}

static char ascii_case(char c, bool upper)
{
    if (upper)
        return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool is_alnum(uint32_t code)
{
    if (code < 0x80)
        return (code >= '0' && code <= '9') || (code >= 'A' && code <= 'Z') ||
               (code >= 'a' && code <= 'z');
    return unicode && iswalnum_l((wint_t)code, unicode);
}

/* A character of several bytes: its other case takes at most twice as many. */
static int64_t letter_case(const char *data, int64_t size, uint32_t code, bool upper, char *out)
{
    uint32_t other = code;

    if (unicode)
        other = upper ? (uint32_t)towupper_l((wint_t)code, unicode)
                      : (uint32_t)towlower_l((wint_t)code, unicode);
    if (other != code)
        return qetl_expr_letter_encode(other, out);
    memcpy(out, data, (size_t)size);
    return size;
}

int64_t qetl_expr_letters_case(struct expr_text text, enum expr_case how, char *out)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    bool upper = how != EXPR_CASE_LOWER;
    int64_t used = 0;

    pthread_once(&once, unicode_open);
    for (int64_t at = 0, size; at < text.size; at += size) {
        const char *data = text.data + at;
        size = expr_letter_size(data, text.size - at);
        if (size == 1) {
            out[used++] = ascii_case(*data, upper);
            if (how == EXPR_CASE_INITIAL)
                upper = !is_alnum((unsigned char)*data & 0x7f) || *data < 0;
        } else {
            uint32_t code = qetl_expr_letter_decode(data, size);
            used += letter_case(data, size, code, upper, out + used);
            if (how == EXPR_CASE_INITIAL)
                upper = !is_alnum(code);
        }
    }
    return used;
}
