/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that there is not, and what is left behind. */
#include "cases.h"

#include "blocks.h"
#include "process.h"
#include "starve.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TRIES_MOST = 160 };

static const struct conform_knobs plain = {0};

/* One run in which the n-th allocation fails; 0: none does. */
typedef void (*starved_run)(const struct conform_trial *, struct conform_bench *, int64_t n);

static void run_without_buffer(const struct conform_trial *t, struct conform_bench *b, int64_t n)
{
    struct conform_knobs k = {.fail_buffer = n, .fail_after = n % 2};
    conform_drive(b, t, &k);
}

static void run_without_malloc(const struct conform_trial *t, struct conform_bench *b, int64_t n)
{
    conform_starve_at(n);
    conform_drive(b, t, &plain);
    conform_starve_at(0);
}

struct aside {
    const struct conform_trial *trial;
    struct conform_bench *bench;
    starved_run run;
    int64_t n;
};

static void *aside_run(void *arg)
{
    const struct aside *a = arg;
    a->run(a->trial, a->bench, a->n);
    return NULL;
}

/* In a thread of its own, which asks for what others keep for later, and takes it with it. */
static void run_aside(const struct conform_trial *t, struct conform_bench *b, starved_run run,
                      int64_t n)
{
    struct aside a = {t, b, run, n};
    pthread_t thread;
    conform_scratch(t);
    if (pthread_create(&thread, NULL, aside_run, &a))
        abort();
    pthread_join(thread, NULL);
}

/* A block of each of these rounds that is there some rounds later was left behind; what is kept
 * until the next instance comes, or is made once, was not. */
enum { SEEN_FIRST = 1, SEEN_LAST = 3, SEEN_ROUNDS = 6 };

static bool is_left(struct conform_left *least)
{
    least->bytes = INT64_MAX;
    for (int i = SEEN_FIRST; i <= SEEN_LAST; i++) {
        struct conform_left left = conform_blocks_left(i);
        if (!left.blocks)
            return false;
        if (left.bytes < least->bytes)
            *least = left;
    }
    return true;
}

static bool leaves_blocks(const struct conform_trial *t, starved_run run, int64_t n,
                          const void *in_library, struct conform_left *left)
{
    for (int i = 0; i < SEEN_ROUNDS; i++) {
        struct conform_bench b;
        if (i > SEEN_LAST && !conform_blocks_left(SEEN_FIRST).blocks)
            return false;
        conform_blocks_round(i, in_library);
        run_aside(t, &b, run, n);
        conform_bench_close(&b);
        conform_blocks_round(-1, NULL);
    }
    return is_left(left);
}

/* The second time to see who asks for it. */
static bool leaves(const struct conform_trial *t, starved_run run, int64_t n,
                   struct conform_left *left)
{
    return conform_blocks_ready() && leaves_blocks(t, run, n, NULL, left) &&
           leaves_blocks(t, run, n, t->component, left);
}

static void starve(const struct conform_trial *t, starved_run run, int64_t total,
                   enum conform_rule_id rule, const char *what)
{
    struct conform_bench alone;
    conform_try(&alone, t, &plain);
    int64_t tries = total < TRIES_MOST ? total : TRIES_MOST;
    for (int64_t i = 0; i < tries && conform_may_try(t); i++) {
        int64_t n = total <= TRIES_MOST || i < TRIES_MOST / 2 ? i + 1 : 1 + i * total / tries;
        struct conform_bench b;
        run_aside(t, &b, run, n);
        if (b.status == QETL_OK && !conform_outcome_same(&alone, &b, rule, what))
            i = tries;
        conform_bench_close(&b);
        struct conform_left left;
        char site[CONFORM_PLACE];
        if (i < tries && i % 4 == 0 && !conform_is_broken(t->record, CONFORM_LEAK_MEMORY_RULE) &&
            leaves(t, run, n, &left)) {
            conform_left_site(&left, site);
            conform_break(t->record, rule,
                          "%s: allocation %lld, when it fails, leaves %lld bytes behind%s%s", what,
                          (long long)n, (long long)left.bytes, *site ? ", asked for" : "", site);
            break;
        }
    }
    conform_bench_close(&alone);
    conform_hold(t->record, rule);
}

void conform_case_host_memory(const struct conform_trial *t)
{
    struct conform_bench b;
    conform_try(&b, t, &plain);
    int64_t total = b.buffers;
    conform_bench_close(&b);
    if (!total)
        conform_skip(t->record, CONFORM_HOST_MEMORY_RULE, "the component asks for no host buffer");
    else
        starve(t, run_without_buffer, total, CONFORM_HOST_MEMORY_RULE, "without a host buffer");
}

void conform_case_memory(const struct conform_trial *t)
{
    struct conform_bench b;
    conform_blocks_ready(); /* before, as its functions are the ones that are starved */
    const char *why = conform_starve_ready(t->component);
    if (why) {
        conform_skip(t->record, CONFORM_MEMORY_RULE, "%s", why);
        return;
    }
    conform_try(&b, t, &plain);
    conform_bench_close(&b);
    int64_t before = conform_starve_count();
    run_aside(t, &b, run_without_malloc, 0);
    conform_bench_close(&b);
    int64_t total = conform_starve_count() - before;
    if (!total)
        conform_skip(t->record, CONFORM_MEMORY_RULE, "the plugin allocates nothing by itself");
    else
        starve(t, run_without_malloc, total, CONFORM_MEMORY_RULE, "without memory");
}

/* ---- what is left behind ---- */

/* A thread that was told to end may need a moment. */
static void threads_settle(int wanted)
{
    struct timespec pause = {.tv_nsec = 5000000};
    for (int i = 0; i < 40 && conform_threads_alive() > wanted; i++)
        nanosleep(&pause, NULL);
}

void conform_case_leaks(const struct conform_trial *t)
{
    struct conform_process fresh, before, after;
    struct conform_bench b;
    struct conform_left left;
    conform_process_look(&fresh);
    conform_try(&b, t, &plain); /* what is made once a process is made here */
    conform_bench_close(&b);
    conform_process_look(&before);
    bool grows = leaves(t, run_without_buffer, 0, &left);
    char site[CONFORM_PLACE] = "";
    if (grows)
        conform_left_site(&left, site);
    threads_settle(before.threads);
    conform_process_look(&after);
    conform_process_compare(t->record, &fresh, &after, CONFORM_PROCESS_RULE);
    conform_process_left(t->record, &before, &after);
    if (!conform_blocks_ready())
        conform_skip(t->record, CONFORM_LEAK_MEMORY_RULE,
                     "there is no memory to count blocks with");
    else if (grows && !conform_is_broken(t->record, CONFORM_LEAK_BUFFERS_RULE))
        conform_break(t->record, CONFORM_LEAK_MEMORY_RULE,
                      "%lld bytes more%s with each instance%s%s", (long long)left.bytes,
                      left.mapped ? " of mmap" : "", *site ? ", asked for" : "", site);
    else
        conform_hold(t->record, CONFORM_LEAK_MEMORY_RULE);
}
