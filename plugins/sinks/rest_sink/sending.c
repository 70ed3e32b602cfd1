/* SPDX-License-Identifier: Apache-2.0 */
#include "sending.h"
#include "../../shared/rest/bytes.h"
#include "parcel.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int32_t no_memory(const struct sending *s)
{
    return qetl_fail(s->env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for rows on their way");
}

/* ---- cutting a batch ---- */

/* Rows with equal values in the columns of the order have one lane; in one alone, all are in order.
 */
static int lane_of(struct sending *s, int64_t row)
{
    const struct plan *p = s->plan;
    uint64_t hash = 0;
    if (p->concurrency == 1)
        return 0;
    if (!p->n_order)
        return PARCEL_ANY_LANE;
    for (int64_t i = 0; i < p->n_order; i++) {
        s->scratch.size = 0;
        if (rows_put_text(s->rows, row, p->order[i], &s->scratch))
            return 0;
        for (int64_t b = 0; b < s->scratch.size; b++)
            hash = (hash ^ s->scratch.data[b]) * UINT64_C(0x100000001b3);
        hash = (hash ^ (hash >> 29)) * UINT64_C(0x9e3779b97f4a7c15);
    }
    return (int)((hash >> 32) % (uint64_t)p->concurrency);
}

struct lanes {
    int32_t *rows; /* rows_most of each lane */
    int64_t counts[64 + 1];
    struct parcel **end;
};

static int32_t lane_flush(struct sending *s, struct lanes *l, int place)
{
    int64_t n = l->counts[place];
    if (!n)
        return QETL_OK;
    int lane = s->plan->n_order || s->plan->concurrency == 1 ? place : PARCEL_ANY_LANE;
    *l->end = parcel_new(lane, l->rows + place * s->plan->rows_most, n);
    if (!*l->end)
        return no_memory(s);
    l->end = &(*l->end)->next;
    l->counts[place] = 0;
    return QETL_OK;
}

int32_t sending_begin(struct sending *s, int64_t n_rows)
{
    struct lanes l = {.end = &s->first};
    int64_t most = s->plan->rows_most;
    int32_t status = QETL_OK;
    sending_clear(s);
    l.rows = calloc((size_t)(s->plan->concurrency * most), sizeof *l.rows);
    if (!l.rows)
        return no_memory(s);
    for (int64_t row = 0; row < n_rows && !status; row++) {
        int lane = lane_of(s, row), place = lane == PARCEL_ANY_LANE ? 0 : lane;
        l.rows[place * most + l.counts[place]++] = (int32_t)row;
        if (l.counts[place] == most)
            status = lane_flush(s, &l, place);
    }
    for (int place = 0; place < s->plan->concurrency && !status; place++)
        status = lane_flush(s, &l, place);
    free(l.rows);
    s->begun = !status;
    s->n_rows = n_rows;
    return status;
}

void sending_clear(struct sending *s)
{
    while (s->first) {
        struct parcel *next = s->first->next;
        parcel_free(s->first);
        s->first = next;
    }
    for (int64_t i = 0; i < s->n_refusals; i++)
        free(s->refusals[i].message);
    s->n_refusals = 0;
    s->running = s->failures = 0;
    s->fault.code = 0;
    s->begun = false;
}

void sending_free(struct sending *s)
{
    sending_clear(s);
    free(s->refusals);
    s->refusals = NULL;
    bytes_free(&s->scratch);
}

/* ---- refused rows ---- */

static int32_t refuse(struct sending *s, int64_t row, const char *code, const char *message)
{
    if (s->n_refusals == s->refusals_room) {
        int64_t room = s->refusals_room ? 2 * s->refusals_room : 16;
        struct refusal *longer = realloc(s->refusals, (size_t)room * sizeof *longer);
        if (!longer)
            return no_memory(s);
        s->refusals = longer;
        s->refusals_room = room;
    }
    struct refusal *r = &s->refusals[s->n_refusals];
    *r = (struct refusal){.row = row, .message = strdup(message)};
    snprintf(r->code, sizeof r->code, "%s", code);
    if (!r->message)
        return no_memory(s);
    s->n_refusals++;
    return QETL_OK;
}

static int32_t refuse_status(struct sending *s, int64_t row, long status, const char *message)
{
    char code[24];
    snprintf(code, sizeof code, "http_%ld", status);
    return refuse(s, row, status ? code : "refused", message);
}

/* ---- what became of a request ---- */

/* Takes *at out of the list. */
static void parcel_remove(struct parcel **at)
{
    struct parcel *p = *at;
    *at = p->next;
    parcel_free(p);
}

static bool is_transient(int32_t code)
{
    return code == QETL_E_RETRY_CALL || code == QETL_E_THROTTLED;
}

static void parcel_failed(struct sending *s, struct parcel *p, const struct http_fault *fault)
{
    if (!s->fault.code || fault->retry_after_ms > s->fault.retry_after_ms)
        s->fault = *fault;
    parcel_reset(p);
    p->state = PARCEL_FAILED;
    s->failures++;
}

/* In its place, two of half as many rows. */
static int32_t parcel_halve(struct sending *s, struct parcel **at)
{
    struct parcel *p = *at;
    int64_t half = p->n / 2;
    struct parcel *second = parcel_new(p->lane, p->rows + half, p->n - half);
    if (!second)
        return no_memory(s);
    second->next = p->next;
    p->next = second;
    p->n = half;
    parcel_reset(p);
    return QETL_OK;
}

static int32_t refused(struct sending *s, struct parcel **at)
{
    struct parcel *p = *at;
    if (p->n > 1)
        return parcel_halve(s, at);
    int32_t status = refuse_status(s, p->rows[0], p->exchange->status, p->exchange->fault.message);
    if (!status)
        parcel_remove(at);
    return status;
}

/* Of each row; those that may pass later stay in the parcel. */
static int32_t verdicts_take(struct sending *s, struct parcel *p, const struct verdict *verdicts)
{
    int64_t left = 0;
    int32_t status = QETL_OK;
    for (int64_t i = 0; i < p->n && !status; i++) {
        const char *why = verdicts[i].message ? verdicts[i].message : "the server refused it";
        if (verdicts[i].kind == VERDICT_REFUSED)
            status = refuse_status(s, p->rows[i], verdicts[i].status, why);
        else if (verdicts[i].kind == VERDICT_AGAIN)
            p->rows[left++] = p->rows[i];
    }
    p->n = left;
    return status;
}

static int32_t answered(struct sending *s, struct parcel **at)
{
    struct parcel *p = *at;
    const struct http_exchange *e = p->exchange;
    int64_t n = p->n;
    struct verdict *verdicts = calloc((size_t)n, sizeof *verdicts);
    int32_t status = verdicts
                         ? answer_read(s->answer, s->plan, e->url, e->body, e->size, n, verdicts)
                         : no_memory(s);
    if (!status)
        status = verdicts_take(s, p, verdicts);
    if (!status && p->n) {
        struct http_fault fault;
        http_fault_set(&fault, QETL_E_RETRY_CALL, NULL, NULL,
                       "%s %.300s: it could not take %lld of %lld rows for the moment",
                       s->plan->method, e->url, (long long)p->n, (long long)n);
        parcel_failed(s, p, &fault);
    } else if (!status) {
        parcel_remove(at);
    }
    for (int64_t i = 0; verdicts && i < n; i++)
        free(verdicts[i].message);
    free(verdicts);
    return status;
}

/* A row that was sent on as a GET is written nowhere. */
static int32_t fail_lost(const struct sending *s, const struct http_exchange *e)
{
    return qetl_fail(s->env, QETL_E_CONFIG, "/url", "name that URL",
                     "%s %.200s: it was sent on to %.200s, as a GET, which brings no row",
                     s->plan->method, s->plan->url, e->url);
}

static int32_t settle(struct sending *s, struct parcel **at)
{
    struct parcel *p = *at;
    const struct http_exchange *e = p->exchange;
    s->running--;
    if (strcmp(e->request.method, s->plan->method) != 0)
        return fail_lost(s, e);
    if (e->fault.code && plan_accepts(s->plan, e->status)) {
        s->failures = 0;
        parcel_remove(at);
        return QETL_OK;
    }
    if (!e->fault.code) {
        s->failures = 0;
        return answered(s, at);
    }
    if (e->status && plan_rejects(s->plan, e->status))
        return refused(s, at);
    if (!is_transient(e->fault.code))
        return http_fault_report(&e->fault, s->env);
    parcel_failed(s, p, &e->fault);
    return QETL_OK;
}

static int32_t settle_all(struct sending *s, bool *any)
{
    int32_t status = QETL_OK;
    *any = false;
    for (struct parcel **at = &s->first; *at && !status;) {
        struct parcel *before = *at;
        if ((*at)->state == PARCEL_RUNS && (*at)->exchange->state == HTTP_DONE) {
            *any = true;
            status = settle(s, at);
        }
        if (*at == before)
            at = &(*at)->next;
        if (!s->running)
            break;
    }
    return status;
}

/* ---- sending ---- */

static int32_t begin_one(struct sending *s, struct parcel **at)
{
    struct reason why;
    struct parcel *p = *at, *rest;
    int32_t status = parcel_begin(p, s, &rest, &why);
    if (status == QETL_E_ROW) {
        status = refuse(s, p->rows[0], why.code, why.message);
        parcel_remove(at);
        return status;
    }
    if (rest) {
        rest->next = p->next;
        p->next = rest;
    }
    s->running += !status;
    return status;
}

/* As many as may run at a time; of a lane the next only when the one before it is done. Where the
 * last ones failed, all, as many as may run, no more is tried: the server needs a rest. */
static int32_t begin_some(struct sending *s)
{
    uint64_t busy = 0, all = UINT64_MAX >> (64 - s->plan->concurrency);
    int32_t status = QETL_OK;
    bool rests = s->failures >= s->plan->concurrency || s->fault.code == QETL_E_THROTTLED;
    for (struct parcel **at = &s->first;
         *at && !status && !rests && busy != all && s->running < s->plan->concurrency;) {
        struct parcel *p = *at;
        uint64_t lane = p->lane == PARCEL_ANY_LANE ? 0 : UINT64_C(1) << p->lane;
        if (p->state == PARCEL_WAITS && !(busy & lane))
            status = begin_one(s, at);
        if (*at != p) /* it was refused, and the next one of its lane may go */
            continue;
        busy |= lane;
        at = &p->next;
    }
    return status;
}

/* What has failed waits again; the host says for how long. */
static int32_t fail_all(struct sending *s)
{
    struct http_fault fault = s->fault;
    assert(fault.code); /* or else rows would be left behind */
    for (struct parcel *p = s->first; p; p = p->next)
        p->state = PARCEL_WAITS;
    s->failures = 0;
    s->fault.code = 0;
    return http_fault_report(&fault, s->env);
}

int32_t sending_go_on(struct sending *s)
{
    int32_t status = QETL_OK;
    bool any = true;
    while (any && !status && s->first) {
        status = begin_some(s);
        if (!status)
            status = http_client_drive(s->client);
        if (!status)
            status = settle_all(s, &any);
    }
    if (status)
        return status;
    if (!s->first)
        return QETL_OK;
    return s->running ? QETL_IDLE : fail_all(s);
}
