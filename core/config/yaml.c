/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML 1.2 to a tree with places, from libyaml's events. Scalars follow the core schema (scalar.h).
 * Aliases copy what they name, within the bound on all values; merge keys, further documents and
 * foreign tags are refused, since what they do is not what the reader of a file would expect.
 */
#include "document_build.h"
#include "scalar.h"
#include "yaml_error.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { ANCHORS_MAX = 1000 };

struct anchor {
    char *name;
    json_t *value; /* NULL while it is being read */
    uint32_t place;
};

struct reader {
    struct qetl_build *build;
    yaml_parser_t parser;
    struct anchor *anchors;
    size_t n_anchors;
    int depth;
};

static json_t *read_node(struct reader *r, yaml_event_t *event, uint32_t place);

static struct qetl_mark mark_of(yaml_mark_t mark)
{
    return (struct qetl_mark){(int)mark.line + 1, (int)mark.column + 1};
}

static int next_event(struct reader *r, yaml_event_t *event)
{
    if (yaml_parser_parse(&r->parser, event))
        return 0;
    qetl_yaml_report(r->build, &r->parser);
    return -1;
}

/* The number of the anchor's entry, SIZE_MAX without an anchor; -1 with a finding. */
static int anchor_begin(struct reader *r, const yaml_char_t *name, yaml_mark_t mark, uint32_t place,
                        size_t *number)
{
    *number = SIZE_MAX;
    if (!name)
        return 0;
    if (r->n_anchors == ANCHORS_MAX) {
        qetl_build_error(r->build, mark_of(mark), "too_many_anchors", "more than %d anchors",
                         ANCHORS_MAX);
        return -1;
    }
    char *copy = strdup((const char *)name);
    struct anchor *anchors = reallocarray(r->anchors, r->n_anchors + 1, sizeof *anchors);
    if (anchors)
        r->anchors = anchors;
    if (!anchors || !copy) {
        free(copy);
        qetl_build_value(r->build, NULL);
        return -1;
    }
    *number = r->n_anchors;
    r->anchors[r->n_anchors++] = (struct anchor){copy, NULL, place};
    return 0;
}

static void anchor_end(struct reader *r, size_t number, json_t *value)
{
    if (number != SIZE_MAX)
        r->anchors[number].value = json_incref(value);
}

static void anchors_free(struct reader *r)
{
    for (size_t i = 0; i < r->n_anchors; i++) {
        free(r->anchors[i].name);
        json_decref(r->anchors[i].value);
    }
    free(r->anchors);
}

static json_t *alias_unusable(struct reader *r, const char *name, struct qetl_mark mark, int inside)
{
    struct qetl_finding *finding;
    if (inside) {
        finding = qetl_build_error(r->build, mark, "alias_in_itself",
                                   "`*%s` stands inside the value that it names", name);
        qetl_finding_mend(finding, "a value cannot contain itself: write this part out");
    } else {
        finding = qetl_build_error(r->build, mark, "unknown_alias",
                                   "`*%s` names no anchor above this place", name);
        qetl_finding_mend(
            finding, "mark a value with &%s first; a text that begins with * needs quotes", name);
    }
    return qetl_build_value(r->build, json_null());
}

static json_t *read_alias(struct reader *r, yaml_event_t *event, uint32_t place)
{
    const char *name = (const char *)event->data.alias.anchor;
    struct qetl_mark mark = mark_of(event->start_mark);
    size_t i = r->n_anchors;
    while (i > 0 && strcmp(r->anchors[i - 1].name, name) != 0)
        i--;
    if (i == 0 || !r->anchors[i - 1].value)
        return alias_unusable(r, name, mark, i > 0);
    const struct anchor *anchor = &r->anchors[i - 1];
    if (anchor->place != QETL_PLACE_NONE &&
        qetl_places_copy(r->build->places, anchor->place, place)) {
        qetl_build_full(r->build, mark);
        return NULL;
    }
    return qetl_build_value(r->build, json_deep_copy(anchor->value));
}

/* What a tag of the core schema asks for; NULL if the tag is not one of its. */
static const char *core_tag(const char *tag)
{
    static const char prefix[] = "tag:yaml.org,2002:";
    static const char *const names[] = {"str", "int", "float", "bool", "null", "map", "seq"};
    if (strncmp(tag, prefix, sizeof prefix - 1) != 0)
        return NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(tag + sizeof prefix - 1, names[i]) == 0)
            return names[i];
    return NULL;
}

