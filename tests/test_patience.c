/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that fail for the moment are made again, and none before its time. */
#include "toy_run.h"

#include <pthread.h>
#include <time.h>

TestSuite(patience, .init = begin, .fini = end, .timeout = 60);

static const int64_t MS = 1000000;
static char logged[4096];
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

static void log_take(void *arg, const char *component, int level, const char *message)
{
    (void)arg, (void)level;
    pthread_mutex_lock(&log_lock);
    size_t size = strlen(logged);
    snprintf(logged + size, sizeof logged - size, "%s: %s\n", component, message);
    pthread_mutex_unlock(&log_lock);
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 * MS + now.tv_nsec;
}

/* source -> transform -> sink, of which one is patient. */
static void patient_make(int node, int64_t budget_ns)
{
    line_make();
    struct qetl_limits *limits = &toy.pipeline.nodes[node].limits;
    limits->retry =
        (struct qetl_retry_policy){.budget_ns = budget_ns, .first_ns = MS, .most_ns = MS};
    toy.options.log = log_take;
    logged[0] = '\0';
}

Test(patience, each_call_is_made_again)
{
    static const struct {
        int script;
        const char *call;
    } cases[] = {{SOURCE, "start"},  {SOURCE, "describe"},   {SOURCE, "open"},
                 {SOURCE, "next"},   {TRANSFORM, "process"}, {SINK, "start"},
                 {SINK, "describe"}, {SINK, "open"},         {SINK, "write"}};
    end();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int workers = 0; workers < 4; workers++) {
            begin();
            patient_make(cases[i].script, 10000 * MS);
            toy.options.workers = workers;
            toy.options.driver = workers ? QETL_DRIVE_POOL : QETL_DRIVE_PULL;
            struct toy_script *s = &toy_scripts[cases[i].script];
            s->fail_in = cases[i].call;
            s->fail_at = strcmp(cases[i].call, "next") == 0 ? 3 : 1;
            s->fail_times = 4;
            s->fail_with = QETL_E_RETRY_CALL;
            toy_scripts[TRANSFORM].reject_row = 3;
            cr_expect_eq(toy_run(&toy), QETL_EXIT_OK, "%s: %s", cases[i].call, toy_message(&toy));
            cr_expect_eq(toy_scripts[SINK].rows_seen, 90, "%s", cases[i].call);
            cr_expect_eq(toy.report.summary.rows_rejected, 10);
            cr_expect(toy.report.balanced);
            char line[80];
            snprintf(line, sizeof line, "%s failed for the moment: %s went wrong; again in ",
                     cases[i].call, cases[i].call);
            cr_expect_eq(count_of(logged, line), 4, "%s", logged);
            expect_all_destroyed();
            end();
        }
    begin();
}

Test(patience, the_budget_ends_it_and_it_is_said)
{
    patient_make(SINK, 40 * MS);
    toy_scripts[SINK].fail_in = "write";
    toy_scripts[SINK].fail_at = 2;
    toy_scripts[SINK].fail_with = QETL_E_RETRY_CALL;
    int64_t began = now_ns();
    cr_expect_eq(toy_run(&toy), QETL_EXIT_FAILED);
    cr_expect_geq(now_ns() - began, 30 * MS);
    cr_expect(strstr(toy_message(&toy), "write went wrong (given up after "), "%s",
              toy_message(&toy));
    cr_expect_eq(toy.findings.errors, 1);
    expect_all_destroyed();
}

Test(patience, nobody_waits_less_than_is_asked_for)
{
    patient_make(SOURCE, 10000 * MS);
    toy_scripts[SOURCE].fail_in = "next";
    toy_scripts[SOURCE].fail_times = 3;
    toy_scripts[SOURCE].fail_with = QETL_E_THROTTLED;
    toy_scripts[SOURCE].retry_after_ms = 30;
    int64_t began = now_ns();
    cr_expect_eq(toy_run(&toy), QETL_EXIT_OK);
    cr_expect_geq(now_ns() - began, 90 * MS);
    cr_expect(strstr(logged, "too many requests; again in 30 ms"), "%s", logged);
    cr_expect(strstr(logged, "it goes on"));
}

Test(patience, an_open_breaker_lets_nobody_call)
{
    patient_make(SINK, 10000 * MS);
    toy.pipeline.nodes[SINK].limits.breaker = (struct qetl_breaker_policy){2, 40 * MS, 40 * MS};
    toy_scripts[SINK].fail_in = "write";
    toy_scripts[SINK].fail_times = 4;
    toy_scripts[SINK].fail_with = QETL_E_RETRY_CALL;
    int64_t began = now_ns();
    cr_expect_eq(toy_run(&toy), QETL_EXIT_OK, "%s", toy_message(&toy));
    /* it opens at the second failure, and again at each probe that fails: the third, the fourth */
    cr_expect_geq(now_ns() - began, 120 * MS);
    cr_expect_eq(count_of(logged, "(breaker open)"), 3, "%s", logged);
    cr_expect_eq(toy_scripts[SINK].rows_seen, 100);
}

Test(patience, a_rate_is_kept)
{
    static const int nodes[] = {SOURCE, TRANSFORM, SINK};
    end();
    for (int i = 0; i < 3; i++) {
        begin();
        patient_make(nodes[i], 0);
        toy.pipeline.nodes[nodes[i]].limits.rows_per_second = 500;
        int64_t began = now_ns();
        cr_expect_eq(toy_run(&toy), QETL_EXIT_OK, "%s", toy_message(&toy));
        /* 100 rows less a burst of 25 and the last call's 10 */
        cr_expect_geq(now_ns() - began, 130 * MS, "node %d", i);
        cr_expect_eq(toy_scripts[SINK].rows_seen, 100);
        end();
    }
    begin();
    patient_make(SINK, 0);
    toy.pipeline.nodes[SINK].limits.calls_per_second = 50;
    int64_t began = now_ns();
    cr_expect_eq(toy_run(&toy), QETL_EXIT_OK);
    cr_expect_geq(now_ns() - began, 130 * MS, "10 calls less a burst of 2 and the last");
}

static void *stop_soon(void *run)
{
    nanosleep(&(struct timespec){.tv_nsec = 30 * MS}, NULL);
    qetl_run_stop(run, QETL_EXIT_SIGINT);
    return NULL;
}

Test(patience, who_waits_can_be_stopped)
{
    static const char *const calls[] = {"start", "next"};
    end();
    for (int i = 0; i < 2; i++)
        for (int workers = 0; workers < 3; workers++) {
            begin();
            patient_make(SOURCE, 20000000 * MS);
            toy.options.workers = workers;
            toy.options.driver = workers ? QETL_DRIVE_POOL : QETL_DRIVE_PULL;
            toy_scripts[SOURCE].fail_in = calls[i];
            toy_scripts[SOURCE].fail_with = QETL_E_THROTTLED;
            toy_scripts[SOURCE].retry_after_ms = 3600000;
            toy_run_new(&toy);
            pthread_t stopper;
            cr_assert_eq(pthread_create(&stopper, NULL, stop_soon, toy.run), 0);
            int64_t began = now_ns();
            cr_expect_eq(toy_run_execute(&toy), QETL_EXIT_SIGINT);
            cr_expect_lt(now_ns() - began, 20000 * MS);
            pthread_join(stopper, NULL);
            toy_run_free(&toy);
            expect_all_destroyed();
            end();
        }
    begin();
}
