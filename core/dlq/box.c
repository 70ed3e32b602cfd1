/* SPDX-License-Identifier: Apache-2.0 */
#include "box.h"

#include "data/letter_store.h"

#include <errno.h>
#include <nettle/base64.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What a line is stands right behind its number; one without is to get one where it stands. */
static bool begins(const struct qetl_letter_line *line, const char *key)
{
    static const char numbered[] = "{\"id\":";
    size_t prefix = sizeof numbered - 1;
    const char *at = line->text;
    if (strncmp(at, numbered, prefix) == 0) {
        at += prefix + strspn(at + prefix, "0123456789");
        return *at == ',' && strncmp(at + 1, key, strlen(key)) == 0;
    }
    return *at == '{' && strncmp(at + 1 + strspn(at + 1, " \t"), key, strlen(key)) == 0;
}

static bool is_mark(const struct qetl_letter_line *line)
{
    return begins(line, "\"replayed\":") || begins(line, "\"edit_of\":") ||
           begins(line, "\"dropped\":");
}

static int note_entry(struct qetl_box *box, const struct qetl_letter_line *line)
{
    if (box->n == box->room) {
        size_t room = box->room ? box->room * 2 : 64;
        struct qetl_box_entry *grown = realloc(box->entries, room * sizeof *grown);
        if (!grown)
            return ENOMEM;
        box->entries = grown;
        box->room = room;
    }
    bool undecided = begins(line, "\"undecided\":true");
    box->entries[box->n++] = (struct qetl_box_entry){
        .id = line->id,
        .offset = line->offset,
        .size = line->size,
        .state = undecided ? QETL_LETTER_UNDECIDED : QETL_LETTER_WAITING,
        .edit = -1,
    };
    return 0;
}

