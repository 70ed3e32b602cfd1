/* SPDX-License-Identifier: Apache-2.0 */
/* What a page says of itself and of the one behind it. */
#include "../../shared/http/link.h"
#include "../../shared/http/scan.h"
#include "../../shared/http/url.h"
#include "pager.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { RECORDS, FROM, MORE, TOTAL, TARGETS };

struct reading {
    struct pager *pager;
    const struct place *at;
    const char *name, *type, *link, *data;
    int64_t size;
    struct scan_target targets[TARGETS];
    struct scan_result result;
    struct page_content *out;
};

/* By what the server says, and by how it begins where that says nothing. */
static bool is_json(const char *type, const char *data, int64_t size)
{
    int64_t i = 0;
    size_t n = type ? strlen(type) : 0;
    if (n >= 4 && strcasecmp(type + n - 4, "json") == 0)
        return true;
    if (type && strcasecmp(type, "text/plain") != 0 &&
        strcasecmp(type, "application/octet-stream") != 0 && strcasecmp(type, "text/html") != 0)
        return false;
    while (i < size && strchr(" \t\r\n", data[i]) && data[i])
        i++;
    return i < size && (data[i] == '{' || data[i] == '[');
}

static int32_t fail(const struct reading *r, int32_t code, const char *option, const char *mend,
                    const char *why, const char *more)
{
    return qetl_fail(r->pager->env, code, option, mend, "%.300s: %s%.200s", r->name, why, more);
}

static int32_t scan_page(struct reading *r)
{
    const struct pager *p = r->pager;
    const char *pointers[TARGETS] = {p->records ? p->records : "", p->from, p->more, p->total};
    for (int t = 0; t < TARGETS; t++)
        r->targets[t].pointer = pointers[t];
    if (scan_json(r->data, r->size, r->targets, TARGETS, &r->result))
        return QETL_OK;
    return qetl_fail(p->env, QETL_E_RETRY_CALL, NULL,
                     "if the server always sends this, look at it with curl",
                     "%.300s: its JSON is not whole: it breaks off at byte %lld of %lld", r->name,
                     (long long)r->result.broken_at, (long long)r->size);
}

/* ---- rows ---- */

static int32_t fail_records(const struct reading *r)
{
    const struct scan_target *t = &r->targets[RECORDS];
    char lists[200];
    if (r->pager->records)
        return fail(r, QETL_E_DATA, "/records", "see what a page has with curl",
                    t->kind == SCAN_ABSENT ? "nothing stands at " : "there is no list at ",
                    r->pager->records);
    scan_lists(r->data, r->size, lists, sizeof lists);
    return fail(r, QETL_E_CONFIG, "/records", "say where its rows stand: `records: /data`",
                "the page is an object, whose rows have to be counted; its lists: ",
                *lists ? lists : "none");
}

static bool is_lines(const char *type)
{
    return type && (strcasestr(type, "ndjson") || strcasestr(type, "jsonl"));
}

/* Pages without rows look alike whatever is around them. */
static int32_t rows_find(struct reading *r)
{
    const struct pager *p = r->pager;
    const struct scan_target *t = &r->targets[RECORDS];
    bool counted = p->kind == PAGER_OFFSET || p->kind == PAGER_PAGE;
    r->out->rows = -1;
    if (r->result.documents != 1 || is_lines(r->type)) {
        r->out->rows = r->result.documents;
    } else if (t->kind == SCAN_LIST) {
        r->out->rows = t->count;
    } else if (p->records && t->kind == SCAN_NULL) {
        r->out->rows = 0;
    } else if (p->records || counted) {
        return fail_records(r);
    }
    if (p->records && t->kind == SCAN_LIST) {
        r->out->begin = t->at - r->data;
        r->out->end = r->out->begin + t->size;
    }
    return QETL_OK;
}

/* Of what is no JSON only lines can be counted, and a page with a header alone has no rows. */
static void lines_find(struct reading *r)
{
    bool csv = r->type && (!strcasecmp(r->type, "text/csv") ||
                           !strcasecmp(r->type, "text/tab-separated-values"));
    int64_t rows = 0;
    const char *end = r->data + r->size;
    for (const char *at = r->data; at < end;) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        const char *stop = line ? line : end;
        rows += stop > at + (stop[-1] == '\r');
        at = stop + 1;
    }
    r->out->rows = csv && rows ? rows - 1 : rows;
}

/* ---- what is next ---- */

static bool is_nothing(const struct scan_target *t)
{
    return t->kind == SCAN_ABSENT || t->kind == SCAN_NULL || t->kind == SCAN_FALSE ||
           (t->kind == SCAN_TEXT && t->size == 2) ||
           (t->kind == SCAN_NUMBER && t->size == 1 && *t->at == '0');
}

