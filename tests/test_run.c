/* SPDX-License-Identifier: Apache-2.0 */
/* The course of a run: exit codes, who is called when, what becomes visible, what is reported. */
#include "run_internal.h"
#include "toy_actors.h"
#include "toy_lines.h"
#include "toy_loader.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SOURCE, TRANSFORM, SINK, SINK2, SINK3 }; /* the scripts of the usual nodes */

static struct toy_pipeline toy;

static void begin(void)
{
    toy_actors_reset();
    toy_pipeline_init(&toy);
    toy.options.workers = 2;
    toy.options.barrier_ms = -1;
    toy_scripts[SOURCE].rows = 100;
}

static void end(void)
{
    toy_pipeline_free(&toy);
    toy_actors_reset();
}

TestSuite(run, .init = begin, .fini = end, .timeout = 60);

/* source -> transform -> sink */
static void line_make(void)
{
    toy_node_add(&toy, "numbers", &toy_actor_source, SOURCE);
    toy_node_add(&toy, "pass", &toy_actor_transform, TRANSFORM);
    toy_node_add(&toy, "out", &toy_actor_sink, SINK);
    toy_node_input(&toy, 1, 0, NULL);
    toy_node_input(&toy, 2, 1, NULL);
}

/* text source with the toy format -> sinks of bytes, of the same format */
static void text_make(int64_t lines_flags, int sinks)
{
    toy_node_add(&toy, "lines", &toy_actor_text, SOURCE);
    toy_node_format(&toy, 0, &toy_lines, 0);
    for (int i = 0; i < sinks; i++) {
        char id[16];
        snprintf(id, sizeof id, "out%d", i);
        size_t sink = toy_node_add(&toy, id, &toy_actor_sink, SINK + i);
        toy_node_format(&toy, sink, &toy_lines, lines_flags);
        toy_node_input(&toy, sink, 0, NULL);
        toy_scripts[SINK + i].takes_bytes = true;
    }
}

static void expect_all_destroyed(void)
{
    for (int i = 0; i < TOY_ACTORS_MOST; i++) {
        cr_expect_eq(toy_scripts[i].creates, toy_scripts[i].destroys,
                     "script %d: %d creates, %d destroys", i, toy_scripts[i].creates,
                     toy_scripts[i].destroys);
        if (!toy_scripts[i].fail_in || strcmp(toy_scripts[i].fail_in, "start") != 0)
            cr_expect_leq(toy_scripts[i].stops, toy_scripts[i].starts);
    }
}

static size_t count_of(const char *text, const char *part)
{
    size_t n = 0;
    for (; (text = strstr(text, part)); text++)
        n++;
    return n;
}

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
        {SOURCE, "next", QETL_E_FATAL, 1},
        {SOURCE, "next", QETL_E_CONFIG, 2},
        {SOURCE, "next", QETL_E_DATA, 1},
        {SOURCE, "next", QETL_E_AUTH, 3},
        {SOURCE, "next", QETL_E_ENVIRONMENT, 3},
        {SOURCE, "next", QETL_E_RETRY_CALL, 1},
        {SOURCE, "next", QETL_E_RETRY_EPOCH, 1},
        {SOURCE, "next", QETL_E_THROTTLED, 1},
        {SOURCE, "next", QETL_E_NO_MEMORY, 1},
        {SOURCE, "next", QETL_E_UNSUPPORTED, 1},
        {SINK, "write", QETL_E_CLOSED, 141},
        {SINK, "write", QETL_E_CANCELLED, 1},
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
    cr_expect(strstr(toy_scripts[SINK].trace, "abort") || strstr(toy_scripts[SINK3].trace, "abort"));
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

/* ---- rejected rows ---- */

static char *letters_read(const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return strdup("");
    char *text = calloc(1, 1 << 20);
    size_t size = fread(text, 1, (1 << 20) - 1, file);
    text[size] = 0;
    fclose(file);
    unlink(path);
    return text;
}

static char letters_path[64];
static void letters_at(const char *name)
{
    snprintf(letters_path, sizeof letters_path, "letters-%s-%d.ndjson", name, (int)getpid());
    unlink(letters_path);
    toy.pipeline.dead_letters = letters_path;
}

Test(run, max_rejected_is_the_most_that_may_be)
{
    for (int most = 9; most < 11; most++) {
        end();
        begin();
        letters_at("most");
        toy_scripts[TRANSFORM].reject_row = 3; /* of each of ten batches */
        toy.pipeline.max_rejected = most;
        line_make();
        int code = toy_run(&toy);
        cr_expect_eq(code, most == 10 ? QETL_EXIT_OK : QETL_EXIT_FAILED, "%d may be rejected",
                     most);
        cr_expect_eq(toy_scripts[SINK].commit_handles, most == 10 ? 0 : -1);
        char *letters = letters_read(letters_path);
        cr_expect_geq(count_of(letters, "\"asked_for\""), 10);
        cr_expect_str_eq(toy.report.dead_letters, letters_path);
        free(letters);
    }
    cr_expect_eq(toy.report.summary.rows_rejected, 10);
    cr_expect_eq(toy.report.summary.rows_out, 90);
    cr_expect(toy.report.balanced);
}

