/* SPDX-License-Identifier: Apache-2.0 */
/* What a page says of itself and of the one behind it. */
#include "../../shared/http/link.h"
#include "../../shared/http/markup.h"
#include "../../shared/http/scan.h"
#include "../../shared/http/url.h"
#include "pager.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { RECORDS, FROM, MORE, TOTAL, PAGES, ENDS, TARGETS };

struct reading {
    struct pager *pager;
    const struct place *at;
    const struct page_reply *reply;
    const char *name, *type, *data; /* the reply's */
    int64_t size;
    struct scan_target targets[TARGETS];
    struct scan_result result;
    struct page_content *out;
};

/* By what the server says, and by how it begins where that says nothing, or rows are pointed at. */
static bool is_json(const struct pager *p, const char *type, const char *data, int64_t size)
{
    int64_t i = scan_mark(data, size);
    size_t n = type ? strlen(type) : 0;
    if (n >= 4 && strcasecmp(type + n - 4, "json") == 0)
        return true;
    if (type && !p->records && strcasecmp(type, "text/plain") != 0 &&
        strcasecmp(type, "application/octet-stream") != 0 && strcasecmp(type, "text/html") != 0)
        return false;
    while (i < size && strchr(" \t\r\n", data[i]) && data[i])
        i++;
    return i < size && (data[i] == '{' || data[i] == '[');
}

