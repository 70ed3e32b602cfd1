/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over the bytes. On the way to the records only keys are looked at; other values are
 * skipped. A chunk is a run of records with nothing but blanks and commas between them.
 */
#include "json_frame.h"

#include "frame.h"
#include "json.h"

#include <stdio.h>

enum { MESSAGE_MAX = 240, SHOWN_MAX = 40 };

/* One call. */
struct framing {
    struct json_framer *f;
    struct qetl_env env;
    struct qetl_frame *io;
    const uint8_t *p, *end;
    bool last;            /* the object ends at end */
    const uint8_t *first; /* of the chunk; NULL: there is none yet */
    const uint8_t *behind;
    struct json_place place_behind;
    int64_t rows;
};

enum step { STEP_ON, STEP_STOP };

/* cut: the record goes on behind `behind`. */
static void reject(struct framing *r, const char *code, const uint8_t *at, const uint8_t *behind,
                   bool cut, const char *message)
{
    if (r->f->quiet)
        return;
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .row = r->io->rejected++,
                                 .column = -1,
                                 .code = code,
                                 .message = message,
                                 .bytes = at,
                                 .bytes_size = behind - at,
                                 .bytes_offset = at - r->io->data,
                                 .bytes_cut = cut};
    r->env.host->reject(r->env.ctx, &reject);
}

/* What was expected does not stand at p. The byte there is rejected for all that is then passed
 * over, or is kept for what comes next. */
static void reject_structure(struct framing *r, bool keep, const char *expected)
{
    char message[MESSAGE_MAX];
    uint8_t c = r->p < r->end ? *r->p : 0;
    const char *format = c > 0x20 && c < 0x7f ? "%s is expected, but '%c' stands there"
                                              : "%s is expected, but byte 0x%02x stands there";
    snprintf(message, sizeof message, format, expected, c);
    reject(r, "bad_json", r->p, r->p + !keep, false, message);
    r->p += !keep;
}

static enum step broken(struct framing *r, const char *expected)
{
    if (r->first)
        return STEP_STOP;
    reject_structure(r, false, expected);
    r->f->place.phase = JSON_BROKEN;
    return STEP_ON;
}

static void document_end(struct framing *r)
{
    struct json_place *place = &r->f->place;
    if (!place->found)
        reject(r, "no_records", r->p, r->p, false,
               "the document has no value at the pointer given as records");
    *place = (struct json_place){.phase = JSON_DOCUMENT};
}

/* Behind a value on the path, or a record that is a document. */
static void value_end(struct framing *r)
{
    struct json_place *place = &r->f->place;
    if (place->level)
        place->phase = JSON_NEXT;
    else
        document_end(r);
}

/* ---- records ---- */

static bool at_records(const struct json_framer *f)
{
    return f->place.phase == JSON_VALUE && f->place.level == f->path->n_steps;
}

/* The byte at p can begin a value of some kind, if only a wrong one. */
static bool begins_value(uint8_t c)
{
    return c != ',' && c != ']' && c != '}' && c != ':';
}

/* What may be a record stands at p. */
static bool record_stands(const struct framing *r)
{
    enum json_phase phase = r->f->place.phase;
    if (!begins_value(*r->p))
        return false;
    return phase == JSON_RECORD || phase == JSON_RECORD_FIRST || (at_records(r->f) && *r->p != '[');
}

static void record_pass(struct framing *r)
{
    struct json_place *place = &r->f->place;
    place->found = true;
    if (place->phase != JSON_VALUE)
        place->phase = JSON_RECORD_NEXT;
    else
        value_end(r);
}

static void reject_long(struct framing *r, const uint8_t *behind)
{
    char message[MESSAGE_MAX];
    snprintf(message, sizeof message,
             "the record is longer than max_record, %lld bytes; raise max_record",
             (long long)r->io->max_record);
    reject(r, "oversize_record", r->p, r->p + r->io->max_record, true, message);
    r->p = behind;
}

/* The record at p does not end here. */
static enum step record_unfinished(struct framing *r)
{
    struct json_framer *f = r->f;
    if (r->first)
        return STEP_STOP;
    if (r->end - r->p <= r->io->max_record) {
        f->scanned = r->end - r->p;
        return STEP_STOP;
    }
    reject_long(r, r->end);
    f->place.found = true;
    f->place.phase = f->place.phase == JSON_VALUE ? JSON_SKIP : JSON_SKIP_RECORD;
    return STEP_ON;
}

