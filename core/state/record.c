/* SPDX-License-Identifier: Apache-2.0 */
/* Little endian: layout and number of entries; then each one's kind, part, version, where its data
 * is, size, length of its component's id; the id; the data, or its digest. */
#include "record.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LAYOUT = 1, HEAD_SIZE = 8, ENTRY_SIZE = 28, ENTRIES_MOST = 1 << 24 };
enum { INSIDE, OUTSIDE };

/* ---- writing ---- */

static uint8_t *put(uint8_t *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * i));
    return at + bytes;
}

static uint8_t *put_bytes(uint8_t *at, const void *data, size_t size)
{
    if (size)
        memcpy(at, data, size);
    return at + size;
}

static uint8_t *put_entry(uint8_t *at, const struct qetl_entry *entry,
                          const struct state_outside *outside)
{
    bool out = outside && outside->is;
    size_t length = strlen(entry->component);

    at = put(at, entry->kind, 4);
    at = put(at, entry->part, 4);
    at = put(at, entry->version, 4);
    at = put(at, out ? OUTSIDE : INSIDE, 4);
    at = put(at, entry->size, 8);
    at = put(at, length, 4);
    at = put_bytes(at, entry->component, length);
    return out ? put_bytes(at, outside->digest, STATE_DIGEST)
               : put_bytes(at, entry->data, entry->size);
}

int qetl_state_encode(const struct qetl_record *record, const struct state_outside *outside,
                      void **bytes, size_t *size)
{
    *size = HEAD_SIZE;
    for (size_t i = 0; i < record->n_entries; i++) {
        const struct qetl_entry *entry = &record->entries[i];
        *size += ENTRY_SIZE + strlen(entry->component) +
                 (outside && outside[i].is ? (size_t)STATE_DIGEST : entry->size);
    }
    uint8_t *at = *bytes = malloc(*size);
    if (!at)
        return ENOMEM;
    at = put(at, LAYOUT, 4);
    at = put(at, record->n_entries, 4);
    for (size_t i = 0; i < record->n_entries; i++)
        at = put_entry(at, &record->entries[i], outside ? &outside[i] : NULL);
    assert(at == (uint8_t *)*bytes + *size);
    return 0;
}

/* ---- reading ---- */

struct reading {
    const uint8_t *at;
    size_t left;
    state_fetch *fetch;
    void *arg;
};

static bool take(struct reading *in, size_t size, const uint8_t **at)
{
    if (size > in->left)
        return false;
    *at = in->at;
    in->at += size;
    in->left -= size;
    return true;
}

static bool take_number(struct reading *in, int bytes, uint64_t *value)
{
    const uint8_t *at;
    if (!take(in, (size_t)bytes, &at))
        return false;
    *value = 0;
    for (int i = bytes; i-- > 0;)
        *value = *value << 8 | at[i];
    return true;
}

/* With a NUL behind it, which no size counts. */
static int take_copy(struct reading *in, uint64_t size, void **copy)
{
    const uint8_t *at;
    if (size > in->left || !take(in, (size_t)size, &at))
        return EBADMSG;
    uint8_t *made = malloc((size_t)size + 1);
    if (!made)
        return ENOMEM;
    put_bytes(made, at, (size_t)size);
    made[size] = 0;
    *copy = made;
    return 0;
}

static int take_id(struct reading *in, uint64_t length, struct qetl_entry *entry)
{
    void *id = NULL;
    int error = take_copy(in, length, &id);
    entry->component = id;
    return error ? error : strlen(id) != length ? EBADMSG : 0;
}

static int take_data(struct reading *in, uint64_t where, uint64_t size, struct qetl_entry *entry)
{
    const uint8_t *digest;
    void *data = NULL;
    int error;
    if (where == INSIDE)
        error = take_copy(in, size, &data);
    else if (where != OUTSIDE || size > SIZE_MAX - 1 || !take(in, STATE_DIGEST, &digest))
        error = EBADMSG;
    else
        error = in->fetch(in->arg, digest, size, &data);
    entry->data = data;
    entry->size = data ? (size_t)size : 0;
    return error;
}

static int take_entry(struct reading *in, struct qetl_entry *entry)
{
    uint64_t kind, part, version, where, size, length;
    if (!take_number(in, 4, &kind) || !take_number(in, 4, &part) || !take_number(in, 4, &version) ||
        !take_number(in, 4, &where) || !take_number(in, 8, &size) || !take_number(in, 4, &length))
        return EBADMSG;
    if (kind < QETL_ENTRY_SCHEMA || kind > QETL_ENTRY_WATERMARK)
        return EBADMSG;
    entry->kind = (enum qetl_entry_kind)kind;
    entry->part = (uint32_t)part;
    entry->version = (uint32_t)version;
    int error = take_id(in, length, entry);
    return error ? error : take_data(in, where, size, entry);
}

static int take_entries(struct reading *in, uint64_t count, struct qetl_record *out)
{
    out->entries = calloc(count ? count : 1, sizeof *out->entries);
    if (!out->entries)
        return ENOMEM;
    while (out->n_entries < count) {
        int error = take_entry(in, &out->entries[out->n_entries++]);
        if (error)
            return error;
    }
    return in->left ? EBADMSG : 0;
}

int qetl_state_decode(const void *bytes, size_t size, state_fetch *fetch, void *arg,
                      struct qetl_record *out)
{
    struct reading in = {bytes, size, fetch, arg};
    uint64_t layout, count;
    out->entries = NULL;
    out->n_entries = 0;
    if (!take_number(&in, 4, &layout) || !take_number(&in, 4, &count) || layout != LAYOUT ||
        count > ENTRIES_MOST || count > in.left / ENTRY_SIZE)
        return EBADMSG;
    int error = take_entries(&in, count, out);
    if (error)
        qetl_record_free(out);
    return error;
}

void qetl_record_free(struct qetl_record *record)
{
    for (size_t i = 0; i < record->n_entries; i++) {
        free((void *)record->entries[i].component);
        free((void *)record->entries[i].data);
    }
    free(record->entries);
    record->entries = NULL;
    record->n_entries = 0;
}
