/* SPDX-License-Identifier: Apache-2.0 */
/* The report for people and for machines: the same numbers, readable, within 80 columns. */
#include "data/tally.h"
#include "show/display.h"
#include "show/log.h"
#include "show/report.h"

#include <qetl/plugin.h>

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(report, .timeout = 60);

Test(report, numbers_are_grouped)
{
    static const struct {
        int64_t number;
        const char *text;
    } cases[] = {{0, "0"},
                 {7, "7"},
                 {999, "999"},
                 {1000, "1,000"},
                 {-1, "-1"},
                 {-999, "-999"},
                 {-1000, "-1,000"},
                 {-123456, "-123,456"},
                 {1234567, "1,234,567"},
                 {INT64_MAX, "9,223,372,036,854,775,807"},
                 {INT64_MIN, "-9,223,372,036,854,775,808"}};
    char text[QETL_NUMBER_MAX];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_str_eq(qetl_number_text(cases[i].number, text), cases[i].text);
}

Test(report, bytes_are_scaled)
{
    static const struct {
        int64_t bytes;
        const char *text;
    } cases[] = {{0, "0 B"},
                 {999, "999 B"},
                 {1000, "1.0 kB"},
                 {1049, "1.0 kB"},
                 {1050, "1.1 kB"},
                 {999949, "999.9 kB"},
                 {999960, "1.0 MB"},
                 {1500000, "1.5 MB"},
                 {2000000000, "2.0 GB"},
                 {INT64_MAX, "9223.4 PB"}};
    char text[QETL_NUMBER_MAX];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_str_eq(qetl_bytes_text(cases[i].bytes, text), cases[i].text);
}

static struct qetl_component_report components[] = {
    {"orders",
     QETL_SOURCE,
     "file",
     {.rows_in = 1234567, .rows_out = 1234560, .rows_rejected = 7},
     1.5,
     1,
     5,
     0,
     0,
     "closed"},
    {"a_name_longer_than_its_column",
     QETL_TRANSFORM,
     "filter",
     {.rows_in = 1234560, .rows_out = 1000000, .rows_filtered = 234560, .rows_added = 0},
     0.25,
     4,
     5,
     0,
     0,
     "closed"},
    {"out",
     QETL_SINK,
     "file",
     {.rows_in = 1000000, .rows_out = 1000000, .bytes_out = 5},
     0.5,
     1,
     5,
     0,
     0,
     "closed"}};
static struct qetl_output_report outputs[] = {{"/tmp/x.csv", 1000000, 123456789}};

static struct qetl_run_report report_make(void)
{
    return (struct qetl_run_report){.summary = {.rows_in = 1234567,
                                                .rows_out = 1000000,
                                                .rows_filtered = 234560,
                                                .rows_rejected = 7,
                                                .bytes_in = 50000000,
                                                .bytes_out = 5},
                                    .closed = 1,
                                    .balanced = 1,
                                    .components = components,
                                    .n_components = 3,
                                    .outputs = outputs,
                                    .n_outputs = 1,
                                    .setup_s = 0.125,
                                    .processing_s = 2,
                                    .finish_s = 0.5,
                                    .peak_rss_bytes = 100000000,
                                    .bytes_expected = 200000000,
                                    .bytes_done = 50000000,
                                    .barriers = 3,
                                    .dead_letters = "letters.ndjson"};
}

static char *print(const struct qetl_run_report *report)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    qetl_report_print(report, out, 80, 0);
    fclose(out);
    return text;
}

Test(report, people_see_table_ledger_outputs_and_letters)
{
    struct qetl_run_report report = report_make();
    char *text = print(&report);
    cr_expect(
        strstr(
            text,
            "  orders               source     1,234,567  1,234,560         0         7  1.50\n"),
        "%s", text);
    cr_expect(strstr(text, "  a_name_longer_than…  transform"), "%s", text);
    cr_expect(
        strstr(text, "balanced: 1,234,567 in = 1,000,000 out + 234,560 filtered + 7 rejected\n"),
        "%s", text);
    cr_expect(strstr(text, "617,283 rows/s, 25.0 MB/s; peak memory 100.0 MB"), "%s", text);
    cr_expect(strstr(text, "batches  5 read, of 246,912 rows on average; mode hybrid"), "%s", text);
    cr_expect(strstr(text, "output   /tmp/x.csv (1,000,000 rows, 123.5 MB)"), "%s", text);
    cr_expect(strstr(text, "rejected 7 rows, with reason and place: letters.ndjson"), "%s", text);
    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = 0;
        cr_expect_leq(qetl_display_width(line), 80, "%s", line);
    }
    free(text);
}

