/* SPDX-License-Identifier: Apache-2.0 */
/* The course of a run: exit codes, who is called when, what becomes visible, what is reported. */
#include "run/run_internal.h"
#include "toy_run.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

TestSuite(run, .init = begin, .fini = end, .timeout = 60);

/* ---- the course ---- */

Test(run, calls_a_sink_in_the_promised_order)
{
    toy.options.driver = QETL_DRIVE_PULL;
    toy_scripts[SOURCE].rows = 20;
    toy_scripts[SINK].handles = 2;
    line_make();
    cr_assert_eq(toy_run(&toy), QETL_EXIT_OK, "%s", toy_message(&toy));
    cr_expect_str_eq(toy_scripts[SINK].trace,
                     "create start describe open write write prepare commit stop destroy");
    cr_expect_str_eq(toy_scripts[SOURCE].trace,
                     "create start describe open next next next stop destroy");
    cr_expect_str_eq(toy_scripts[TRANSFORM].trace,
                     "create start bind process process stop destroy");
    cr_expect_eq(toy_scripts[SINK].commit_handles, 2);
    cr_expect_eq(toy_scripts[SINK].abort_handles, -1);
    cr_expect_not(toy_scripts[SINK].handles_torn);
    cr_expect_eq(toy_scripts[SINK].rows_seen, 20);
    expect_all_destroyed();
}

struct fault_case {
    int script;
    const char *call;
    int32_t status;
    int exit_code;
};

static void fault_check(const struct fault_case *c, bool silent, int workers)
{
    begin();
    toy.options.workers = workers;
    toy_scripts[c->script].fail_in = c->call;
    toy_scripts[c->script].fail_with = c->status;
    toy_scripts[c->script].fail_silently = silent;
    toy_scripts[SINK].handles = 1;
    line_make();
    cr_expect_eq(toy_run(&toy), c->exit_code, "%s answers %d", c->call, c->status);
    bool quiet = c->status == QETL_E_CLOSED;
    cr_expect_eq(toy.findings.errors, quiet ? 0 : 1, "%s answers %d", c->call, c->status);
    if (!quiet && !silent) {
        char expected[64];
        snprintf(expected, sizeof expected, "(toy): %s went wrong", c->call);
        cr_expect(strstr(toy_message(&toy), "(actor): ") || strstr(toy_message(&toy), expected));
        cr_expect(strstr(toy_message(&toy), "went wrong"), "%s", toy_message(&toy));
        cr_expect_str_eq(toy.findings.items[0].suggestion, "give another number");
        cr_expect(strstr(toy.findings.items[0].path, ".number"));
    }
    if (!quiet && silent)
        cr_expect(strstr(toy_message(&toy), c->call), "%s", toy_message(&toy));
    if (strcmp(c->call, "commit") != 0 && strcmp(c->call, "stop") != 0)
        cr_expect_null(strstr(toy_scripts[SINK].trace, "commit"), "%s", c->call);
    expect_all_destroyed();
    end();
}

Test(run, each_status_has_its_exit_code)
{
    static const struct fault_case cases[] = {
        {SOURCE, "next", QETL_E_FATAL, 1},       {SOURCE, "next", QETL_E_CONFIG, 2},
        {SOURCE, "next", QETL_E_DATA, 1},        {SOURCE, "next", QETL_E_AUTH, 3},
        {SOURCE, "next", QETL_E_ENVIRONMENT, 3}, {SOURCE, "next", QETL_E_RETRY_CALL, 1},
        {SOURCE, "next", QETL_E_RETRY_EPOCH, 1}, {SOURCE, "next", QETL_E_THROTTLED, 1},
        {SOURCE, "next", QETL_E_NO_MEMORY, 1},   {SOURCE, "next", QETL_E_UNSUPPORTED, 1},
        {SINK, "write", QETL_E_CLOSED, 141},     {SINK, "write", QETL_E_CANCELLED, 1},
    };
    end();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int silent = 0; silent < 2; silent++)
            fault_check(&cases[i], silent, 1 + (int)i % 3);
    begin();
}

