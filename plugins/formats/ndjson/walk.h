/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop over records, compiled once for each kernel. A kernel's file defines, before it includes
 * this one, WALK_TARGET and bool stands(p, run, size)          the run of size bytes stands at p
 *   const uint8_t *stop_from(p, end)   the first quote, backslash or control character from p on;
 * if there is none before end, some place at or behind end uint64_t nondigits(p)              bit
 * i: byte i of 32 is no digit; bits 32 to 63 are set These may read 64 bytes behind end: a chunk
 * has that much room.
 *
 * Invariant: a place at or behind end is never believed, whatever stands there.
 * Ownership: as in decoder.h.
 * Threads:   as in decoder.h.
 */
#include "decoder.h"

#include <qetl/plugin.h>

enum { WALK_DIGITS = 32 };

struct walk_number {
    int32_t size, integer, fraction; /* bytes in all; digits before and behind the point */
};

/* A plain number at p; size 0: something else, or too long for one look. */
static inline WALK_TARGET struct walk_number walk_number_at(const uint8_t *p)
{
    static const struct walk_number none = {0, 0, 0};
    uint64_t stops = nondigits(p);
    int32_t sign = *p == '-';
    int32_t integer = __builtin_ctzll(stops >> sign), at = sign + integer, fraction = 0;
    if (!integer || (integer > 1 && p[sign] == '0'))
        return none;
    if (p[at] == '.') {
        fraction = __builtin_ctzll(stops >> (at + 1));
        at += fraction + 1;
        if (!fraction)
            return none;
    }
    if (at >= WALK_DIGITS || (p[at] | 0x20) == 'e')
        return none;
    return (struct walk_number){at, integer, fraction};
}

static inline WALK_TARGET void walk_put(struct ndjson_decoder *d, const struct ndjson_column *c,
                                        const uint8_t *data, int64_t size)
{
    if (c->views)
        ndjson_view_put(&c->views[d->row], data, size, (uint64_t)(data - d->base) << 32);
}

static inline WALK_TARGET const uint8_t *walk_string(struct ndjson_decoder *d,
                                                     struct ndjson_column *c, const uint8_t *p)
{
    const uint8_t *text = p + 1, *close = stop_from(text, d->end);
    if (__builtin_expect(close >= d->end || *close != '"', 0))
        return ndjson_value_store(d, c, p);
    if (__builtin_expect(c->plain_text, 1)) {
        walk_put(d, c, text, close - text);
        return close + 1;
    }
    struct ndjson_cell cell = {p, close + 1 - p, text, close - text, NDJSON_STRING, false, false};
    return ndjson_cell_store(d, c, &cell) ? close + 1 : NULL;
}

static inline WALK_TARGET const uint8_t *walk_number(struct ndjson_decoder *d,
                                                     struct ndjson_column *c, const uint8_t *p)
{
    struct walk_number number = walk_number_at(p);
    if (__builtin_expect(!number.size || number.size > d->end - p, 0))
        return ndjson_value_store(d, c, p);
    if (number.integer <= c->integer_max && number.fraction <= c->fraction_max) {
        walk_put(d, c, p, number.size);
        return p + number.size;
    }
    struct ndjson_cell cell = {p, number.size, p, number.size, NDJSON_NUMBER, false, false};
    return ndjson_cell_store(d, c, &cell) ? p + number.size : NULL;
}

static inline WALK_TARGET const uint8_t *walk_record(struct ndjson_decoder *d, const uint8_t *p)
{
    struct ndjson_column *at = d->start;
    const uint8_t *end = d->end;
    uint64_t stamp = ++d->stamp;
    int64_t seen = 0;
    for (;;) {
        struct ndjson_column *c = at->next;
        /* Strictly less: behind a key there is a byte to look at. */
        if (__builtin_expect(at->run_size < end - p && stands(p, at->run, at->run_size), 1))
            p += at->run_size;
        else
            c = ndjson_member_find(d, at, &p);
        if (c == d->stop)
            break;
        if (__builtin_expect(!c, 0))
            return NULL;
        if (__builtin_expect(c->seen == stamp, 0))
            return ndjson_twice_fault(d, c, p);
        c->seen = stamp;
        seen++;
        at = c;
        if (*p == '"')
            p = walk_string(d, c, p);
        else if (ndjson_is_digit(*p) || *p == '-')
            p = walk_number(d, c, p);
        else
            p = ndjson_value_store(d, c, p);
        if (__builtin_expect(!p, 0))
            return NULL;
    }
    return seen == d->n_columns || ndjson_missing_store(d) ? p : NULL;
}

/* Behind blank lines and blanks: the next record, or the end. Elements of a list have a comma
 * between them too. */
static inline WALK_TARGET const uint8_t *walk_blanks(const struct ndjson_decoder *d,
                                                     const uint8_t *p)
{
    uint8_t comma = d->reader.across ? ',' : ' ';
    while (p < d->end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n' || *p == comma))
        p++;
    return p;
}

static WALK_TARGET int32_t walk_chunk(struct ndjson_decoder *d)
{
    const uint8_t *p = walk_blanks(d, d->data);
    while (p < d->end) {
        const uint8_t *line = p;
        d->offsets[d->records] = (int32_t)(line - d->data);
        d->map[d->row] = (int32_t)d->records;
        ndjson_reader_begin(&d->reader);
        p = d->utf8 || ndjson_line_valid(d, line) ? walk_record(d, line) : NULL;
        if (__builtin_expect(p != NULL, 1))
            d->row++;
        else if (d->reader.fault.status)
            return d->reader.fault.status;
        else
            p = ndjson_record_reject(d, line);
        d->records++;
        p = walk_blanks(d, p);
    }
    return QETL_OK;
}
