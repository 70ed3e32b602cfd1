/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence in bits: a byte that must be there and is counts eight; a field of a record counts what
 * its values rule out of all that its bytes could be. A field that cannot be as it is ends it.
 * A header that says enough goes before all that records may say, so that few bytes of a stream
 * answer as many would.
 */
#include "fit.h"

#include "binary.h"
#include "text.h"

#include <math.h>

enum { LOOKED_AT = 64, ENOUGH_BITS = 24 };

static const int64_t span_s = (int64_t)100 * 365 * 86400;

/* The header's bytes, and a promise that the file keeps. */
static bool header_fits(const struct binary_layout *l, const struct qetl_sample *s, double *sure,
                        double *bits)
{
    int64_t promised, body = s->size - l->header - l->trailer;
    bool promises;

    if (body < l->stride)
        return false;
    for (int64_t i = 0; i < l->n_matches; i++) {
        const struct binary_match *m = &l->matches[i];

        if (m->at + m->size > s->size || memcmp(s->data + m->at, m->bytes, (size_t)m->size))
            return false;
        *sure += 8.0 * (double)m->size;
    }
    *bits = *sure;
    promised = l->promise ? binary_raw(l->promise, s->data + l->promise->at) : 0;
    promises = l->promise && binary_promises(l, promised);
    if (s->whole && l->fixed && !promises && body % l->stride)
        return false;
    if (!promises)
        return true;
    if (l->fixed && !l->promise_bytes && promised <= INT64_MAX / l->stride)
        promised *= l->stride;
    if (s->whole ? promised != body : promised < body)
        return l->n_matches > 0 && promised > 0;
    *bits += s->whole ? 8.0 * (double)l->promise->width : 8;
    return promised > 0;
}

static bool text_fits(const struct binary_field *f, const uint8_t *data, double *bits)
{
    struct qetl_text text;
    bool nul_behind = f->trim == BINARY_TRIM_NUL;

    if (binary_text_read(f, data, f->size, &text))
        return false;
    for (int64_t i = 0; i < text.size; i++)
        if ((uint8_t)text.data[i] < ' ' || text.data[i] == 127)
            return false;
    /* Printing letters are three in eight of all bytes; what is trimmed is one in 256. */
    *bits += 1.4 * (double)text.size;
    *bits += (nul_behind ? 8.0 : 2.0) * (double)(f->size - text.size);
    return true;
}

static bool time_fits(const struct binary_field *f, int64_t raw, const uint8_t *data, double *bits)
{
    qetl_int128 ticks = 1000000000 / f->time.ticks_ns, from = (qetl_int128)-span_s / 5 * ticks;
    int64_t value;

    if (!binary_time_read(f, raw, data + f->width, &value))
        return false;
    if (f->time.ticks_ns > 1000)
        return true;
    *bits += f->width == 8 ? 24 : 1;
    if (f->time.fraction_width) {
        uint64_t rest = binary_load(data + f->width, f->time.fraction_width, f->big);

        if (rest >= (uint64_t)(f->time.unit_ns / f->time.fraction_ns))
            return false;
        *bits += 8;
    }
    return value >= from && value < (qetl_int128)span_s * ticks;
}

static bool number_fits(const struct binary_field *f, const uint8_t *data, double *bits)
{
    int64_t raw = binary_raw(f, data);
    double all = f->bits ? f->bits : (double)f->width * 8, few = 0;

    if (f->null_is && raw == f->null_value)
        return true;
    if (f->time.unit_ns && !time_fits(f, raw, data, bits))
        return false;
    if (f->range_is) {
        few = log2((double)f->greatest - (double)f->least + 1);
        if (raw < f->least || raw > f->greatest)
            return false;
    } else if (f->n_names && !f->names_open) {
        few = log2((double)f->n_names);
        if (binary_value_read(f, data, f->size, NULL))
            return false;
    }
    *bits += few && all > few ? all - few : 0;
    return true;
}

static bool reals_fit(const struct binary_field *f, const uint8_t *data)
{
    for (int64_t i = 0; i < (f->count < 0 ? 1 : f->count); i++) {
        uint64_t bits = binary_load(data + i * f->width, f->width, f->big);
        uint32_t exponent = f->width == 4 ? (uint32_t)(bits >> 23 & 0xff) : 127;

        /* Nobody measures beyond 2^64, nor less than 2^-64 but nothing at all. */
        if ((exponent < 63 || exponent > 191) && (bits & 0x7fffffff))
            return false;
    }
    return true;
}

static bool field_fits(const struct binary_field *f, const uint8_t *data, double *bits)
{
    switch (f->kind) {
    case BINARY_PAD:
        for (int64_t i = 0; f->zero_is && i < f->size; i++)
            if (data[i])
                return false;
        *bits += f->zero_is ? 8.0 * (double)f->size : 0;
        return true;
    case BINARY_TEXT:
        return f->count >= 0 || f->ends || text_fits(f, data, bits);
    case BINARY_REAL:
        *bits += 1;
        return f->width != 4 || reals_fit(f, data);
    case BINARY_SIGNED:
    case BINARY_UNSIGNED:
        return f->count >= 0 || number_fits(f, data, bits);
    default:
        return binary_value_read(f, data, f->size, NULL) == BINARY_FINE;
    }
}

static bool record_fits(const struct binary_layout *l, const uint8_t *data, int64_t size,
                        int64_t *used, double *bits)
{
    int32_t anchors[BINARY_FIELDS_MAX + 1], type;
    const struct binary_record *record;

    *used = binary_record_size(l, data, size, &type, anchors);
    if (*used <= 0)
        return *used == BINARY_MORE;
    record = &l->types[type];
    for (int64_t i = 0; i < record->n_fields; i++) {
        const struct binary_field *f = &record->fields[i];

        if (!f->ends && !field_fits(f, data + anchors[f->anchor] + f->at, bits))
            return false;
    }
    return true;
}

/* Nothing but zeros is a hole in a file: it fits too much to say anything. */
static bool is_hollow(const struct qetl_sample *s)
{
    for (int64_t i = 0; i < s->size; i++)
        if (s->data[i])
            return false;
    return true;
}

struct binary_fit binary_layout_fit(const struct binary_layout *l, const struct qetl_sample *s)
{
    double sure = 0, bits = 0;
    int64_t at = l->header, used, end = s->size - l->trailer;

    if (is_hollow(s) || !header_fits(l, s, &sure, &bits))
        return (struct binary_fit){0};
    for (int64_t i = 0; i < LOOKED_AT && at < end; i++, at += used) {
        if (!record_fits(l, s->data + at, end - at, &used, &bits))
            return (struct binary_fit){0};
        if (used <= 0)
            break;
    }
    return (struct binary_fit){.sure = sure >= ENOUGH_BITS ? sure : 0,
                               .bits = bits >= ENOUGH_BITS ? bits : 0};
}
