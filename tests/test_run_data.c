/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of rows in a run: rejected ones, lost ones, encoded ones, and barriers among them.
 */
#include "toy_run.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

TestSuite(run_data, .init = begin, .fini = end, .timeout = 60);

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

Test(run_data, max_rejected_is_the_most_that_may_be)
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

Test(run_data, a_letter_names_row_component_and_column)
{
    letters_at("row");
    toy_scripts[SINK].reject_row = 3;
    line_make();
    cr_assert_eq(toy_run(&toy), QETL_EXIT_OK, "%s", toy_message(&toy));
    char *letters = letters_read(letters_path);
    for (int i = 0; i < 10; i++) {
        char row[128];
        snprintf(row, sizeof row, "\"column\":\"text\",\"source\":\"numbers\",\"row\":%d,",
                 i * 10 + 4);
        cr_expect(strstr(letters, row), "%s in %s", row, letters);
    }
    cr_expect_eq(count_of(letters, "\"component\":\"out\""), 10);
    free(letters);
}

/* The message refers to the letter, so it must be there, complete, before the report is made. */
Test(run_data, on_error_fail_stops_at_the_first_and_keeps_its_letter)
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

static atomic_int later_chunks;

/* The first chunk fails, but only once a later one, in another replica, has rejected its row. */
static int32_t decode_late(void *self, const struct qetl_chunk *chunk, struct qetl_decoded *out)
{
    if (chunk->offset) {
        int32_t status = toy_lines.format->decode(self, chunk, out);
        atomic_fetch_add(&later_chunks, 1);
        return status;
    }
    for (int i = 0; i < 5000 && !atomic_load(&later_chunks); i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    return QETL_E_DATA;
}

Test(run_data, a_letter_whose_number_never_comes_is_kept_all_the_same)
{
    struct qetl_format format = *toy_lines.format;
    struct qetl_component lines = toy_lines;
    format.decode = decode_late;
    lines.format = &format;
    letters_at("late");
    toy_scripts[SOURCE].rows = 2000;
    toy_scripts[SOURCE].reject_row = 3;
    text_make(0, 1);
    toy_node_format(&toy, 0, &lines, 0);
    toy_run_new(&toy);
    cr_expect_eq(toy_run_execute(&toy), QETL_EXIT_FAILED);
    cr_expect_gt(later_chunks, 0, "the test did not do what it means to");
    cr_assert_not_null(toy.report.dead_letters, "before the report is made");
    char *letters = letters_read(letters_path);
    cr_expect(strstr(letters, "bad_line"), "%s", letters);
    cr_expect_null(strstr(letters, "\"row\""), "nobody knows it");
    free(letters);
    toy_run_free(&toy);
}

Test(run_data, dead_letters_that_cannot_be_written_fail_the_run)
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

Test(run_data, a_transform_that_loses_a_row_is_named)
{
    toy_scripts[TRANSFORM].lose_rows = 1;
    line_make();
    broken_check("ledger", "'pass'", "10 in");
}

Test(run_data, a_sink_that_loses_a_row_is_named)
{
    toy_scripts[SINK].lose_rows = 1;
    line_make();
    broken_check("ledger", "'out'", "10 rows in, 9 written");
}

Test(run_data, a_decoder_that_loses_a_row_is_named)
{
    text_make(0, 1);
    json_object_set_new(toy.pipeline.nodes[0].format.options, "number",
                        json_integer(TOY_LINES_FAITHLESS));
    broken_check("ledger", "'lines'", "records in");
}

Test(run_data, a_row_map_beyond_the_input_is_refused)
{
    toy_scripts[TRANSFORM].map_to = 10;
    line_make();
    broken_check("bad_batch", "'pass'", "row 10");
}

Test(run_data, columns_of_different_length_are_refused)
{
    toy_scripts[SOURCE].ragged = true;
    line_make();
    broken_check("bad_batch", "'numbers'", "text");
}

Test(run_data, what_kernels_cannot_read_is_refused_always)
{
    toy_scripts[SOURCE].damage = "shift";
    line_make();
    broken_check("bad_batch", "'numbers'", "not aligned to 16 bytes");
    end();
    begin();
    toy_scripts[SOURCE].damage = "offset";
    line_make();
    broken_check("bad_batch", "'numbers'", "an offset of its own");
}

Test(run_data, misuse_in_bind_is_told_also_when_the_plugin_goes_on)
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
Test(run_data, a_form_that_cannot_be_had_is_refused)
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
    cr_expect(s->bytes && strcmp(s->bytes, expected) == 0, "%.200s",
              s->bytes ? s->bytes : "(none)");
    free(expected);
}

Test(run_data, bytes_in_are_bytes_out)
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
            int64_t wrapping = flags & TOY_LINES_WRAPPED ? 4 : 0;
            cr_expect_eq(toy.report.summary.bytes_in, toy_scripts[SINK].bytes_size - wrapping);
            cr_expect_eq(toy.report.bytes_done, toy.report.summary.bytes_in);
            cr_expect_eq(toy.report.bytes_expected, 3000 * 8);
            cr_expect_eq(toy.report.components[0].replicas, 1, "formats are not counted");
        }
    }
}

Test(run_data, an_empty_input_leaves_header_and_footer)
{
    toy_scripts[SOURCE].rows = 0;
    text_make(TOY_LINES_WRAPPED, 1);
    cr_assert_eq(toy_run(&toy), QETL_EXIT_OK, "%s", toy_message(&toy));
    expect_lines(&toy_scripts[SINK], 0, true);
}

/* Two inputs of one sink of bytes: both arrive whole, be the format closed or not. */
Test(run_data, a_sink_of_bytes_takes_several_inputs)
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

/* One input has spellings to offer, the other has not: the one encoder gets values of both. */
Test(run_data, a_closed_format_takes_inputs_of_different_forms)
{
    toy_scripts[TRANSFORM].rows = 100;
    toy_node_add(&toy, "a", &toy_actor_text, SOURCE);
    toy_node_format(&toy, 0, &toy_lines, 0);
    toy_node_add(&toy, "b", &toy_actor_source, TRANSFORM);
    toy_node_add(&toy, "out", &toy_actor_sink, SINK);
    toy_node_format(&toy, 2, &toy_lines, TOY_LINES_CLOSED);
    toy_scripts[SINK].takes_bytes = true;
    toy_node_input(&toy, 2, 0, NULL);
    toy_node_input(&toy, 2, 1, NULL);
    cr_assert_eq(toy_run(&toy), QETL_EXIT_OK, "%s", toy_message(&toy));
    cr_assert_not_null(toy_scripts[SINK].bytes);
    cr_expect_eq(count_of(toy_scripts[SINK].bytes, "\n99|row 99\n"), 2);
    cr_expect_eq(count_of(toy_scripts[SINK].bytes, "|"), 200);
}

Test(run_data, more_inputs_than_can_be_planned_are_told)
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

Test(run_data, barriers_enter_only_at_cuts)
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