Test(run, each_call_may_fail)
{
    static const struct fault_case cases[] = {
        {SOURCE, "create", QETL_E_CONFIG, 2},      {SOURCE, "start", QETL_E_AUTH, 3},
        {SOURCE, "describe", QETL_E_FATAL, 1},     {SOURCE, "open", QETL_E_ENVIRONMENT, 3},
        {TRANSFORM, "create", QETL_E_CONFIG, 2},   {TRANSFORM, "start", QETL_E_FATAL, 1},
        {TRANSFORM, "bind", QETL_E_CONFIG, 2},     {TRANSFORM, "process", QETL_E_FATAL, 1},
        {SINK, "create", QETL_E_CONFIG, 2},        {SINK, "start", QETL_E_ENVIRONMENT, 3},
        {SINK, "describe", QETL_E_FATAL, 1},       {SINK, "open", QETL_E_AUTH, 3},
        {SINK, "write", QETL_E_FATAL, 1},          {SINK, "prepare", QETL_E_ENVIRONMENT, 3},
        {SINK, "commit", QETL_E_FATAL, 1},         {SINK, "stop", QETL_E_FATAL, 1},
        {TRANSFORM, "stop", QETL_E_ENVIRONMENT, 3}};
    end();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int workers = 1; workers < 4; workers += 2)
            fault_check(&cases[i], false, workers);
    begin();
}

Test(run, a_later_replica_may_fail_too)
{
    static const char *const calls[] = {"create", "start", "bind"};
    end();
    for (int i = 0; i < 3; i++) {
        begin();
        toy.options.workers = 4;
        toy_scripts[TRANSFORM].fail_in = calls[i];
        toy_scripts[TRANSFORM].fail_at = 3;
        toy_scripts[TRANSFORM].fail_with = QETL_E_ENVIRONMENT;
        line_make();
        cr_expect_eq(toy_run(&toy), QETL_EXIT_ENVIRONMENT, "%s", calls[i]);
        cr_expect_eq(toy.findings.errors, 1);
        expect_all_destroyed();
        end();
    }
    begin();
}

Test(run, a_component_that_cannot_be_loaded_is_the_machines_fault)
{
    static const struct qetl_component unloadable = {.kind = QETL_SINK, .id = "gone"};
    toy_node_add(&toy, "numbers", &toy_actor_source, SOURCE);
    toy_node_add(&toy, "out", &unloadable, SINK);
    toy_node_input(&toy, 1, 0, NULL);
    cr_expect_eq(toy_run(&toy), QETL_EXIT_ENVIRONMENT);
    cr_expect(strstr(toy_message(&toy), "cannot be loaded"));
    expect_all_destroyed();
}

/* Of several that fail at about the same time one is told, and its exit code counts. */
Test(run, the_first_failure_wins)
{
    for (int round = 0; round < 200; round++) {
        end();
        begin();
        toy.options.workers = 4;
        toy_node_add(&toy, "a", &toy_actor_source, SOURCE);
        toy_node_add(&toy, "b", &toy_actor_source, TRANSFORM);
        toy_node_add(&toy, "outa", &toy_actor_sink, SINK);
        toy_node_add(&toy, "outb", &toy_actor_sink, SINK2);
        toy_node_input(&toy, 2, 0, NULL);
        toy_node_input(&toy, 3, 1, NULL);
        toy_scripts[SOURCE].fail_in = toy_scripts[TRANSFORM].fail_in = "next";
        toy_scripts[SOURCE].fail_with = QETL_E_CONFIG;
        toy_scripts[TRANSFORM].fail_with = QETL_E_AUTH;
        int code = toy_run(&toy);
        cr_assert_eq(toy.findings.errors, 1, "round %d: %zu errors", round, toy.findings.errors);
        cr_assert_eq(code, strstr(toy_message(&toy), "'a'") ? 2 : 3, "round %d: %d with %s", round,
                     code, toy_message(&toy));
    }
}

/* ---- what becomes visible ---- */

