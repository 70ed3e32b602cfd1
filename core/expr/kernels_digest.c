/* SPDX-License-Identifier: Apache-2.0 */
/* Digests and codes of the bytes of a text: md5, sha…, hash64, encode, decode, to_hex,
 * quote_literal. */
#include "rows.h"

#include <nettle/base64.h>
#include <nettle/md5.h>
#include <nettle/nettle-meta.h>
#include <nettle/sha2.h>
#include <qetl/sdk.h>
#include <stdio.h>

enum { DIGEST_MAX = 64 };

static const char hex_digits[] = "0123456789abcdef";

static void hex_put(const uint8_t *bytes, int64_t size, char *out)
{
    for (int64_t k = 0; k < size; k++) {
        out[2 * k] = hex_digits[bytes[k] >> 4];
        out[2 * k + 1] = hex_digits[bytes[k] & 15];
    }
}

static void digest(const struct nettle_hash *hash, struct expr_text text, uint8_t *out)
{
    union {
        struct md5_ctx md5;
        struct sha256_ctx sha256;
        struct sha512_ctx sha512;
    } state;

    assert(hash->context_size <= sizeof state && hash->digest_size <= DIGEST_MAX);
    hash->init(&state);
    hash->update(&state, (size_t)text.size, (const uint8_t *)text.data);
    hash->digest(&state, hash->digest_size, out);
}

static int32_t put_digest(struct expr_frame *f, const struct expr_instr *in, int64_t i,
                          const struct nettle_hash *hash)
{
    uint8_t bytes[DIGEST_MAX];
    int32_t status;
    char *out = qetl_expr_row_space(f, in, i, 2 * (int64_t)hash->digest_size, &status);

    if (!out)
        return status;
    digest(hash, row_text(in, 0, i), bytes);
    hex_put(bytes, hash->digest_size, out);
    return row_put_text(in, i, out, 2 * (int64_t)hash->digest_size);
}

#define DIGEST(name, hash)                                                                  \
    static int32_t row_##name(struct expr_frame *f, const struct expr_instr *in, int64_t i) \
    {                                                                                       \
        return put_digest(f, in, i, &hash);                                                 \
    }

DIGEST(md5, nettle_md5)
DIGEST(sha224, nettle_sha224)
DIGEST(sha256, nettle_sha256)
DIGEST(sha384, nettle_sha384)
DIGEST(sha512, nettle_sha512)

/* The first 63 bits of SHA-256: the same on every machine, for ever. */
static int32_t row_hash64(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    uint8_t bytes[DIGEST_MAX];
    uint64_t value = 0;

    (void)f;
    digest(&nettle_sha256, row_text(in, 0, i), bytes);
    for (int k = 0; k < 8; k++)
        value = value << 8 | bytes[k];
    return row_put_int8(in, i, (int64_t)(value >> 1));
}

/* ---- encode and decode ---- */

static bool is_word(struct expr_text text, const char *word)
{
    return text.size == (int64_t)strlen(word) && !strncasecmp(text.data, word, (size_t)text.size);
}

static int32_t fail_format(struct expr_frame *f, const struct expr_instr *in, int64_t i,
                           struct expr_text format)
{
    qetl_expr_row_fail(f, in, i, "bad_argument",
                       "\"%.*s\" is no encoding; there are hex and base64",
                       (int)(format.size < 40 ? format.size : 40), format.data);
    return QETL_OK;
}

static int32_t row_encode(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_text text = row_text(in, 0, i), format = row_text(in, 1, i);
    bool hex = is_word(format, "hex");
    int64_t size = hex ? 2 * text.size : (int64_t)BASE64_ENCODE_RAW_LENGTH((size_t)text.size);
    int32_t status;
    char *out;

    if (!hex && !is_word(format, "base64"))
        return fail_format(f, in, i, format);
    out = qetl_expr_row_space(f, in, i, size, &status);
    if (!out)
        return status;
    if (hex)
        hex_put((const uint8_t *)text.data, text.size, out);
    else
        base64_encode_raw(out, (size_t)text.size, (const uint8_t *)text.data);
    return row_put_text(in, i, out, size);
}