static int tag_fits(const char *tag, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return strcmp(tag, "map") == 0;
    case JSON_ARRAY:
        return strcmp(tag, "seq") == 0;
    case JSON_STRING:
        return strcmp(tag, "str") == 0;
    case JSON_INTEGER:
        return strcmp(tag, "int") == 0 || strcmp(tag, "float") == 0;
    case JSON_REAL:
        return strcmp(tag, "float") == 0;
    case JSON_NULL:
        return strcmp(tag, "null") == 0;
    default:
        return strcmp(tag, "bool") == 0;
    }
}

static void check_tag(struct reader *r, const yaml_char_t *tag, const json_t *value,
                      yaml_mark_t mark)
{
    if (!tag || strcmp((const char *)tag, "!") == 0)
        return;
    const char *core = core_tag((const char *)tag);
    struct qetl_finding *finding;
    if (!core) {
        finding = qetl_build_error(r->build, mark_of(mark), "unknown_tag",
                                   "the tag `%s` means nothing here", tag);
        qetl_finding_mend(finding, "remove it; a text that begins with ! needs quotes");
    } else if (!tag_fits(core, value)) {
        finding = qetl_build_error(r->build, mark_of(mark), "wrong_tag",
                                   "the value is not what its tag !!%s says", core);
        qetl_finding_mend(finding, "remove the tag, or write a value of that type");
    }
}

static json_t *scalar_value(const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    const char *tag = (const char *)event->data.scalar.tag;
    size_t size = event->data.scalar.length;
    const char *core = tag ? core_tag(tag) : NULL;
    int plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (core ? strcmp(core, "str") == 0 : !plain || (tag && *tag))
        return json_stringn(text, size);
    return qetl_scalar_plain(text, size);
}

static json_t *read_scalar(struct reader *r, yaml_event_t *event, uint32_t place)
{
    size_t anchor;
    struct qetl_mark mark = mark_of(event->start_mark);
    if (anchor_begin(r, event->data.scalar.anchor, event->start_mark, place, &anchor))
        return NULL;
    if (qetl_build_text(r->build, (const char *)event->data.scalar.value, event->data.scalar.length,
                        mark))
        return json_null();
    json_t *value = qetl_build_value(r->build, scalar_value(event));
    if (!value)
        return NULL;
    check_tag(r, event->data.scalar.tag, value, event->start_mark);
    anchor_end(r, anchor, value);
    return value;
}

static int read_elements(struct reader *r, json_t *list, uint32_t place)
{
    for (;;) {
        yaml_event_t event;
        if (r->build->errors >= QETL_BUILD_ERRORS_MAX || next_event(r, &event))
            return -1;
        if (event.type == YAML_SEQUENCE_END_EVENT) {
            yaml_event_delete(&event);
            return 0;
        }
        uint32_t element = qetl_build_element(r->build, place, mark_of(event.start_mark));
        json_t *value = element == QETL_PLACE_NONE ? NULL : read_node(r, &event, element);
        yaml_event_delete(&event);
        if (!value)
            return -1;
        if (json_array_append_new(list, value)) {
            qetl_build_value(r->build, NULL);
            return -1;
        }
    }
}

/* The key's text, or NULL with a finding: only plain words and quoted text may be keys. */
static const char *key_text(struct reader *r, const yaml_event_t *event)
{
    struct qetl_mark mark = mark_of(event->start_mark);
    struct qetl_finding *finding;
    if (event->type != YAML_SCALAR_EVENT) {
        finding =
            qetl_build_error(r->build, mark, "bad_key", "a key must be text, this one is not");
        qetl_finding_mend(
            finding, "put it in quotes if it is text; { begins a mapping, [ a list, * an alias");
        return NULL;
    }
    const char *key = (const char *)event->data.scalar.value;
    if (qetl_build_text(r->build, key, event->data.scalar.length, mark))
        return NULL;
    if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && strcmp(key, "<<") == 0) {
        finding =
            qetl_build_error(r->build, mark, "merge_key", "merge keys (<<) are not understood");
        qetl_finding_mend(finding,
                          "write the keys out, or give a whole value an anchor and an alias");
    }
    return key;
}

