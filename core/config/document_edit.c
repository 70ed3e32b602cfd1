/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of a document in which values stand that came from elsewhere. */
#include "document_build.h"
#include "pointer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void fail_memory(struct qetl_findings *findings)
{
    qetl_findings_no_memory(findings);
}

/* ---- the copy ---- */

static char *label_add(struct qetl_document *document, const char *text)
{
    char **labels =
        reallocarray(document->labels, document->n_labels + 1, sizeof *document->labels);
    char *label = labels ? strdup(text) : NULL;
    if (labels)
        document->labels = labels;
    if (label)
        document->labels[document->n_labels++] = label;
    return label;
}

/* The copy's own string for one of the origin's; others belong to nobody who may free them. */
static const char *label_translate(const struct qetl_document *from, const struct qetl_document *to,
                                   const char *file)
{
    if (file == from->name)
        return to->name;
    for (size_t i = 0; i < from->n_labels; i++)
        if (file == from->labels[i])
            return to->labels[i];
    return file;
}

static void places_translate(const struct qetl_document *from, struct qetl_document *to)
{
    const char *seen = from->name, *own = to->name;
    for (uint32_t i = 0; i < qetl_places_count(to->places); i++) {
        struct qetl_place_entry *entry = qetl_places_at(to->places, i);
        if (entry->file != seen) {
            seen = entry->file;
            own = label_translate(from, to, seen);
        }
        entry->file = own;
    }
}

static void *bytes_copy(const void *from, size_t size)
{
    void *copy = from ? malloc(size + 1) : NULL;
    return copy ? memcpy(copy, from, size) : NULL;
}

static int expansions_copy(const struct qetl_document *from, struct qetl_document *to)
{
    int bad = 0;
    to->expansions = calloc(from->n_expansions + 1, sizeof *to->expansions);
    for (size_t i = 0; to->expansions && i < from->n_expansions; i++) {
        struct qetl_expansion *copy = &to->expansions[to->n_expansions++];
        *copy = from->expansions[i];
        copy->raw = strdup(copy->raw);
        copy->text = strdup(copy->text);
        copy->pieces = bytes_copy(copy->pieces, copy->n_pieces * sizeof *copy->pieces);
        bad |= !copy->raw || !copy->text || !copy->pieces;
    }
    return bad || !to->expansions;
}

/* All but name, tree and places. */
static int rest_copy(const struct qetl_document *from, struct qetl_document *to)
{
    qetl_mask_release(to->mask);
    to->mask = qetl_mask_retain(from->mask);
    to->text = bytes_copy(from->text, from->text_size);
    to->text_size = from->text_size;
    int bad = (from->text && !to->text) || expansions_copy(from, to) ||
              (from->lock && qetl_document_use_lock(to, from->lock));
    for (size_t i = 0; i < from->n_labels; i++)
        bad |= !label_add(to, from->labels[i]);
    return bad;
}

static struct qetl_document *document_copy(const struct qetl_document *document)
{
    struct qetl_places *places = qetl_places_clone(document->places);
    struct qetl_document *copy =
        qetl_document_make(document->name, json_deep_copy(document->root), places);
    if (copy && rest_copy(document, copy)) {
        qetl_document_free(copy);
        copy = NULL;
    }
    if (copy)
        places_translate(document, copy);
    return copy;
}

/* ---- one edit ---- */

/* The way from the root to the value: what holds it, and under which step. */
struct way {
    struct qetl_document *document;
    const struct qetl_edit *edit;
    struct qetl_findings *findings;
    const char *label; /* the document's copy of the edit's file, or NULL */
    json_t *json;      /* where the way has come to, borrowed */
    uint32_t place;
};

static struct qetl_finding *fail(const struct way *way, const char *walked, const char *code,
                                 const char *message)
{
    const struct qetl_place *place = &way->edit->place;
    char *at = qetl_pointer_dotted(walked);
    char *path = qetl_pointer_dotted(way->edit->pointer);
    struct qetl_finding *finding =
        qetl_finding_add(way->findings, QETL_ERROR, code, "%s%s%s%s", at && *at ? "`" : "",
                         at && *at ? at : "the whole", at && *at ? "` " : " ", message);
    qetl_finding_at(finding, place->file ? place->file : way->document->name, place->line,
                    place->column, path);
    free(path);
    free(at);
    return finding;
}

