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

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text)
        json_object_set_new(object, key, qetl_json_text(text));
}

static void set_time(json_t *object, int64_t time_us)
{
    char text[40];
    time_t seconds = (time_t)(time_us / 1000000);
    struct tm utc;
    size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &utc));
    snprintf(text + n, sizeof text - n, ".%03dZ", (int)(time_us % 1000000 / 1000));
    set_text(object, "time", text);
}

static void set_bytes(json_t *object, const struct qetl_letter *letter)
{
    if (!letter->bytes)
        return;
    size_t size = (size_t)letter->bytes_size;
    json_t *text = json_stringn((const char *)letter->bytes, size);
    if (text) {
        json_object_set_new(object, "original", text);
    } else {
        char *encoded = qetl_base64(letter->bytes, size);
        set_text(object, "original_base64", encoded);
        free(encoded);
    }
    json_object_set_new(object, "original_bytes", json_integer(letter->bytes_total));
    if (letter->bytes_cut || letter->bytes_total > QETL_LETTER_BYTES_MAX)
        json_object_set_new(object, "original_truncated", json_true());
    if (*letter->sha256)
        set_text(object, "original_sha256", letter->sha256);
    if (letter->masked)
        json_object_set_new(object, "original_masked", json_true());
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
    if (!letter->bytes)
        return json_object_get(letter->more, "left_out") ? "too_large" : "no_row";
    return letter->bytes_cut || letter->bytes_size < letter->bytes_total ? "cut" : NULL;
}

static void set_reason(json_t *object, const struct qetl_letter *letter)
{
    const struct qetl_origin *origin = letter->origin;
    set_text(object, "component", letter->component);
    set_text(object, "plugin", letter->plugin);
    set_text(object, "code", letter->code);
    set_text(object, "message", letter->message);
    set_text(object, "column", letter->column);
    if (origin) {
        set_text(object, "source", qetl_tracker_source(origin->tracker));
        if (origin->object)
            set_text(object, "object", origin->object->name);
    }
    if (letter->row > 0)
        json_object_set_new(object, "row", json_integer(letter->row));
    if (letter->bytes_offset >= 0)
        json_object_set_new(object, "byte_offset", json_integer(letter->bytes_offset));
}

static json_t *letter_json(const struct qetl_letter *letter, const struct qetl_letter_sender *from)
{
    json_t *object = json_object();
    set_time(object, letter->time_us);
    set_text(object, "pipeline", from->pipeline);
    set_text(object, "run", from->run);
    if (letter->epoch)
        json_object_set_new(object, "epoch", json_integer((json_int_t)letter->epoch));
    if (from->replay)
        json_object_set_new(object, "replay", json_true());
    if (letter->again)
        json_object_set_new(object, "again", json_integer(letter->again));
    if (letter->attempts)
        json_object_set_new(object, "attempts", json_integer(letter->attempts));
    set_reason(object, letter);
    qetl_mask_json(from->mask, object);
    set_bytes(object, letter);
    json_object_update(object, letter->more);
    const char *why = obstacle(letter);
    if (why)
        json_object_set_new(object, "not_replayable", json_string(why));
    return object;
}

char *qetl_letter_text(const struct qetl_letter *letter, const struct qetl_letter_sender *from,
                       size_t *size)
{
    json_t *object = letter_json(letter, from);
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    *size = text ? strlen(text) : 0;
    char *line = text ? realloc(text, *size + 2) : NULL;
    if (!line) {
        free(text);
        return NULL;
    }
    memcpy(line + (*size)++, "\n", 2);
    return line;
}
