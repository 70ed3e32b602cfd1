/* SPDX-License-Identifier: Apache-2.0 */
/* Epochs that have to be repeated: the run goes back within the process, and nothing counts twice.
 */
#include "toy_run.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

TestSuite(again, .init = begin, .fini = end, .timeout = 60);

static const int64_t MS = 1000000;

static void patient(int node, int attempts)
{
    toy.pipeline.nodes[node].limits.retry = (struct qetl_retry_policy){
        .attempts = attempts, .budget_ns = 10000 * MS, .first_ns = MS, .most_ns = MS};
}

/* source -> transform -> sink; one of them loses in this call, from its second on where there are
 * several, three times. */
static void lossy_make(int script, const char *call)
{
    line_make();
    if (script <= SINK)
        patient(script, 0);
    toy_scripts[script].fail_in = call;
    toy_scripts[script].fail_at =
        strcmp(call, "next") == 0 || strcmp(call, "process") == 0 || strcmp(call, "write") == 0 ? 2
                                                                                                : 1;
    toy_scripts[script].fail_times = 3;
    toy_scripts[script].fail_with = QETL_E_RETRY_EPOCH;
    toy_scripts[TRANSFORM].reject_row = 3;
    toy_scripts[SINK].handles = 2;
    toy_scripts[SINK].names_output = true;
}

Test(again, each_call_may_lose_what_was_staged)
{
    static const struct {
        int script;
        const char *call;
    } cases[] = {
        {SOURCE, "create"},     {SOURCE, "start"},     {SOURCE, "describe"}, {SOURCE, "open"},
        {SOURCE, "next"},       {TRANSFORM, "create"}, {TRANSFORM, "start"}, {TRANSFORM, "bind"},
        {TRANSFORM, "process"}, {SINK, "create"},      {SINK, "start"},      {SINK, "describe"},
        {SINK, "open"},         {SINK, "write"},       {SINK, "prepare"},    {SINK, "commit"}};
    end();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int workers = 0; workers < 4; workers++) {
            const char *call = cases[i].call;
            begin();
            lossy_make(cases[i].script, call);
            toy.options.workers = workers;
            toy.options.driver = workers ? QETL_DRIVE_POOL : QETL_DRIVE_PULL;
            cr_expect_eq(toy_run(&toy), QETL_EXIT_OK, "%s: %s", call, toy_message(&toy));
            cr_expect_eq(toy.findings.count, 0, "%s", call);
            const struct qetl_run_report *r = &toy.report;
            cr_expect(r->balanced && r->closed, "%s", call);
            cr_expect_eq(r->summary.rows_in, 100, "%s: %lld", call, (long long)r->summary.rows_in);
            cr_expect_eq(r->summary.rows_out, 90, "%s: %lld", call, (long long)r->summary.rows_out);
            cr_expect_eq(r->summary.rows_rejected, 10, "%s", call);
            cr_expect(r->epochs_retried > 0 && r->epochs_retried <= 3, "%s: %lld", call,
                      (long long)r->epochs_retried);
            cr_expect_eq(r->components[cases[i].script].epochs_retried, r->epochs_retried);
            cr_expect_eq(r->epochs, 1);
            cr_expect_eq(r->n_outputs, 1);
            cr_expect_not(r->was_complete);
            cr_expect_eq(toy_scripts[SINK].commit_handles, 2);
            cr_expect_not(toy_scripts[SINK].handles_torn);
            expect_all_destroyed();
            end();
        }
    begin();
}

/* What the others have prepared is given up while the instance that knows of it lives. */
Test(again, what_is_prepared_is_given_up)
{
    lossy_make(SINK2, "prepare");
    size_t other = toy_node_add(&toy, "other", &toy_actor_sink, SINK2);
    toy_node_input(&toy, other, 1, NULL);
    patient(SINK2, 0);
    cr_expect_eq(toy_run(&toy), QETL_EXIT_OK, "%s", toy_message(&toy));
    cr_expect_eq(toy.report.epochs_retried, 3);
    cr_expect_eq(toy_scripts[SINK].abort_handles, 2);
    cr_expect_eq(toy_scripts[SINK].commit_handles, 2);
    cr_expect_eq(count_of(toy_scripts[SINK].trace, "abort"), 3);
    expect_all_destroyed();
}

/* Rows and rejected rows count as those of one run, against the limits, too. */
Test(again, limits_count_no_row_twice)
{
    for (int rows = 99; rows <= 100; rows++) {
        end();
        begin();
        lossy_make(SINK, "write");
        toy.pipeline.max_rows = rows;
        toy.pipeline.max_rejected = 10;
        cr_expect_eq(toy_run(&toy), rows < 100 ? QETL_EXIT_FAILED : QETL_EXIT_OK, "%s",
                     toy_message(&toy));
    }
    cr_expect_eq(toy.report.epochs_retried, 3);
}

