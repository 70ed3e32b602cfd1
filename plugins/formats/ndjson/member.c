/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that were not foreseen, and cells that do not go to their view as they stand. */
#include "decoder.h"

#include <qetl/plugin.h>

/* How many names of dropped keys are announced. */
enum { DROPPED_MAX = 100 };

/* Behind column `at`, c was spelled from `from` to p. Behind another column the same bytes may be
 * no JSON. */
static void run_learn(struct ndjson_column *at, struct ndjson_column *c, const uint8_t *from,
                      const uint8_t *p)
{
    at->next = c;
    at->run_size = NDJSON_RUN_NONE;
    if (p - from > NDJSON_RUN_MAX)
        return;
    at->run_size = (int32_t)(p - from);
    memcpy(at->run, from, (size_t)at->run_size);
}

/* Behind a value, or the opening brace: the place of the next key, or the record's end. */
static const uint8_t *key_find(struct ndjson_reader *reader, bool first, const uint8_t *p,
                               bool *closed)
{
    if (first && *p != '{') {
        ndjson_stranger_fault(reader, p);
        return NULL;
    }
    p = ndjson_blanks(reader, p + first);
    *closed = p < reader->end && *p == '}';
    if (*closed)
        return ndjson_record_end(reader, p + 1);
    if (first)
        return p;
    if (p >= reader->end || *p == '\n')
        return ndjson_fault_set(reader, "bad_json", p, "%s inside the record", ndjson_ends(reader));
    if (*p != ',')
        return ndjson_fault_set(reader, "bad_json", p, "',' or '}' is expected behind a value");
    return ndjson_blanks(reader, p + 1);
}

static const uint8_t *fault_unknown(struct ndjson_decoder *d, const uint8_t *p,
                                    const struct ndjson_key *key)
{
    return ndjson_fault_set(
        &d->reader, "unknown_key", p,
        "the key \"%.*s\" is in no record of the sample; declare it in types, "
        "as in types: {NAME: text}, or take it in or let it go with new_columns: evolve or drop",
        (int)(key->size < 80 ? key->size : 80), key->data);
}

const uint8_t *ndjson_value_drop(struct ndjson_decoder *d, const struct ndjson_key *key,
                                 const uint8_t *p)
{
    struct ndjson_cell cell;
    /* A name in Arrow cannot hold NUL: such a key becomes no column. */
    if (d->grows && !memchr(key->data, 0, (size_t)key->size)) {
        d->grown = true;
        return ndjson_value_read(&d->reader, p, &cell);
    }
    if (d->dropped.n < DROPPED_MAX && ndjson_names_find(&d->dropped, key->data, key->size) < 0) {
        if (ndjson_names_add(&d->dropped, key->data, key->size) < 0) {
            d->reader.fault.status = QETL_E_NO_MEMORY;
            return NULL;
        }
        char name[81] = "";
        memcpy(name, key->data, (size_t)(key->size < 80 ? key->size : 80));
        ndjson_message_mend(name);
        qetl_logf(d->env, QETL_LOG_WARN,
                  "the key \"%s\" is in no record of the sample: its values are dropped "
                  "(new_columns: drop)",
                  name);
    }
    return ndjson_value_read(&d->reader, p, &cell);
}

/* The column of the key at p, or, with NULL in *c, the place behind a member that was dropped. */
static const uint8_t *column_find(struct ndjson_decoder *d, const uint8_t *p,
                                  struct ndjson_column **c)
{
    struct ndjson_key key;
    const uint8_t *begin = p;
    *c = NULL;
    p = ndjson_key_read(&d->reader, p, &key);
    if (!p)
        return NULL;
    if (p >= d->end)
        return ndjson_fault_set(&d->reader, "bad_json", p, "%s behind a key",
                                ndjson_ends(&d->reader));
    int64_t index = ndjson_names_find(&d->names, key.data, key.size);
    if (index >= 0)
        *c = &d->columns[index];
    else
        p = d->drops ? ndjson_value_drop(d, &key, p) : fault_unknown(d, begin, &key);
    return p;
}

