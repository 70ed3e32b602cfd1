/* SPDX-License-Identifier: Apache-2.0 */
#include "streams.h"

#include "auth.h"
#include "notes.h"
#include "paging.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct operation {
    const struct document *document;
    const char *path, *url;
    const json_t *item, *get; /* the path's, and what it does for GET */
    const json_t *response, *content;
    const char *type; /* of the content */
    json_t *params;   /* of the query */
    json_t *notes, *options;
    char *trouble;
};

static const char *text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void trouble(struct operation *o, const char *place, const char *why)
{
    if (!o->trouble && asprintf(&o->trouble, "#/paths of %.200s%s: %s", o->path, place, why) < 0)
        *o->document->lacks = true;
}

/* ---- where ---- */

/* The document's server, with the values that its variables have by themselves. */
static char *server_url(const json_t *servers, bool *lacks)
{
    const json_t *server = json_array_get(servers, 0);
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    for (const char *c = text_at(server, "url"); *c; c++) {
        const char *end = *c == '{' ? strchr(c, '}') : NULL;
        char *name = end ? strndup(c + 1, (size_t)(end - c - 1)) : NULL;
        *lacks |= end && !name;
        if (name) {
            fputs(text_at(json_object_get(json_object_get(server, "variables"), name), "default"),
                  out);
            c = end;
        } else {
            fputc(*c, out);
        }
        free(name);
    }
    if (!fclose(out))
        return text;
    free(text);
    return NULL;
}

static const json_t *servers_of(const struct operation *o)
{
    const json_t *of[] = {o->get, o->item, o->document->root};
    for (size_t i = 0; i < 3; i++)
        if (json_array_size(json_object_get(of[i], "servers")))
            return json_object_get(of[i], "servers");
    return NULL;
}

/* The URL without its path's parameters: a server that is not named is a variable. */
static char *base_of(const struct operation *o)
{
    char *server = o->url ? strdup(o->url) : server_url(servers_of(o), o->document->lacks),
         *out = NULL;
    if (!server)
        return NULL;
    size_t size = strlen(server);
    while (size && server[size - 1] == '/')
        server[--size] = 0;
    bool whole = strncasecmp(server, "http://", 7) == 0 || strncasecmp(server, "https://", 8) == 0;
    json_t *plain = plain_text(server);
    *o->document->lacks |= !plain;
    if (!whole)
        note(o->document, o->notes,
             "url: the description does not say where the service is: set API_URL to "
             "https://HOST");
    if (asprintf(&out, "%s%s%s", whole ? "" : "${API_URL}",
                 whole || !size || *server == '/' ? "" : "/",
                 plain ? json_string_value(plain) : "") < 0)
        out = NULL;
    json_decref(plain);
    free(server);
    return out;
}

static void url_put(struct operation *o)
{
    char *base = base_of(o), *text = NULL;
    size_t size;
    FILE *out = base ? open_memstream(&text, &size) : NULL;
    for (const char *c = o->path; out && *c; c++) {
        const char *end = *c == '{' ? strchr(c, '}') : NULL;
        bool named = end && end > c + 1;
        char *name = named ? strndup(c + 1, (size_t)(end - c - 1)) : NULL;
        char *variable = name ? variable_of("", name) : NULL;
        *o->document->lacks |= named && !variable;
        if (variable) {
            fputs(variable, out);
            note(o->document, o->notes,
                 "url: %s is a part of the path: set that variable, or write the value "
                 "there",
                 variable);
            c = end;
        } else if (*c == '$' && c[1] == '{') {
            fputs("$$", out);
        } else {
            fputc(*c, out);
        }
        free(variable);
        free(name);
    }
    if (!out || fclose(out))
        *o->document->lacks = true;
    else
        put(o->document, o->options, "url", json_pack("s+", base, text));
    free(text);
    free(base);
}

/* ---- what is asked ---- */

static void params_add(struct operation *o, const json_t *list)
{
    const json_t *entry;
    size_t i;
    json_array_foreach (list, i, entry) {
        const json_t *param = document_at(o->document, entry);
        if (!param)
            trouble(o, "/get/parameters", "a $ref leads nowhere");
        else if (strcmp(text_at(param, "in"), "query") == 0 && *text_at(param, "name"))
            put(o->document, o->params, text_at(param, "name"), json_incref((json_t *)param));
    }
}