static int read_member(struct reader *r, json_t *object, uint32_t place, yaml_event_t *key_event)
{
    yaml_event_t event;
    int duplicate;
    int bad = -1;
    const char *key = key_text(r, key_event);
    if (!key)
        return -1;
    uint32_t member =
        qetl_build_member(r->build, place, key, mark_of(key_event->start_mark), &duplicate);
    if (member == QETL_PLACE_NONE || next_event(r, &event))
        return -1;
    qetl_places_at(r->build->places, member)->value = mark_of(event.start_mark);
    json_t *value = read_node(r, &event, member);
    yaml_event_delete(&event);
    if (value) {
        bad = duplicate ? 0 : json_object_set(object, key, value);
        json_decref(value);
        if (bad)
            qetl_build_value(r->build, NULL);
    }
    return bad;
}

static int read_members(struct reader *r, json_t *object, uint32_t place)
{
    for (;;) {
        yaml_event_t event;
        if (r->build->errors >= QETL_BUILD_ERRORS_MAX || next_event(r, &event))
            return -1;
        int end = event.type == YAML_MAPPING_END_EVENT;
        int bad = end ? 0 : read_member(r, object, place, &event);
        yaml_event_delete(&event);
        if (end || bad)
            return bad;
    }
}

static json_t *read_container(struct reader *r, yaml_event_t *event, uint32_t place, int is_list)
{
    const yaml_char_t *tag =
        is_list ? event->data.sequence_start.tag : event->data.mapping_start.tag;
    const yaml_char_t *name =
        is_list ? event->data.sequence_start.anchor : event->data.mapping_start.anchor;
    size_t anchor;
    if (r->depth >= QETL_DOCUMENT_DEPTH) {
        qetl_build_too_deep(r->build, mark_of(event->start_mark));
        return NULL;
    }
    if (anchor_begin(r, name, event->start_mark, place, &anchor))
        return NULL;
    json_t *value = qetl_build_value(r->build, is_list ? json_array() : json_object());
    if (!value)
        return NULL;
    check_tag(r, tag, value, event->start_mark);
    r->depth++;
    int bad = is_list ? read_elements(r, value, place) : read_members(r, value, place);
    r->depth--;
    if (bad) {
        json_decref(value);
        return NULL;
    }
    anchor_end(r, anchor, value);
    return value;
}

static json_t *read_node(struct reader *r, yaml_event_t *event, uint32_t place)
{
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return read_alias(r, event, place);
    case YAML_SCALAR_EVENT:
        return read_scalar(r, event, place);
    case YAML_SEQUENCE_START_EVENT:
        return read_container(r, event, place, 1);
    default:
        return read_container(r, event, place, 0);
    }
}

static int skip_event(struct reader *r)
{
    yaml_event_t event;
    if (next_event(r, &event))
        return -1;
    yaml_event_delete(&event);
    return 0;
}

/* Behind the first document: nothing may follow. */
static void check_end(struct reader *r)
{
    yaml_event_t event;
    if (skip_event(r) || next_event(r, &event))
        return;
    if (event.type != YAML_STREAM_END_EVENT) {
        struct qetl_finding *finding =
            qetl_build_error(r->build, mark_of(event.start_mark), "second_document",
                             "a second document begins here");
        qetl_finding_mend(finding,
                          "one file holds one: put this into a file of its own, or remove ---");
    }
    yaml_event_delete(&event);
}

static json_t *read_document(struct reader *r)
{
    yaml_event_t event;
    if (skip_event(r) || next_event(r, &event)) /* the stream's start, then the document's */
        return NULL;
    int empty = event.type == YAML_STREAM_END_EVENT;
    yaml_event_delete(&event);
    if (empty) {
        struct qetl_finding *finding = qetl_build_error(r->build, (struct qetl_mark){1, 1},
                                                        "empty_document", "the file is empty");
        qetl_finding_mend(finding, "it begins with `sources:`; the README shows a whole one");
        return NULL;
    }
    if (next_event(r, &event))
        return NULL;
    qetl_places_at(r->build->places, 0)->value = mark_of(event.start_mark);
    json_t *root = read_node(r, &event, 0);
    yaml_event_delete(&event);
    if (root)
        check_end(r);
    return root;
}

json_t *qetl_yaml_read(struct qetl_build *build)
{
    struct reader r = {.build = build};
    if (!yaml_parser_initialize(&r.parser))
        return qetl_build_value(build, NULL);
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)build->text, build->size);
    json_t *root = read_document(&r);
    anchors_free(&r);
    yaml_parser_delete(&r.parser);
    return root;
}
