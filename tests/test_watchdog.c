/* SPDX-License-Identifier: Apache-2.0 */
/* A run is looked after by either driver. */
#include "toy_run.h"

#include <pthread.h>

TestSuite(watchdog, .init = begin, .fini = end, .timeout = 60);

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

static void watched_make(int workers)
{
    line_make();
    toy.options.workers = workers;
    toy.options.driver = workers ? QETL_DRIVE_POOL : QETL_DRIVE_PULL;
    toy.options.log = log_take;
    logged[0] = '\0';
}

Test(watchdog, a_run_ends_in_time)
{
    end();
    for (int workers = 0; workers < 3; workers++) {
        begin();
        watched_make(workers);
        toy_scripts[SOURCE].rows = 1000000000;
        toy_scripts[SOURCE].batch_rows = 1;
        toy.pipeline.timeout_ns = 50 * MS;
        cr_expect_eq(toy_run(&toy), QETL_EXIT_FAILED);
        cr_expect_str_eq(toy_message(&toy), "the run took longer than its timeout, 0.05 s");
        cr_expect_eq(toy_scripts[SINK].commit_handles, -1);
        expect_all_destroyed();
        end();
    }
    begin();
}

Test(watchdog, what_is_slow_but_moves_is_not_told)
{
    end();
    for (int workers = 0; workers < 3; workers++) {
        begin();
        watched_make(workers);
        toy.pipeline.stall_alarm_ns = 400 * MS;
        toy.pipeline.nodes[SINK].limits.rows_per_second = 100;
        toy_scripts[SOURCE].rows = 90;
        cr_expect_eq(toy_run(&toy), QETL_EXIT_OK);
        cr_expect_null(strstr(logged, "has not moved"), "%s", logged);
        end();
    }
    begin();
}

Test(watchdog, rows_are_counted_over_all_sources)
{
    toy_node_add(&toy, "a", &toy_actor_source, SOURCE);
    toy_node_add(&toy, "b", &toy_actor_source, SOURCE);
    toy_node_add(&toy, "out", &toy_actor_sink, SINK);
    toy_node_input(&toy, 2, 0, NULL);
    toy_node_input(&toy, 2, 1, NULL);
    toy.pipeline.max_rows = 199;
    cr_expect_eq(toy_run(&toy), QETL_EXIT_FAILED);
    cr_expect(strstr(toy_message(&toy), "max_rows (199)"), "%s", toy_message(&toy));
    toy.pipeline.max_rows = 200;
    cr_expect_eq(toy_run(&toy), QETL_EXIT_OK, "%s", toy_message(&toy));
}