Test(run, a_letter_names_row_component_and_column)
{
    letters_at("row");
    toy_scripts[SINK].reject_row = 3;
    line_make();
    cr_assert_eq(toy_run(&toy), QETL_EXIT_OK, "%s", toy_message(&toy));
    char *letters = letters_read(letters_path);
    for (int i = 0; i < 10; i++) {
        char row[128];
        snprintf(row, sizeof row, "\"column\":\"text\",\"source\":\"numbers\",\"row\":%d}", i * 10 + 4);
        cr_expect(strstr(letters, row), "%s in %s", row, letters);
    }
    cr_expect_eq(count_of(letters, "\"component\":\"out\""), 10);
    free(letters);
}

/* The message refers to the letter, so it must be there, complete, before the report is made. */
Test(run, on_error_fail_stops_at_the_first_and_keeps_its_letter)
{
    for (int where = 0; where < 3; where++) {
        end();
        begin();
        letters_at("fail");
        toy.pipeline.fail_on_error = 1;
        toy.options.workers = 1;
        int script = where == 0 ? SOURCE : where == 1 ? TRANSFORM : SINK;
        toy_scripts[script].reject_row = 3;
        if (where)
            line_make();
        else
            text_make(0, 1);
        toy_run_new(&toy);
        cr_expect_eq(toy_run_execute(&toy), QETL_EXIT_FAILED);
        cr_expect(strstr(toy_message(&toy), "on_error is fail"), "%s", toy_message(&toy));
        cr_assert_not_null(toy.report.dead_letters, "where %d: the report names the file", where);
        char *letters = letters_read(letters_path);
        cr_expect(strstr(letters, "\"row\":4"), "where %d: %s", where, letters);
        free(letters);
        toy_run_free(&toy);
        cr_expect_eq(toy_scripts[SINK].commit_handles, -1);
    }
}

Test(run, dead_letters_that_cannot_be_written_fail_the_run)
{
    toy.pipeline.dead_letters = "/nowhere/at/all.ndjson";
    toy_scripts[TRANSFORM].reject_row = 3;
    line_make();
    cr_expect_eq(toy_run(&toy), QETL_EXIT_FAILED);
    cr_expect(strstr(toy_message(&toy), "/nowhere/at/all.ndjson"), "%s", toy_message(&toy));
    cr_expect_eq(toy_scripts[SINK].commit_handles, -1);
}

/* ---- plugins that break their promises ---- */

static void broken_check(const char *code, const char *component, const char *words)
{
    cr_expect_eq(toy_run(&toy), QETL_EXIT_FAILED, "%s", code);
    cr_assert_eq(toy.findings.errors, 1, "%s %s", code, component);
    cr_expect_str_eq(toy.findings.items[0].code, code);
    cr_expect(strstr(toy_message(&toy), component), "%s", toy_message(&toy));
    cr_expect(strstr(toy_message(&toy), words), "%s", toy_message(&toy));
    cr_expect_eq(toy_scripts[SINK].commit_handles, -1);
    expect_all_destroyed();
}

Test(run, a_transform_that_loses_a_row_is_named)
{
    toy_scripts[TRANSFORM].lose_rows = 1;
    line_make();
    broken_check("ledger", "'pass'", "10 in");
}

Test(run, a_sink_that_loses_a_row_is_named)
{
    toy_scripts[SINK].lose_rows = 1;
    line_make();
    broken_check("ledger", "'out'", "10 rows in, 9 written");
}

Test(run, a_decoder_that_loses_a_row_is_named)
{
    text_make(0, 1);
    json_object_set_new(toy.pipeline.nodes[0].format.options, "number",
                        json_integer(TOY_LINES_FAITHLESS));
    broken_check("ledger", "'lines'", "records in");
}

Test(run, a_row_map_beyond_the_input_is_refused)
{
    toy_scripts[TRANSFORM].map_to = 10;
    line_make();
    broken_check("bad_batch", "'pass'", "row 10");
}

Test(run, columns_of_different_length_are_refused)
{
    toy_scripts[SOURCE].ragged = true;
    line_make();
    broken_check("bad_batch", "'numbers'", "text");
}

Test(run, misuse_in_bind_is_told_also_when_the_plugin_goes_on)
{
    static const char *const how[] = {"read", "copy", "derive"};
    for (int i = 0; i < 3; i++) {
        end();
        begin();
        toy_scripts[TRANSFORM].misuse = how[i];
        line_make();
        broken_check("failed", "'pass'", how[i]);
    }
}

/* A batch source has no spelling to offer. */
Test(run, a_form_that_cannot_be_had_is_refused)
{
    toy_scripts[TRANSFORM].read_form = QETL_FORM_LEXICAL;
    line_make();
    cr_expect_eq(toy_run(&toy), QETL_EXIT_FAILED);
    cr_expect_eq(toy.findings.errors, 1);
    cr_expect(strstr(toy_message(&toy), "'pass'"), "%s", toy_message(&toy));
}

