/* SPDX-License-Identifier: Apache-2.0 */
/* Little endian: layout, flags, the cursor's kind, both marks, the keys. */
#include "window.h"

#include <stdlib.h>
#include <string.h>

enum { LAYOUT = 1, FROM = 1, REACHED = 2, COMPLETE = 4 };
enum { NUMBER = 16, KEY_SIZE = KEY_DIGEST + NUMBER + 1 };

/* ---- writing ---- */

static uint8_t *put(uint8_t *at, unsigned __int128 value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * i));
    return at + bytes;
}

static size_t mark_size(const struct window_mark *mark)
{
    return NUMBER + 4 + (mark->text ? strlen(mark->text) : 0);
}

static uint8_t *put_mark(uint8_t *at, const struct window_mark *mark)
{
    size_t size = mark->text ? strlen(mark->text) : 0;
    at = put(at, (unsigned __int128)mark->number, NUMBER);
    at = put(at, size, 4);
    if (size)
        memcpy(at, mark->text, size);
    return at + size;
}

void *window_pack(const struct window *window, size_t *size)
{
    *size = 4 + 4 + 4 + mark_size(&window->from) + mark_size(&window->reached) + 8 +
            window->keys.count * KEY_SIZE;
    uint8_t *data = malloc(*size), *at = data;
    if (!data)
        return NULL;
    at = put(at, LAYOUT, 4);
    at = put(at,
             (unsigned)((window->from.is ? FROM : 0) | (window->reached.is ? REACHED : 0) |
                        (window->complete ? COMPLETE : 0)),
             4);
    at = put(at, window->cursor->kind, 4);
    at = put_mark(at, &window->from);
    at = put_mark(at, &window->reached);
    at = put(at, window->keys.count, 8);
    for (size_t i = 0; i < window->keys.room; i++) {
        const struct key *key = &window->keys.slots[i];
        if (!key->used)
            continue;
        memcpy(at, key->digest, KEY_DIGEST);
        at = put(at + KEY_DIGEST, (unsigned __int128)key->cursor, NUMBER);
        at = put(at, key->old, 1);
    }
    return data;
}

/* ---- as bytes ---- */

enum { FLAGS_AT = 4 };

bool window_packed_complete(const void *data, size_t size)
{
    return size > FLAGS_AT && ((const uint8_t *)data)[FLAGS_AT] & COMPLETE;
}

void window_packed_take_back(void *data, size_t size)
{
    if (size > FLAGS_AT)
        ((uint8_t *)data)[FLAGS_AT] &= (uint8_t)~COMPLETE;
}

/* ---- reading ---- */

struct reading {
    const uint8_t *at;
    size_t left;
    bool failed;
};

static unsigned __int128 take(struct reading *in, int bytes)
{
    unsigned __int128 value = 0;
    in->failed |= in->left < (size_t)bytes;
    if (in->failed)
        return 0;
    for (int i = bytes; i-- > 0;)
        value = value << 8 | in->at[i];
    in->at += bytes;
    in->left -= (size_t)bytes;
    return value;
}

/* No cursor is beyond 38 digits, so that nothing overflows where a lag is taken off. */
static qetl_int128 take_cursor(struct reading *in)
{
    qetl_int128 most = 1, value = (qetl_int128)take(in, NUMBER);
    for (int i = 0; i < 38; i++)
        most *= 10;
    in->failed |= value > most || value < -most;
    return in->failed ? 0 : value;
}

static int32_t take_mark(struct reading *in, bool is, bool is_text, struct window_mark *mark)
{
    *mark = (struct window_mark){.is = is};
    mark->number = take_cursor(in);
    size_t size = (size_t)take(in, 4);
    if (in->failed || size > in->left)
        return QETL_E_DATA;
    if (is && is_text && !(mark->text = strndup((const char *)in->at, size)))
        return QETL_E_NO_MEMORY;
    in->at += size;
    in->left -= size;
    return QETL_OK;
}

static int32_t take_keys(struct reading *in, struct keys *keys)
{
    uint64_t count = (uint64_t)take(in, 8);
    if (in->failed || in->left != count * KEY_SIZE || count != in->left / KEY_SIZE)
        return QETL_E_DATA;
    for (uint64_t i = 0; i < count; i++) {
        const uint8_t *digest = in->at;
        in->at += KEY_DIGEST;
        in->left -= KEY_DIGEST;
        qetl_int128 cursor = take_cursor(in);
        bool old = take(in, 1) != 0;
        if (in->failed)
            return QETL_E_DATA;
        enum keys_answer answer = keys_add(keys, digest, cursor, old);
        if (answer == KEYS_NO_MEMORY || answer == KEYS_FULL)
            return answer == KEYS_FULL ? QETL_E_CONFIG : QETL_E_NO_MEMORY;
    }
    return QETL_OK;
}

int32_t window_unpack(struct window *window, const void *data, size_t size)
{
    struct reading in = {data, size, false};
    uint32_t layout = (uint32_t)take(&in, 4), flags = (uint32_t)take(&in, 4);
    uint32_t kind = (uint32_t)take(&in, 4);
    if (in.failed || layout != LAYOUT)
        return QETL_E_DATA;
    if (kind != (uint32_t)window->cursor->kind)
        return QETL_E_CONFIG;
    bool is_text = cursor_is_text(window->cursor);
    int32_t status = take_mark(&in, flags & FROM, is_text, &window->from);
    if (!status)
        status = take_mark(&in, flags & REACHED, is_text, &window->reached);
    if (!status)
        status = take_keys(&in, &window->keys);
    window->complete = flags & COMPLETE;
    window->bounded = window->from.is && !is_text;
    window->bound = cursor_less(window->cursor, window->from.number, window->lag);
    return status;
}
