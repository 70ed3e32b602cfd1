/* SPDX-License-Identifier: Apache-2.0 */
/* A batch that is refused for a row is halved until that row is found; the others go through, in
 * order. */
#include "toy_run.h"

TestSuite(bisect, .init = begin, .fini = end, .timeout = 60);

static void drive_by(int workers)
{
    toy.options.workers = workers;
    toy.options.driver = workers ? QETL_DRIVE_POOL : QETL_DRIVE_PULL;
}

Test(bisect, the_rows_are_found_by_sinks_and_transforms)
{
    static const int64_t poisons[] = {1, 2, 7, 37, 64, 99, 1000};
    end();
    for (int place = TRANSFORM; place <= SINK; place++)
        for (size_t i = 0; i < sizeof poisons / sizeof *poisons; i++)
            for (int workers = 0; workers < 4; workers++) {
                begin();
                line_make();
                drive_by(workers);
                toy_scripts[SOURCE].batch_rows = 1 + (int)i * 11;
                toy_scripts[TRANSFORM].read_form = QETL_FORM_VALUE;
                toy_scripts[place].poison = poisons[i];
                int64_t refused = 99 / poisons[i] + 1;
                cr_expect_eq(toy_run(&toy), QETL_EXIT_OK, "%s", toy_message(&toy));
                cr_expect_eq(toy_scripts[SINK].rows_seen, 100 - refused);
                cr_expect_eq(toy.report.summary.rows_rejected, refused);
                cr_expect(toy.report.balanced);
                cr_expect_not(toy_scripts[SINK].disordered);
                expect_all_destroyed();
                end();
            }
    begin();
}

Test(bisect, beside_rows_that_are_rejected_by_their_number)
{
    end();
    for (int place = TRANSFORM; place <= SINK; place++) {
        begin();
        line_make();
        toy_scripts[SOURCE].batch_rows = 100;
        toy_scripts[TRANSFORM].read_form = QETL_FORM_VALUE;
        toy_scripts[place].poison = 50;
        toy_scripts[place].reject_row = 20; /* of what it takes: [1, 25), [26, 50), … */
        cr_expect_eq(toy_run(&toy), QETL_EXIT_OK, "%s", toy_message(&toy));
        cr_expect(toy.report.balanced);
        cr_expect_eq(toy_scripts[SINK].rows_seen + toy.report.summary.rows_rejected, 100);
        cr_expect_gt(toy.report.summary.rows_rejected, 2);
        expect_all_destroyed();
        end();
    }
    begin();
}

Test(bisect, what_waits_meanwhile_goes_on)
{
    line_make();
    toy_scripts[TRANSFORM].read_form = QETL_FORM_VALUE;
    toy_scripts[TRANSFORM].poison = 3;
    toy_scripts[TRANSFORM].fail_in = "process";
    toy_scripts[TRANSFORM].fail_at = 2;
    toy_scripts[TRANSFORM].fail_times = 5;
    toy_scripts[TRANSFORM].fail_with = QETL_E_RETRY_CALL;
    toy_scripts[SINK].poison = 5;
    toy_scripts[SINK].fail_in = "write";
    toy_scripts[SINK].fail_at = 4;
    toy_scripts[SINK].fail_times = 5;
    toy_scripts[SINK].fail_with = QETL_E_THROTTLED;
    for (int n = TRANSFORM; n <= SINK; n++)
        toy.pipeline.nodes[n].limits.retry = (struct qetl_retry_policy){
            .budget_ns = 10000000000, .first_ns = 1000000, .most_ns = 1000000};
    cr_expect_eq(toy_run(&toy), QETL_EXIT_OK, "%s", toy_message(&toy));
    cr_expect_eq(toy.report.summary.rows_rejected, 34 + 13);
    cr_expect_eq(toy_scripts[SINK].rows_seen, 100 - 34 - 13);
    cr_expect(toy.report.balanced);
    cr_expect_not(toy_scripts[SINK].disordered);
}

Test(bisect, an_encoder_leaves_no_byte_of_the_row)
{
    end();
    for (int workers = 0; workers < 3; workers++) {
        begin();
        drive_by(workers);
        toy_scripts[SOURCE].batch_rows = 40;
        text_make(TOY_LINES_POISON, 1);
        cr_expect_eq(toy_run(&toy), QETL_EXIT_OK, "%s", toy_message(&toy));
        cr_expect_eq(toy.report.summary.rows_rejected, 15);
        cr_expect(toy.report.balanced);
        const char *at = toy_scripts[SINK].bytes;
        for (int i = 0; i < 100; i++) {
            char line[64];
            int size = snprintf(line, sizeof line, "%d|row %d\n", i, i);
            if (i % 7 == 0)
                continue;
            cr_assert_eq(strncmp(at, line, (size_t)size), 0, "%s", at);
            at += size;
        }
        cr_expect_str_empty(at);
        end();
    }
    begin();
}

Test(bisect, without_a_batch_it_is_a_failure)
{
    static const struct {
        int script;
        const char *call;
    } cases[] = {{SOURCE, "next"}, {SINK, "open"}, {SINK, "prepare"}, {SINK, "commit"}};
    end();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin();
        line_make();
        toy_scripts[cases[i].script].fail_in = cases[i].call;
        toy_scripts[cases[i].script].fail_with = QETL_E_ROW;
        cr_expect_eq(toy_run(&toy), QETL_EXIT_FAILED, "%s", cases[i].call);
        cr_expect(strstr(toy_message(&toy), "went wrong"), "%s", toy_message(&toy));
        end();
    }
    begin();
}
