/* SPDX-License-Identifier: Apache-2.0 */
/* `qetl run --from A --to B …` as the pipeline file that it stands for: all else goes one way. */
#include "config/document_build.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char name[] = "command line";

int qetl_document_is_oneliner(const struct qetl_document *document)
{
    return strcmp(qetl_document_name(document), name) == 0;
}

struct maker {
    struct qetl_places *places;
    int bad;
};

/* An object at its place; `option` is what the user wrote for it. */
struct spot {
    json_t *json;
    uint32_t place;
    const char *option;
};

static uint32_t place_add(struct maker *m, uint32_t parent, const char *key, const char *option)
{
    uint32_t place = parent == QETL_PLACE_NONE
                         ? parent
                         : qetl_places_member(m->places, parent, key, (struct qetl_mark){0, 0});
    if (place == QETL_PLACE_NONE)
        m->bad = 1;
    else
        qetl_places_at(m->places, place)->file = option;
    return place;
}

static void put(struct maker *m, struct spot in, const char *key, json_t *value, const char *option)
{
    place_add(m, in.place, key, option);
    if (json_object_set_new(in.json, key, value))
        m->bad = 1;
}

static void put_text(struct maker *m, struct spot in, const char *key, const char *text,
                     const char *option)
{
    put(m, in, key, json_string(text), option);
}

static struct spot put_object(struct maker *m, struct spot in, const char *key, const char *option)
{
    struct spot spot = {json_object(), place_add(m, in.place, key, option), option};
    if (json_object_set_new(in.json, key, spot.json)) {
        spot.json = NULL; /* later additions to it fail, and are noticed */
        m->bad = 1;
    }
    return spot;
}

/* The end of the column that begins at text: a comma outside double quotes, or the end. */
static size_t column_size(const char *text)
{
    size_t size = 0;
    for (int quoted = 0; text[size] && (quoted || text[size] != ','); size++)
        quoted ^= text[size] == '"';
    return size;
}

/* Without spaces around it and quotes; doubled quotes inside are one. NULL: no name. */
static json_t *column_name(const char *text, size_t size)
{
    while (size > 0 && *text == ' ') {
        text++;
        size--;
    }
    while (size > 0 && text[size - 1] == ' ')
        size--;
    int quoted = size >= 2 && *text == '"' && text[size - 1] == '"';
    char *column = size > 0 ? strndup(text + quoted, size - 2 * (size_t)quoted) : NULL;
    char *to = column;
    for (const char *at = column; at && *at; at++) {
        *to++ = *at;
        at += quoted && at[0] == '"' && at[1] == '"';
    }
    if (to)
        *to = '\0';
    json_t *value = column && *column ? json_string(column) : NULL;
    free(column);
    return value;
}

static json_t *columns_of(const char *select, struct qetl_findings *findings)
{
    json_t *columns = json_array();
    for (const char *at = select;; at++) {
        size_t size = column_size(at);
        json_t *column = column_name(at, size);
        if (!column) {
            struct qetl_finding *finding =
                qetl_finding_add(findings, QETL_ERROR, "bad_column", "a column's name is empty");
            qetl_finding_at(finding, "--select", 0, 0, NULL);
            qetl_finding_mend(finding, "for example  --select 'id,\"Unit Price\"'");
            return columns;
        }
        if (json_array_append_new(columns, column) || !at[size])
            return columns;
        at += size;
    }
}

/* NAME=EXPRESSION: a name with an equals sign or spaces in it stands in double quotes. */
static void put_computed(struct maker *m, struct spot set, const char *text,
                         struct qetl_findings *findings)
{
    size_t size = 0;
    for (int quoted = 0; text[size] && (quoted || text[size] != '='); size++)
        quoted ^= text[size] == '"';
    json_t *column = text[size] ? column_name(text, size) : NULL;
    if (column) {
        put_text(m, set, json_string_value(column), text + size + 1, "--compute");
        json_decref(column);
        return;
    }
    struct qetl_finding *finding =
        qetl_finding_add(findings, QETL_ERROR, "bad_column", "`%s` does not name a column", text);
    qetl_finding_at(finding, "--compute", 0, 0, NULL);
    qetl_finding_mend(finding, "for example  --compute 'total=quantity * unit_price'");
}