static int32_t no_memory(const struct reading *r)
{
    return qetl_fail(r->pager->env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for a page's place");
}

/* A place that was there before leads round and round. */
static int32_t text_check(const struct reading *r, const char *text)
{
    int seen = 0;
    struct pager *p = r->pager;
    if (r->at->text) /* of a run that goes on, its first place was not noted yet */
        seen = seen_add(&p->seen, r->at->text, strlen(r->at->text));
    bool same = r->at->text && strcmp(r->at->text, text) == 0;
    if (seen >= 0)
        seen = seen_add(&p->seen, text, strlen(text));
    if (seen < 0)
        return no_memory(r);
    return seen || same ? fail(r, QETL_E_DATA, "/pagination",
                               "the server repeats itself: its rows would come for ever",
                               "what it names as next was there before: ", text)
                        : QETL_OK;
}

static int32_t next_text(struct reading *r, char *text)
{
    if (!text)
        return no_memory(r);
    r->out->next = (struct place){.text = text};
    return text_check(r, text);
}

/* As a whole URL, and without a key that the server may have put in: the state is no place for it.
 */
static int32_t next_url(struct reading *r, char *text)
{
    const char *key = r->pager->key_param;
    char *url = text ? http_url_join(r->name, text) : NULL;
    char *bare = url && key ? http_url_set(url, key, NULL) : url;
    int32_t status = QETL_OK;
    if (!text)
        return no_memory(r);
    if (!bare)
        status =
            fail(r, QETL_E_DATA, "/pagination", NULL, "what it names as next is no URL: ", text);
    if (bare != url)
        free(url);
    free(text);
    return status ? status : next_text(r, bare);
}

static int32_t next_pointed(struct reading *r)
{
    const struct scan_target *t = &r->targets[FROM];
    if (t->kind == SCAN_LIST || t->kind == SCAN_OBJECT || t->kind == SCAN_TRUE)
        return fail(r, QETL_E_DATA, "/pagination/from", NULL, "neither text nor number stands at ",
                    r->pager->from);
    bool zero = t->kind == SCAN_NUMBER && r->pager->kind == PAGER_CURSOR; /* 0 is a cursor, too */
    if (t->kind == SCAN_ABSENT && !r->at->text)
        qetl_logf(r->pager->env, QETL_LOG_WARN,
                  "%.300s: nothing stands at %s of the first page, so that it is the last one: see "
                  "`pagination.from`",
                  r->name, r->pager->from);
    if (is_nothing(t) && !zero) {
        r->out->next.ended = true;
        return QETL_OK;
    }
    return r->pager->kind == PAGER_NEXT ? next_url(r, scan_text(t)) : next_text(r, scan_text(t));
}

static int32_t next_linked(struct reading *r)
{
    const char *target;
    size_t size;
    if (!r->link || !http_link_find(r->link, "next", &target, &size)) {
        r->out->next.ended = true;
        return QETL_OK;
    }
    return next_url(r, strndup(target, size));
}

static int32_t repeats_check(const struct reading *r)
{
    struct pager *p = r->pager;
    const struct page_content *c = r->out;
    if (p->allows_repeats || c->rows <= 0)
        return QETL_OK;
    int seen = seen_add(&p->seen, r->data + c->begin, (size_t)(c->end - c->begin));
    if (seen < 0)
        return no_memory(r);
    return seen ? fail(r, QETL_E_DATA, "/pagination/param",
                       "see whether the server knows the parameter; if pages may have the same "
                       "rows, say `repeats: allow`",
                       "it has the same rows as a page before it", "")
                : QETL_OK;
}

/* Which place lies behind all rows. */
static int32_t total_read(struct reading *r)
{
    struct pager *p = r->pager;
    const struct scan_target *total = &r->targets[TOTAL];
    char digits[24] = "", *end;
    if (total->kind == SCAN_NUMBER && total->size < (int64_t)sizeof digits)
        memcpy(digits, total->at, (size_t)total->size);
    int64_t all = strtoll(digits, &end, 10);
    if (!*digits || *end || all < 0 || all > INT64_MAX / 2)
        return fail(r, QETL_E_DATA, "/pagination/total", NULL, "no count stands at ", p->total);
    p->bound = p->first + (p->kind == PAGER_PAGE ? (all + p->limit - 1) / p->limit : all);
    return QETL_OK;
}

static int32_t next_numbered(struct reading *r)
{
    struct pager *p = r->pager;
    struct page_content *c = r->out;
    bool is_short = p->limit && c->rows < p->limit;
    int32_t status = p->total ? total_read(r) : QETL_OK;
    c->next.number = r->at->number + (p->kind == PAGER_PAGE ? 1 : c->rows);
    if (c->rows == 0 || (is_short && p->until_short) || c->next.number >= p->bound)
        c->next.ended = true;
    return status ? status : repeats_check(r);
}

static int32_t next_find(struct reading *r)
{
    const struct pager *p = r->pager;
    int32_t status = QETL_OK;
    if (!r->out->json && (p->more || p->total || p->from))
        return fail(r, QETL_E_DATA, "/pagination", NULL, "the page is no JSON, but ",
                    r->type ? r->type : "something else");
    if (p->more && r->targets[MORE].kind == SCAN_ABSENT)
        return fail(r, QETL_E_DATA, "/pagination/more", NULL, "nothing stands at ", p->more);
    if (p->kind == PAGER_NONE || (p->more && is_nothing(&r->targets[MORE])))
        r->out->next.ended = true;
    else if (p->kind == PAGER_LINK)
        status = next_linked(r);
    else if (p->kind == PAGER_CURSOR || p->kind == PAGER_NEXT)
        status = next_pointed(r);
    else
        status = next_numbered(r);
    return status;
}

int32_t pager_read(struct pager *p, const struct place *at, const char *name, const char *type,
                   const char *link, const char *data, int64_t size, struct page_content *out)
{
    struct reading r = {.pager = p,
                        .at = at,
                        .name = name,
                        .type = type,
                        .link = link,
                        .data = data,
                        .size = size,
                        .out = out};
    *out = (struct page_content){.json = is_json(type, data, size), .end = size};
    int32_t status = QETL_OK;
    if (out->json)
        status = scan_page(&r);
    if (!status && out->json)
        status = rows_find(&r);
    else if (!status)
        lines_find(&r);
    return status ? status : next_find(&r);
}
