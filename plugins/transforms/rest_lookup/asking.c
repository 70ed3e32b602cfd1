/* SPDX-License-Identifier: Apache-2.0 */
#include "asking.h"
#include "../../shared/http/markup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int32_t no_memory(const struct lookups *l)
{
    return qetl_fail(l->env, QETL_E_NO_MEMORY, NULL, NULL, "no memory to look rows up");
}

int32_t lookups_add(struct lookups *l, const char *url)
{
    if (l->n == l->capacity) {
        int64_t capacity = l->capacity ? 2 * l->capacity : 1024;
        struct entry **entries = realloc(l->entries, (size_t)capacity * sizeof *entries);
        if (!entries)
            return no_memory(l);
        l->entries = entries;
        l->capacity = capacity;
    }
    l->entries[l->n] = url ? cache_hold(l->cache, url, http_now_ns()) : NULL;
    if (url && !l->entries[l->n])
        return no_memory(l);
    l->n++;
    return QETL_OK;
}

void lookups_clear(struct lookups *l)
{
    for (int64_t i = 0; i < l->n; i++)
        if (l->entries[i])
            cache_let_go(l->cache, l->entries[i]);
    l->n = l->next = l->n_running = 0;
    l->fault.code = 0;
}

void lookups_free(struct lookups *l)
{
    lookups_clear(l);
    free(l->entries);
    l->entries = NULL;
}

/* ---- asking ---- */

static int32_t begin_some(struct lookups *l)
{
    for (; l->next < l->n && l->n_running < l->concurrency && !l->fault.code; l->next++) {
        struct entry *e = l->entries[l->next];
        if (!e || e->state != ENTRY_NEW)
            continue;
        struct http_request request = {.method = "GET", .url = e->url, .headers = l->headers};
        e->exchange = http_begin(l->client, &request);
        if (!e->exchange)
            return no_memory(l);
        e->state = ENTRY_ASKED;
        l->running[l->n_running++] = e;
    }
    return QETL_OK;
}

static bool is_listed(const struct lookups *l, long status)
{
    int64_t n = qetl_option_count(l->env, "/missing_status");
    for (int64_t i = 0; i < n; i++) {
        char pointer[40];
        snprintf(pointer, sizeof pointer, "/missing_status/%lld", (long long)i);
        if (qetl_option_int(l->env, pointer) == status)
            return true;
    }
    return false;
}

static int32_t fail_web_page(const struct lookups *l, const char *url)
{
    char what[320];
    struct http_fault fault;
    snprintf(what, sizeof what, "GET %.300s", url);
    http_fault_web_page(&fault, what);
    return http_fault_report(&fault, l->env);
}

/* OK: the entry is done, or waits again for what may pass. */
static int32_t settle(struct lookups *l, struct entry *e)
{
    const struct http_exchange *x = e->exchange;
    const struct http_fault *fault = &x->fault;
    bool fine = true,
         transient = fault->code == QETL_E_RETRY_CALL || fault->code == QETL_E_THROTTLED;
    char code[24];
    if (fault->code && is_listed(l, x->status))
        transient = false;
    else if (!fault->code && http_is_web_page(x->type, x->body, x->size))
        return fail_web_page(l, e->url);
    else if (!fault->code && x->size)
        fine = found_read(&e->found, l->cache->columns, x->body, x->size, x->link);
    else if (fault->code && (x->status == 400 || x->status == 414 || x->status == 422)) {
        snprintf(code, sizeof code, "http_%ld", x->status);
        fine = found_refuse(&e->found, code, fault->message);
    } else if (fault->code && !transient)
        return http_fault_report(fault, l->env);
    if (transient && (!l->fault.code || fault->retry_after_ms > l->fault.retry_after_ms))
        l->fault = *fault;
    e->state = transient ? ENTRY_NEW : ENTRY_DONE;
    e->done_ns = http_now_ns();
    http_end(e->exchange);
    e->exchange = NULL;
    return fine ? QETL_OK : no_memory(l);
}

static int32_t settle_all(struct lookups *l, bool *any)
{
    int32_t status = QETL_OK;
    *any = false;
    for (int i = 0; i < l->n_running && !status;) {
        struct entry *e = l->running[i];
        if (e->exchange->state != HTTP_DONE) {
            i++;
            continue;
        }
        *any = true;
        status = settle(l, e);
        l->running[i] = l->running[--l->n_running];
    }
    return status;
}

int32_t lookups_go_on(struct lookups *l)
{
    int32_t status = QETL_OK;
    for (bool any = true; any && !status;) {
        status = begin_some(l);
        if (!status && l->n_running)
            status = http_client_drive(l->client);
        if (!status)
            status = settle_all(l, &any);
    }
    if (status)
        return status;
    if (l->n_running)
        return QETL_IDLE;
    if (!l->fault.code)
        return QETL_OK;
    struct http_fault fault = l->fault; /* those that failed are asked for again by the next call */
    l->fault.code = 0;
    l->next = 0;
    return http_fault_report(&fault, l->env);
}
