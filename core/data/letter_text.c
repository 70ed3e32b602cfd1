/* SPDX-License-Identifier: Apache-2.0 */
/* A dead letter as a line of JSON. */
#include "base64.h"
#include "config/mask.h"
#include "dead_letter.h"
#include "json_text.h"
#include "origin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct sheet {
    json_t *object;
    bool failed; /* without memory: a letter lacks nothing */
};

static void put(struct sheet *sheet, const char *key, json_t *value)
{
    sheet->failed |= json_object_set_new(sheet->object, key, value) != 0;
}

static void set_text(struct sheet *sheet, const char *key, const char *text)
{
    if (text)
        put(sheet, key, qetl_json_text(text));
}

static void set_time(struct sheet *sheet, int64_t time_us)
{
    char text[40];
    time_t seconds = (time_t)(time_us / 1000000);
    struct tm utc;
    size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &utc));
    snprintf(text + n, sizeof text - n, ".%03dZ", (int)(time_us % 1000000 / 1000));
    set_text(sheet, "time", text);
}

static void set_bytes(struct sheet *sheet, const struct qetl_letter *letter)
{
    if (!letter->bytes)
        return;
    size_t size = (size_t)letter->bytes_size;
    json_t *text = json_stringn((const char *)letter->bytes, size);
    if (text) {
        put(sheet, "original", text);
    } else {
        char *encoded = qetl_base64(letter->bytes, size);
        sheet->failed |= !encoded;
        set_text(sheet, "original_base64", encoded);
        free(encoded);
    }
    put(sheet, "original_bytes", json_integer(letter->bytes_total));
    if (letter->bytes_cut || letter->bytes_total > QETL_LETTER_BYTES_MAX)
        put(sheet, "original_truncated", json_true());
    if (*letter->sha256)
        set_text(sheet, "original_sha256", letter->sha256);
    if (letter->masked)
        put(sheet, "original_masked", json_true());
}

/* Why it cannot be tried again; NULL: it can. */
static const char *obstacle(const struct qetl_letter *letter)
{
    bool row = json_object_get(letter->more, "decoded") != NULL;
    if (letter->withheld)
        return "private";
    if (letter->masked)
        return "secret";
    if (row)
        return NULL;
    if (json_object_get(letter->more, "left_out"))
        return "too_large";
    if (!letter->bytes)
        return "no_row";
    if (letter->bytes_cut || letter->bytes_size < letter->bytes_total)
        return "cut";
    static const char *const lacks[] = {"no_format", "head_lost", "columns_added"};
    for (size_t i = 0; i < sizeof lacks / sizeof lacks[0]; i++)
        if (json_object_get(letter->more, lacks[i]))
            return lacks[i];
    return NULL;
}

static void set_reason(struct sheet *sheet, const struct qetl_letter *letter)
{
    const struct qetl_origin *origin = letter->origin;
    set_text(sheet, "component", letter->component);
    set_text(sheet, "plugin", letter->plugin);
    set_text(sheet, "code", letter->code);
    set_text(sheet, "message", letter->message);
    set_text(sheet, "column", letter->column);
    if (origin) {
        set_text(sheet, "source", qetl_tracker_source(origin->tracker));
        if (origin->object)
            set_text(sheet, "object", origin->object->name);
    }
    if (letter->row > 0)
        put(sheet, "row", json_integer(letter->row));
    if (letter->bytes_offset >= 0)
        put(sheet, "byte_offset", json_integer(letter->bytes_offset));
}

static json_t *letter_json(const struct qetl_letter *letter, const struct qetl_letter_sender *from)
{
    struct sheet made = {.object = json_object()}, *sheet = &made;
    set_time(sheet, letter->time_us);
    set_text(sheet, "pipeline", from->pipeline);
    set_text(sheet, "run", from->run);
    set_text(sheet, "state", from->state); /* right before the epoch: see qetl_letter_is_behind */
    if (letter->epoch)
        put(sheet, "epoch", json_integer((json_int_t)letter->epoch));
    if (from->replay)
        put(sheet, "replay", json_true());
    if (letter->again)
        put(sheet, "again", json_integer(letter->again));
    if (letter->attempts)
        put(sheet, "attempts", json_integer(letter->attempts));
    set_reason(sheet, letter);
    qetl_mask_json(from->mask, made.object);
    set_bytes(sheet, letter);
    made.failed |= letter->more && json_object_update(made.object, letter->more);
    const char *why = obstacle(letter);
    if (why)
        put(sheet, "not_replayable", json_string(why));
    if (!made.failed)
        return made.object;
    json_decref(made.object);
    return NULL;
}

char *qetl_letter_text(const struct qetl_letter *letter, const struct qetl_letter_sender *from,
                       size_t *size)
{
    json_t *object = letter_json(letter, from);
    /* Not json_dumps: where its text cannot grow it may leave a key out, and say nothing. */
    size_t length = object ? json_dumpb(object, NULL, 0, JSON_COMPACT) : 0;
    char *line = length ? malloc(length + 2) : NULL;
    bool whole = line && json_dumpb(object, line, length, JSON_COMPACT) == length;
    json_decref(object);
    if (!whole) {
        free(line);
        return NULL;
    }
    memcpy(line + length, "\n", 2);
    *size = length + 1;
    return line;
}
