/* SPDX-License-Identifier: Apache-2.0 */
/* Scalars, strings and keys. */
#include "json.h"

#include "bytes.h"

#include <qetl/sdk.h>

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void ndjson_reader_free(struct ndjson_reader *reader)
{
    free(reader->keys);
    free(reader->scratch);
    reader->keys = NULL;
    reader->scratch = NULL;
    reader->keys_capacity = reader->scratch_capacity = 0;
}

void ndjson_reader_begin(struct ndjson_reader *reader)
{
    reader->fault.code = NULL;
    reader->fault.status = QETL_OK;
    reader->n_keys = 0;
    reader->scratch_size = 0;
}

const uint8_t *ndjson_fault_set(struct ndjson_reader *reader, const char *code, const uint8_t *at,
                                const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reader->fault.text, sizeof reader->fault.text, format, arguments);
    va_end(arguments);
    reader->fault.code = code;
    reader->fault.at = at;
    reader->fault.column = -1;
    return NULL;
}

void ndjson_message_mend(char *message)
{
    bool valid = qetl_utf8_valid(message, (int64_t)strlen(message));
    for (; *message; message++)
        if ((uint8_t)*message < 0x20 || *message == 0x7f || (!valid && *message & 0x80))
            *message = '?';
}

const char *ndjson_ends(const struct ndjson_reader *reader)
{
    return reader->across ? "the data ends" : "the line ends";
}

/* What stands at p, for people: a printable byte or its number. */
static const char *seen_at(const struct ndjson_reader *reader, const uint8_t *p, char out[32])
{
    if (p >= reader->end || (*p == '\n' && !reader->across))
        return ndjson_ends(reader);
    if (*p > 0x20 && *p < 0x7f)
        snprintf(out, 32, "'%c' stands there", *p);
    else
        snprintf(out, 32, "byte 0x%02x stands there", *p);
    return out;
}

static const uint8_t *fault_expected(struct ndjson_reader *reader, const uint8_t *p,
                                     const char *what)
{
    char seen[32];
    return ndjson_fault_set(reader, "bad_json", p, "%s is expected, but %s", what,
                            seen_at(reader, p, seen));
}

int32_t ndjson_hex4(const uint8_t *p)
{
    int32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        uint8_t c = p[i] | 0x20;
        if (p[i] >= '0' && p[i] <= '9')
            unit = unit << 4 | (p[i] - '0');
        else if (c >= 'a' && c <= 'f')
            unit = unit << 4 | (c - 'a' + 10);
        else
            return -1;
    }
    return unit;
}

/* \uXXXX at p (its backslash), with its second half where it needs one; the place behind. */
static const uint8_t *unicode_read(struct ndjson_reader *reader, const uint8_t *p)
{
    int32_t unit = reader->end - p >= 6 ? ndjson_hex4(p + 2) : -1;
    if (unit < 0)
        return ndjson_fault_set(reader, "bad_json", p,
                                "\\u takes four hexadecimal digits, as in \\u00e9");
    if (unit < 0xd800 || unit > 0xdfff)
        return p + 6;
    int32_t low = -1;
    if (unit < 0xdc00 && reader->end - p >= 12 && p[6] == '\\' && p[7] == 'u')
        low = ndjson_hex4(p + 8);
    if (low < 0xdc00 || low > 0xdfff)
        return ndjson_fault_set(reader, "bad_json", p,
                                "\\u%04x is one half of a surrogate pair; no character is meant",
                                (unsigned)unit);
    return p + 12;
}