static enum step record_take(struct framing *r)
{
    struct json_framer *f = r->f;
    if (r->io->rejected && !r->first && r->p > r->io->data)
        return STEP_STOP; /* what was rejected comes before, and has its number before */
    if (!f->scanned || f->scanned > r->end - r->p) {
        f->scan = (struct ndjson_scan){0};
        f->scanned = 0;
    }
    const uint8_t *behind = ndjson_scan_value(&f->scan, r->p + f->scanned, r->end, r->last);
    f->scanned = 0;
    if (!behind && !r->last)
        return record_unfinished(r);
    bool cut = !behind;
    behind = cut ? r->end : behind;
    if (behind - r->p > r->io->max_record) {
        if (r->first)
            return STEP_STOP;
        reject_long(r, behind);
        record_pass(r);
        f->place.phase = cut ? JSON_SKIP_RECORD : f->place.phase;
        return STEP_ON;
    }
    r->first = r->first ? r->first : r->p;
    r->p = r->behind = behind;
    record_pass(r);
    if (cut)
        f->place = (struct json_place){.phase = JSON_DOCUMENT};
    r->place_behind = f->place;
    return ++r->rows == f->rows_max ? STEP_STOP : STEP_ON;
}

/* Behind garbage among records: where the next one may begin, or the list end. */
static const uint8_t *resume_at(const uint8_t *p, const uint8_t *end)
{
    while (p < end && !memchr(",]{[\"", *p, 5))
        p++;
    return p;
}

static enum step garbage_step(struct framing *r)
{
    r->p = resume_at(r->p, r->end);
    if (r->p < r->end)
        r->f->place.phase = *r->p == ',' || *r->p == ']' ? JSON_RECORD_NEXT : JSON_RECORD;
    return STEP_ON;
}

/* Comma, bracket, or what should not be there, in the list of records. */
static enum step records_step(struct framing *r)
{
    struct json_place *place = &r->f->place;
    uint8_t c = *r->p;
    if (place->phase == JSON_RECORD_NEXT && c == ',') {
        r->p++;
        place->phase = JSON_RECORD;
        return STEP_ON;
    }
    if (r->first)
        return STEP_STOP;
    if (c == ']') {
        if (place->phase == JSON_RECORD)
            reject_structure(r, true, "a record behind the comma");
        r->p++;
        value_end(r);
    } else if (place->phase == JSON_RECORD_NEXT && begins_value(c)) {
        reject_structure(r, true, "',' or ']' behind a record");
        place->phase = JSON_RECORD;
    } else {
        reject_structure(r, false, "a record");
        place->phase = JSON_GARBAGE;
    }
    return STEP_ON;
}

/* ---- the way to them ---- */

static enum step skip(struct framing *r)
{
    struct json_framer *f = r->f;
    const uint8_t *behind = ndjson_scan_value(&f->scan, r->p, r->end, r->last);
    if (!behind) {
        r->p = r->end;
        return STEP_ON;
    }
    r->p = behind;
    f->scan = (struct ndjson_scan){0};
    if (f->place.phase == JSON_SKIP_RECORD)
        f->place.phase = JSON_RECORD_NEXT;
    else
        value_end(r);
    return STEP_ON;
}

static enum step skip_begin(struct framing *r)
{
    if (!begins_value(*r->p))
        return broken(r, "a value");
    r->f->scan = (struct ndjson_scan){0};
    r->f->place.phase = JSON_SKIP;
    return STEP_ON;
}

static enum step value_step(struct framing *r)
{
    struct json_place *place = &r->f->place;
    bool list = *r->p == '[';
    if (place->level == r->f->path->n_steps && list) {
        place->found = true;
        place->phase = JSON_RECORD_FIRST;
    } else if (list || *r->p == '{') {
        place->list[place->level] = list;
        place->index[place->level++] = 0;
        place->phase = list ? JSON_ELEMENT_FIRST : JSON_KEY_FIRST;
    } else {
        return skip_begin(r);
    }
    r->p++;
    return STEP_ON;
}

static enum step close_step(struct framing *r)
{
    r->p++;
    r->f->place.level--;
    value_end(r);
    return STEP_ON;
}

static bool key_is(const struct json_step *step, const struct ndjson_key *key)
{
    return step->size == key->size && !memcmp(step->name, key->data, (size_t)key->size);
}