static int hex_value(char c)
{
    const char *at = c ? strchr(hex_digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;

    return at ? (int)(at - hex_digits) : -1;
}

/* Blanks between pairs of digits are passed over. -1: this is no hexadecimal text. */
static int64_t hex_decode(struct expr_text text, char *out)
{
    int64_t used = 0;

    for (int64_t at = 0; at < text.size; at++) {
        int high, low;
        if (strchr(" \n\t\r", text.data[at]) && text.data[at])
            continue;
        high = hex_value(text.data[at]);
        low = at + 1 < text.size ? hex_value(text.data[++at]) : -1;
        if (high < 0 || low < 0)
            return -1;
        out[used++] = (char)(high << 4 | low);
    }
    return used;
}

static int64_t base64_read(struct expr_text text, char *out)
{
    struct base64_decode_ctx context;
    size_t used = (size_t)text.size;

    base64_decode_init(&context);
    if (!base64_decode_update(&context, &used, (uint8_t *)out, (size_t)text.size, text.data) ||
        !base64_decode_final(&context))
        return -1;
    return (int64_t)used;
}

static int32_t row_decode(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_text text = row_text(in, 0, i), format = row_text(in, 1, i);
    bool hex = is_word(format, "hex");
    int32_t status;
    int64_t size;
    char *out;

    if (!hex && !is_word(format, "base64"))
        return fail_format(f, in, i, format);
    out = qetl_expr_row_space(f, in, i, (int64_t)BASE64_DECODE_LENGTH((size_t)text.size), &status);
    if (!out)
        return status;
    size = hex ? hex_decode(text, out) : base64_read(text, out);
    if (size < 0) {
        qetl_expr_row_fail(f, in, i, "bad_argument", "the text is not %s", hex ? "hex" : "base64");
        return QETL_OK;
    }
    if (!qetl_utf8_valid(out, size)) {
        qetl_expr_row_fail(f, in, i, "bad_argument", "what is decoded is no text in UTF-8");
        return QETL_OK;
    }
    return row_put_text(in, i, out, size);
}

/* ---- to_hex, quote_literal ---- */

static int32_t put_hex(struct expr_frame *f, const struct expr_instr *in, int64_t i, uint64_t value)
{
    int32_t status;
    char *out = qetl_expr_row_space(f, in, i, 17, &status);

    return out ? row_put_text(in, i, out, snprintf(out, 17, "%llx", (unsigned long long)value))
               : status;
}

static int32_t row_to_hex4(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    return put_hex(f, in, i, (uint32_t)row_int4(in, 0, i));
}

static int32_t row_to_hex8(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    return put_hex(f, in, i, (uint64_t)row_int8(in, 0, i));
}

/* As PostgreSQL would read it: quotes doubled, and E'' where there are backslashes. */
static int32_t row_quote_literal(struct expr_frame *f, const struct expr_instr *in, int64_t i)
{
    struct expr_text text = row_text(in, 0, i);
    bool escaped = text.size && memchr(text.data, '\\', (size_t)text.size);
    int32_t status;
    char *out = qetl_expr_row_space(f, in, i, 2 * text.size + 3, &status);
    int64_t used = 0;

    if (!out)
        return status;
    if (escaped)
        out[used++] = 'E';
    out[used++] = '\'';
    for (int64_t at = 0; at < text.size; at++) {
        if (text.data[at] == '\'' || text.data[at] == '\\')
            out[used++] = text.data[at];
        out[used++] = text.data[at];
    }
    out[used++] = '\'';
    return row_put_text(in, i, out, used);
}

#define TEXT(name, result, how)                                  \
    {                                                            \
        name, 1, {EXPR_TEXT}, result, EXPR_OP_MASKED, .row = how \
    }

static const struct expr_op ops[] = {
    TEXT("md5", EXPR_TEXT, row_md5),
    TEXT("sha224", EXPR_TEXT, row_sha224),
    TEXT("sha256", EXPR_TEXT, row_sha256),
    TEXT("sha384", EXPR_TEXT, row_sha384),
    TEXT("sha512", EXPR_TEXT, row_sha512),
    TEXT("hash64", EXPR_INT8, row_hash64),
    {"encode", 2, {EXPR_TEXT, EXPR_TEXT}, EXPR_TEXT, EXPR_OP_MASKED, .row = row_encode},
    {"decode", 2, {EXPR_TEXT, EXPR_TEXT}, EXPR_TEXT, EXPR_OP_MASKED, .row = row_decode},
    {"to_hex", 1, {EXPR_INT4}, EXPR_TEXT, EXPR_OP_MASKED, .row = row_to_hex4},
    {"to_hex", 1, {EXPR_INT8}, EXPR_TEXT, EXPR_OP_MASKED, .row = row_to_hex8},
    TEXT("quote_literal", EXPR_TEXT, row_quote_literal),
};

const struct expr_family qetl_expr_family_digest = {ops, sizeof ops / sizeof ops[0]};