struct ndjson_column *ndjson_member_find(struct ndjson_decoder *d, struct ndjson_column *at,
                                         const uint8_t **p)
{
    struct ndjson_column *c = NULL;
    const uint8_t *q = *p;
    bool closed = false, first = at == d->start;
    while (q && !c) {
        q = key_find(&d->reader, first, q, &closed);
        first = false;
        if (q && closed)
            c = d->stop;
        else if (q)
            q = column_find(d, q, &c);
    }
    if (!q)
        return NULL;
    run_learn(at, c, *p, q);
    /* A record that ended with its object, not with a line feed: elsewhere, more may stand there.
     */
    if (closed && q[-1] != (d->reader.across ? ',' : '\n'))
        at->run_size = NDJSON_RUN_NONE;
    *p = q;
    return c;
}

const uint8_t *ndjson_twice_fault(struct ndjson_decoder *d, const struct ndjson_column *c,
                                  const uint8_t *p)
{
    ndjson_fault_set(&d->reader, "duplicate_key", p, "the record has the key \"%.80s\" twice",
                     ndjson_column_name(d, c));
    d->reader.fault.column = c - d->columns;
    return NULL;
}

static void view_store(const struct ndjson_decoder *d, struct ndjson_sink *sink,
                       const uint8_t *data, int64_t size, bool in_heap)
{
    uint64_t offset = (uint64_t)(data - (in_heap ? d->heap : d->base));
    struct ndjson_view *views = (struct ndjson_view *)(void *)sink->values;
    ndjson_view_put(&views[d->row], data, size, offset << 32 | in_heap);
}

/* spelling: null, or nothing where the key is missing. 12 bytes are readable. */
static bool null_store(struct ndjson_decoder *d, struct ndjson_sink *sink, const char *spelling)
{
    if (sink->builder) {
        qetl_builder_truncate(sink->builder, d->row);
        d->reader.fault.status = qetl_builder_null(sink->builder);
        return !d->reader.fault.status;
    }
    uint8_t *validity = ndjson_batch_validity(d, sink);
    if (!validity) {
        d->reader.fault.status = QETL_E_NO_MEMORY;
        return false;
    }
    validity[d->row >> 3] &= (uint8_t) ~(1u << (d->row & 7));
    if (sink->kind == NDJSON_SINK_BITS)
        sink->values[d->row >> 3] &= (uint8_t) ~(1u << (d->row & 7));
    else
        memset(sink->values + d->row * sink->width, 0, (size_t)sink->width);
    if (sink->kind <= NDJSON_SINK_RAW)
        ndjson_view_put((struct ndjson_view *)(void *)sink->values + d->row,
                        (const uint8_t *)spelling, (int64_t)strlen(spelling), 0);
    return true;
}

static bool nulls_store(struct ndjson_decoder *d, const struct ndjson_column *c)
{
    static const char spelling[16] = "null";
    bool stored = true;
    for (int64_t i = c->first_sink; i >= 0 && stored; i = d->sinks[i].next)
        stored = null_store(d, &d->sinks[i], spelling);
    return stored;
}

bool ndjson_missing_store(struct ndjson_decoder *d)
{
    static const char spelling[16] = "";
    bool stored = true;
    for (int64_t i = 0; i < d->n_sinks && stored; i++)
        if (d->columns[d->sinks[i].column].seen != d->stamp)
            stored = null_store(d, &d->sinks[i], spelling);
    return stored;
}

bool ndjson_cell_unescape(struct ndjson_decoder *d, struct ndjson_cell *cell)
{
    d->reader.fault.status = ndjson_batch_heap(d);
    if (d->reader.fault.status)
        return false;
    uint8_t *out = d->heap + d->heap_size;
    cell->size = ndjson_unescape(cell->data, cell->size, out);
    cell->data = out;
    cell->in_heap = true;
    cell->escaped = false;
    d->heap_size += cell->size;
    return true;
}