static json_t *value_of(const struct document *d, const json_t *param)
{
    const json_t *schema = schema_at(d, json_object_get(param, "schema"));
    const json_t *values[] = {json_object_get(schema, "default"), json_object_get(param, "example"),
                              json_object_get(schema, "example"),
                              json_array_get(json_object_get(schema, "enum"), 0)};
    for (size_t i = 0; i < 4; i++) {
        if (json_is_string(values[i]))
            return plain_text(json_string_value(values[i]));
        if (json_is_number(values[i]) || json_is_boolean(values[i]))
            return json_incref((json_t *)values[i]);
    }
    return NULL;
}

/* Those without which the service does not answer, unless pagination or auth has them. */
static void query_put(struct operation *o)
{
    const json_t *pagination = json_object_get(o->options, "pagination");
    const json_t *auth = json_object_get(o->options, "auth");
    json_t *query = json_object(), *param;
    const char *name;
    json_object_foreach (o->params, name, param) {
        bool known = !strcmp(name, text_at(pagination, "param")) ||
                     !strcmp(name, text_at(pagination, "limit_param")) ||
                     !strcmp(name, text_at(auth, "name"));
        if (known || !json_is_true(json_object_get(param, "required")))
            continue;
        json_t *value = value_of(o->document, param);
        char *variable = value ? NULL : variable_of("", name);
        note(o->document, o->notes, "query: the service wants `%s`: %s", name,
             value ? "this is a value that the description names" : "set that variable");
        put(o->document, query, name, value ? value : json_string(variable));
        free(variable);
    }
    if (json_object_size(query))
        put(o->document, o->options, "query", json_incref(query));
    json_decref(query);
}

/* Said, and not done: only who knows the service knows which column it goes by. */
static void since_note(struct operation *o, const json_t *types)
{
    static const char *const words[] = {"updatedsince", "modifiedsince", "updatedafter",
                                        "since",        "modifiedafter", "updatedatmin",
                                        "updatedatgte", "changedsince",  "ifmodifiedsince",
                                        "createdafter", "createdsince",  NULL};
    static const char *const columns[] = {
        "updated_at",   "updatedAt",  "modified_at", "modified", "updated",
        "lastModified", "created_at", "createdAt",   "created",  NULL};
    const char *param = paging_param(o->params, words), *column = NULL;
    for (size_t i = 0; !column && columns[i]; i++)
        column = json_object_get(types, columns[i]) ? columns[i] : NULL;
    if (param)
        note(o->document, o->notes,
             "incremental: `%s` seems to take a moment: with since: {param: %s} and incremental: "
             "{cursor: %s, …} a run reads what is new",
             param, param, column ? column : "COLUMN");
}

/* ---- what comes ---- */

/* How well qetl reads content of that type; 0: not at all. */
static int format_of(const char *type, const char **format)
{
    size_t size = strcspn(type, "; "), suffix = size >= 5 ? size - 5 : 0;
    *format = "json";
    if (size == 16 && strncasecmp(type, "application/json", size) == 0)
        return 4;
    if (suffix && strncasecmp(type + suffix, "+json", 5) == 0)
        return 3;
    if (strncmp(type, "*/*", 3) == 0)
        return 1;
    *format = "ndjson";
    if (strcasestr(type, "ndjson") || strcasestr(type, "jsonl"))
        return 2;
    *format = "csv";
    return size == 8 && strncasecmp(type, "text/csv", size) == 0;
}

static bool content_find(struct operation *o)
{
    static const char *const statuses[] = {"200", "206", "2XX", "2xx", "203", "default"};
    const json_t *responses = json_object_get(o->get, "responses"), *raw = NULL;
    const char *type, *format;
    json_t *media;
    int best = 0;
    for (size_t i = 0; !raw && i < sizeof statuses / sizeof *statuses; i++)
        raw = json_object_get(responses, statuses[i]);
    o->response = document_at(o->document, raw);
    if (raw && !o->response)
        trouble(o, "/get/responses", "a $ref leads nowhere");
    json_object_foreach (json_object_get(o->response, "content"), type, media)
        if (format_of(type, &format) > best) {
            best = format_of(type, &format);
            o->type = type;
            o->content = document_at(o->document, media);
        }
    return best;
}

static void format_put(struct operation *o, const json_t *types)
{
    const char *format = "json";
    bool usual = format_of(o->type, &format) == 4;
    json_t *value = json_pack("{s:s}", "type", format);
    if (!usual)
        put(o->document, o->options, "headers", json_pack("{s:o}", "Accept", plain_text(o->type)));
    if (json_object_size(types) && strcmp(format, "csv") != 0)
        put(o->document, value, "types", json_incref((json_t *)types));
    put(o->document, o->options, "format", value);
}