Test(report, people_see_that_it_does_not_balance)
{
    struct qetl_run_report report = report_make();
    report.balanced = 0;
    report.dead_letters = NULL;
    report.summary.rows_added = 12;
    char *text = print(&report);
    cr_expect(strstr(text, "DOES NOT BALANCE: 1,234,567 in + 12 added = "), "%s", text);
    cr_expect_null(strstr(text, "with reason and place"));
    free(text);
}

Test(report, people_see_that_the_run_did_not_come_to_its_end)
{
    struct qetl_run_report report = report_make();
    report.closed = 0;
    char *text = print(&report);
    cr_expect(strstr(text, "ledger   not closed"), "%s", text);
    cr_expect_null(strstr(text, "balanced"));
    free(text);
}

/* A row may leave by each of several sinks: then no sum over them makes sense. */
Test(report, several_sinks_have_no_common_equation)
{
    struct qetl_run_report report = report_make();
    components[1].kind = QETL_SINK;
    char *text = print(&report);
    cr_expect(strstr(text, "balanced, for each component"), "%s", text);
    free(text);
}

Test(report, no_time_is_no_division)
{
    struct qetl_run_report report = {.balanced = 1};
    char *text = print(&report), line[81];
    cr_expect_null(strstr(text, "inf"));
    cr_expect_null(strstr(text, "nan"));
    free(text);
    qetl_report_progress(&report, 0, line, sizeof line);
    cr_expect_null(strstr(line, "nan"));
}

Test(report, progress_is_one_line_that_fits)
{
    struct qetl_run_report report = report_make();
    char line[200];
    qetl_report_progress(&report, 2, line, sizeof line);
    cr_expect_str_eq(line, "1,234,567 rows, 50.0 MB, 617,283 rows/s, 7 rejected, 25 %, 6 s left");
    report.bytes_expected = -1;
    qetl_report_progress(&report, 2, line, sizeof line);
    cr_expect_str_eq(line, "1,234,567 rows, 50.0 MB, 617,283 rows/s, 7 rejected");
    qetl_report_progress(&report, 2, line, 10);
    cr_expect_eq(strlen(line), 9);
}

static int64_t integer(const json_t *json, const char *key)
{
    cr_assert(json_is_integer(json_object_get(json, key)), "%s", key);
    return json_integer_value(json_object_get(json, key));
}

Test(report, machines_see_the_same)
{
    struct qetl_run_report report = report_make();
    json_t *summary = qetl_report_summary_json(&report), *result = qetl_report_result_json(&report);
    cr_expect_eq(integer(summary, "rows_in"), 1234567);
    cr_expect_eq(integer(summary, "rows_out"), 1000000);
    cr_expect_eq(integer(summary, "rows_filtered"), 234560);
    cr_expect_eq(integer(summary, "rows_rejected"), 7);
    cr_expect_eq(integer(summary, "bytes_in"), 50000000);
    cr_expect_eq(integer(summary, "bytes_out"), 5);
    cr_expect(json_is_true(json_object_get(summary, "balanced")));
    json_t *list = json_object_get(result, "components");
    cr_assert_eq(json_array_size(list), 3);
    json_t *first = json_array_get(list, 0);
    cr_expect_str_eq(json_string_value(json_object_get(first, "id")), "orders");
    cr_expect_str_eq(json_string_value(json_object_get(first, "kind")), "source");
    cr_expect_str_eq(json_string_value(json_object_get(first, "plugin")), "file");
    cr_expect_eq(integer(first, "rows_rejected"), 7);
    cr_expect_eq(integer(json_array_get(list, 1), "replicas"), 4);
    cr_expect_eq(json_real_value(json_object_get(first, "seconds")), 1.5);
    json_t *timing = json_object_get(result, "timing");
    cr_expect_eq(json_real_value(json_object_get(timing, "processing_s")), 2.0);
    cr_expect_eq(integer(result, "barriers"), 3);
    json_t *output = json_array_get(json_object_get(result, "outputs"), 0);
    cr_expect_str_eq(json_string_value(json_object_get(output, "uri")), "/tmp/x.csv");
    cr_expect_eq(integer(output, "bytes"), 123456789);
    cr_expect_str_eq(json_string_value(json_object_get(result, "dead_letters")), "letters.ndjson");
    json_decref(summary);
    json_decref(result);
    report.dead_letters = NULL;
    result = qetl_report_result_json(&report);
    cr_expect(json_is_null(json_object_get(result, "dead_letters")));
    json_decref(result);
}

