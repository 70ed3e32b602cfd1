/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop over blocks, once for each kernel. A kernel's file defines, before it includes this one,
 * WALK_TARGET, struct masks, masks_of(), byte_mask(), inside_of(), ones_of() and flatten().
 *
 * Quotes toggle: the prefix sum (modulo 2) of the quote bits says which bytes lie within quotes.
 * That is the law as long as every quote that opens stands at the beginning of a cell or behind one
 * that closed; a block where this fails goes through csv_scan_exact, which takes and leaves the
 * same state.
 *
 * Invariant: the same bits and the same state as csv_scan_exact.
 * Ownership: none.
 * Threads:   pure.
 */

enum { WALK_BLOCK = 64 };

struct walk {
    struct csv_marks marks;
    struct csv_scan *scan;
    struct csv_index *ix; /* NULL while framing */
    uint64_t high;        /* any byte over 127 */
    uint64_t quoted;      /* any quote */
};

/* Bytes that may follow a quote that closed. A carriage return may if a line feed follows it. */
static inline WALK_TARGET uint64_t walk_may_follow(const uint8_t *p, const struct masks *m,
                                                   int next)
{
    uint64_t feed_next = m->line >> 1 | (uint64_t)(next == '\n' || next < 0) << 63;

    return m->delimiter | m->line | m->quote | (byte_mask(p, '\r') & feed_next);
}

static inline WALK_TARGET struct csv_block walk_quotes(struct walk *w, const uint8_t *p, int n,
                                                       int next, const struct masks *m, int64_t at)
{
    struct csv_scan *s = w->scan;
    uint64_t inside = inside_of(m->quote) ^ s->inside;
    uint64_t opens = m->quote & inside, closes = m->quote & ~inside;
    uint64_t begins = m->delimiter | m->line | m->quote;
    uint64_t wrong = opens & ~(begins << 1 | s->may_open | s->after_close);
    struct csv_block block;

    w->quoted = 1;
    if (w->ix)
        wrong |= (closes << 1 | s->after_close) & ~walk_may_follow(p, m, next);
    if (__builtin_expect(wrong || n < WALK_BLOCK, 0))
        return csv_scan_exact(p, n, next, w->marks, s, w->ix, at);
    block.lines = m->line & ~inside;
    block.ends = block.lines | (m->delimiter & ~inside);
    s->inside = (uint64_t)((int64_t)inside >> 63);
    s->may_open = block.ends >> 63;
    s->after_close = closes >> 63;
    return block;
}

static inline WALK_TARGET __attribute__((always_inline)) struct csv_block
walk_block(struct walk *w, const uint8_t *p, int n, int next, int64_t at)
{
    struct masks m = masks_of(p, w->marks);

    w->high |= m.high;
    if (m.quote | w->scan->inside | w->scan->after_close)
        return walk_quotes(w, p, n, next, &m, at);
    w->scan->may_open = (m.delimiter | m.line) >> (n - 1) & 1;
    return (struct csv_block){.ends = m.delimiter | m.line, .lines = m.line};
}

/* The last bytes, behind which nothing may be read: padded with zeros, which are no mark. */
static inline WALK_TARGET struct csv_block walk_tail(struct walk *w, const uint8_t *p, int n,
                                                     int64_t at)
{
    uint8_t pad[WALK_BLOCK];

    memset(pad, 0, sizeof pad);
    memcpy(pad, p, (size_t)n);
    return walk_block(w, pad, n, -1, at);
}

/* Where the run of bytes without a quote ends that begins at `from`, block by block. */
static inline WALK_TARGET int64_t walk_calm(const uint8_t *data, int64_t from, int64_t to,
                                            uint8_t quote)
{
    for (; to - from >= 4 * WALK_BLOCK; from += 4 * WALK_BLOCK) {
        const uint8_t *p = data + from;

        if (byte_mask(p, quote) | byte_mask(p + 64, quote) | byte_mask(p + 128, quote) |
            byte_mask(p + 192, quote))
            break;
    }
    while (to - from >= WALK_BLOCK && !byte_mask(data + from, quote))
        from += WALK_BLOCK;
    return from;
}

/* Without quotes every line feed ends a record: only the last matters. */
static inline int64_t walk_last_feed(const uint8_t *data, int64_t from, int64_t to, int64_t last)
{
    const uint8_t *feed = to > from ? memrchr(data + from, '\n', (size_t)(to - from)) : NULL;

    return feed ? feed - data + 1 : last;
}

static WALK_TARGET int64_t walk_last_end(const uint8_t *data, int64_t from, int64_t to,
                                         struct csv_marks marks, struct csv_scan *scan)
{
    struct csv_scan local = *scan;
    struct walk w = {.marks = marks, .scan = &local};
    int64_t last = -1;

    while (to - from >= WALK_BLOCK) {
        struct csv_block b;

        if (!(local.inside | local.after_close)) {
            int64_t calm = walk_calm(data, from, to, marks.quote);

            last = walk_last_feed(data, from, calm, last);
            if (calm > from)
                local.may_open = data[calm - 1] == marks.delimiter || data[calm - 1] == '\n';
            from = calm;
            if (to - from < WALK_BLOCK)
                break;
        }
        b = walk_block(&w, data + from, WALK_BLOCK, 0, from);
        from += WALK_BLOCK;
        if (b.lines)
            last = from - __builtin_clzll(b.lines);
    }
    if (from < to) {
        struct csv_block b = walk_tail(&w, data + from, (int)(to - from), from);

        if (b.lines)
            last = from + WALK_BLOCK - __builtin_clzll(b.lines);
    }
    *scan = local;
    return last;
}

static inline WALK_TARGET void walk_store(struct csv_index *ix, struct csv_block b, int64_t at)
{
    int64_t first = ix->n_ends;
    uint64_t lines = b.lines;
    int64_t n_lines = (int64_t)ones_of(lines);

    flatten(ix->ends + first, (uint32_t)at, b.ends);
    ix->rows[ix->n_rows] = (uint32_t)(first + (int64_t)ones_of(b.ends & (lines ^ (lines - 1))));
    for (int64_t i = 1; __builtin_expect(i < n_lines, 0); i++) {
        lines &= lines - 1;
        ix->rows[ix->n_rows + i] =
            (uint32_t)(first + (int64_t)ones_of(b.ends & (lines ^ (lines - 1))));
    }
    ix->n_ends = first + (int64_t)ones_of(b.ends);
    ix->n_rows += n_lines;
}

static inline bool walk_full(const struct csv_index *ix)
{
    return ix->room_ends - ix->n_ends < WALK_BLOCK + 17 || ix->room_rows - ix->n_rows < WALK_BLOCK;
}

static WALK_TARGET int32_t walk_index(const uint8_t *data, int64_t size, struct csv_marks marks,
                                      struct csv_index *ix)
{
    struct csv_scan scan = CSV_SCAN_START;
    struct walk w = {.marks = marks, .scan = &scan, .ix = ix};
    int64_t at = 0;

    csv_index_reset(ix);
    for (; size - at >= WALK_BLOCK; at += WALK_BLOCK) {
        int next = at + WALK_BLOCK < size ? data[at + WALK_BLOCK] : -1;

        if (walk_full(ix) && csv_index_grow(ix))
            return -1;
        walk_store(ix, walk_block(&w, data + at, WALK_BLOCK, next, at), at);
    }
    if (csv_index_grow(ix))
        return -1;
    if (at < size)
        walk_store(ix, walk_tail(&w, data + at, (int)(size - at), at), at);
    ix->ascii = !w.high;
    ix->quotes = w.quoted;
    return csv_index_finish(ix, size, &scan);
}