static struct qetl_box_entry *entry_of(struct qetl_box *box, int64_t id)
{
    size_t low = 0, high = box->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (box->entries[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < box->n && box->entries[low].id == id ? &box->entries[low] : NULL;
}

/* [1, [4, 9]]: letters 1 and 4 to 9. */
static void note_replayed(struct qetl_box *box, const json_t *ids)
{
    size_t i;
    json_t *one;
    json_array_foreach (ids, i, one) {
        bool range = json_is_array(one);
        int64_t from = json_integer_value(range ? json_array_get(one, 0) : one);
        int64_t to = json_integer_value(range ? json_array_get(one, 1) : one);
        for (size_t k = 0; range && k < box->n; k++)
            if (box->entries[k].id >= from && box->entries[k].id <= to)
                box->entries[k].state = QETL_LETTER_REPLAYED;
        struct qetl_box_entry *entry = range ? NULL : entry_of(box, from);
        if (entry)
            entry->state = QETL_LETTER_REPLAYED;
    }
}

static int note_mark(struct qetl_box *box, const struct qetl_letter_line *line)
{
    json_t *mark = json_loadb(line->text, line->size, JSON_ALLOW_NUL, NULL);
    if (!mark)
        return EBADMSG;
    struct qetl_box_entry *edited =
        entry_of(box, json_integer_value(json_object_get(mark, "edit_of")));
    if (line->id <= box->replays_until)
        note_replayed(box, json_object_get(mark, "replayed"));
    if (edited) {
        edited->edit = line->offset;
        edited->edit_size = line->size;
        edited->edits++;
    }
    json_decref(mark);
    return 0;
}

static int note_line(void *arg, const struct qetl_letter_line *line)
{
    struct qetl_box *box = arg;
    box->bytes = line->offset + (int64_t)line->size;
    return is_mark(line) ? note_mark(box, line) : note_entry(box, line);
}

static json_t *line_at(struct qetl_box *box, int64_t offset, size_t size)
{
    char *text = malloc(size);
    bool read = text && pread(fileno(box->in), text, size, offset) == (ssize_t)size;
    json_t *json = read ? json_loadb(text, size, JSON_ALLOW_NUL, NULL) : NULL;
    free(text);
    if (json_is_object(json))
        return json;
    json_decref(json);
    return NULL;
}

static void refuse(const char *path, int error, struct qetl_findings *findings)
{
    struct qetl_finding *finding = qetl_finding_add(
        findings, QETL_ERROR, "dead_letters", "the dead letters in '%s' cannot be %s: %s", path,
        error == EWOULDBLOCK ? "changed" : "read",
        error == EWOULDBLOCK ? "a running pipeline has them" : qetl_letter_store_reason(error));
    if (error == EWOULDBLOCK)
        qetl_finding_mend(finding, "wait until it ends, or stop it");
    else if (error == ENOENT)
        qetl_finding_mend(finding, "name a pipeline's file, or a file of dead letters");
    qetl_finding_environment(finding);
}

struct qetl_box *qetl_box_open(const char *path, bool locked, struct qetl_findings *findings)
{
    return qetl_box_open_before(path, locked, INT64_MAX, findings);
}

struct qetl_box *qetl_box_open_before(const char *path, bool locked, int64_t from,
                                      struct qetl_findings *findings)
{
    struct qetl_box *box = calloc(1, sizeof *box);
    int error = ENOMEM;
    if (box) {
        box->file.fd = -1;
        box->replays_until = from;
        box->path = strdup(path);
        box->in = box->path ? fopen(path, "re") : NULL;
        error = !box->path ? ENOMEM : box->in ? 0 : errno;
    }
    if (!error && locked) {
        fclose(box->in);
        error = qetl_letter_file_open(&box->file, path);
        box->in = error ? NULL : fopen(path, "re");
        error = error ? error : box->in ? 0 : errno;
    }
    if (!error)
        error = qetl_letter_lines(box->in, note_line, box);
    if (!error)
        return box;
    refuse(path, error, findings);
    qetl_box_free(box);
    return NULL;
}

struct qetl_box *qetl_box_none(const char *path, struct qetl_findings *findings)
{
    struct qetl_box *box = calloc(1, sizeof *box);
    if (box) {
        box->file.fd = -1;
        box->path = strdup(path);
    }
    if (box && box->path)
        return box;
    qetl_findings_no_memory(findings);
    free(box);
    return NULL;
}

int qetl_box_judge(struct qetl_box *box, const struct qetl_letters_behind *behind,
                   struct qetl_findings *findings)
{
    char *text = NULL;
    size_t room = 0;
    int error = 0;
    for (size_t i = 0; !error && i < box->n; i++) {
        struct qetl_box_entry *entry = &box->entries[i];
        char *grown = entry->size < room ? text : realloc(text, entry->size * 2 + 1);
        if (!grown) {
            error = ENOMEM;
            break;
        }
        room = entry->size < room ? room : entry->size * 2 + 1;
        text = grown;
        ssize_t n = pread(fileno(box->in), text, entry->size, entry->offset);
        error = n == (ssize_t)entry->size ? 0 : n < 0 ? errno : EIO;
        text[error ? 0 : entry->size] = '\0';
        struct qetl_letter_line line = {text, entry->size, entry->id, entry->offset};
        if (entry->state == QETL_LETTER_WAITING && qetl_letter_is_behind(&line, behind))
            entry->state = QETL_LETTER_UNDECIDED;
    }
    free(text);
    if (error)
        refuse(box->path, error, findings);
    return error ? -1 : 0;
}

void qetl_box_free(struct qetl_box *box)
{
    if (!box)
        return;
    if (box->in)
        fclose(box->in);
    qetl_letter_file_close(&box->file);
    free(box->entries);
    free(box->path);
    free(box);
}

const char *qetl_letter_state_word(enum qetl_letter_state state)
{
    static const char *const words[] = {"waiting", "replayed", "undecided"};
    return words[state];
}

/* ---- one letter ---- */

/* Nonzero: there was no memory for it. */
static int apply_edit(json_t *letter, json_t *edit)
{
    json_object_del(edit, "id");
    json_object_del(edit, "edit_of");
    json_t *when = json_object_get(edit, "time");
    if (when && json_object_set(edit, "edited", when))
        return -1;
    json_object_del(edit, "time");
    if (json_object_get(edit, "original") || json_object_get(edit, "original_base64")) {
        json_object_del(letter, "original");
        json_object_del(letter, "original_base64");
    }
    return json_object_update(letter, edit);
}

json_t *qetl_box_letter(struct qetl_box *box, const struct qetl_box_entry *entry,
                        struct qetl_findings *findings)
{
    json_t *letter = line_at(box, entry->offset, entry->size);
    json_t *edit = letter && entry->edit >= 0 ? line_at(box, entry->edit, entry->edit_size) : NULL;
    if (!letter || (entry->edit >= 0 && !edit)) {
        qetl_finding_add(findings, QETL_ERROR, "dead_letters", "letter %lld in '%s' is damaged",
                         (long long)entry->id, box->path);
        json_decref(letter);
        return NULL;
    }
    int failed = edit ? apply_edit(letter, edit) : 0;
    json_decref(edit);
    failed |=
        json_object_set_new(letter, "id", json_integer(entry->id)) |
        json_object_set_new(letter, "status", json_string(qetl_letter_state_word(entry->state)));
    if (entry->edits)
        failed |= json_object_set_new(letter, "edits", json_integer(entry->edits));
    if (!failed)
        return letter;
    qetl_findings_no_memory(findings);
    json_decref(letter);
    return NULL;
}

static char *base64_read(const char *text, size_t *size)
{
    struct base64_decode_ctx state;
    size_t length = strlen(text);
    uint8_t *bytes = malloc(BASE64_DECODE_LENGTH(length) + 1);
    base64_decode_init(&state);
    if (bytes && base64_decode_update(&state, size, bytes, length, text) &&
        base64_decode_final(&state))
        return (char *)bytes;
    free(bytes);
    return NULL;
}

char *qetl_letter_member(const json_t *letter, const char *key, size_t *size)
{
    char encoded[64];
    const json_t *text = json_object_get(letter, key);
    snprintf(encoded, sizeof encoded, "%s_base64", key);
    const char *other = json_string_value(json_object_get(letter, encoded));
    *size = json_string_length(text);
    if (!json_is_string(text))
        return other ? base64_read(other, size) : NULL;
    char *copy = malloc(*size + 1);
    if (copy)
        memcpy(copy, json_string_value(text), *size + 1);
    return copy;
}

char *qetl_letter_original(const json_t *letter, size_t *size)
{
    return qetl_letter_member(letter, "original", size);
}

/* ---- changing ---- */

static int failed_to_write(struct qetl_box *box, int error, struct qetl_findings *findings)
{
    if (error)
        qetl_finding_environment(qetl_finding_add(findings, QETL_ERROR, "dead_letters",
                                                  "'%s' cannot be written: %s", box->path,
                                                  qetl_letter_store_reason(error)));
    return error;
}

int qetl_box_add(struct qetl_box *box, json_t *mark, struct qetl_findings *findings)
{
    char stamp[40];
    time_t now = time(NULL);
    struct tm utc;
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    bool whole = json_object_set_new(mark, "time", json_string(stamp)) == 0;
    char *text = whole ? json_dumps(mark, JSON_COMPACT) : NULL;
    json_decref(mark);
    size_t size = text ? strlen(text) : 0;
    char *line = text ? realloc(text, size + 2) : NULL;
    int error = line ? 0 : ENOMEM;
    if (line) {
        memcpy(line + size, "\n", 2);
        error = qetl_letter_file_add(&box->file, line, size + 1);
    }
    if (!error)
        error = qetl_letter_file_sync(&box->file);
    free(line ? line : text);
    return failed_to_write(box, error, findings);
}

struct dropping {
    struct qetl_box *box;
    const bool *drops;
};

/* A mark about letters that all go goes with them, as does the number of what went before. */
static bool mark_is_idle(const struct dropping *d, const struct qetl_letter_line *line)
{
    json_t *mark = json_loadb(line->text, line->size, JSON_ALLOW_NUL, NULL);
    json_t *ids = json_object_get(mark, "replayed");
    struct qetl_box_entry *edited =
        entry_of(d->box, json_integer_value(json_object_get(mark, "edit_of")));
    bool counts = edited && !d->drops[edited - d->box->entries];
    for (size_t k = 0; ids && k < d->box->n; k++)
        counts |= d->box->entries[k].state == QETL_LETTER_REPLAYED && !d->drops[k];
    json_decref(mark);
    return !counts;
}

static enum qetl_letter_fate judge(void *arg, const struct qetl_letter_line *line)
{
    const struct dropping *d = arg;
    if (is_mark(line))
        return mark_is_idle(d, line) ? QETL_LETTER_CUT : QETL_LETTER_KEEP;
    const struct qetl_box_entry *entry = entry_of(d->box, line->id);
    return entry && d->drops[entry - d->box->entries] ? QETL_LETTER_CUT : QETL_LETTER_KEEP;
}

int qetl_box_drop(struct qetl_box *box, const bool *drops, struct qetl_findings *findings)
{
    struct dropping d = {box, drops};
    return failed_to_write(box, qetl_letter_file_thin(&box->file, judge, &d, true), findings);
}
