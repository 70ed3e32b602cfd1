/* SPDX-License-Identifier: Apache-2.0 */
/* An instance at work while another is in the midst of a call: what calls have in common, be it for
 * a moment, is seen, and not by chance. */
#include "host/call.h"
#include "midst.h"
#include "side.h"

#include <stdio.h>
#include <time.h>

enum { TRIES_LEAST = 20, TRIES_MOST = 400, FIRST = 4, SHARE_MS = 300, WAIT_MS = 100, WAITS = 3 };

/* The one that is interrupted, and the one that comes in between. */
struct pair {
    struct conform_side one, other;
    const char *call; /* that it happened in; or NULL */
    bool runs;        /* the other, still */
};

/* Not the rows that the first is at. */
static void rows_turn(struct conform_check *check)
{
    for (size_t i = 0; i < check->n_tables; i++) {
        struct conform_table *t = &check->tables[i];
        json_t *rows = json_array();
        for (size_t row = json_array_size(t->rows); row-- > 0;)
            json_array_append(rows, json_array_get(t->rows, row));
        t->rows = rows;
    }
}

/* All of the other's run; unless it waits for something that the first one holds. */
static void other_run(void *arg)
{
    struct pair *p = arg;
    struct timespec until;
    if (pthread_create(&p->other.thread, NULL, conform_side_run, &p->other))
        return;
    p->call = p->one.bench.doing ? p->one.bench.doing->name : "a call";
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += WAIT_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    p->runs = pthread_timedjoin_np(p->other.thread, NULL, &until) != 0;
}

/* Of the places that there were, so many. waits: how often the other one had to. */
static int64_t pair_try(const struct conform_trial *t, const struct conform_bench *alone,
                        int64_t nth, int *waits)
{
    static struct pair p;
    char what[480];
    p.call = NULL;
    p.runs = false;
    conform_side_make(&p.one, t, 0, NULL);
    conform_side_make(&p.other, t, 1, NULL);
    rows_turn(&p.other.check);
    conform_midst_begin(nth, other_run, &p);
    conform_side_run(&p.one);
    int64_t places = conform_midst_end();
    *waits += p.runs;
    if (p.runs)
        pthread_join(p.other.thread, NULL);
    snprintf(what, sizeof what, "while another is at work in the midst of %s%s%s%s",
             p.call ? p.call : "no call", t->record->shared[0] ? " (they share " : "",
             t->record->shared, t->record->shared[0] ? ")" : "");
    if (p.call)
        conform_side_judge(&p.one, alone, what);
    for (size_t i = 0; i < p.other.check.n_tables; i++)
        json_decref(p.other.check.tables[i].rows);
    conform_side_close(&p.one);
    if (p.call)
        conform_side_close(&p.other);
    else
        json_decref(p.other.check.options);
    return places;
}

void conform_case_midst(const struct conform_trial *t)
{
    struct conform_bench alone;
    uint64_t seed = t->seed;
    int waits = 0;
    if (t->record->unruly || conform_midst_ready(t->component))
        return;
    int32_t status = conform_try(&alone, t, &(struct conform_knobs){0});
    int64_t places = status ? 0 : pair_try(t, &alone, 0, &waits);
    int64_t end = qetl_call_now_ns() + SHARE_MS * 1000000LL;
    for (int i = 0; i < TRIES_MOST && i < places && waits < WAITS && conform_may_try(t); i++) {
        int64_t nth = i < FIRST ? i + 1 : 1 + (int64_t)(conform_draw(&seed) % (uint64_t)places);
        if (i >= TRIES_LEAST && qetl_call_now_ns() > end)
            break;
        pair_try(t, &alone, nth, &waits);
        if (conform_is_broken(t->record, CONFORM_APART_RULE))
            break;
    }
    conform_bench_close(&alone);
}
