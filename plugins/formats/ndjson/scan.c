/* SPDX-License-Identifier: Apache-2.0 */
#include "scan.h"

#include "bytes.h"

#include <stddef.h>

enum { SCAN_PLAIN, SCAN_QUOTE, SCAN_OPEN, SCAN_CLOSE, SCAN_BREAK };

static const uint8_t classes[256] = {
    ['"'] = SCAN_QUOTE,  ['{'] = SCAN_OPEN,   ['['] = SCAN_OPEN,   ['}'] = SCAN_CLOSE,
    [']'] = SCAN_CLOSE,  [','] = SCAN_BREAK,  [':'] = SCAN_BREAK,  [' '] = SCAN_BREAK,
    ['\t'] = SCAN_BREAK, ['\r'] = SCAN_BREAK, ['\n'] = SCAN_BREAK,
};

/* The next quote or backslash; end if there is none. */
static const uint8_t *string_stop(const uint8_t *p, const uint8_t *end)
{
    const uint64_t ones = 0x0101010101010101u;
    while (end - p >= 8) {
        uint64_t word = ndjson_load64(p), quote = word ^ ones * '"', slash = word ^ ones * '\\';
        uint64_t stops = (((quote - ones) & ~quote) | ((slash - ones) & ~slash)) & ones << 7;
        if (stops)
            return p + (__builtin_ctzll(stops) >> 3);
        p += 8;
    }
    while (p < end && *p != '"' && *p != '\\')
        p++;
    return p;
}

/* Behind the closing quote, or end. */
static const uint8_t *string_pass(struct ndjson_scan *scan, const uint8_t *p, const uint8_t *end)
{
    while (p < end) {
        if (scan->escape) {
            scan->escape = false;
            p++;
            continue;
        }
        p = string_stop(p, end);
        if (p < end && *p++ == '"') {
            scan->string = false;
            return p;
        }
        scan->escape = p < end || p[-1] == '\\';
    }
    return p;
}

static const uint8_t *word_pass(struct ndjson_scan *scan, const uint8_t *p, const uint8_t *end,
                                bool last)
{
    while (p < end && classes[*p] == SCAN_PLAIN)
        p++;
    scan->word = p == end && !last;
    return scan->word ? NULL : p;
}

const uint8_t *ndjson_scan_value(struct ndjson_scan *scan, const uint8_t *p, const uint8_t *end,
                                 bool last)
{
    bool fresh = !scan->depth && !scan->string;
    if (fresh && p < end && (scan->word || (classes[*p] != SCAN_QUOTE && classes[*p] != SCAN_OPEN)))
        return word_pass(scan, p, end, last);
    while (p < end) {
        if (scan->string) {
            p = string_pass(scan, p, end);
            if (scan->string)
                break;
            if (!scan->depth)
                return p;
            continue;
        }
        while (p < end && (classes[*p] == SCAN_PLAIN || classes[*p] == SCAN_BREAK))
            p++;
        if (p == end)
            break;
        uint8_t class = classes[*p++];
        scan->string = class == SCAN_QUOTE;
        scan->depth += (class == SCAN_OPEN) - (class == SCAN_CLOSE);
        if (!scan->depth && !scan->string)
            return p;
    }
    return NULL;
}

int64_t ndjson_scan_count(const uint8_t *p, const uint8_t *end)
{
    int64_t n = 0;
    for (;;) {
        while (p < end && (ndjson_is_blank(*p) || *p == ','))
            p++;
        if (p == end)
            return n;
        struct ndjson_scan scan = {0};
        const uint8_t *behind = ndjson_scan_value(&scan, p, end, true);
        n++;
        if (!behind)
            return n;
        p = behind > p ? behind : p + 1;
    }
}