/* ---- formats ---- */

static void expect_lines(const struct toy_script *s, int64_t rows, bool wrapped)
{
    char *expected = calloc(1, (size_t)rows * 40 + 16), *at = expected;
    at += sprintf(at, "%s", wrapped ? "<\n" : "");
    for (int64_t i = 0; i < rows; i++)
        at += sprintf(at, "%lld|row %lld\n", (long long)i, (long long)i);
    sprintf(at, "%s", wrapped ? ">\n" : "");
    cr_expect(s->bytes && strcmp(s->bytes, expected) == 0, "%.200s", s->bytes ? s->bytes : "(none)");
    free(expected);
}

Test(run, bytes_in_are_bytes_out)
{
    for (int flags = 0; flags < 4; flags++) {
        for (int workers = 1; workers < 4; workers++) {
            end();
            begin();
            toy.options.workers = workers;
            toy_scripts[SOURCE].rows = 3000;
            toy_scripts[SOURCE].batch_rows = 100;
            text_make(flags, 2);
            cr_assert_eq(toy_run(&toy), QETL_EXIT_OK, "%s", toy_message(&toy));
            expect_lines(&toy_scripts[SINK], 3000, flags & TOY_LINES_WRAPPED);
            expect_lines(&toy_scripts[SINK2], 3000, flags & TOY_LINES_WRAPPED);
            cr_expect_eq(toy.report.summary.bytes_in, toy.report.bytes_expected > 0
                                                          ? toy.report.bytes_done
                                                          : -1);
        }
    }
}

Test(run, an_empty_input_leaves_header_and_footer)
{
    toy_scripts[SOURCE].rows = 0;
    text_make(TOY_LINES_WRAPPED, 1);
    cr_assert_eq(toy_run(&toy), QETL_EXIT_OK, "%s", toy_message(&toy));
    expect_lines(&toy_scripts[SINK], 0, true);
}

/* Two inputs of one sink of bytes: both arrive whole, be the format closed or not. */
Test(run, a_sink_of_bytes_takes_several_inputs)
{
    for (int flags = 0; flags < 4; flags++) {
        end();
        begin();
        toy_scripts[SOURCE].rows = toy_scripts[TRANSFORM].rows = 500;
        toy_node_add(&toy, "a", &toy_actor_text, SOURCE);
        toy_node_add(&toy, "b", &toy_actor_text, TRANSFORM);
        toy_node_format(&toy, 0, &toy_lines, 0);
        toy_node_format(&toy, 1, &toy_lines, 0);
        toy_node_add(&toy, "out", &toy_actor_sink, SINK);
        toy_node_format(&toy, 2, &toy_lines, flags);
        toy_scripts[SINK].takes_bytes = true;
        toy_node_input(&toy, 2, 0, NULL);
        toy_node_input(&toy, 2, 1, NULL);
        cr_assert_eq(toy_run(&toy), QETL_EXIT_OK, "%s", toy_message(&toy));
        cr_expect_eq(toy_scripts[SINK].commit_handles, 0, "flags %d", flags);
        const char *bytes = toy_scripts[SINK].bytes;
        cr_assert_not_null(bytes, "flags %d", flags);
        cr_expect_eq(count_of(bytes, "|"), 1000, "flags %d: %zu rows", flags, count_of(bytes, "|"));
        cr_expect_eq(count_of(bytes, "\n499|row 499\n"), 2);
        cr_expect_eq(count_of(bytes, "<\n"), flags & TOY_LINES_WRAPPED ? 1 : 0);
        cr_expect_eq(toy.report.summary.rows_out, 1000);
    }
}

Test(run, more_inputs_than_can_be_planned_are_told)
{
    toy.options.workers = 1;
    for (int i = 0; i < 65; i++) {
        char id[16];
        snprintf(id, sizeof id, "in%d", i);
        toy_scripts[i + 3].rows = 1;
        toy_node_add(&toy, id, &toy_actor_source, i + 3);
    }
    size_t sink = toy_node_add(&toy, "out", &toy_actor_sink, SINK);
    for (int i = 0; i < 65; i++)
        toy_node_input(&toy, sink, (size_t)i, NULL);
    int code = toy_run(&toy);
    cr_expect(code == QETL_EXIT_OK ? toy_scripts[SINK].rows_seen == 65 : toy.findings.errors == 1,
              "%d, %zu errors", code, toy.findings.errors);
}

/* ---- barriers ---- */

Test(run, barriers_enter_only_at_cuts)
{
    for (int cut = 0; cut < 2; cut++) {
        end();
        begin();
        toy.options.barrier_ms = 1;
        toy_scripts[SOURCE].idle_times = 2;
        toy_scripts[SOURCE].item_flags = cut ? QETL_ITEM_CUT : 0;
        line_make();
        cr_assert_eq(toy_run(&toy), QETL_EXIT_OK, "%s", toy_message(&toy));
        if (cut)
            cr_expect_gt(toy.report.barriers, 2);
        else
            cr_expect_leq(toy.report.barriers, 1, "%lld", (long long)toy.report.barriers);
    }
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