/* A file's name may be any bytes: the answer is there all the same. */
Test(report, machines_see_outputs_of_any_name)
{
    struct qetl_run_report report = report_make();
    outputs[0].uri = "/tmp/\xff.csv";
    report.dead_letters = "l\xff";
    json_t *result = qetl_report_result_json(&report);
    cr_assert_not_null(result);
    cr_expect_eq(json_array_size(json_object_get(result, "outputs")), 1);
    json_decref(result);
}

Test(report, tallies_add_up_and_balance)
{
    struct qetl_tally tally = {0};
    struct qetl_counts counts = {0};
    qetl_tally_add(&tally.rows_in, 100);
    qetl_tally_add(&tally.rows_added, 5);
    qetl_tally_add(&tally.rows_out, 60);
    qetl_tally_add(&tally.rows_filtered, 20);
    qetl_tally_add(&tally.rows_rejected, 10);
    qetl_tally_add(&tally.rows_reduced, 8);
    qetl_tally_add(&tally.rows_held, 7);
    qetl_tally_add(&tally.bytes_in, 3);
    qetl_tally_add(&tally.bytes_out, 4);
    qetl_counts_add(&counts, &tally);
    cr_expect(qetl_counts_balance(&counts));
    qetl_counts_add(&counts, &tally);
    cr_expect_eq(counts.rows_in, 200);
    cr_expect_eq(counts.bytes_in + counts.bytes_out, 14);
    cr_expect(qetl_counts_balance(&counts));
    int64_t *each[] = {&counts.rows_in,       &counts.rows_out,   &counts.rows_filtered,
                       &counts.rows_rejected, &counts.rows_added, &counts.rows_reduced,
                       &counts.rows_held};
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
        ++*each[i];
        cr_expect_not(qetl_counts_balance(&counts), "term %zu", i);
        --*each[i];
    }
}

Test(report, the_log_holds_lines_down_to_its_level)
{
    char path[] = "/tmp/test-log-XXXXXX", text[600] = "";
    cr_assert_geq(mkstemp(path), 0);
    struct qetl_log log = {.level = QETL_LOG_INFO};
    cr_assert_eq(qetl_log_open(&log, path), 0);
    qetl_log_write(&log, "orders", QETL_LOG_WARN, "first");
    qetl_log_write(&log, "orders", QETL_LOG_INFO, "second");
    qetl_log_write(&log, "orders", QETL_LOG_DEBUG, "third");
    qetl_log_write(&log, "orders", -1, "fourth");
    qetl_log_close(&log);
    cr_assert_eq(qetl_log_open(&log, path), 0, "again: it appends");
    qetl_log_write(&log, "out", QETL_LOG_ERROR, "fifth");
    qetl_log_close(&log);
    FILE *file = fopen(path, "r");
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    unlink(path);
    cr_expect(strstr(text, "Z warn  orders: first\n"), "%s", text);
    cr_expect(strstr(text, "Z info  orders: second\n"));
    cr_expect_null(strstr(text, "third"));
    cr_expect_null(strstr(text, "fourth"));
    cr_expect(strstr(text, "Z error out: fifth\n"));
    cr_expect_eq(qetl_log_level("error"), QETL_LOG_ERROR);
    cr_expect_eq(qetl_log_level("trace"), QETL_LOG_TRACE);
    cr_expect_eq(qetl_log_level("loud"), -1);
    cr_expect_neq(qetl_log_open(&log, "/nowhere/log"), 0);
}
