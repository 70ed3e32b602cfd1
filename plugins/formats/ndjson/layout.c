/* SPDX-License-Identifier: Apache-2.0 */
#include "layout.h"

enum { INDENT = 2 };

static int32_t feed_put(struct qetl_space *out, int64_t depth)
{
    static const char blanks[] = "\n                                ";
    int64_t left = depth * INDENT;
    int64_t piece = left < 32 ? left : 32;
    int32_t status = qetl_space_put(out, blanks, 1 + piece);
    for (left -= piece; left > 0 && !status; left -= piece) {
        piece = left < 32 ? left : 32;
        status = qetl_space_put(out, blanks + 1, piece);
    }
    return status;
}

/* The place of the quote that ends the string begun at p. */
static const uint8_t *string_end(const uint8_t *p)
{
    for (p++; *p != '"'; p++)
        p += *p == '\\';
    return p;
}

static bool is_empty(const uint8_t *p)
{
    return (p[0] == '{' && p[1] == '}') || (p[0] == '[' && p[1] == ']');
}

/* One compact value, whose grammar is known to be right. */
static int32_t pretty_put(const uint8_t *p, const uint8_t *end, struct qetl_space *out)
{
    int64_t depth = 1;
    int32_t status = QETL_OK;
    for (; p < end && !status; p++) {
        if (*p == '"') {
            const uint8_t *close = string_end(p);
            status = qetl_space_put(out, p, close + 1 - p);
            p = close;
        } else if (is_empty(p)) {
            status = qetl_space_put(out, p++, 2);
        } else if (*p == '{' || *p == '[' || *p == ',') {
            depth += *p != ',';
            status = qetl_space_put(out, p, 1);
            status = status ? status : feed_put(out, depth);
        } else if (*p == '}' || *p == ']') {
            status = feed_put(out, --depth);
            status = status ? status : qetl_space_put(out, p, 1);
        } else if (*p == ':') {
            status = qetl_space_put(out, ": ", 2);
        } else if (*p != ' ' && *p != '\t' && *p != '\r') {
            status = qetl_space_put(out, p, 1);
        }
    }
    return status;
}

static int32_t line_put(struct json_layout *layout, const uint8_t *line, const uint8_t *end,
                        struct qetl_space *out)
{
    int32_t status = QETL_OK;
    if (layout->behind)
        status = qetl_space_put(out, ",", 1);
    if (!status)
        status = feed_put(out, layout->pretty);
    layout->behind = true;
    if (status)
        return status;
    return layout->pretty ? pretty_put(line, end, out) : qetl_space_put(out, line, end - line);
}

int32_t json_layout_put(struct json_layout *layout, const uint8_t *lines, int64_t size,
                        struct qetl_space *out)
{
    const uint8_t *p = lines, *end = lines + size;
    int32_t status = QETL_OK;
    while (p < end && !status) {
        const uint8_t *feed = memchr(p, '\n', (size_t)(end - p));
        status = line_put(layout, p, feed, out);
        p = feed + 1;
    }
    return status;
}
