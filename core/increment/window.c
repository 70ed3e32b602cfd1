/* SPDX-License-Identifier: Apache-2.0 */
#include "window.h"

#include <stdlib.h>
#include <string.h>

enum { TRIM_LEAST = 4096 };

/* ---- which keys are worth remembering ---- */

/* Those within the lag of what the run began with, as long as it lasts, and of what it reached. */
bool window_is_near(const struct window *window, qetl_int128 number)
{
    if (window->bounded && number < window->bound)
        return false;
    const struct window_mark *from = &window->from, *reached = &window->reached;
    if (from->is && number <= from->number)
        return true;
    return !reached->is || number >= cursor_less(window->cursor, reached->number, window->lag);
}

static bool key_is_near(const void *arg, const struct key *key)
{
    return window_is_near(arg, key->cursor);
}

/* Again once there are twice as many, so that it costs each key little. */
bool window_trim(struct window *window)
{
    if (!keys_keep(&window->keys, key_is_near, window))
        return false;
    window->trim_at = 2 * window->keys.count + TRIM_LEAST;
    return true;
}

static enum window_answer key_take(struct window *window, qetl_int128 number,
                                   const uint8_t digest[KEY_DIGEST])
{
    if (window->keys.count >= window->trim_at && !window_trim(window))
        return WINDOW_NO_MEMORY;
    enum keys_answer answer = keys_add(&window->keys, digest, number, false);
    if (answer == KEYS_FULL && window_trim(window))
        answer = keys_add(&window->keys, digest, number, false);
    return answer == KEYS_NEW    ? WINDOW_PASS
           : answer == KEYS_SEEN ? WINDOW_SEEN
           : answer == KEYS_FULL ? WINDOW_FULL
                                 : WINDOW_NO_MEMORY;
}

/* ---- rows ---- */

enum window_answer window_take(struct window *window, qetl_int128 number,
                               const uint8_t digest[KEY_DIGEST])
{
    if (window->bounded && number < window->bound)
        return WINDOW_OLD;
    if (!window->reached.is || number > window->reached.number) {
        window->reached.is = true;
        window->reached.number = number;
    }
    return digest && window_is_near(window, number) ? key_take(window, number, digest)
                                                    : WINDOW_PASS;
}

static int text_compare(const char *text, int64_t size, const char *other)
{
    size_t length = strlen(other), common = (size_t)size < length ? (size_t)size : length;
    int order = memcmp(text, other, common);
    return order ? order : ((size_t)size > length) - ((size_t)size < length);
}

static bool text_reach(struct window_mark *reached, const char *text, int64_t size)
{
    char *copy = strndup(text, (size_t)size);
    if (!copy)
        return false;
    free(reached->text);
    reached->text = copy;
    reached->number++;
    reached->is = true;
    return true;
}

/* Two places alone are near without a lag: where the run began, number 0, and what it reached. */
enum window_answer window_take_text(struct window *window, const char *text, int64_t size,
                                    const uint8_t digest[KEY_DIGEST])
{
    const struct window_mark *from = &window->from;
    struct window_mark *reached = &window->reached;
    int below = from->is ? text_compare(text, size, from->text) : 1;
    int order = reached->is ? text_compare(text, size, reached->text) : 1;
    if (below < 0)
        return WINDOW_OLD;
    if (order > 0 && !text_reach(reached, text, size))
        return WINDOW_NO_MEMORY;
    if (!digest || (below > 0 && order < 0))
        return WINDOW_PASS;
    return key_take(window, below == 0 ? 0 : reached->number, digest);
}

/* ---- from run to run ---- */

struct choice {
    const struct window *window;
    bool was_complete, same; /* the run before ended, and this one begins where it did */
    qetl_int128 highest;
};

/* What a run that was ended before its source gave out may not have reached a sink; and keys of a
 * watermark that was moved by hand would keep its rows away. */
static bool is_kept(const void *arg, const struct key *key)
{
    const struct choice *choice = arg;
    const struct window *window = choice->window;
    if (!choice->was_complete && !key->old)
        return false;
    if (!choice->same)
        return false;
    return cursor_is_text(window->cursor) ? key->cursor == choice->highest
                                          : key->cursor >= window->bound;
}

static int32_t mark_set(const struct window *window, struct window_mark *mark, const char *text)
{
    *mark = (struct window_mark){.is = text != NULL};
    if (!text)
        return QETL_OK;
    if (!cursor_is_text(window->cursor))
        return cursor_parse(window->cursor, text, &mark->number);
    mark->text = strdup(text);
    return mark->text ? QETL_OK : QETL_E_NO_MEMORY;
}

static int32_t begin_at(struct window *window, const char *watermark)
{
    free(window->from.text);
    free(window->reached.text);
    window->reached = (struct window_mark){0};
    int32_t status = mark_set(window, &window->from, watermark);
    if (!status)
        status = mark_set(window, &window->reached, watermark);
    window->bounded = window->from.is && !cursor_is_text(window->cursor);
    window->bound = cursor_less(window->cursor, window->from.number, window->lag);
    window->complete = false;
    return status;
}

int32_t window_begin(struct window *window, const char *watermark)
{
    bool none;
    char *next = window_text(window, window->complete ? &window->reached : &window->from, &none);
    if (!next && !none)
        return QETL_E_NO_MEMORY;
    struct choice choice = {window, window->complete,
                            next && watermark && strcmp(next, watermark) == 0,
                            window->complete ? window->reached.number : 0};
    free(next);
    int32_t status = begin_at(window, watermark);
    if (status)
        return status;
    if (!keys_keep(&window->keys, is_kept, &choice))
        return QETL_E_NO_MEMORY;
    for (size_t i = 0; i < window->keys.room; i++)
        window->keys.slots[i].old = true;
    /* A text's place is counted from where the run begins. */
    struct keys again = {.most = window->keys.most};
    for (size_t i = 0; cursor_is_text(window->cursor) && i < window->keys.room; i++)
        if (window->keys.slots[i].used &&
            keys_add(&again, window->keys.slots[i].digest, 0, true) == KEYS_NO_MEMORY) {
            keys_free(&again);
            return QETL_E_NO_MEMORY;
        }
    if (cursor_is_text(window->cursor)) {
        keys_free(&window->keys);
        window->keys = again;
    }
    return QETL_OK;
}

char *window_text(const struct window *window, const struct window_mark *mark, bool *none)
{
    *none = !mark->is;
    if (!mark->is)
        return NULL;
    return cursor_is_text(window->cursor) ? strdup(mark->text)
                                          : cursor_text(window->cursor, mark->number);
}

void window_free(struct window *window)
{
    free(window->from.text);
    free(window->reached.text);
    keys_free(&window->keys);
    *window = (struct window){0};
}
