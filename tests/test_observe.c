/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into runs: observers, taps, draining, reports of edges. */
#include "data/cell.h"
#include "run/observe.h"
#include "run/run_internal.h"
#include "run/tap.h"
#include "toy_run.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct seen {
    struct qetl_run **run;
    int64_t rows[8]; /* per node */
    int64_t drain_at;
    int64_t letters;
    char first[8][200]; /* the first row of each node, as JSON */
    char letter[200];
};

static struct seen seen;

static void see_rows(void *arg, const struct qetl_sight *sight)
{
    struct seen *s = arg;
    struct qetl_space text;
    qetl_heap_space(&text);
    if (!s->rows[sight->node] && sight->batch->rows) {
        cr_assert_eq(qetl_row_json(sight->schema, sight->batch, 0, &text), QETL_OK);
        snprintf(s->first[sight->node], sizeof s->first[0], "%.*s", (int)text.size,
                 (const char *)text.data);
    }
    free(text.data);
    for (int64_t i = 0; i < sight->batch->rows; i++)
        s->rows[sight->node] += qetl_sight_holds(sight, i);
    if (s->drain_at && s->rows[0] >= s->drain_at)
        qetl_run_drain(*s->run);
}

static void see_letter(void *arg, const struct qetl_letter *letter)
{
    struct seen *s = arg;
    s->letters++;
    snprintf(s->letter, sizeof s->letter, "%s %s row %lld", letter->component, letter->code,
             (long long)letter->row);
}

static const struct qetl_component *stand_in(void *arg, const struct qetl_node *node)
{
    (void)arg;
    return node->kind == QETL_SINK ? qetl_stand_in_sink(node->format.plugin != NULL) : NULL;
}

static struct qetl_observer observer = {
    .arg = &seen, .rows = see_rows, .letter = see_letter, .stand_in = stand_in};

static void observe_begin(void)
{
    begin();
    seen = (struct seen){.run = &toy.run};
    observer.stand_in = stand_in;
    toy.options.driver = QETL_DRIVE_PULL;
    toy.options.observer = &observer;
}

TestSuite(observe, .init = observe_begin, .fini = end, .timeout = 60);

Test(observe, sees_the_rows_of_every_component)
{
    toy_scripts[TRANSFORM].reject_row = 0;
    toy_scripts[SOURCE].batch_rows = 10;
    line_make();
    cr_assert_eq(toy_run(&toy), QETL_EXIT_OK, "%s", toy_message(&toy));
    cr_expect_eq(seen.rows[0], 100);
    cr_expect_eq(seen.rows[1], 90);
    cr_expect_eq(seen.rows[2], 90);
    cr_expect_eq(seen.letters, 10);
    cr_expect_str_eq(seen.first[0], "{\"id\":0,\"text\":\"row 0\"}");
    cr_expect_str_eq(seen.first[2], "{\"id\":1,\"text\":\"row 1\"}");
    cr_expect_str_eq(toy_scripts[SINK].trace, "", "the sink was touched: %s",
                     toy_scripts[SINK].trace);
}

Test(observe, leaves_out_what_a_sink_rejects)
{
    observer.stand_in = NULL;
    toy_scripts[SINK].reject_row = 3;
    toy_scripts[SOURCE].batch_rows = 10;
    line_make();
    cr_assert_eq(toy_run(&toy), QETL_EXIT_OK, "%s", toy_message(&toy));
    cr_expect_eq(seen.rows[1], 100);
    cr_expect_eq(seen.rows[2], 90);
    cr_expect_eq(toy_scripts[SINK].rows_seen, 90);
}

Test(observe, sees_decoded_rows_as_they_are_spelled)
{
    text_make(0, 1);
    toy_scripts[SOURCE].rows = 50;
    cr_assert_eq(toy_run(&toy), QETL_EXIT_OK, "%s", toy_message(&toy));
    cr_expect_eq(seen.rows[0], 50);
    cr_expect_eq(seen.rows[1], 50);
    cr_expect_str_eq(seen.first[0], "{\"id\":0,\"text\":\"row 0\"}");
}

Test(observe, a_drained_source_ends_and_the_ledger_balances)
{
    for (int text = 0; text < 2; text++) {
        if (text) {
            end();
            observe_begin();
            text_make(0, 1);
        } else {
            line_make();
        }
        toy_scripts[SOURCE].rows = 1000000;
        toy_scripts[SOURCE].batch_rows = 10;
        seen.drain_at = 200;
        cr_assert_eq(toy_run(&toy), QETL_EXIT_OK, "%s", toy_message(&toy));
        cr_expect_geq(seen.rows[0], 200);
        cr_expect_lt(seen.rows[0], 2000, "%lld rows", (long long)seen.rows[0]);
        cr_expect_eq(seen.rows[text ? 1 : 2], seen.rows[0]);
        cr_expect(toy.report.balanced && toy.report.closed);
        end();
    }
}

/* ---- taps ---- */

static void *execute(void *exit_code)
{
    *(int *)exit_code = toy_run_execute(&toy);
    return NULL;
}

struct reader {
    int64_t rows;
    char last[200];
};

static void read_row(void *arg, const char *json, size_t size)
{
    struct reader *reader = arg;
    reader->rows++;
    snprintf(reader->last, sizeof reader->last, "%.*s", (int)size, json);
}