static void three_sinks(void)
{
    toy_node_add(&toy, "numbers", &toy_actor_source, SOURCE);
    for (int i = 0; i < 3; i++) {
        char id[16];
        snprintf(id, sizeof id, "out%d", i);
        size_t sink = toy_node_add(&toy, id, &toy_actor_sink, SINK + i);
        toy_node_input(&toy, sink, 0, NULL);
        toy_scripts[SINK + i].handles = 2 + i;
    }
}

Test(run, all_sinks_commit_what_they_prepared)
{
    three_sinks();
    cr_assert_eq(toy_run(&toy), QETL_EXIT_OK, "%s", toy_message(&toy));
    for (int i = 0; i < 3; i++) {
        const struct toy_script *s = &toy_scripts[SINK + i];
        cr_expect_eq(s->commit_handles, 2 + i);
        cr_expect_eq(s->abort_handles, -1);
        cr_expect_eq(s->rows_seen, 100);
        cr_expect_eq(count_of(s->trace, "prepare"), 1);
        cr_expect_eq(count_of(s->trace, "commit"), 1);
    }
}

Test(run, no_sink_commits_where_one_fails)
{
    three_sinks();
    toy.options.driver = QETL_DRIVE_PULL;
    toy_scripts[SINK2].fail_in = "prepare";
    toy_scripts[SINK2].fail_with = QETL_E_FATAL;
    cr_expect_eq(toy_run(&toy), QETL_EXIT_FAILED);
    for (int i = 0; i < 3; i++) {
        const struct toy_script *s = &toy_scripts[SINK + i];
        cr_expect_eq(s->commit_handles, -1, "sink %d", i);
        bool prepared = i != 1 && strstr(s->trace, "prepare");
        cr_expect_eq(s->abort_handles, prepared ? 2 + i : -1, "sink %d: %s", i, s->trace);
        cr_expect_not(s->handles_torn);
    }
    cr_expect(strstr(toy_scripts[SINK].trace, "abort") ||
              strstr(toy_scripts[SINK3].trace, "abort"));
}

Test(run, what_was_not_committed_yet_is_aborted)
{
    three_sinks();
    toy_scripts[SINK2].fail_in = "commit";
    toy_scripts[SINK2].fail_with = QETL_E_ENVIRONMENT;
    cr_expect_eq(toy_run(&toy), QETL_EXIT_ENVIRONMENT);
    cr_expect_eq(toy_scripts[SINK].commit_handles, 2);
    cr_expect_eq(toy_scripts[SINK].abort_handles, -1);
    cr_expect_eq(toy_scripts[SINK2].commit_handles, 3);
    cr_expect_eq(toy_scripts[SINK3].commit_handles, -1);
    cr_expect_eq(toy_scripts[SINK3].abort_handles, 4);
}

Test(run, nothing_is_aborted_that_was_not_prepared)
{
    line_make();
    toy_scripts[SINK].handles = 1;
    toy_scripts[SINK].fail_in = "write";
    toy_scripts[SINK].fail_at = 2;
    toy_scripts[SINK].fail_with = QETL_E_FATAL;
    cr_expect_eq(toy_run(&toy), QETL_EXIT_FAILED);
    cr_expect_eq(toy_scripts[SINK].abort_handles, -1);
    cr_expect_null(strstr(toy_scripts[SINK].trace, "prepare"));
    cr_expect_eq(toy_scripts[SINK].stops, 1);
}

/* ---- stopping ---- */

static void *stop_later(void *run)
{
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    qetl_run_stop(run, QETL_EXIT_SIGINT);
    qetl_run_stop(run, QETL_EXIT_SIGTERM); /* too late to count */
    return NULL;
}

static void stop_check(int script, const char *call)
{
    begin();
    toy.options.workers = 3;
    toy_scripts[script].sleep_in = call;
    toy_scripts[SINK].handles = 1;
    line_make();
    toy_run_new(&toy);
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, stop_later, toy.run), 0);
    cr_expect_eq(toy_run_execute(&toy), QETL_EXIT_SIGINT, "in %s", call);
    pthread_join(thread, NULL);
    cr_expect_eq(toy.findings.errors, 0, "%s", toy_message(&toy));
    cr_expect_eq(toy_scripts[SINK].commit_handles, -1);
    if (strcmp(call, "start") != 0)
        for (int i = SOURCE; i <= SINK; i++)
            cr_expect_eq(toy_scripts[i].interrupts, toy_scripts[i].creates, "script %d", i);
    toy_run_free(&toy);
    expect_all_destroyed();
    end();
}

