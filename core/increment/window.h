/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What incremental loading remembers of a source, and what it lets pass.
 *
 * Invariant: `from` and the bound stay as they were when the run began; `reached` only grows.
 * Ownership: a window owns its texts and keys.
 * Threads:   one at a time.
 */
#ifndef QETL_CORE_INCREMENT_WINDOW_H
#define QETL_CORE_INCREMENT_WINDOW_H

#include "cursor.h"
#include "keys.h"

struct window_mark { /* a place in the cursor's order */
    bool is;
    qetl_int128 number;
    char *text; /* of text cursors; number: how many places were higher than all before, so far */
};

struct window {
    const struct cursor *cursor;
    qetl_int128 lag, bound;
    bool bounded;
    struct window_mark from;    /* the watermark that the run began with */
    struct window_mark reached; /* the highest cursor so far */
    bool complete;              /* the source came to its end */
    struct keys keys;
    size_t trim_at; /* so many keys are looked through for those that are far by now */
};

enum window_answer { WINDOW_PASS, WINDOW_OLD, WINDOW_SEEN, WINDOW_FULL, WINDOW_NO_MEMORY };

/* A row's cursor; digest NULL: it has no key. Of texts in place of number: text, size. */
enum window_answer window_take(struct window *, qetl_int128 number,
                               const uint8_t digest[KEY_DIGEST]);
enum window_answer window_take_text(struct window *, const char *text, int64_t size,
                                    const uint8_t digest[KEY_DIGEST]);

/* Whether a key with this cursor is remembered. Not of texts. */
bool window_is_near(const struct window *, qetl_int128 number);

/* A new run begins at a watermark (text as a cast reads it). Keys stay as far as they are within
 * its lag. CONFIG, unreported: it is no value of the cursor. */
int32_t window_begin(struct window *, const char *watermark);
/* One of its marks as a cast reads it: the caller's. NULL with *none: there is none; else no
 * memory. */
char *window_text(const struct window *, const struct window_mark *, bool *none);
/* false: no memory. */
bool window_trim(struct window *);
void window_free(struct window *);

/* window_save.c: all of it as bytes (from malloc), and back into one with cursor, lag and an empty
 * rest. NULL without memory; NO_MEMORY, CONFIG (they are not of this cursor) or DATA (no such
 * bytes). */
void *window_pack(const struct window *, size_t *size);
int32_t window_unpack(struct window *, const void *data, size_t size);
/* saved.c: as an instance saves it. */
int32_t window_save(const struct window *, const struct qetl_writer *out);
/* Of the window's bytes: whether the source had come to its end; and they say that it had not. */
bool window_packed_complete(const void *data, size_t size);
void window_packed_take_back(void *data, size_t size);

#endif
