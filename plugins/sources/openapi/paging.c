/* SPDX-License-Identifier: Apache-2.0 */
#include "paging.h"

#include "notes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LIMIT_MOST = 1000 };

/* Names without case, lines, dots, dollars: perPage, per_page and $per-page are the same. */
static bool alike(const char *name, const char *word)
{
    for (;; name++) {
        while (*name == '_' || *name == '-' || *name == '.' || *name == '$' || *name == '@')
            name++;
        if (!*word || !*name)
            return *word == *name;
        if ((*name | 32) != *word++)
            return false;
    }
}

const char *paging_param(const json_t *params, const char *const *words)
{
    const char *name;
    json_t *value;
    for (; *words; words++)
        json_object_foreach ((json_t *)params, name, value)
            if (alike(name, *words))
                return name;
    return NULL;
}

/* ---- what a response has ---- */

/* A member by one of these names, whose type is one of those, as a JSON pointer, to be freed. */
static char *member_at(const struct document *d, const json_t *members, const char *const *words,
                       const char *types, const char **format)
{
    const char *name, *type;
    json_t *value;
    char *pointer = NULL;
    for (; *words; words++)
        json_object_foreach ((json_t *)members, name, value) {
            type = schema_type(d, value);
            if (!alike(name, *words) || !*type || !strstr(types, type))
                continue;
            *format = json_string_value(json_object_get(schema_at(d, value), "format"));
            if (asprintf(&pointer, "/%s", name) < 0) {
                pointer = NULL;
                *d->lacks = true;
            }
            return pointer;
        }
    return NULL;
}

/* At the top, or within a member that is about pages, and one in that. */
static char *member_within(const struct document *d, const json_t *schema, int depth,
                           const char *const *words, const char *types, const char **format)
{
    static const char *const around[] = {
        "meta",  "pagination", "paging",   "pageinfo", "cursors", "responsemetadata",
        "links", "page",       "metadata", "pages",    NULL};
    json_t *members = schema_members(d, schema), *value;
    char *pointer = member_at(d, members, words, types, format);
    const char *name;
    json_object_foreach (members, name, value) {
        const char *const *about = around;
        while (!pointer && *about && !alike(name, *about))
            about++;
        char *rest = pointer || !*about || !depth
                         ? NULL
                         : member_within(d, value, depth - 1, words, types, format);
        if (rest && asprintf(&pointer, "/%s%s", name, rest) < 0) {
            pointer = NULL;
            *d->lacks = true;
        }
        free(rest);
    }
    json_decref(members);
    return pointer;
}

static char *member_find(const struct paging *p, const char *const *words, const char *types,
                         const char **format)
{
    return member_within(p->document, p->schema, 2, words, types, format);
}

/* Puts the pointer of such a member, if there is one, into the guess. */
static bool member_put(const struct paging *p, json_t *guess, const char *option,
                       const char *const *words, const char *types)
{
    const char *format = NULL;
    char *pointer = member_find(p, words, types, &format);
    if (pointer)
        put(p->document, guess, option, plain_text(pointer));
    free(pointer);
    return json_object_get(guess, option);
}

/* ---- limits ---- */

static void limit_put(const struct paging *p, json_t *guess)
{
    static const char *const words[] = {
        "limit", "perpage", "pagesize", "size",           "maxresults", "pagelimit",
        "take",  "top",     "first",    "numresults",     "pagelen",    "results",
        "rows",  "count",   "max",      "resultsperpage", NULL};
    const char *name = paging_param(p->params, words);
    const json_t *param = json_object_get(p->params, name ? name : "");
    const json_t *schema = schema_at(p->document, json_object_get(param, "schema"));
    const char *type = schema_type(p->document, schema);
    if (!name || !strcmp(type, "boolean") || !strcmp(type, "array"))
        return;
    double most = json_number_value(json_object_get(schema, "maximum"));
    double usual = json_number_value(json_object_get(schema, "default"));
    double limit = most >= 1 ? most : usual >= 1 ? usual : 100;
    put(p->document, guess, "limit",
        json_integer(limit > LIMIT_MOST ? LIMIT_MOST : (json_int_t)limit));
    put(p->document, guess, "limit_param", plain_text(name));
    if (most < 1)
        note(p->document, p->notes, "limit: nothing says how many rows a page may have at most; %s",
             usual >= 1 ? "this is how many it has by itself" : "100 is a guess");
}

/* ---- kinds ---- */

static const char *const cursor_params[] = {"cursor",       "after",         "pagetoken",
                                            "nexttoken",    "nextpagetoken", "continuationtoken",
                                            "nextcursor",   "startingafter", "afterid",
                                            "sinceid",      "marker",        "pagecursor",
                                            "next",         "startcursor",   "starttoken",
                                            "continuation", "bookmark",      NULL};
static const char *const more_words[] = {"hasmore",     "hasnext",     "hasnextpage",
                                         "moreresults", "istruncated", NULL};

