/* SPDX-License-Identifier: Apache-2.0 */
/* The source `rest`: the pages that a service answers with, each an object. */
#include "pages.h"
#include "position.h"
#include "since.h"

#include <string.h>

struct rest_source {
    struct qetl_env env;
    struct http_client client;
    struct pager pager;
    struct asking asking;
    struct pages pages;
    struct position position;
    struct since since;
    bool delivered; /* a page was handed on, so that one without rows may be passed over */
    bool settled;   /* what is new is in the requests */
    bool started;   /* the first page's object began at the host */
};

/* ---- Life ---- */

static int32_t source_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                             const char *config)
{
    struct rest_source *s = self;
    s->env = (struct qetl_env){host, ctx};
    const char *url = qetl_option_text(s->env, "/url");
    int32_t status = http_client_init(&s->client, s->env, url ? url : "", "/url");
    if (!status)
        status = pager_init(&s->pager, s->env);
    if (!status)
        status = asking_read(&s->asking, s->env, config);
    if (!status)
        status = pager_check(&s->pager, &s->asking);
    if (!status)
        status = since_read(&s->since, s->env, &s->asking);
    s->pager.key_param = s->client.auth.name;
    s->pages.env = s->env;
    s->pages.client = &s->client;
    s->pages.pager = &s->pager;
    s->pages.asking = &s->asking;
    s->pages.ahead = qetl_option_int(s->env, "/prefetch");
    if (!status && (s->pages.ahead < 0 || s->pages.ahead > PAGES_AHEAD_MAX))
        status = qetl_fail(s->env, QETL_E_CONFIG, "/prefetch", NULL, "it may be 0 to %d",
                           PAGES_AHEAD_MAX);
    return status;
}

static void source_destroy(void *self)
{
    struct rest_source *s = self;
    pages_free(&s->pages);
    http_client_free(&s->client);
    pager_free(&s->pager);
    asking_free(&s->asking);
    position_free(&s->position);
    since_free(&s->since);
}

static void source_interrupt(void *self)
{
    struct rest_source *s = self;
    http_client_ring(&s->client);
}

/* ---- Reading ---- */

/* Where pages are counted, what changes meanwhile moves rows from one to another: the manifest says
 * so, too (`moves`). */
static int32_t source_describe(void *self, struct qetl_source_info *out)
{
    const struct rest_source *s = self;
    bool kept = s->pager.kind == PAGER_NONE || s->pager.kind == PAGER_CURSOR ||
                qetl_option_bool(s->env, "/pagination/stable");
    out->emits = QETL_EMITS_BYTES;
    out->delivery = kept ? QETL_REPLAYABLE : QETL_ACKABLE;
    out->bytes_expected = -1;
    out->rows_expected = -1;
    return QETL_OK;
}

/* Of incremental loading alone, as a source of bytes has no columns. */
static int32_t source_negotiate(void *self, struct qetl_pushdown *request)
{
    struct rest_source *s = self;
    int32_t status = QETL_OK;
    *request->columns_answer = *request->limit_answer = QETL_PUSH_NO;
    s->since.offered = true;
    for (int64_t i = 0; i < request->n_predicates; i++) {
        int32_t answer = since_take(&s->since, request->predicates[i]);
        request->predicates_answer[i] = answer < 0 ? QETL_PUSH_NO : answer;
        status = answer < 0 ? answer : status;
    }
    return status;
}

/* Once for all requests, in whatever order splits are opened. */
static int32_t since_settle(struct rest_source *s)
{
    if (s->settled)
        return QETL_OK;
    if (s->since.param && !s->since.offered)
        qetl_logf(s->env, QETL_LOG_WARN,
                  "`since` does nothing without `incremental: {cursor: …}`: everything is read");
    s->settled = true;
    return s->since.offered ? since_apply(&s->since, &s->asking) : QETL_OK;
}

static int32_t source_open(void *self, struct qetl_blob split, const struct qetl_blob *position)
{
    struct rest_source *s = self;
    struct place first = {0};
    (void)split;
    int32_t status = since_settle(s);
    if (status)
        return status;
    pager_start(&s->pager, &first);
    s->delivered = position; /* a page was before it */
    s->started = false;
    status = position ? position_read(*position, s->pager.kind, &first) : QETL_OK;
    if (status)
        return qetl_fail(s->env, status, NULL, "start the run anew",
                         "the position is none of this version of the source rest");
    pages_start(&s->pages, &first);
    return QETL_OK;
}

static int32_t page_done(struct rest_source *s)
{
    s->started = false;
    return pages_advance(&s->pages);
}

/* A page without rows is handed on only if there is no other: the format may want to see one. */
static bool is_passed_over(const struct rest_source *s, const struct page *page)
{
    return page->content.rows == 0 && (s->delivered || !page->content.next.ended);
}

static int32_t first_page(struct rest_source *s)
{
    int32_t status = pages_reach(&s->pages);
    while (!status && is_passed_over(s, &s->pages.items[0])) {
        status = page_done(s);
        if (!status)
            status = pages_reach(&s->pages);
    }
    return status;
}

static int32_t item_fill(struct rest_source *s, const struct qetl_demand *demand,
                         struct qetl_item *out)
{
    struct page *page = &s->pages.items[0];
    const struct http_exchange *e = page->exchange;
    const struct page_content *c = &page->content;
    int64_t left = c->end - c->begin - page->sent;
    int64_t size = left < demand->max_bytes ? left : demand->max_bytes;
    if (size)
        memcpy(demand->space, e->body + c->begin + page->sent, (size_t)size);
    out->flags = s->started ? 0 : QETL_ITEM_OBJECT_START;
    out->object = e->url;
    out->bytes = size;
    out->offset = c->begin + page->sent;
    out->bytes_read = s->started ? 0 : e->taken;
    s->started = true;
    page->sent += size;
    if (size < left)
        return QETL_BYTES;
    if (!position_write(&s->position, s->pager.kind, &c->next))
        return qetl_fail(s->env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for a position");
    out->flags |= QETL_ITEM_OBJECT_END | QETL_ITEM_CUT;
    out->position = (struct qetl_blob){s->position.data, s->position.size};
    s->delivered = page->done = true;
    return QETL_BYTES;
}

static int32_t source_next(void *self, const struct qetl_demand *demand, struct qetl_item *out)
{
    struct rest_source *s = self;
    int32_t status = QETL_OK;
    if (s->pages.count && s->pages.items[0].done)
        status = page_done(s);
    if (!status)
        status = first_page(s);
    while (status == QETL_IDLE && http_client_wait(&s->client, demand->deadline_ns))
        status = first_page(s);
    if (status == QETL_IDLE) {
        status = http_client_await(&s->client);
        return status ? status : QETL_IDLE;
    }
    return status ? status : item_fill(s, demand, out);
}

static const struct qetl_source rest_vtable = {
    .struct_size = sizeof(struct qetl_source),
    .describe = source_describe,
    .negotiate = source_negotiate,
    .open = source_open,
    .next = source_next,
};

static const struct qetl_component rest_component = {
    .struct_size = sizeof(struct qetl_component),
    .kind = QETL_SOURCE,
    .id = "rest",
    .state_size = sizeof(struct rest_source),
    .create = source_create,
    .destroy = source_destroy,
    .interrupt = source_interrupt,
    .source = &rest_vtable,
};

QETL_PLUGIN("rest-source", "0.1.0", &rest_component)
