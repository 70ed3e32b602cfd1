/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as what incremental loading remembers: what is accepted is written and read again as the
 * same, and rows can be taken behind it. The first byte says of which kind of cursor. */
#include "increment/increment.h"
#include "increment/window.h"

#include <stdlib.h>
#include <string.h>

enum { KEYS_MOST = 64 };

static void take_some(struct window *window)
{
    static const uint8_t digest[KEY_DIGEST] = {1, 2, 3};
    const qetl_int128 far = (qetl_int128)1 << 90;
    if (cursor_is_text(window->cursor)) {
        window_take_text(window, "m", 1, digest);
        if (window_take_text(window, "m", 1, digest) == WINDOW_PASS &&
            strcmp(window->reached.text, "m") == 0)
            abort();
    } else {
        window_take(window, 5, digest);
        window_take(window, far, digest);
        if (window_is_near(window, far) && window_take(window, far, digest) == WINDOW_PASS)
            abort();
    }
    if (!window_trim(window) || window->keys.count > KEYS_MOST)
        abort();
}

static void again(const struct window *window)
{
    struct window copy = {.cursor = window->cursor, .lag = window->lag, .keys.most = KEYS_MOST};
    size_t size, second;
    void *bytes = window_pack(window, &size), *more;
    if (!bytes)
        return;
    if (window_unpack(&copy, bytes, size) || copy.complete != window->complete ||
        copy.keys.count != window->keys.count || copy.from.is != window->from.is ||
        copy.reached.is != window->reached.is || copy.bound != window->bound)
        abort();
    more = window_pack(&copy, &second);
    if (more && second != size)
        abort();
    free(more);
    free(bytes);
    window_free(&copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum qetl_kind kinds[] = {QETL_KIND_INT, QETL_KIND_TEXT, QETL_KIND_TIMESTAMP};
    struct qetl_blob mark, memory;
    if (size == 0)
        return 0;
    struct cursor cursor = {.kind = kinds[data[0] % 3]};
    struct window window = {.cursor = &cursor, .lag = 3, .keys.most = KEYS_MOST};
    qetl_increment_split(data, size, &mark, &memory);
    if (!window_unpack(&window, data + 1, size - 1)) {
        again(&window);
        take_some(&window);
    }
    window_free(&window);
    return 0;
}
