/* SPDX-License-Identifier: Apache-2.0 */
#include "pages.h"

#include <stdlib.h>
#include <string.h>

static int32_t no_memory(const struct pages *p)
{
    return qetl_fail(p->env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for a page");
}

static void exchange_end(struct page *page)
{
    http_end(page->exchange);
    free(page->url);
    free(page->body);
    page->exchange = NULL;
    page->url = page->body = NULL;
}

static void page_free(struct page *page)
{
    exchange_end(page);
    place_free(&page->place);
    place_free(&page->content.next);
    *page = (struct page){0};
}

static void cut(struct pages *p, int64_t count)
{
    while (p->count > count)
        page_free(&p->items[--p->count]);
}

void pages_free(struct pages *p)
{
    cut(p, 0);
}

void pages_start(struct pages *p, struct place *first)
{
    cut(p, 0);
    if (!first->ended)
        p->items[p->count++] = (struct page){.place = *first};
    else
        place_free(first);
    *first = (struct place){0};
}

/* ---- asking ---- */

static int32_t page_ask(struct pages *p, struct page *page)
{
    bool failed = false;
    page->url = pager_url(p->pager, p->asking->url, &page->place);
    page->body = pager_body(p->pager, p->asking->body, &page->place, &failed);
    if (!page->url || failed)
        return no_memory(p);
    struct http_request request = asking_request(p->asking, page->url);
    request.wants = p->pager->header;
    if (page->body) {
        request.body = page->body;
        request.body_size = strlen(page->body);
    }
    page->exchange = http_begin(p->client, &request);
    return page->exchange ? QETL_OK : no_memory(p);
}

/* The place behind the last page, if it is known; its text is a copy. */
static int32_t place_behind(const struct pages *p, struct place *out, bool *known)
{
    const struct page *last = &p->items[p->count - 1];
    *known = last->read ? !last->content.next.ended : pager_guess(p->pager, &last->place, out);
    if (last->read && *known && !place_copy(out, &last->content.next))
        return no_memory(p);
    return QETL_OK;
}

static int32_t ask(struct pages *p)
{
    int32_t status = QETL_OK;
    bool known = p->count > 0;
    while (!status && known && p->count <= p->ahead) {
        struct place place = {0};
        status = place_behind(p, &place, &known);
        if (!status && known)
            p->items[p->count++] = (struct page){.place = place};
    }
    for (int64_t i = 0; !status && i < p->count; i++)
        if (!p->items[i].exchange)
            status = page_ask(p, &p->items[i]);
    return status;
}

/* ---- reading ---- */

/* What was asked for behind it on the guess that its place would be another. */
static int32_t guesses_drop(struct pages *p, int64_t i)
{
    const struct place *next = &p->items[i].content.next;
    if (i + 1 < p->count && !place_equals(&p->items[i + 1].place, next))
        cut(p, i + 1);
    return QETL_OK;
}

static int32_t page_read(struct pages *p, int64_t i)
{
    struct page *page = &p->items[i];
    const struct http_exchange *e = page->exchange;
    const struct page_reply reply = {.url = e->url,
                                     .type = e->type,
                                     .link = e->link,
                                     .header = e->wanted,
                                     .data = (const char *)e->body,
                                     .size = e->size};
    int32_t status = pager_read(p->pager, &page->place, &reply, &page->content);
    if (status) {
        place_free(&page->content.next);
        exchange_end(page);
        return status;
    }
    page->read = true;
    return guesses_drop(p, i);
}

/* The host waits, and then calls again. */
static int32_t page_fail(struct pages *p, const struct page *page)
{
    p->failed = true;
    return http_fault_report(&page->exchange->fault, p->env);
}

/* After that wait: whoever failed meanwhile is asked again, too, as the reason was the same. */
static int32_t failed_drop(struct pages *p)
{
    int32_t status = p->failed ? http_client_drive(p->client) : QETL_OK;
    for (int64_t i = 0; p->failed && i < p->count; i++) {
        const struct http_exchange *e = p->items[i].exchange;
        if (e && e->state == HTTP_DONE && e->fault.code)
            exchange_end(&p->items[i]);
    }
    p->failed = false;
    return status;
}

/* Where the server says that there is no such page, the one before it was the last. */
static void page_end(struct pages *p, int64_t i)
{
    struct page *page = &p->items[i];
    page->content = (struct page_content){.next.ended = true};
    page->read = true;
    cut(p, i + 1);
}

/* In their order, as the place of each follows from the one before it. A page behind the first that
 * does not make sense is told when it is the first. */
static int32_t read_all(struct pages *p, bool *any)
{
    *any = false;
    for (int64_t i = 0; i < p->count; i++) {
        struct page *page = &p->items[i];
        const struct http_exchange *e = page->exchange;
        if (page->read)
            continue;
        if (!e || e->state != HTTP_DONE)
            break;
        if (e->fault.code && pager_ends_with(p->pager, &page->place, e->status)) {
            page_end(p, i);
            *any = true;
            continue;
        }
        if (i && (e->fault.code || p->pager->kind < PAGER_CURSOR))
            break;
        int32_t status = e->fault.code ? page_fail(p, page) : page_read(p, i);
        if (status)
            return status;
        *any = true;
    }
    return QETL_OK;
}

int32_t pages_advance(struct pages *p)
{
    struct page *first = &p->items[0];
    if (p->count == 1 && !first->content.next.ended) {
        struct place next = first->content.next;
        first->content.next = (struct place){0};
        page_free(first);
        p->items[0] = (struct page){.place = next};
        return QETL_OK;
    }
    page_free(first);
    memmove(p->items, p->items + 1, (size_t)--p->count * sizeof *p->items);
    p->items[p->count] = (struct page){0};
    return QETL_OK;
}

int32_t pages_reach(struct pages *p)
{
    int32_t status = failed_drop(p);
    /* What a page says of the next is asked for before its rows are handed on. */
    for (bool any = true; !status && any;) {
        status = ask(p);
        if (!status)
            status = http_client_drive(p->client);
        if (!status)
            status = read_all(p, &any);
    }
    if (status)
        return status;
    if (!p->count)
        return QETL_END;
    return p->items[0].read ? QETL_OK : QETL_IDLE;
}
