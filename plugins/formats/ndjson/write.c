/* SPDX-License-Identifier: Apache-2.0 */
/* Text into lines: strings escaped, and what claims to be a number, a boolean or JSON. */
#include "encoder.h"

#include "bytes.h"
#include "scan.h"

#include <strings.h>

enum { PIECE = 4096 };

int32_t ndjson_pen_reserve(struct ndjson_pen *pen, int64_t n)
{
    struct qetl_space *space = pen->space;
    space->size = pen->p - space->data;
    int32_t status = space->reserve(space, n);
    if (status)
        return status;
    pen->p = space->data + space->size;
    pen->end = space->data + space->capacity;
    return QETL_OK;
}

int32_t ndjson_pen_put(struct ndjson_pen *pen, const void *data, int64_t size)
{
    int32_t status = ndjson_pen_room(pen, size);
    if (status)
        return status;
    memcpy(pen->p, data, (size_t)size);
    pen->p += size;
    return QETL_OK;
}

/* In pieces, so that room for the worst case of a long text need not be made at once. */
int32_t ndjson_pen_text(struct ndjson_encoder *e, const uint8_t *data, int64_t size,
                        const uint8_t *limit)
{
    while (size > 0) {
        int64_t piece = size < PIECE ? size : PIECE;
        int32_t status = ndjson_pen_room(&e->pen, 6 * piece + 64);
        if (status)
            return status;
        e->pen.p = e->kernel->quote(e->pen.p, data, piece, limit);
        data += piece;
        size -= piece;
    }
    return QETL_OK;
}

static int32_t refuse(struct ndjson_encoder *e, const char *code, const char *message)
{
    e->code = code;
    e->message = message;
    return QETL_OK;
}

/* +5, .5, 5., 007: numbers whose digits are plain, in a spelling that JSON does not have. */
static int32_t number_mend(struct ndjson_encoder *e, const uint8_t *data, int64_t size)
{
    const uint8_t *p = data, *end = data + size;
    int32_t status = ndjson_pen_room(&e->pen, size + 2);
    if (status)
        return status;
    uint8_t *out = e->pen.p, *begin = out;
    if (p < end && *p == '-')
        *out++ = '-';
    p += p < end && (*p == '-' || *p == '+');
    if (p == end || (*p != '.' && !ndjson_is_digit(*p)))
        return refuse(e, "not_json_number", "the value cannot be written as a JSON number");
    while (end - p > 1 && *p == '0' && ndjson_is_digit(p[1]))
        p++;
    if (end - p > 1 && *p == '.' && ndjson_is_digit(p[1]))
        *out++ = '0';
    for (; p < end; p++) {
        bool bare = *p == '.' && p > data && ndjson_is_digit(p[-1]) &&
                    (p + 1 == end || (p[1] | 0x20) == 'e');
        if (!bare)
            *out++ = *p;
    }
    if (ndjson_number_end(begin, out) != out)
        return refuse(e, "not_json_number", "the value cannot be written as a JSON number");
    e->pen.p = out;
    return QETL_OK;
}

int32_t ndjson_write_nan(struct ndjson_encoder *e, double value)
{
    static const char nan[] = "\"NaN\"", up[] = "\"Infinity\"", down[] = "\"-Infinity\"";
    if (e->nan == NDJSON_NAN_NULL)
        return ndjson_pen_put(&e->pen, "null", 4);
    if (e->nan == NDJSON_NAN_REJECT)
        return refuse(e, "not_json_number",
                      "JSON has neither NaN nor infinity; nan: null or nan: string writes them");
    const char *text = value != value ? nan : value > 0 ? up : down;
    return ndjson_pen_put(&e->pen, text, (int64_t)strlen(text));
}

/* As CSV spells them: a number that was checked is otherwise none of JSON's. */
static bool word_nan(const uint8_t *data, int64_t size, double *value)
{
    bool minus = size && *data == '-', sign = size && (*data == '-' || *data == '+');
    const char *text = (const char *)data + sign;
    size_t n = (size_t)(size - sign);
    if (n == 3 && !sign && !strncasecmp(text, "nan", 3))
        *value = __builtin_nan("");
    else if ((n == 3 && !strncasecmp(text, "inf", 3)) ||
             (n == 8 && !strncasecmp(text, "infinity", 8)))
        *value = minus ? -__builtin_inf() : __builtin_inf();
    else
        return false;
    return true;
}

int32_t ndjson_write_number(struct ndjson_encoder *e, const uint8_t *data, int64_t size)
{
    if (__builtin_expect(ndjson_number_end(data, data + size) == data + size, 1))
        return ndjson_pen_put(&e->pen, data, size);
    double value;
    return word_nan(data, size, &value) ? ndjson_write_nan(e, value) : number_mend(e, data, size);
}

static bool word_in(const uint8_t *data, int64_t size, const char *const *words)
{
    for (; *words; words++)
        if (size == (int64_t)strlen(*words) &&
            !strncasecmp((const char *)data, *words, (size_t)size))
            return true;
    return false;
}

int32_t ndjson_write_boolean(struct ndjson_encoder *e, const uint8_t *data, int64_t size)
{
    static const char *const yes[] = {"true", "t", "yes", "y", "on", "1", NULL};
    static const char *const no[] = {"false", "f", "no", "n", "off", "0", NULL};
    if (word_in(data, size, yes))
        return ndjson_pen_put(&e->pen, "true", 4);
    if (word_in(data, size, no))
        return ndjson_pen_put(&e->pen, "false", 5);
    return refuse(e, "not_json_boolean", "the value is neither true nor false");
}

/* Without the blanks that may go across lines. */
static int32_t json_compact(struct ndjson_encoder *e, const uint8_t *data, int64_t size)
{
    int32_t status = ndjson_pen_room(&e->pen, size);
    if (status)
        return status;
    uint8_t *out = e->pen.p;
    bool string = false;
    for (const uint8_t *p = data; p < data + size; p++) {
        if (!string && ndjson_is_blank(*p))
            continue;
        *out++ = *p;
        if (string && *p == '\\' && p + 1 < data + size)
            *out++ = *++p;
        else if (*p == '"')
            string = !string;
    }
    e->pen.p = out;
    return QETL_OK;
}

int32_t ndjson_write_json(struct ndjson_encoder *e, const uint8_t *data, int64_t size, bool trusted)
{
    struct ndjson_cell cell;
    if (!trusted) {
        ndjson_reader_begin(&e->reader);
        e->reader.end = data + size;
        e->reader.across = true;
        const uint8_t *behind =
            ndjson_value_read(&e->reader, ndjson_blanks(&e->reader, data), &cell);
        if (e->reader.fault.status)
            return e->reader.fault.status;
        if (!behind || ndjson_blanks(&e->reader, behind) != data + size)
            return refuse(e, "not_json", "the value is no JSON text");
        size = cell.raw_size;
        data = cell.raw;
    }
    if (memchr(data, '\n', (size_t)size))
        return json_compact(e, data, size);
    return ndjson_pen_put(&e->pen, data, size);
}