static const uint8_t *escape_read(struct ndjson_reader *reader, const uint8_t *p)
{
    if (reader->end - p < 2)
        return fault_expected(reader, p + 1, "an escape");
    switch (p[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return p + 2;
    case 'u':
        return unicode_read(reader, p);
    default:
        return fault_expected(reader, p + 1, "one of \"\\/bfnrtu behind a backslash");
    }
}

/* The first byte from p on that a string does not simply go on with. */
static const uint8_t *plain_end(const uint8_t *p, const uint8_t *end)
{
    while (end - p >= 8) {
        uint64_t stops = ndjson_stops8(ndjson_load64(p));
        if (stops)
            return p + (__builtin_ctzll(stops) >> 3);
        p += 8;
    }
    while (p < end && *p != '"' && *p != '\\' && *p >= 0x20)
        p++;
    return p;
}

const uint8_t *ndjson_string_read(struct ndjson_reader *reader, const uint8_t *p, bool *escaped)
{
    const uint8_t *open = p - 1;
    *escaped = false;
    for (;;) {
        p = plain_end(p, reader->end);
        if (p >= reader->end || (*p == '\n' && !reader->across))
            return ndjson_fault_set(reader, "bad_json", open, "the string has no closing quote%s",
                                    reader->across ? "" : " in its line");
        if (*p == '"')
            return p;
        if (*p != '\\')
            return ndjson_fault_set(
                reader, "bad_json", p,
                "control character 0x%02x in a string; JSON wants it as \\u%04x", *p, *p);
        *escaped = true;
        p = escape_read(reader, p);
        if (!p)
            return NULL;
    }
}

static const uint8_t *digits_end(const uint8_t *p, const uint8_t *end)
{
    while (p < end && ndjson_is_digit(*p))
        p++;
    return p;
}

const uint8_t *ndjson_number_end(const uint8_t *p, const uint8_t *end)
{
    p += p < end && *p == '-';
    const uint8_t *first = p;
    p = digits_end(p, end);
    if (p == first || (p - first > 1 && *first == '0'))
        return NULL;
    if (p < end && *p == '.') {
        first = ++p;
        p = digits_end(p, end);
        if (p == first)
            return NULL;
    }
    if (p < end && (*p | 0x20) == 'e') {
        p++;
        p += p < end && (*p == '+' || *p == '-');
        first = p;
        p = digits_end(p, end);
        if (p == first)
            return NULL;
    }
    return p;
}

/* Room for all keys of the line from data on: those already unescaped must not move. */
static int32_t scratch_reserve(struct ndjson_reader *reader, const uint8_t *data)
{
    const uint8_t *line_end = NULL;
    if (!reader->across)
        line_end = memchr(data, '\n', (size_t)(reader->end - data));
    int64_t rest = (line_end ? line_end : reader->end) - data;
    if (reader->scratch_capacity >= rest)
        return QETL_OK;
    free(reader->scratch);
    reader->scratch = malloc((size_t)rest);
    reader->scratch_capacity = reader->scratch ? rest : 0;
    return reader->scratch ? QETL_OK : QETL_E_NO_MEMORY;
}

static bool key_unescape(struct ndjson_reader *reader, struct ndjson_key *key)
{
    if (!reader->scratch_size)
        reader->fault.status = scratch_reserve(reader, key->data);
    if (reader->fault.status)
        return false;
    assert(reader->scratch_capacity - reader->scratch_size >= key->size);
    uint8_t *out = reader->scratch + reader->scratch_size;
    key->size = ndjson_unescape(key->data, key->size, out);
    key->data = out;
    reader->scratch_size += key->size;
    return true;
}

const uint8_t *ndjson_key_read(struct ndjson_reader *reader, const uint8_t *p,
                               struct ndjson_key *key)
{
    bool escaped;
    if (p >= reader->end || *p != '"')
        return fault_expected(reader, p, "a key in double quotes");
    const uint8_t *close = ndjson_string_read(reader, p + 1, &escaped);
    if (!close)
        return NULL;
    *key = (struct ndjson_key){p + 1, close - p - 1};
    if (escaped && !key_unescape(reader, key))
        return NULL;
    p = ndjson_blanks(reader, close + 1);
    if (p >= reader->end || *p != ':')
        return fault_expected(reader, p, "':' behind the key");
    return ndjson_blanks(reader, p + 1);
}

static const uint8_t *word_read(struct ndjson_reader *reader, const uint8_t *p, const char *word,
                                enum ndjson_token token, struct ndjson_cell *cell)
{
    int64_t size = (int64_t)strlen(word);
    if (reader->end - p < size || memcmp(p, word, (size_t)size) != 0)
        return fault_expected(reader, p, "a value (string, number, true, false, null, { or [)");
    *cell = (struct ndjson_cell){p, size, p, size, token, false, false};
    return p + size;
}

const uint8_t *ndjson_scalar_read(struct ndjson_reader *reader, const uint8_t *p,
                                  struct ndjson_cell *cell)
{
    const uint8_t *begin = p;
    bool escaped;
    if (p >= reader->end)
        return fault_expected(reader, p, "a value");
    switch (*p) {
    case '"':
        p = ndjson_string_read(reader, p + 1, &escaped);
        if (p)
            *cell = (struct ndjson_cell){begin,         p + 1 - begin, begin + 1, p - begin - 1,
                                         NDJSON_STRING, escaped,       false};
        return p ? p + 1 : NULL;
    case 't':
        return word_read(reader, p, "true", NDJSON_TRUE, cell);
    case 'f':
        return word_read(reader, p, "false", NDJSON_FALSE, cell);
    case 'n':
        return word_read(reader, p, "null", NDJSON_NULL, cell);
    default:
        if (*p != '-' && !ndjson_is_digit(*p))
            return fault_expected(reader, p, "a value (string, number, true, false, null, { or [)");
        p = ndjson_number_end(begin, reader->end);
        if (!p)
            return ndjson_fault_set(reader, "bad_json", begin,
                                    "a number as JSON has it (-12, 0.5, 1e6) is expected");
        *cell = (struct ndjson_cell){begin, p - begin, begin, p - begin, NDJSON_NUMBER, 0, 0};
        return p;
    }
}

const uint8_t *ndjson_value_read(struct ndjson_reader *reader, const uint8_t *p,
                                 struct ndjson_cell *cell)
{
    if (p >= reader->end || (*p != '{' && *p != '['))
        return ndjson_scalar_read(reader, p, cell);
    const uint8_t *behind = ndjson_nested_read(reader, p, 1);
    if (behind)
        *cell = (struct ndjson_cell){p, behind - p, p, behind - p, NDJSON_NESTED, false, false};
    return behind;
}

void ndjson_stranger_fault(struct ndjson_reader *reader, const uint8_t *p)
{
    static const char *const names[] = {"a string", "a number", "true", "false", "null", "a list"};
    struct ndjson_cell cell;
    const uint8_t *behind = ndjson_value_read(reader, p, &cell);
    if (!behind || !ndjson_record_end(reader, behind))
        return;
    ndjson_fault_set(reader, "not_an_object", p,
                     reader->across ? "here stands %s; a record is a JSON object"
                                    : "the line holds %s; a record is one JSON object per line",
                     names[cell.token]);
}

const uint8_t *ndjson_record_end(struct ndjson_reader *reader, const uint8_t *p)
{
    p = ndjson_blanks(reader, p);
    if (p >= reader->end)
        return p;
    if (reader->across)
        return p + (*p == ',');
    if (*p != '\n')
        return fault_expected(reader, p, "the line's end behind the record");
    return p + 1;
}
