/* SPDX-License-Identifier: Apache-2.0 */
/* TZif files: a block with 32-bit times, from version 2 on another with 64-bit ones, then a rule.
 */
#include "zone_rules.h"

#include <string.h>

enum { HEADER_SIZE = 44, KIND_SIZE = 6 };

struct reader {
    const uint8_t *at, *end;
    size_t n_changes, n_kinds, n_names, n_leaps, n_standard, n_universal;
    size_t time_size;
    char version;
};

static uint32_t read_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t read_time(const struct reader *r, const uint8_t *at)
{
    if (r->time_size == 4)
        return (int32_t)read_u32(at);
    return (int64_t)((uint64_t)read_u32(at) << 32 | read_u32(at + 4));
}

/* The header, and that the block behind it is whole. */
static bool read_header(struct reader *r, size_t time_size)
{
    const uint8_t *at = r->at;

    if (r->end - at < HEADER_SIZE || memcmp(at, "TZif", 4))
        return false;
    r->version = (char)at[4];
    r->n_universal = read_u32(at + 20);
    r->n_standard = read_u32(at + 24);
    r->n_leaps = read_u32(at + 28);
    r->n_changes = read_u32(at + 32);
    r->n_kinds = read_u32(at + 36);
    r->n_names = read_u32(at + 40);
    r->time_size = time_size;
    r->at += HEADER_SIZE;
    return true;
}

/* All counts have 32 bits, so that the sum fits. */
static uint64_t block_size(const struct reader *r)
{
    return (uint64_t)r->n_changes * (r->time_size + 1) + (uint64_t)r->n_kinds * KIND_SIZE +
           r->n_names + (uint64_t)r->n_leaps * (r->time_size + 4) + r->n_standard + r->n_universal;
}

static bool read_kind(const struct reader *r, const uint8_t *at, const uint8_t *names,
                      struct expr_zone_kind *out)
{
    const uint8_t *name = names + at[5], *end;

    out->offset = (int32_t)read_u32(at);
    out->dst = at[4] != 0;
    if (at[5] >= r->n_names || out->offset <= -7 * 86400 || out->offset >= 7 * 86400)
        return false;
    end = memchr(name, 0, r->n_names - at[5]);
    if (!end || end - name >= EXPR_ZONE_NAME_MAX)
        return false;
    memcpy(out->name, name, (size_t)(end - name));
    return true;
}

static bool read_block(struct reader *r, struct expr_zone *zone)
{
    const uint8_t *times = r->at, *which = times + r->n_changes * r->time_size;
    const uint8_t *kinds = which + r->n_changes, *names = kinds + r->n_kinds * KIND_SIZE;

    for (size_t i = 0; i < r->n_kinds; i++)
        if (!read_kind(r, kinds + i * KIND_SIZE, names, &zone->kinds[i]))
            return false;
    for (size_t i = 0; i < r->n_changes; i++) {
        int64_t at = read_time(r, times + i * r->time_size);
        if (which[i] >= r->n_kinds || (i && at <= zone->changes[i - 1].at) ||
            !qetl_expr_zone_change(zone, at, which[i]))
            return false;
    }
    r->at += block_size(r);
    return true;
}

/* The line behind the second block. */
static bool read_rule(const struct reader *r, struct expr_zone *zone)
{
    const uint8_t *end;

    if (r->at == r->end || *r->at != '\n')
        return false;
    end = memchr(r->at + 1, '\n', (size_t)(r->end - r->at - 1));
    if (!end)
        return false;
    if (end == r->at + 1)
        return true;
    return qetl_expr_zone_extend(zone,
                                 (struct expr_text){(const char *)r->at + 1, end - (r->at + 1)});
}

struct expr_zone *qetl_expr_zone_read(const void *data, size_t size)
{
    struct reader r = {.at = data, .end = (const uint8_t *)data + size};
    struct expr_zone *zone;

    if (!read_header(&r, 4) || block_size(&r) > (uint64_t)(r.end - r.at))
        return NULL;
    if (r.version >= '2') {
        r.at += block_size(&r);
        if (!read_header(&r, 8) || block_size(&r) > (uint64_t)(r.end - r.at))
            return NULL;
    }
    if (!r.n_kinds || r.n_kinds > EXPR_ZONE_KINDS_MAX || r.n_leaps)
        return NULL;
    zone = qetl_expr_zone_new(r.n_kinds);
    if (zone && read_block(&r, zone) && (r.version < '2' || read_rule(&r, zone)))
        return zone;
    qetl_expr_zone_free(zone);
    return NULL;
}