/* A key is read as a whole, or not yet. */
static enum step key_step(struct framing *r)
{
    struct json_place *place = &r->f->place;
    const struct json_step *step = &r->f->path->steps[place->level - 1];
    struct ndjson_reader reader = {.end = r->end, .across = true};
    struct ndjson_key key;
    if (*r->p == '}' && place->phase == JSON_KEY_FIRST)
        return close_step(r);
    if (*r->p != '"')
        return broken(r, "a key in double quotes");
    const uint8_t *value = ndjson_key_read(&reader, r->p, &key);
    bool wanted = value && key_is(step, &key);
    ndjson_reader_free(&reader);
    if ((!value || value == r->end) && !r->last && r->end - r->p <= r->io->max_record)
        return STEP_STOP;
    if (!value || value - r->p > r->io->max_record)
        return broken(r, "a key and its colon within max_record bytes");
    r->p = value;
    place->phase = JSON_VALUE;
    return wanted || value == r->end ? STEP_ON : skip_begin(r);
}

static enum step element_step(struct framing *r)
{
    struct json_place *place = &r->f->place;
    int64_t level = place->level - 1;
    if (*r->p == ']' && place->phase == JSON_ELEMENT_FIRST)
        return close_step(r);
    place->phase = JSON_VALUE;
    return place->index[level] == r->f->path->steps[level].index ? STEP_ON : skip_begin(r);
}

static enum step next_step(struct framing *r)
{
    struct json_place *place = &r->f->place;
    bool list = place->list[place->level - 1];
    if (*r->p == (list ? ']' : '}'))
        return close_step(r);
    if (*r->p != ',')
        return broken(r, list ? "',' or ']'" : "',' or '}'");
    r->p++;
    place->index[place->level - 1]++;
    place->phase = list ? JSON_ELEMENT : JSON_KEY;
    return STEP_ON;
}

static enum step path_step(struct framing *r)
{
    switch (r->f->place.phase) {
    case JSON_VALUE:
        return begins_value(*r->p) ? value_step(r) : broken(r, "a value");
    case JSON_KEY:
    case JSON_KEY_FIRST:
        return key_step(r);
    case JSON_ELEMENT:
    case JSON_ELEMENT_FIRST:
        return element_step(r);
    case JSON_NEXT:
        return next_step(r);
    default: /* JSON_BROKEN */
        r->p = r->end;
        return STEP_ON;
    }
}

/* What stands at p, which is no blank unless inside a value. */
static enum step step(struct framing *r)
{
    enum json_phase phase = r->f->place.phase;
    if (phase == JSON_DOCUMENT)
        phase = r->f->place.phase = JSON_VALUE;
    if (phase == JSON_SKIP || phase == JSON_SKIP_RECORD)
        return skip(r);
    if (phase == JSON_GARBAGE)
        return garbage_step(r);
    if (record_stands(r))
        return record_take(r);
    if (phase == JSON_RECORD || phase == JSON_RECORD_FIRST || phase == JSON_RECORD_NEXT)
        return records_step(r);
    return r->first ? STEP_STOP : path_step(r);
}

static bool blanks_matter(const struct json_framer *f)
{
    return f->place.phase == JSON_SKIP || f->place.phase == JSON_SKIP_RECORD;
}

/* The object ends here: within a document is too early. */
static void object_end(struct framing *r)
{
    enum json_phase phase = r->f->place.phase;
    if (phase != JSON_DOCUMENT && phase != JSON_BROKEN)
        reject(r, "bad_json", r->end, r->end, false, "the file ends inside a JSON document");
    r->f->place = (struct json_place){.phase = JSON_DOCUMENT};
}

static void result_set(struct framing *r)
{
    struct qetl_frame *io = r->io;
    if (r->first) {
        r->f->place = r->place_behind;
        r->f->scanned = 0;
        io->begin = r->first - io->data;
        io->used = r->behind - io->data;
    } else {
        io->begin = io->used = r->p - io->data;
    }
    if (r->last && io->used == io->size)
        object_end(r);
}

int32_t json_frame(struct json_framer *f, struct qetl_env env, struct qetl_frame *io)
{
    struct framing r = {.f = f,
                        .env = env,
                        .io = io,
                        .p = io->data,
                        .end = io->data + io->size,
                        .last = io->flags & QETL_ITEM_OBJECT_END};
    /* One byte is left for the call that says where the object ends. */
    r.end -= !r.last && io->size;
    io->begin = io->used = io->rejected = 0;
    if (io->flags & QETL_ITEM_OBJECT_START) {
        f->place = (struct json_place){.phase = JSON_DOCUMENT};
        f->scanned = 0;
        int64_t mark = ndjson_mark_size(io->data, io->size, r.last);
        if (mark < 0 || mark > r.end - r.p)
            return QETL_OK;
        r.p += mark;
    }
    enum step go = STEP_ON;
    while (go == STEP_ON) {
        while (r.p < r.end && ndjson_is_blank(*r.p) && !blanks_matter(f))
            r.p++;
        if (r.p == r.end)
            break;
        go = step(&r);
    }
    result_set(&r);
    return QETL_OK;
}