static bool cursor_guess(const struct paging *p, json_t *guess)
{
    static const char *const places[] = {
        "nextcursor", "nextpagetoken", "nexttoken",         "endcursor",  "nextpage",
        "cursor",     "after",         "continuationtoken", "nextmarker", "nextpagecursor",
        "next",       "bookmark",      "scrollid",          NULL};
    const char *param = paging_param(p->params, cursor_params);
    if (!param || !member_put(p, guess, "from", places, "string integer"))
        return false;
    put(p->document, guess, "kind", json_string("cursor"));
    put(p->document, guess, "param", plain_text(param));
    note(p->document, p->notes, "pagination: guessed: `%s` takes what a page has at %s", param,
         json_string_value(json_object_get(guess, "from")));
    return true;
}

static bool next_guess(const struct paging *p, json_t *guess)
{
    static const char *const places[] = {"nexturl",  "nextlink", "odatanextlink", "nextpageurl",
                                         "nexthref", "nexturi",  "next",          NULL};
    const char *format = NULL;
    char *pointer = member_find(p, places, "string", &format);
    /* What is called `next` alone may be a number or a cursor. */
    const char *last = pointer ? strrchr(pointer, '/') : "";
    bool is =
        pointer && (strcmp(last, "/next") != 0 || (format && strncmp(format, "uri", 3) == 0) ||
                    strcasestr(pointer, "links"));
    if (is) {
        put(p->document, guess, "kind", json_string("next"));
        put(p->document, guess, "from", plain_text(pointer));
        note(p->document, p->notes, "pagination: guessed: the next page's URL stands at %s",
             pointer);
    }
    free(pointer);
    return is;
}

static bool link_guess(const struct paging *p, json_t *guess)
{
    const char *name;
    json_t *value;
    json_object_foreach (json_object_get(p->response, "headers"), name, value)
        if (strcasecmp(name, "link") == 0) {
            put(p->document, guess, "kind", json_string("link"));
            note(p->document, p->notes, "pagination: guessed: the response has a header Link");
            return true;
        }
    return false;
}

/* By the last row's key, as nothing else says where the next page begins. */
static bool last_guess(const struct paging *p, json_t *guess)
{
    static const char *const words[] = {"startingafter", "afterid", "sinceid", "after", NULL};
    const char *param = paging_param(p->params, words);
    json_t *members = schema_members(p->document, p->shape->item);
    bool is = param && json_object_get(members, "id");
    json_decref(members);
    if (!is)
        return false;
    put(p->document, guess, "kind", json_string("cursor"));
    put(p->document, guess, "param", plain_text(param));
    put(p->document, guess, "last", json_string("/id"));
    note(p->document, p->notes, "pagination: guessed: `%s` takes the id of a page's last row",
         param);
    return true;
}

static void first_put(const struct paging *p, json_t *guess, const char *param, double usual)
{
    const json_t *schema =
        schema_at(p->document, json_object_get(json_object_get(p->params, param), "schema"));
    const json_t *first = json_object_get(schema, "default");
    if (!json_is_number(first))
        first = json_object_get(schema, "minimum");
    if (json_is_number(first) && json_number_value(first) != usual && json_number_value(first) >= 0)
        put(p->document, guess, "first", json_integer((json_int_t)json_number_value(first)));
}

static bool numbered_guess(const struct paging *p, json_t *guess)
{
    static const char *const offsets[] = {"offset", "skip",      "startat", "startindex",
                                          "start",  "fromindex", NULL};
    static const char *const pages[] = {"page",    "pagenumber",  "pageindex", "pageno",
                                        "pagenum", "currentpage", "p",         NULL};
    static const char *const totals[] = {
        "total",        "totalcount", "totalresults",  "totalitems",   "numfound", "totalsize",
        "totalrecords", "count",      "totalelements", "totalentries", NULL};
    static const char *const counts[] = {"totalpages", "pagecount", "lastpage",
                                         "pages",      "numpages",  NULL};
    const char *offset = paging_param(p->params, offsets), *page = paging_param(p->params, pages);
    if (!offset && !page)
        return false;
    put(p->document, guess, "kind", json_string(offset ? "offset" : "page"));
    put(p->document, guess, "param", plain_text(offset ? offset : page));
    first_put(p, guess, offset ? offset : page, offset ? 0 : 1);
    if (!page || !member_put(p, guess, "pages", counts, "integer"))
        if (offset || json_object_get(guess, "limit"))
            member_put(p, guess, "total", totals, "integer");
    note(p->document, p->notes, "pagination: guessed by the parameter `%s`%s",
         offset ? offset : page,
         json_object_get(guess, "total") || json_object_get(guess, "pages")
             ? ", up to the number that a page has"
             : ", until a page has no rows");
    return true;
}

json_t *paging_guess(const struct paging *p)
{
    json_t *guess = json_object();
    limit_put(p, guess);
    bool known = cursor_guess(p, guess) || next_guess(p, guess) || link_guess(p, guess) ||
                 last_guess(p, guess) || numbered_guess(p, guess);
    bool numbered = json_object_get(guess, "total") || json_object_get(guess, "pages");
    if (known && !numbered)
        member_put(p, guess, "more", more_words, "boolean");
    if (known)
        return guess;
    if (json_object_get(guess, "limit"))
        note(p->document, p->notes,
             "pagination: `%s` limits a page, but nothing says how the next one is asked for: see "
             "the service's manual",
             json_string_value(json_object_get(guess, "limit_param")));
    json_decref(guess);
    return NULL;
}