static const char *kind_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        return "is text: nothing can be set inside it";
    case JSON_INTEGER:
    case JSON_REAL:
        return "is a number: nothing can be set inside it";
    case JSON_NULL:
        return "has no value: nothing can be set inside it";
    default:
        return "is a boolean: nothing can be set inside it";
    }
}

static void fail_scalar(const struct way *way, const char *walked)
{
    char *at = qetl_pointer_dotted(walked);
    qetl_finding_mend(fail(way, walked, "path_through_value", kind_of(way->json)),
                      "set it as a whole:  %s={%s: …}", at ? at : "",
                      strrchr(way->edit->pointer, '/') + 1);
    free(at);
}

static void fail_index(const struct way *way, const char *walked, const char *token)
{
    char message[200];
    size_t size = json_array_size(way->json);
    snprintf(message, sizeof message, "is a list of %zu: there is no place `%.60s` in it", size,
             token);
    qetl_finding_mend(fail(way, walked, "no_such_place", message),
                      "places count from 0; %zu adds one at the end", size);
}

/* The index that a step means in the list; SIZE_MAX: none. */
static size_t index_of(const json_t *list, const char *token)
{
    size_t size = json_array_size(list);
    char *end;
    if (strcmp(token, "-") == 0)
        return size;
    unsigned long index = strtoul(token, &end, 10);
    return *token >= '0' && *token <= '9' && !*end && index <= size ? index : SIZE_MAX;
}

static json_t *child_of(const json_t *json, const char *token, size_t index)
{
    return json_is_array(json) ? json_array_get(json, index) : json_object_get(json, token);
}

static int child_put(json_t *json, const char *token, size_t index, json_t *value)
{
    if (json_is_object(json))
        return json_object_set_new(json, token, value);
    return index == json_array_size(json) ? json_array_append_new(json, value)
                                          : json_array_set_new(json, index, value);
}

static struct qetl_mark edit_mark(const struct way *way)
{
    return (struct qetl_mark){way->edit->place.line, way->edit->place.column};
}

/* The entry of a child, made if need be; a new one stands where its value comes from. */
static uint32_t child_place(const struct way *way, uint32_t parent, const char *token, size_t index)
{
    struct qetl_places *places = way->document->places;
    struct qetl_place_entry over = *qetl_places_at(places, parent);
    uint32_t place = token ? qetl_places_find_member(places, parent, token)
                           : qetl_places_find_element(places, parent, index);
    if (place != QETL_PLACE_NONE)
        return place;
    place = token ? qetl_places_member(places, parent, token, (struct qetl_mark){0, 0})
                  : qetl_places_element(places, parent);
    if (place != QETL_PLACE_NONE)
        qetl_places_move(places, place, way->label ? way->label : over.file,
                         way->label ? edit_mark(way) : over.value);
    return place;
}

/* Entries for all of a value. */
static int places_fill(const struct way *way, uint32_t place, const json_t *value)
{
    const char *key;
    json_t *member;
    int bad = place == QETL_PLACE_NONE;
    if (!bad && json_is_object(value))
        json_object_foreach ((json_t *)value, key, member)
            bad = bad || places_fill(way, child_place(way, place, key, 0), member);
    for (size_t i = 0; !bad && i < json_array_size(value); i++)
        bad = places_fill(way, child_place(way, place, NULL, i), json_array_get(value, i));
    return bad ? -1 : 0;
}

static int put_value(struct way *way, const char *token, size_t index)
{
    const json_t *value = way->edit->value;
    struct qetl_places *places = way->document->places;
    if (!value) {
        json_object_del(way->json, token);
        return 0;
    }
    uint32_t place = child_place(way, way->place, json_is_object(way->json) ? token : NULL, index);
    if (place == QETL_PLACE_NONE || child_put(way->json, token, index, json_deep_copy(value)))
        return -1;
    if (way->label)
        qetl_places_move(places, place, way->label, edit_mark(way));
    return places_fill(way, place, value);
}