Test(again, attempts_and_budget_end_it)
{
    lossy_make(SINK, "prepare");
    patient(SINK, 3);
    cr_expect_eq(toy_run(&toy), QETL_EXIT_FAILED);
    cr_expect(strstr(toy_message(&toy), "prepare went wrong (given up after 3 attempts in "), "%s",
              toy_message(&toy));
    cr_expect_eq(toy.report.epochs_retried, 2);
    cr_expect_eq(toy_scripts[SINK].commit_handles, -1);
    expect_all_destroyed();
}

Test(again, behind_the_end_nothing_is_repeated)
{
    lossy_make(SINK, "stop");
    cr_expect_eq(toy_run(&toy), QETL_EXIT_FAILED);
    cr_expect(strstr(toy_message(&toy), "stop went wrong"), "%s", toy_message(&toy));
    cr_expect_eq(toy.report.epochs_retried, 0);
    cr_expect_eq(toy_scripts[SINK].commit_handles, 2);
    expect_all_destroyed();
}

static void *stop_soon(void *arg)
{
    nanosleep(&(struct timespec){.tv_nsec = 30 * MS}, NULL);
    qetl_run_stop(arg, QETL_EXIT_SIGTERM);
    return NULL;
}

Test(again, a_signal_ends_the_wait)
{
    pthread_t stopper;
    lossy_make(SINK, "write");
    toy.pipeline.nodes[SINK].limits.breaker =
        (struct qetl_breaker_policy){1, 100000 * MS, 100000 * MS};
    toy_run_new(&toy);
    pthread_create(&stopper, NULL, stop_soon, toy.run);
    cr_expect_eq(toy_run_execute(&toy), QETL_EXIT_SIGTERM);
    pthread_join(stopper, NULL);
    cr_expect_str_eq(toy.report.components[SINK].breaker, "open");
    toy_run_free(&toy);
    cr_expect_eq(toy_scripts[SINK].commit_handles, -1);
    expect_all_destroyed();
}

/* ---- formats ---- */

static char *text_of(int rows)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    for (int i = 0; i < rows; i++)
        fprintf(out, "%d|row %d\n", i, i);
    fclose(out);
    return text;
}

/* What the sink was given last is the whole of it. */
Test(again, a_format_may_lose_it)
{
    char *expected = text_of(2000);
    int64_t size = (int64_t)strlen(expected);
    for (int place = 0; place < 2; place++)
        for (int workers = 1; workers < 4; workers++) {
            end();
            begin();
            toy.options.workers = workers;
            toy_scripts[SOURCE].rows = 2000;
            text_make(place ? TOY_LINES_LAPSES : 0, 1);
            if (!place)
                toy_node_format(&toy, 0, &toy_lines, TOY_LINES_LAPSES);
            patient(place, 0);
            atomic_store(&toy_lines_lapses, 3);
            cr_expect_eq(toy_run(&toy), QETL_EXIT_OK, "%s", toy_message(&toy));
            const struct toy_script *sink = &toy_scripts[SINK];
            cr_assert_geq(sink->bytes_size, size);
            cr_expect_eq(memcmp(sink->bytes + sink->bytes_size - size, expected, (size_t)size), 0);
            cr_expect_eq(toy.report.summary.rows_out, 2000);
            cr_expect(toy.report.balanced);
            cr_expect_gt(toy.report.epochs_retried, 0);
            expect_all_destroyed();
        }
    free(expected);
}

/* ---- calls that last ---- */

Test(again, a_call_that_lasts_is_interrupted)
{
    static const struct {
        int script;
        const char *call;
    } cases[] = {{SOURCE, "start"}, {SOURCE, "next"},  {TRANSFORM, "process"},
                 {SINK, "open"},    {SINK, "prepare"}, {SINK, "commit"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        end();
        begin();
        line_make();
        patient(cases[i].script, 2);
        toy.pipeline.nodes[cases[i].script].limits.call_timeout_ns = 20 * MS;
        toy_scripts[cases[i].script].sleep_in = cases[i].call;
        cr_expect_eq(toy_run(&toy), QETL_EXIT_FAILED, "%s", cases[i].call);
        cr_expect(strstr(toy_message(&toy), "interrupted, since it took longer than call_timeout, "
                                            "0.02 s"),
                  "%s", toy_message(&toy));
        cr_expect(strstr(toy_message(&toy), "given up after 2 attempts"), "%s", toy_message(&toy));
        cr_expect_eq(toy.report.epochs_retried, 1);
        expect_all_destroyed();
    }
}

Test(again, nobody_else_is_interrupted)
{
    line_make();
    for (int n = 0; n < 3; n++)
        toy.pipeline.nodes[n].limits.call_timeout_ns = 60000 * MS;
    cr_expect_eq(toy_run(&toy), QETL_EXIT_OK);
    for (int n = 0; n < 3; n++)
        cr_expect_eq(toy_scripts[n].interrupts, 0);
}
