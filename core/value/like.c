/* SPDX-License-Identifier: Apache-2.0 */
#include "like.h"

#include "letters.h"

#include <string.h>

struct maker {
    struct expr_like *like;
    char *data;
    bool *any;
    int64_t used, begin, letters;
    bool has_any;
};

/* What was gathered since `begin` is a part. */
static void part_end(struct maker *m)
{
    struct expr_like_part *part = &m->like->parts[m->like->n_parts];

    if (m->used == m->begin)
        return;
    *part = (struct expr_like_part){m->data + m->begin, m->has_any ? m->any + m->begin : NULL,
                                    m->used - m->begin, m->letters};
    m->like->n_parts++;
    m->begin = m->used;
    m->letters = 0;
    m->has_any = false;
}

static void letter_add(struct maker *m, const char *letter, int64_t size)
{
    memcpy(m->data + m->used, letter, (size_t)size);
    m->used += size;
    m->letters++;
}

static bool is_letter(struct expr_text text, int64_t at, struct expr_text letter)
{
    return letter.size && text.size - at >= letter.size &&
           !memcmp(text.data + at, letter.data, (size_t)letter.size);
}

enum expr_like_made qetl_expr_like_make(struct expr_arena *arena, struct expr_text pattern,
                                        struct expr_text escape, struct expr_like *out)
{
    struct maker m = {.like = out};
    size_t size = (size_t)pattern.size + 1;

    *out = (struct expr_like){0};
    m.data = qetl_expr_arena_alloc(arena, size);
    m.any = qetl_expr_arena_zero(arena, size);
    out->parts = qetl_expr_arena_zero(arena, size * sizeof *out->parts);
    if (!m.data || !m.any || !out->parts)
        return EXPR_LIKE_NO_MEMORY;
    for (int64_t at = 0, step; at < pattern.size; at += step) {
        bool escaped = is_letter(pattern, at, escape);
        at += escaped ? escape.size : 0;
        if (at >= pattern.size)
            return EXPR_LIKE_BAD_END;
        step = expr_letter_size(pattern.data + at, pattern.size - at);
        if (!escaped && pattern.data[at] == '%') {
            part_end(&m);
            out->open_begin |= out->n_parts == 0;
            out->open_end = true;
            continue;
        }
        out->open_end = false;
        if (!escaped && pattern.data[at] == '_')
            m.any[m.used] = m.has_any = true;
        letter_add(&m, pattern.data + at, step);
    }
    part_end(&m);
    return EXPR_LIKE_MADE;
}

/* Where the part ends that begins at `at`; -1: it does not stand there. */
static int64_t part_at(const struct expr_like_part *part, struct expr_text text, int64_t at)
{
    if (!part->any)
        return part->size <= text.size - at &&
                       !memcmp(text.data + at, part->data, (size_t)part->size)
                   ? at + part->size
                   : -1;
    for (int64_t k = 0; k < part->size; k++) {
        if (at >= text.size)
            return -1;
        if (part->any[k])
            at += expr_letter_size(text.data + at, text.size - at);
        else if (text.data[at++] != part->data[k])
            return -1;
    }
    return at;
}

/* The first place at or behind `at`; answers where it ends there. */
static int64_t part_find(const struct expr_like_part *part, struct expr_text text, int64_t at)
{
    if (!part->any) {
        const char *found =
            memmem(text.data + at, (size_t)(text.size - at), part->data, (size_t)part->size);
        return found ? found - text.data + part->size : -1;
    }
    for (int64_t end; at < text.size; at += expr_letter_size(text.data + at, text.size - at)) {
        end = part_at(part, text, at);
        if (end >= 0)
            return end;
    }
    return -1;
}

/* At the very end, not before `from`. */
static bool part_last(const struct expr_like_part *part, struct expr_text text, int64_t from)
{
    int64_t at = text.size;

    if (!part->any)
        return text.size - from >= part->size && part_at(part, text, text.size - part->size) >= 0;
    for (int64_t k = 0; k < part->letters; k++) {
        if (at <= from)
            return false;
        do
            at--;
        while (at > from && ((unsigned char)text.data[at] & 0xc0) == 0x80);
    }
    return part_at(part, text, at) == text.size;
}

bool qetl_expr_like_matches(const struct expr_like *like, struct expr_text text)
{
    uint32_t first = 0, last = like->n_parts;
    int64_t at = 0;

    if (!like->n_parts)
        return like->open_end || text.size == 0;
    if (!text.size)
        return false;
    if (!like->open_begin) {
        at = part_at(&like->parts[first++], text, 0);
        if (at < 0)
            return false;
        if (last == 1)
            return like->open_end || at == text.size;
    }
    if (!like->open_end)
        last--;
    for (; first < last && at >= 0; first++)
        at = part_find(&like->parts[first], text, at);
    return at >= 0 && (like->open_end || part_last(&like->parts[last], text, at));
}