/* One step down, over an object that is made if nothing is there. */
static int step_down(struct way *way, const char *token, size_t index)
{
    json_t *child = child_of(way->json, token, index);
    if (!child && !way->edit->value)
        return 1; /* nothing to take away */
    uint32_t place = child_place(way, way->place, json_is_object(way->json) ? token : NULL, index);
    if (place == QETL_PLACE_NONE)
        return -1;
    if (!child) {
        child = json_object();
        if (child_put(way->json, token, index, child))
            return -1;
    }
    way->json = child;
    way->place = place;
    return 0;
}

static size_t value_depth(const json_t *value)
{
    size_t deepest = 0;
    const char *key;
    json_t *member;
    if (json_is_object(value))
        json_object_foreach ((json_t *)value, key, member) {
            size_t depth = value_depth(member);
            deepest = depth > deepest ? depth : deepest;
        }
    for (size_t i = 0; i < json_array_size(value); i++) {
        size_t depth = value_depth(json_array_get(value, i));
        deepest = depth > deepest ? depth : deepest;
    }
    return json_is_object(value) || json_is_array(value) ? deepest + 1 : 0;
}

/* 0 to go on, 1 at the end, -1 with a finding or out of memory (then *told is 0). */
static int take_step(struct way *way, const char **at, int *told)
{
    const char *pointer = way->edit->pointer;
    size_t size = strcspn(*at + 1, "/");
    char *token = qetl_pointer_token(*at + 1, size);
    char *walked = strndup(pointer, (size_t)(*at - pointer));
    size_t index = token ? index_of(way->json, token) : 0;
    int answer = -1;
    *at += size + 1;
    *told = 1;
    if (!token || !walked)
        *told = 0;
    else if (!json_is_object(way->json) && !json_is_array(way->json))
        fail_scalar(way, walked);
    else if (json_is_array(way->json) && index == SIZE_MAX)
        fail_index(way, walked, token);
    else {
        answer = **at ? step_down(way, token, index) : put_value(way, token, index);
        *told = answer >= 0;
        answer = answer == 0 && !**at ? 1 : answer;
    }
    free(token);
    free(walked);
    return answer;
}

static int edit_apply(struct qetl_document *document, const struct qetl_edit *edit,
                      struct qetl_findings *findings)
{
    struct way way = {document, edit, findings, NULL, document->root, 0};
    size_t steps = 0;
    int answer = 0, told = 0;
    assert(*edit->pointer == '/');
    for (const char *at = edit->pointer; *at; at++)
        steps += *at == '/';
    if (steps + value_depth(edit->value) > QETL_DOCUMENT_DEPTH) {
        qetl_finding_mend(fail(&way, "", "too_deep", "is nested too deep with this"),
                          "set at most %d levels", QETL_DOCUMENT_DEPTH);
        return -1;
    }
    if (edit->place.file && !(way.label = label_add(document, edit->place.file)))
        answer = -1;
    for (const char *at = edit->pointer; answer == 0;)
        answer = take_step(&way, &at, &told);
    if (answer < 0 && !told && qetl_places_count(document->places) >= QETL_PLACES_MAX)
        fail(&way, "", "too_many_values", "has too many values with this");
    else if (answer < 0 && !told)
        fail_memory(findings);
    return answer < 0 ? -1 : 0;
}

struct qetl_document *qetl_document_edited(const struct qetl_document *document,
                                           const struct qetl_edit *edits, size_t n_edits,
                                           struct qetl_findings *findings)
{
    struct qetl_document *copy = document_copy(document);
    int bad = !copy;
    if (!copy)
        fail_memory(findings);
    for (size_t i = 0; copy && i < n_edits; i++)
        bad |= edit_apply(copy, &edits[i], findings);
    if (!bad)
        return copy;
    qetl_document_free(copy);
    return NULL;
}
