/* SPDX-License-Identifier: Apache-2.0 */
#include "shape.h"

#include "notes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DEPTH_MAX = 16, PARTS_MAX = 4096 };

/* ---- schemas ---- */

static bool is_null(const struct document *d, const json_t *schema)
{
    const json_t *type = json_object_get(document_at(d, schema), "type");
    return json_is_string(type) && strcmp(json_string_value(type), "null") == 0;
}

/* The one alternative that is not null; NULL: there are several. */
static const json_t *alternative(const struct document *d, const json_t *list)
{
    const json_t *one = NULL, *entry;
    size_t i;
    json_array_foreach (list, i, entry) {
        if (is_null(d, entry))
            continue;
        if (one)
            return NULL;
        one = entry;
    }
    return one;
}

const json_t *schema_at(const struct document *d, const json_t *schema)
{
    static const char *const words[] = {"oneOf", "anyOf", "allOf"};
    const json_t *at = document_at(d, schema);
    for (int hops = 0; at && hops < DEPTH_MAX; hops++) {
        const json_t *inner = NULL;
        for (size_t w = 0; !inner && w < 3; w++)
            inner = alternative(d, json_object_get(at, words[w]));
        bool own = json_object_get(at, "properties") || json_object_get(at, "items");
        if (!inner || own)
            return at;
        at = document_at(d, inner);
    }
    return at;
}

const char *schema_type(const struct document *d, const json_t *schema)
{
    const json_t *at = schema_at(d, schema), *type = json_object_get(at, "type"), *entry;
    size_t i;
    json_array_foreach (type, i, entry)
        if (json_is_string(entry) && strcmp(json_string_value(entry), "null") != 0)
            return json_string_value(entry);
    if (json_is_string(type))
        return json_string_value(type);
    if (json_object_get(at, "properties") || json_object_get(at, "allOf") ||
        json_object_get(at, "additionalProperties"))
        return "object";
    return json_object_get(at, "items") ? "array" : "";
}

/* left: of schemas that are made of themselves, or of ever more others, so many are looked at. */
static void members_add(const struct document *d, const json_t *schema, json_t *out, int depth,
                        int *left)
{
    static const char *const words[] = {"allOf", "oneOf", "anyOf"};
    const json_t *at = schema_at(d, schema), *part;
    const char *name;
    json_t *value;
    size_t i;
    if (!at || depth > DEPTH_MAX || --*left < 0)
        return;
    for (size_t w = 0; w < 3; w++)
        json_array_foreach (json_object_get(at, words[w]), i, part)
            members_add(d, part, out, depth + 1, left);
    json_object_foreach (json_object_get(at, "properties"), name, value)
        put(d, out, name, json_incref(value));
}

json_t *schema_members(const struct document *d, const json_t *schema)
{
    json_t *members = json_object();
    int left = PARTS_MAX;
    *d->lacks |= !members;
    members_add(d, schema, members, 0, &left);
    return members;
}

/* ---- where rows are ---- */

/* How likely a list of that name is that of the rows; 0: it is one of something else. */
static int likeness(const char *name, const char *named)
{
    static const char *const words[] = {
        "data",    "items", "results", "records", "rows", "value",    "values",    "entries",
        "content", "list",  "objects", "edges",   "hits", "elements", "resources", "nodes"};
    int n = (int)(sizeof words / sizeof *words);
    if (strcasecmp(name, named) == 0)
        return n + 1;
    for (int i = 0; i < n; i++)
        if (strcasecmp(name, words[i]) == 0)
            return n - i;
    return 0;
}

/* The member that is a list, if it is clear which: by its name, or as it is the only one. */
static const char *list_of(const struct document *d, const json_t *members, const char *named)
{
    const char *name, *best = NULL, *only = NULL;
    int highest = 0, objects = 0;
    json_t *value;
    json_object_foreach ((json_t *)members, name, value) {
        if (strcmp(schema_type(d, value), "array") != 0)
            continue;
        const json_t *items = json_object_get(schema_at(d, value), "items");
        if (strcmp(schema_type(d, items), "object") == 0) {
            objects++;
            only = name;
        }
        if (likeness(name, named) > highest) {
            highest = likeness(name, named);
            best = name;
        }
    }
    return best ? best : objects == 1 ? only : NULL;
}

static bool pointer_add(char **pointer, const char *name)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return false;
    fprintf(out, "%s/", *pointer ? *pointer : "");
    for (; *name; name++)
        fputs(*name == '~' ? "~0" : *name == '/' ? "~1" : (char[]){*name, 0}, out);
    if (fclose(out))
        return false;
    free(*pointer);
    *pointer = text;
    return true;
}

static bool take_list(const struct document *d, const json_t *members, const char *name,
                      struct shape *out)
{
    out->is_list = true;
    out->item = json_object_get(schema_at(d, json_object_get(members, name)), "items");
    return pointer_add(&out->records, name);
}

/* One object further in, as in {"data": {"items": []}}. */
static bool look_inside(const struct document *d, const json_t *members, const char *named,
                        struct shape *out)
{
    const char *name, *list = NULL;
    json_t *value;
    bool fine = true;
    json_object_foreach ((json_t *)members, name, value) {
        json_t *inner = strcmp(schema_type(d, value), "object") ? NULL : schema_members(d, value);
        list = inner ? list_of(d, inner, named) : NULL;
        bool known = list && (likeness(name, named) || !strcmp(name, "_embedded") ||
                              !strcmp(name, "result") || !strcmp(name, "response"));
        if (known)
            fine = pointer_add(&out->records, name) && take_list(d, inner, list, out);
        json_decref(inner);
        if (known)
            break;
    }
    return fine;
}

bool shape_find(const struct document *d, const json_t *schema, const char *named,
                struct shape *out)
{
    const json_t *at = schema_at(d, schema);
    *out = (struct shape){.item = at};
    if (strcmp(schema_type(d, at), "array") == 0) {
        out->is_list = true;
        out->item = json_object_get(at, "items");
        out->records = strdup("");
        return out->records;
    }
    json_t *members = schema_members(d, at);
    const char *name = list_of(d, members, named);
    bool fine = name ? take_list(d, members, name, out) : look_inside(d, members, named, out);
    json_decref(members);
    return fine;
}

void shape_free(struct shape *shape)
{
    free(shape->records);
    *shape = (struct shape){0};
}

/* ---- columns ---- */

static const char *type_of(const struct document *d, const json_t *schema)
{
    static const struct {
        const char *type, *format, *sql;
    } known[] = {{"string", "date", "date"}, {"string", "date-time", "timestamp with time zone"},
                 {"string", "", "text"},     {"integer", "int32", "integer"},
                 {"integer", "", "bigint"},  {"number", "", "double"},
                 {"boolean", "", "boolean"}, {"object", "", "json"},
                 {"array", "", "json"}};
    const char *type = schema_type(d, schema);
    const char *format = json_string_value(json_object_get(schema_at(d, schema), "format"));
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(type, known[i].type) == 0 &&
            (!*known[i].format || (format && strcmp(format, known[i].format) == 0)))
            return known[i].sql;
    return NULL;
}

json_t *shape_types(const struct document *d, const struct shape *shape)
{
    json_t *types = json_object(), *members = schema_members(d, shape->item), *value;
    const char *name;
    *d->lacks |= !types;
    json_object_foreach (members, name, value) {
        const char *type = *name ? type_of(d, value) : NULL;
        if (type)
            put(d, types, name, json_string(type));
    }
    json_decref(members);
    return types;
}