static bool binary_store(struct ndjson_decoder *d, struct ndjson_sink *sink,
                         const struct ndjson_cell *cell)
{
    d->reader.fault.status = ndjson_batch_heap(d);
    if (d->reader.fault.status)
        return false;
    uint8_t *out = d->heap + d->heap_size;
    int64_t size = ndjson_base64_decode(cell->data, cell->size, out);
    d->heap_size += size;
    view_store(d, sink, out, size, true);
    return true;
}

static bool sink_store(struct ndjson_decoder *d, struct ndjson_sink *sink,
                       const struct ndjson_cell *cell, const uint8_t *value)
{
    uint8_t bit = (uint8_t)(1u << (d->row & 7));
    switch (sink->kind) {
    case NDJSON_SINK_CONTENT:
        view_store(d, sink, cell->data, cell->size, cell->in_heap);
        return true;
    case NDJSON_SINK_RAW:
        view_store(d, sink, cell->raw, cell->raw_size, false);
        return true;
    case NDJSON_SINK_BITS:
        if (value[0])
            sink->values[d->row >> 3] |= bit;
        else
            sink->values[d->row >> 3] &= (uint8_t)~bit;
        return true;
    case NDJSON_SINK_FIXED:
        memcpy(sink->values + d->row * sink->width, value, (size_t)sink->width);
        return true;
    case NDJSON_SINK_BINARY:
        return binary_store(d, sink, cell);
    default:
        qetl_builder_truncate(sink->builder, d->row);
        return ndjson_nest_store(d, &d->columns[sink->column], sink->builder, cell->raw);
    }
}

static bool fault_type(struct ndjson_decoder *d, const struct ndjson_column *c,
                       const struct ndjson_cell *cell, const char *code)
{
    static const char *const tokens[] = {"string",  "number", "boolean",
                                         "boolean", "null",   "nested value"};
    int size = (int)(cell->raw_size < 60 ? cell->raw_size : 60);
    while (size < cell->raw_size && size > 0 && (cell->raw[size] & 0xc0) == 0x80)
        size--;
    ndjson_fault_set(&d->reader, code, cell->raw,
                     "column \"%.60s\": the %s %.*s%s does not fit the column's type, which was %s",
                     ndjson_column_name(d, c), tokens[cell->token], size, cell->raw,
                     size < cell->raw_size ? "…" : "",
                     c->type.declared ? "declared in types" : "inferred; declare it in types");
    d->reader.fault.column = c - d->columns;
    return false;
}

bool ndjson_cell_store(struct ndjson_decoder *d, struct ndjson_column *c, struct ndjson_cell *cell)
{
    _Alignas(16) uint8_t value[16];
    if (cell->token == NDJSON_NULL)
        return nulls_store(d, c);
    if (cell->escaped && c->content && !ndjson_cell_unescape(d, cell))
        return false;
    if (c->nest) {
        if (c->typed && !c->nests && !ndjson_nest_store(d, c, NULL, cell->raw))
            return false;
    } else if (c->typed) {
        const char *code = ndjson_convert(&c->type, cell, value);
        if (code)
            return fault_type(d, c, cell, code);
    }
    bool stored = true;
    for (int64_t i = c->first_sink; i >= 0 && stored; i = d->sinks[i].next)
        stored = sink_store(d, &d->sinks[i], cell, value);
    return stored;
}

const uint8_t *ndjson_value_store(struct ndjson_decoder *d, struct ndjson_column *c,
                                  const uint8_t *p)
{
    struct ndjson_cell cell;
    /* A run that was foreseen may end before blanks that the record before did not have. */
    p = ndjson_value_read(&d->reader, ndjson_blanks(&d->reader, p), &cell);
    return p && ndjson_cell_store(d, c, &cell) ? p : NULL;
}
