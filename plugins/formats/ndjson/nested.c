/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects and lists inside a record: walked without recursion, to a depth of 64, with the keys of
 * every open object kept, since an object that says a key twice is refused.
 */
#include "json.h"

#include <qetl/plugin.h>

#include <stdlib.h>

enum { PAIRWISE_MAX = 16 };

struct level {
    int64_t first_key;
    bool object;
};

static int key_compare(const void *a, const void *b)
{
    const struct ndjson_key *x = a, *y = b;
    if (x->size != y->size)
        return x->size < y->size ? -1 : 1;
    return x->size ? memcmp(x->data, y->data, (size_t)x->size) : 0;
}

/* A key that stands twice, or NULL. Many keys are sorted, so that no input makes this quadratic. */
static const struct ndjson_key *keys_twice(struct ndjson_key *keys, int64_t n)
{
    if (n > PAIRWISE_MAX) {
        qsort(keys, (size_t)n, sizeof *keys, key_compare);
        for (int64_t i = 1; i < n; i++)
            if (!key_compare(&keys[i - 1], &keys[i]))
                return &keys[i];
        return NULL;
    }
    for (int64_t i = 1; i < n; i++)
        for (int64_t k = 0; k < i; k++)
            if (!key_compare(&keys[k], &keys[i]))
                return &keys[i];
    return NULL;
}

static const uint8_t *key_push(struct ndjson_reader *reader, const uint8_t *p)
{
    struct ndjson_key key;
    p = ndjson_key_read(reader, p, &key);
    if (!p)
        return NULL;
    if (reader->n_keys == reader->keys_capacity) {
        int64_t capacity = reader->keys_capacity ? reader->keys_capacity * 2 : 64;
        void *grown = realloc(reader->keys, (size_t)capacity * sizeof *reader->keys);
        if (!grown) {
            reader->fault.status = QETL_E_NO_MEMORY;
            return NULL;
        }
        reader->keys = grown;
        reader->keys_capacity = capacity;
    }
    reader->keys[reader->n_keys++] = key;
    return p;
}

static bool level_close(struct ndjson_reader *reader, const struct level *level, const uint8_t *p)
{
    const struct ndjson_key *twice = NULL;
    if (reader->n_keys > level->first_key + 1)
        twice = keys_twice(reader->keys + level->first_key, reader->n_keys - level->first_key);
    reader->n_keys = level->first_key;
    if (twice)
        ndjson_fault_set(reader, "duplicate_key", p, "an object has the key \"%.*s\" twice",
                         (int)(twice->size < 60 ? twice->size : 60), twice->data);
    return !twice;
}

/* What stands behind a value of the level: another value (its place is answered) or the closing. */
static const uint8_t *member_next(struct ndjson_reader *reader, const struct level *level,
                                  const uint8_t *p, bool *closed)
{
    const char *inside = level->object ? "an object" : "a list";
    char close = level->object ? '}' : ']';
    p = ndjson_blanks(reader, p);
    if (p >= reader->end || *p == '\n')
        return ndjson_fault_set(reader, "bad_json", p, "%s inside %s", ndjson_ends(reader), inside);
    *closed = *p == close;
    if (*closed)
        return p;
    if (*p != ',')
        return ndjson_fault_set(reader, "bad_json", p, "',' or '%c' is expected in %s", close,
                                inside);
    p = ndjson_blanks(reader, p + 1);
    return level->object ? key_push(reader, p) : p;
}

/* As member_next, behind the opening brace or bracket. */
static const uint8_t *member_first(struct ndjson_reader *reader, const struct level *level,
                                   const uint8_t *p, bool *closed)
{
    p = ndjson_blanks(reader, p);
    *closed = p < reader->end && *p == (level->object ? '}' : ']');
    return !*closed && level->object ? key_push(reader, p) : p;
}

static const uint8_t *level_open(struct ndjson_reader *reader, struct level *level,
                                 const uint8_t *p, bool *closed)
{
    *level = (struct level){reader->n_keys, *p == '{'};
    return member_first(reader, level, p + 1, closed);
}

static bool value_is_nested(const struct ndjson_reader *reader, const uint8_t *p)
{
    return p < reader->end && (*p == '{' || *p == '[');
}

const uint8_t *ndjson_nested_read(struct ndjson_reader *reader, const uint8_t *p, int32_t depth)
{
    struct level levels[NDJSON_DEPTH_MAX];
    struct ndjson_cell cell;
    int32_t open = 0;
    do {
        bool closed;
        if (value_is_nested(reader, p)) {
            if (depth + open >= NDJSON_DEPTH_MAX)
                return ndjson_fault_set(reader, "too_deep", p, "nested more than %d levels deep",
                                        NDJSON_DEPTH_MAX);
            p = level_open(reader, &levels[open++], p, &closed);
        } else {
            p = ndjson_scalar_read(reader, p, &cell);
            p = p ? member_next(reader, &levels[open - 1], p, &closed) : NULL;
        }
        while (p && closed) {
            if (!level_close(reader, &levels[--open], p))
                return NULL;
            if (!open)
                return p + 1;
            p = member_next(reader, &levels[open - 1], p + 1, &closed);
        }
    } while (p);
    return NULL;
}