static void make_source(struct maker *m, struct spot root, const struct qetl_oneliner *o)
{
    struct spot in = put_object(m, put_object(m, root, "sources", "--from"), "in", "--from");
    put_text(m, in, "plugin", "file", "--from");
    put_text(m, in, "path", o->from, "--from");
    if (o->from_format)
        put_text(m, in, "format", o->from_format, "--from-format");
}

static struct spot make_transform(struct maker *m, struct spot all, const char *id,
                                  const char *plugin, const char **input, const char *option)
{
    struct spot transform = put_object(m, all, id, option);
    put_text(m, transform, "plugin", plugin, option);
    put_text(m, transform, "input", *input, option);
    *input = id;
    return transform;
}

static const char *make_transforms(struct maker *m, struct spot root, const struct qetl_oneliner *o,
                                   struct qetl_findings *findings)
{
    const char *input = "in";
    bool computes = o->compute && o->compute[0];
    if (!o->where && !computes && !o->select && o->limit < 0)
        return input;
    struct spot all = put_object(m, root, "transforms", name);
    if (o->where)
        put_text(m, make_transform(m, all, "where", "filter", &input, "--where"), "where", o->where,
                 "--where");
    if (computes) {
        struct spot compute = make_transform(m, all, "compute", "compute", &input, "--compute");
        struct spot set = put_object(m, compute, "set", "--compute");
        for (size_t i = 0; o->compute[i]; i++)
            put_computed(m, set, o->compute[i], findings);
    }
    if (o->limit >= 0)
        put(m, make_transform(m, all, "limit", "limit", &input, "--limit"), "rows",
            json_integer(o->limit), "--limit");
    if (o->select)
        put(m, make_transform(m, all, "select", "select", &input, "--select"), "columns",
            columns_of(o->select, findings), "--select");
    return input;
}

static void make_sink(struct maker *m, struct spot root, const struct qetl_oneliner *o,
                      const char *input)
{
    struct spot out = put_object(m, put_object(m, root, "sinks", "--to"), "out", "--to");
    int to_stdout = strcmp(o->to, "-") == 0;
    int to_null = strcmp(o->to, "null:") == 0;
    put_text(m, out, "plugin", to_stdout ? "stdout" : to_null ? "null" : "file", "--to");
    put_text(m, out, "input", input, "--to");
    if (!to_stdout && !to_null)
        put_text(m, out, "path", o->to, "--to");
    if (o->to_format)
        put_text(m, out, "format", o->to_format, "--to-format");
}

static int check_ends(const struct qetl_oneliner *o, struct qetl_findings *findings)
{
    const char *missing = !o->from ? "--from" : !o->to ? "--to" : NULL;
    if (!missing)
        return 0;
    struct qetl_finding *finding =
        qetl_finding_add(findings, QETL_ERROR, "missing_option", "%s is missing", missing);
    qetl_finding_at(finding, missing, 0, 0, NULL);
    qetl_finding_mend(finding, "for example  qetl run --from orders.csv --to orders.ndjson");
    return -1;
}

struct qetl_document *qetl_document_from_oneliner(const struct qetl_oneliner *options,
                                                  struct qetl_findings *findings)
{
    size_t before = findings->errors;
    if (check_ends(options, findings))
        return NULL;
    struct maker maker = {qetl_places_new(), 0};
    struct spot root = {json_object(), QETL_PLACE_NONE, name};
    if (maker.places)
        root.place = qetl_places_root(maker.places, name);
    make_source(&maker, root, options);
    make_sink(&maker, root, options, make_transforms(&maker, root, options, findings));
    if (maker.bad && findings->errors == before)
        qetl_finding_add(findings, QETL_ERROR, "bad_text",
                         "the options are not UTF-8, or memory is short");
    if (findings->errors == before)
        return qetl_document_make(name, root.json, maker.places);
    json_decref(root.json);
    qetl_places_free(maker.places);
    return NULL;
}