Test(run, interrupt_reaches_every_instance)
{
    end();
    stop_check(SOURCE, "next");
    stop_check(TRANSFORM, "process");
    stop_check(SINK, "write");
    stop_check(SOURCE, "start");
    begin();
}

Test(run, stopped_before_it_began_does_nothing)
{
    line_make();
    toy_run_new(&toy);
    qetl_run_stop(toy.run, QETL_EXIT_SIGTERM);
    cr_expect_eq(toy_run_execute(&toy), QETL_EXIT_SIGTERM);
    cr_expect_eq(toy_scripts[SOURCE].creates, 0);
    toy_run_free(&toy);
}

static struct qetl_run *run_to_stop;
static int32_t stopping_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                               const char *config)
{
    int32_t status = toy_actor_transform.create(self, host, ctx, config);
    qetl_run_stop(run_to_stop, QETL_EXIT_SIGINT);
    return status;
}

static int32_t stopping_prepare(void *self, const struct qetl_epoch *epoch,
                                const struct qetl_writer *handle)
{
    int32_t status = toy_actor_sink.sink->prepare(self, epoch, handle);
    qetl_run_stop(run_to_stop, QETL_EXIT_SIGTERM);
    return status;
}

Test(run, stopped_behind_the_last_row_commits_nothing)
{
    struct qetl_component stopping = toy_actor_sink;
    struct qetl_sink table = *toy_actor_sink.sink;
    stopping.sink = &table;
    table.prepare = stopping_prepare;
    toy_node_add(&toy, "numbers", &toy_actor_source, SOURCE);
    toy_node_add(&toy, "out", &stopping, SINK);
    toy_node_input(&toy, 1, 0, NULL);
    toy_scripts[SINK].handles = 2;
    toy_run_new(&toy);
    run_to_stop = toy.run;
    cr_expect_eq(toy_run_execute(&toy), QETL_EXIT_SIGTERM);
    cr_expect_eq(toy_scripts[SINK].rows_seen, 100);
    cr_expect_eq(toy_scripts[SINK].commit_handles, -1);
    cr_expect_eq(toy_scripts[SINK].abort_handles, 2);
    toy_run_free(&toy);
}

static int32_t stopping_commit(void *self, const struct qetl_epoch *epoch, int64_t n_handles,
                               const struct qetl_blob *handles)
{
    qetl_run_stop(run_to_stop, QETL_EXIT_SIGTERM);
    return toy_actor_sink.sink->commit(self, epoch, n_handles, handles);
}

/* Outputs are visible: an exit code that denies it would have them written again. */
Test(run, stopped_while_it_commits_is_too_late)
{
    struct qetl_component stopping = toy_actor_sink;
    struct qetl_sink table = *toy_actor_sink.sink;
    stopping.sink = &table;
    table.commit = stopping_commit;
    toy_node_add(&toy, "numbers", &toy_actor_source, SOURCE);
    toy_node_add(&toy, "out", &stopping, SINK);
    toy_node_input(&toy, 1, 0, NULL);
    toy_scripts[SINK].handles = 2;
    toy_run_new(&toy);
    run_to_stop = toy.run;
    cr_expect_eq(toy_run_execute(&toy), QETL_EXIT_OK);
    cr_expect_eq(toy_scripts[SINK].commit_handles, 2);
    toy_run_free(&toy);
}