static struct qetl_tap *tap_when_running(const char *place, const char *where)
{
    for (int i = 0; i < 2000; i++) {
        struct qetl_findings findings = {0};
        struct qetl_tap *tap = qetl_tap_open(toy.run, place, where, &findings);
        bool wait = !tap && findings.count && strcmp(findings.items[0].code, "not_running") == 0;
        if (!tap && !wait)
            cr_log_error("%s", findings.items[0].message);
        qetl_findings_free(&findings);
        if (!wait)
            return tap;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return NULL;
}

static void tap_check(const char *place, const char *where, const char *wanted)
{
    struct reader reader = {0};
    pthread_t thread;
    int exit_code = -1;
    toy.options.observer = NULL;
    toy.options.driver = QETL_DRIVE_POOL;
    toy_scripts[SOURCE].rows = INT64_MAX;
    toy_scripts[SOURCE].batch_rows = 100;
    line_make();
    toy_run_new(&toy);
    cr_assert_not(pthread_create(&thread, NULL, execute, &exit_code));
    struct qetl_tap *tap = tap_when_running(place, where);
    cr_assert_not_null(tap);
    for (int i = 0; i < 5000 && reader.rows < 3; i++) {
        qetl_tap_read(tap, 3 - reader.rows, read_row, &reader);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    cr_expect_eq(reader.rows, 3);
    cr_expect(strstr(reader.last, wanted), "%s", reader.last);
    struct qetl_flow_report flow;
    qetl_flow_report(toy.run, &flow);
    cr_expect_geq(flow.n_edges, 2);
    cr_expect_str_eq(flow.phase, "processing");
    cr_expect_str_eq(flow.edges[0].from, "numbers");
    cr_expect_str_eq(flow.edges[0].from_part, "read");
    cr_expect_gt(flow.edges[0].capacity, 0);
    cr_expect_leq(flow.edges[0].depth, flow.edges[0].capacity);
    qetl_flow_report_free(&flow);
    qetl_run_drain(toy.run);
    pthread_join(thread, NULL);
    cr_expect_eq(exit_code, QETL_EXIT_OK, "%s", toy_message(&toy));
    while (qetl_tap_read(tap, 100000, read_row, &reader) > 0)
        ;
    cr_expect(qetl_tap_over(tap));
    cr_expect_null(qetl_tap_open(toy.run, place, NULL, &toy.findings), "the run is over");
    qetl_tap_close(tap);
    toy_run_free(&toy);
}

Test(observe, a_tap_sees_rows_of_a_running_pipeline)
{
    tap_check("pass", NULL, "\"text\":\"row ");
}

Test(observe, a_tap_selects_rows)
{
    tap_check("numbers", "id % 1000 = 7", "7,\"text\"");
}

Test(observe, a_tap_sees_what_arrives_at_a_sink)
{
    tap_check("out", NULL, "{\"id\":");
}

Test(observe, a_tap_that_is_not_read_misses_rows_and_says_so)
{
    struct reader reader = {0};
    pthread_t thread;
    int exit_code = -1;
    toy.options.observer = NULL;
    toy.options.driver = QETL_DRIVE_POOL;
    toy_scripts[SOURCE].rows = INT64_MAX;
    toy_scripts[SOURCE].batch_rows = 10;
    line_make();
    toy_run_new(&toy);
    cr_assert_not(pthread_create(&thread, NULL, execute, &exit_code));
    struct qetl_tap *tap = tap_when_running("pass", NULL);
    cr_assert_not_null(tap);
    for (int i = 0; i < 5000 && qetl_tap_missed(tap) < 1000; i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    cr_expect_geq(qetl_tap_missed(tap), 1000);
    qetl_run_drain(toy.run);
    pthread_join(thread, NULL);
    qetl_tap_read(tap, INT64_MAX, read_row, &reader);
    cr_expect(reader.rows == 160, "%lld rows", (long long)reader.rows);
    qetl_tap_close(tap);
    toy_run_free(&toy);
}

static void refused(const char *place, const char *where, const char *code, const char *word)
{
    struct qetl_findings findings = {0};
    cr_expect_null(qetl_tap_open(toy.run, place, where, &findings));
    cr_assert_eq(findings.count, 1);
    cr_expect_str_eq(findings.items[0].code, code);
    cr_expect(strstr(findings.items[0].message, word), "%s", findings.items[0].message);
    qetl_findings_free(&findings);
}

Test(observe, wrong_taps_are_refused)
{
    pthread_t thread;
    int exit_code = -1;
    toy.options.observer = NULL;
    toy_scripts[SOURCE].rows = INT64_MAX;
    line_make();
    toy_run_new(&toy);
    refused("pass", NULL, "not_running", "not processing");
    cr_assert_not(pthread_create(&thread, NULL, execute, &exit_code));
    struct qetl_tap *tap = tap_when_running("pass", NULL);
    cr_assert_not_null(tap);
    qetl_tap_close(tap);
    refused("pas", NULL, "unknown_component", "'pas'");
    refused("pass.huge", NULL, "unknown_port", "'huge'");
    refused("pass", "nothing > 1", "expression", "nothing");
    refused("pass", "id + 1", "expression", "true or false");
    refused("out.2", NULL, "unknown_port", "'2'");
    qetl_run_drain(toy.run);
    pthread_join(thread, NULL);
    cr_expect_eq(exit_code, QETL_EXIT_OK);
    toy_run_free(&toy);
}