/* The last word of a path: "orders" of /v1/customers/{id}/orders. To be freed. */
static char *named_by(const char *path)
{
    const char *word = path, *from = path;
    for (const char *c = path; *c; c++)
        if (*c == '/' && c[1] != '{' && c[1])
            word = c + 1;
    (void)from;
    return strndup(word, strcspn(word, "/{"));
}

/* What is said of a row, where that is no object; else NULL. */
static const char *plain_type(const struct operation *o, const struct shape *shape)
{
    const char *type = shape->is_list ? schema_type(o->document, shape->item) : "";
    return *type && strcmp(type, "object") != 0 ? type : NULL;
}

static void shape_put(struct operation *o, struct shape *shape, json_t **types)
{
    const json_t *schema = schema_at(o->document, json_object_get(o->content, "schema"));
    char *named = named_by(o->path);
    if (json_object_get(o->content, "schema") && !schema)
        trouble(o, "/get/responses", "the $ref of its schema leads nowhere");
    if (!named || !shape_find(o->document, schema, named, shape))
        *o->document->lacks = true;
    *types = shape_types(o->document, shape);
    if (shape->records && *shape->records)
        put(o->document, o->options, "records", plain_text(shape->records));
    const char *plain = plain_type(o, shape);
    if (plain)
        note(o->document, o->notes,
             "format: its rows are no objects, but each of type %s: there are no columns in them, "
             "so "
             "that a run makes dead letters of them",
             plain);
    else if (!json_object_size(*types))
        note(o->document, o->notes,
             "format: nothing is said of what a row has: columns are learnt from the "
             "first ones");
    free(named);
}

/* child: its path names another thing whose list it is. */
static const char *kind_of(const struct operation *o, const struct shape *shape)
{
    return !shape->is_list        ? "object"
           : plain_type(o, shape) ? "values"
           : strchr(o->path, '{') ? "child"
                                  : "list";
}

static json_t *stream_of(struct operation *o)
{
    struct shape shape = {0};
    json_t *types = NULL;
    params_add(o, json_object_get(o->item, "parameters"));
    params_add(o, json_object_get(o->get, "parameters"));
    url_put(o);
    shape_put(o, &shape, &types);
    json_t *auth = auth_of(o->document, o->get, o->notes);
    if (auth)
        put(o->document, o->options, "auth", auth);
    const struct paging paging = {.document = o->document,
                                  .params = o->params,
                                  .response = o->response,
                                  .schema = json_object_get(o->content, "schema"),
                                  .shape = &shape,
                                  .notes = o->notes};
    json_t *pagination = shape.is_list ? paging_guess(&paging) : NULL;
    if (pagination)
        put(o->document, o->options, "pagination", pagination);
    query_put(o);
    since_note(o, types);
    format_put(o, types);
    json_t *stream =
        json_pack("{s:s, s:s, s:s, s:O, s:o, s:O, s:s?}", "name", o->path, "summary",
                  text_at(o->get, "summary"), "kind", kind_of(o, &shape), "options", o->options,
                  "types", types, "notes", o->notes, "trouble", o->trouble);
    shape_free(&shape);
    return stream;
}

static void path_take(const struct document *d, const char *path, const json_t *raw,
                      const char *url, json_t *streams)
{
    struct operation o = {.document = d, .path = path, .url = url, .item = document_at(d, raw)};
    o.get = json_object_get(o.item, "get");
    o.notes = json_array();
    o.params = json_object();
    o.options = json_pack("{s:s, s:n}", "plugin", "rest", "path");
    *d->lacks |= !o.notes || !o.params || !o.options;
    if (!o.item)
        trouble(&o, "", "its $ref leads nowhere");
    if (json_is_object(o.get) ? content_find(&o) || o.trouble : o.trouble != NULL)
        *d->lacks |= json_array_append_new(streams, stream_of(&o)) != 0;
    json_decref(o.notes);
    json_decref(o.params);
    json_decref(o.options);
    free(o.trouble);
}

json_t *streams_of(const struct document *document, const char *url)
{
    bool lacks = false;
    struct document d = *document;
    json_t *streams = json_array(), *item;
    const char *path;
    d.lacks = &lacks;
    json_object_foreach (json_object_get(d.root, "paths"), path, item)
        path_take(&d, path, item, url, streams);
    if (!lacks && streams)
        return streams;
    json_decref(streams);
    return NULL;
}