/* A stop that falls between create and start: its interrupt came too early for start to notice. */
Test(run, stopped_in_set_up_connects_nothing_more)
{
    struct qetl_component stopping = toy_actor_transform;
    stopping.create = stopping_create;
    toy_node_add(&toy, "numbers", &toy_actor_source, SOURCE);
    toy_node_add(&toy, "stops", &stopping, TRANSFORM);
    toy_node_add(&toy, "out", &toy_actor_sink, SINK);
    toy_node_input(&toy, 1, 0, NULL);
    toy_node_input(&toy, 2, 1, NULL);
    toy_run_new(&toy);
    run_to_stop = toy.run;
    cr_expect_eq(toy_run_execute(&toy), QETL_EXIT_SIGINT);
    cr_expect_eq(toy_scripts[TRANSFORM].starts, 0);
    cr_expect_eq(toy_scripts[SINK].creates, 0);
    toy_run_free(&toy);
    expect_all_destroyed();
}

/* ---- log and report ---- */

static atomic_int logged;
static void log_note(void *arg, const char *component, int level, const char *message)
{
    cr_expect_eq(arg, &logged);
    cr_expect(strcmp(component, "numbers") == 0 || strcmp(component, "pass") == 0 ||
              strcmp(component, "out") == 0);
    cr_expect_eq(level, QETL_LOG_INFO);
    cr_expect_str_eq(message, "created");
    atomic_fetch_add(&logged, 1);
}

Test(run, the_log_names_the_component)
{
    toy.options.log = log_note;
    toy.options.log_arg = &logged;
    line_make();
    cr_assert_eq(toy_run(&toy), QETL_EXIT_OK);
    cr_expect_eq(logged, 4, "a source, two transforms, a sink");
}

Test(run, the_report_counts_each_component)
{
    toy_scripts[TRANSFORM].reject_row = 9;
    toy_scripts[SINK].names_output = true;
    line_make();
    cr_assert_eq(toy_run(&toy), QETL_EXIT_OK);
    const struct qetl_run_report *r = &toy.report;
    cr_assert_eq(r->n_components, 3);
    cr_expect_str_eq(r->components[1].id, "pass");
    cr_expect_str_eq(r->components[1].plugin, "actor");
    cr_expect_eq(r->components[0].kind, QETL_SOURCE);
    cr_expect_eq(r->components[0].counts.rows_out, 100);
    cr_expect_eq(r->components[1].counts.rows_in, 100);
    cr_expect_eq(r->components[1].counts.rows_rejected, 10);
    cr_expect_eq(r->components[1].counts.rows_out, 90);
    cr_expect_eq(r->components[1].replicas, 2);
    cr_expect_eq(r->components[2].counts.rows_in, 90);
    cr_expect_eq(r->components[2].counts.rows_out, 90);
    cr_expect_eq(r->components[2].replicas, 1);
    cr_expect_eq(r->summary.rows_in, 100);
    cr_expect_eq(r->summary.rows_out, 90);
    cr_expect_eq(r->summary.rows_rejected, 10);
    cr_expect(r->balanced);
    cr_expect_null(r->dead_letters);
    cr_assert_eq(r->n_outputs, 1);
    cr_expect_str_eq(r->outputs[0].uri, "memory:sink");
    cr_expect_eq(r->outputs[0].rows, 90);
    cr_expect_eq(r->bytes_expected, -1);
    cr_expect(r->setup_s > 0 && r->processing_s > 0 && r->finish_s > 0);
}

/* Every output of a transform with several is read by name, and none of them is mistaken. */
Test(run, outputs_are_told_apart_by_name)
{
    toy_node_add(&toy, "numbers", &toy_actor_source, SOURCE);
    toy_node_add(&toy, "split", &toy_actor_transform, TRANSFORM);
    toy_scripts[TRANSFORM].outputs = 2;
    toy_node_output(&toy, 1, "left");
    toy_node_output(&toy, 1, "right");
    toy_node_input(&toy, 1, 0, NULL);
    for (int i = 0; i < 2; i++) {
        size_t sink = toy_node_add(&toy, i ? "r" : "l", &toy_actor_sink, SINK + i);
        toy_node_input(&toy, sink, 1, i ? "right" : "left");
    }
    cr_assert_eq(toy_run(&toy), QETL_EXIT_OK, "%s", toy_message(&toy));
    cr_expect_eq(toy_scripts[SINK].rows_seen, 100, "the actor answers for port 0 alone");
    cr_expect_eq(toy_scripts[SINK2].rows_seen, 0);
}