static int32_t no_memory(const struct reading *r)
{
    return qetl_fail(r->pager->env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for a page's place");
}

static int32_t fail(const struct reading *r, int32_t code, const char *option, const char *mend,
                    const char *why, const char *more)
{
    return qetl_fail(r->pager->env, code, option, mend, "%.300s: %s%.200s", r->name, why, more);
}

/* What breaks off may come whole the next time, but not if the same came before; what makes no
 * sense in its middle never does. */
static int32_t fail_json(struct reading *r)
{
    static const char mend[] = "if the server always sends this, look at it with curl";
    const struct scan_result *s = &r->result;
    int again = s->cut ? seen_add(&r->pager->cut, r->data, (size_t)r->size) : 0;
    if (again < 0)
        return no_memory(r);
    if (s->cut)
        return qetl_fail(r->pager->env, again ? QETL_E_DATA : QETL_E_RETRY_CALL, NULL, mend,
                         "%.300s: its JSON is not whole: it breaks off at byte %lld of %lld%s",
                         r->name, (long long)s->broken_at, (long long)r->size,
                         again ? ", as it did before" : "");
    return qetl_fail(r->pager->env, QETL_E_DATA, NULL, mend,
                     s->documents ? "%.300s: what stands behind its JSON, from byte %lld of %lld "
                                    "on, is none"
                                  : "%.300s: it is no JSON from byte %lld of %lld on",
                     r->name, (long long)s->broken_at, (long long)r->size);
}

static int32_t scan_page(struct reading *r)
{
    const struct pager *p = r->pager;
    const char *pointers[TARGETS] = {
        p->records ? p->records : "", p->from, p->more, p->total, p->pages, p->ending.at};
    for (int t = 0; t < TARGETS; t++)
        r->targets[t].pointer = pointers[t];
    if (scan_json(r->data, r->size, r->targets, TARGETS, &r->result))
        return QETL_OK;
    return fail_json(r);
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
    bool counted = p->kind == PAGER_OFFSET || p->kind == PAGER_PAGE || p->last || p->until_short;
    r->out->rows = -1;
    if (p->records && r->result.documents > 1)
        return fail(r, QETL_E_DATA, "/records", "leave `records` out of lines, each of them JSON",
                    "more JSON stands behind the one that has rows at ", p->records);
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

/* A cursor, as it is asked for: as JSON in a body. */
static char *cursor_text(const struct reading *r, const struct scan_target *t)
{
    return asking_in_body(r->pager->param) ? strndup(t->at, (size_t)t->size) : scan_text(t);
}

static int32_t next_pointed(struct reading *r)
{
    const struct scan_target *t = &r->targets[FROM];
    bool cursor = r->pager->kind == PAGER_CURSOR;
    bool nested = t->kind == SCAN_LIST || t->kind == SCAN_OBJECT;
    if (t->kind == SCAN_TRUE || (nested && !(cursor && asking_in_body(r->pager->param))))
        return fail(r, QETL_E_DATA, "/pagination/from", NULL, "neither text nor number stands at ",
                    r->pager->from);
    bool zero = t->kind == SCAN_NUMBER && cursor; /* 0 is a cursor, too */
    if (t->kind == SCAN_ABSENT && !r->at->text)
        qetl_logf(r->pager->env, QETL_LOG_WARN,
                  "%.300s: nothing stands at %s of the first page, so that it is the last one: see "
                  "`pagination.from`",
                  r->name, r->pager->from);
    if (is_nothing(t) && !zero) {
        r->out->next.ended = true;
        return QETL_OK;
    }
    return cursor ? next_text(r, cursor_text(r, t)) : next_url(r, scan_text(t));
}

/* By the last row, whose value is the cursor; who has no rows is the last. */
static int32_t next_last(struct reading *r)
{
    const struct scan_target *list = &r->targets[RECORDS];
    struct scan_target value = {.pointer = r->pager->last};
    struct scan_result result;
    if (!r->out->rows) {
        r->out->next.ended = true;
        return QETL_OK;
    }
    if (list->kind == SCAN_LIST)
        scan_json(list->last, list->last_size, &value, 1, &result);
    bool scalar = value.kind == SCAN_TEXT || value.kind == SCAN_NUMBER;
    return scalar ? next_text(r, cursor_text(r, &value))
                  : fail(r, QETL_E_DATA, "/pagination/last", NULL,
                         "its last row has neither text nor number at ", r->pager->last);
}

static int32_t next_headed(struct reading *r)
{
    const char *header = r->reply->header;
    if (!header || !*header) {
        r->out->next.ended = true;
        return QETL_OK;
    }
    return r->pager->kind == PAGER_NEXT ? next_url(r, strdup(header))
                                        : next_text(r, strdup(header));
}

static int32_t next_linked(struct reading *r)
{
    const char *target, *link = r->reply->link;
    size_t size;
    if (!link || !http_link_find(link, "next", &target, &size)) {
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

/* OK, or a failure that was reported: no count stands there. */
static int32_t count_read(const struct reading *r, int target, const char *option, int64_t *out)
{
    const struct scan_target *t = &r->targets[target];
    char digits[24] = "", *end;
    if (t->kind == SCAN_NUMBER && t->size < (int64_t)sizeof digits)
        memcpy(digits, t->at, (size_t)t->size);
    *out = strtoll(digits, &end, 10);
    if (*digits && !*end && *out >= 0 && *out <= INT64_MAX / 2)
        return QETL_OK;
    return fail(r, QETL_E_DATA, option, NULL, "no count stands at ", t->pointer);
}

/* Which place lies behind all rows. */
static int32_t bound_read(struct reading *r)
{
    struct pager *p = r->pager;
    int64_t all = 0;
    int32_t status = p->total ? count_read(r, TOTAL, "/pagination/total", &all) : QETL_OK;
    if (!status && p->total)
        p->bound = p->first + (p->kind == PAGER_PAGE ? (all + p->limit - 1) / p->limit : all);
    if (!status && p->pages)
        status = count_read(r, PAGES, "/pagination/pages", &all);
    if (!status && p->pages)
        p->bound = p->first + all;
    return status;
}

static int32_t next_numbered(struct reading *r)
{
    struct pager *p = r->pager;
    struct page_content *c = r->out;
    int32_t status = bound_read(r);
    c->next.number = r->at->number + (p->kind == PAGER_PAGE ? 1 : c->rows);
    if (c->rows == 0 || c->next.number >= p->bound)
        c->next.ended = true;
    return status ? status : repeats_check(r);
}

/* Whether the page says by itself that it is the last. */
static int32_t end_find(struct reading *r, bool *is)
{
    const struct pager *p = r->pager;
    if (!r->out->json && p->records && r->size)
        return fail(r, QETL_E_DATA, "/records", "see what comes with curl",
                    "the page is no JSON, but ", r->type ? r->type : "something else");
    if (!r->out->json && (p->more || p->total || p->pages || p->from || p->last || p->ending.at))
        return fail(r, QETL_E_DATA, "/pagination", NULL, "the page is no JSON, but ",
                    r->type ? r->type : "something else");
    if (p->more && r->targets[MORE].kind == SCAN_ABSENT)
        return fail(r, QETL_E_DATA, "/pagination/more", NULL, "nothing stands at ", p->more);
    int ends = ending_is(&p->ending, &r->targets[ENDS]);
    if (ends < 0)
        return no_memory(r);
    bool is_short = p->until_short && r->out->rows < p->limit;
    *is = p->kind == PAGER_NONE || ends || is_short || (p->more && is_nothing(&r->targets[MORE]));
    return QETL_OK;
}

static int32_t next_find(struct reading *r)
{
    const struct pager *p = r->pager;
    bool ended = false;
    int32_t status = end_find(r, &ended);
    if (status || ended) {
        r->out->next.ended = true;
        return status;
    }
    if (p->kind == PAGER_LINK)
        return next_linked(r);
    if (p->kind != PAGER_CURSOR && p->kind != PAGER_NEXT)
        return next_numbered(r);
    return p->header ? next_headed(r) : p->last ? next_last(r) : next_pointed(r);
}

static int32_t fail_web_page(const struct reading *r)
{
    struct http_fault fault;
    http_fault_web_page(&fault, r->name);
    return http_fault_report(&fault, r->pager->env);
}

int32_t pager_read(struct pager *p, const struct place *at, const struct page_reply *reply,
                   struct page_content *out)
{
    struct reading r = {.pager = p,
                        .at = at,
                        .reply = reply,
                        .name = reply->url,
                        .type = reply->type,
                        .data = reply->data,
                        .size = reply->size,
                        .out = out};
    *out = (struct page_content){.json = is_json(p, r.type, r.data, r.size), .end = r.size};
    int32_t status = http_is_web_page(r.type, r.data, r.size) ? fail_web_page(&r) : QETL_OK;
    if (!status && out->json)
        status = scan_page(&r);
    if (!status && out->json)
        status = rows_find(&r);
    else if (!status)
        lines_find(&r);
    return status ? status : next_find(&r);
}
