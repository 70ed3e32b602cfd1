/* SPDX-License-Identifier: Apache-2.0 */
/* The sink `file` over several epochs and processes: what is decided stays, what is not comes
 * again, wherever a kill falls. */
#include "rig_file_sink.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(file_sink_epochs, .init = scratch, .fini = scratch_end, .timeout = 120);

static const char *const CREATE = "{\"path\":\"out\"}";
static const char *const APPEND = "{\"path\":\"out\",\"if_exists\":\"append\"}";

static void put(struct sink_rig *rig, const char *text)
{
    cr_assert_eq(sink_put(rig, text, 1), QETL_OK, "%s", qetl_fake_host_message(&rig->fake));
}

/* Prepares an epoch that is not the last, and saves. */
static void epoch(struct sink_rig *rig, uint64_t number, int64_t handles)
{
    cr_assert_eq(sink_prepare(rig, number), QETL_OK, "%s", qetl_fake_host_message(&rig->fake));
    cr_expect_eq(rig->handles, handles, "epoch %d has %d handles", (int)number, (int)rig->handles);
    cr_assert_eq(sink_save(rig), QETL_OK);
}

static void finish(struct sink_rig *rig, uint64_t number)
{
    rig->goes_on = false;
    cr_assert_eq(sink_prepare(rig, number), QETL_OK, "%s", qetl_fake_host_message(&rig->fake));
    cr_assert_eq(sink_commit(rig, number, rig), QETL_OK, "%s", qetl_fake_host_message(&rig->fake));
}

/* ---- One file, staged ---- */

Test(file_sink_epochs, a_staged_file_goes_on_behind_what_was_decided)
{
    struct sink_rig first, second;
    cr_assert_eq(sink_checkpointed(&first, CREATE, false, NULL), QETL_OK);
    put(&first, "1\n");
    epoch(&first, 1, 0);
    put(&first, "2\n");
    sink_free(&first); /* the process ends in good order, the run does not */
    cr_expect_eq(access("out", F_OK), -1);
    cr_assert_eq(sink_checkpointed(&second, CREATE, false, &first), QETL_OK, "%s",
                 qetl_fake_host_message(&second.fake));
    put(&second, "3\n");
    finish(&second, 2);
    sink_free(&second);
    expect_text("out", "1\n3\n");
    expect_names("out");
}

Test(file_sink_epochs, the_report_is_of_the_whole_run)
{
    struct sink_rig first, second;
    cr_assert_eq(sink_checkpointed(&first, CREATE, false, NULL), QETL_OK);
    put(&first, "1\n");
    epoch(&first, 1, 0);
    sink_free(&first);
    cr_assert_eq(sink_checkpointed(&second, CREATE, false, &first), QETL_OK);
    put(&second, "22\n");
    finish(&second, 2);
    cr_assert_eq(second.fake.n_outputs, 1);
    cr_expect_eq(second.fake.outputs[0].rows, 2);
    cr_expect_eq(second.fake.outputs[0].bytes, 5);
    sink_free(&second);
}

/* Its state may be in any process's store: only the owner's next run may remove it. */
Test(file_sink_epochs, what_a_state_names_is_not_swept_by_others)
{
    struct sink_rig first, other, anew;
    cr_assert_eq(sink_checkpointed(&first, CREATE, false, NULL), QETL_OK);
    put(&first, "1\n");
    epoch(&first, 1, 0);
    sink_free(&first);
    cr_assert_eq(sink_begin(&other, CREATE), QETL_OK); /* of another pipeline */
    sink_free(&other);
    cr_assert_eq(sink_checkpointed(&other, CREATE, false, &first), QETL_OK, "%s",
                 qetl_fake_host_message(&other.fake));
    sink_free(&other);
    cr_assert_eq(sink_checkpointed(&anew, CREATE, false, NULL), QETL_OK); /* --full-refresh */
    sink_free(&anew);
    expect_names("");
}

static void expect_doubt(const char *config, bool endless, const char *command, const char *message)
{
    struct sink_rig first, second;
    cr_assert_eq(sink_checkpointed(&first, config, endless, NULL), QETL_OK);
    put(&first, "1\n");
    cr_assert_eq(sink_prepare(&first, 1), QETL_OK);
    cr_assert_eq(sink_save(&first), QETL_OK);
    if (first.handles)
        cr_assert_eq(sink_commit(&first, 1, &first), QETL_OK);
    sink_free(&first);
    shell(command);
    cr_expect_eq(sink_checkpointed(&second, config, endless, &first), QETL_E_IN_DOUBT);
    expect_message(&second, message);
    sink_free(&second);
    shell("rm -f .out* out*");
}

Test(file_sink_epochs, a_file_that_is_not_as_it_was_is_in_doubt)
{
    expect_doubt(CREATE, false, "rm .out*", "it is gone");
    expect_doubt(CREATE, false, "truncate -s 1 .out*", "it has 1 bytes, and 2 were written");
    expect_doubt(CREATE, false, "cp .out* x; rm .out*; cp x $(echo .out.qetl-abcdef.part); ls -A",
                 "it is gone");
    expect_doubt(CREATE, true, "rm out", "it is gone");
    expect_doubt(CREATE, true, "cp out x; mv x out", "it is another file");
    expect_doubt(CREATE, true, "printf 3 | dd of=out conv=notrunc status=none",
                 "it was changed in the meantime");
    text_put("out", "old\n");
    expect_doubt(APPEND, false, "truncate -s 5 out", "it has 5 bytes, and 6 were written");
}

Test(file_sink_epochs, a_state_that_is_none_changes_nothing)
{
    struct sink_rig first, second;
    cr_assert_eq(sink_checkpointed(&first, CREATE, false, NULL), QETL_OK);
    put(&first, "1\n");
    epoch(&first, 1, 0);
    sink_free(&first);
    size_t whole = first.state_size;
    for (size_t size = 0; size < whole; size++) {
        first.state_size = size;
        cr_expect_eq(sink_checkpointed(&second, CREATE, false, &first), QETL_E_UNSUPPORTED,
                     "%d of %d bytes", (int)size, (int)whole);
        sink_free(&second);
    }
    first.state_size = whole;
    first.state_version++;
    cr_expect_eq(sink_checkpointed(&second, CREATE, false, &first), QETL_E_UNSUPPORTED);
    sink_free(&second);
    first.state_version--;
    cr_expect_eq(sink_checkpointed(&second, CREATE, false, &first), QETL_OK);
    sink_free(&second);
}

Test(file_sink_epochs, two_processes_do_not_go_on_with_one_file)
{
    struct sink_rig first, second, third;
    cr_assert_eq(sink_checkpointed(&first, CREATE, false, NULL), QETL_OK);
    put(&first, "1\n");
    epoch(&first, 1, 0);
    sink_free(&first);
    cr_assert_eq(sink_checkpointed(&second, CREATE, false, &first), QETL_OK);
    cr_expect_eq(sink_checkpointed(&third, CREATE, false, &first), QETL_E_ENVIRONMENT);
    expect_message(&third, "another process is writing it");
    sink_free(&third);
    sink_free(&second);
}

Test(file_sink_epochs, an_epoch_without_rows_adds_no_compressed_member)
{
    static const char *const names[] = {"out.gz", "out.zst", "out.xz", "out.bz2", "out.lz4"};
    for (int i = 0; i < 5; i++) {
        struct sink_rig rig;
        struct stat before, after;
        char config[64], command[128];
        snprintf(config, sizeof config, "{\"path\":\"%s\"}", names[i]);
        cr_assert_eq(sink_checkpointed(&rig, config, false, NULL), QETL_OK);
        epoch(&rig, 1, 0);
        put(&rig, "1\n");
        epoch(&rig, 2, 0);
        shell("mv .out* staged"); /* looked at, and put back */
        cr_assert_eq(stat("staged", &before), 0);
        epoch(&rig, 3, 0);
        epoch(&rig, 4, 0);
        cr_assert_eq(stat("staged", &after), 0);
        cr_expect_eq(before.st_size, after.st_size, "%s: %d bytes", names[i], (int)after.st_size);
        cr_expect_gt(before.st_size, 2);
        sink_free(&rig);
        snprintf(command, sizeof command, "rm -f staged .out*");
        shell(command);
    }
}

static void abort_the_last(const char *config, const char *name, const char *wanted)
{
    struct sink_rig first, second;
    cr_assert_eq(sink_checkpointed(&first, config, false, NULL), QETL_OK);
    put(&first, "1\n");
    epoch(&first, 1, 0);
    put(&first, "2\n");
    first.goes_on = false;
    cr_assert_eq(sink_prepare(&first, 2), QETL_OK);
    cr_expect_eq(first.handles, 1);
    cr_expect_eq(sink_abort(&first, 2, &first), QETL_OK);
    sink_free(&first);
    cr_assert_eq(sink_checkpointed(&second, config, false, &first), QETL_OK, "%s",
                 qetl_fake_host_message(&second.fake));
    put(&second, "3\n");
    finish(&second, 3);
    sink_free(&second);
    expect_text(name, wanted);
}

Test(file_sink_epochs, an_abort_of_the_last_epoch_leaves_what_the_state_names)
{
    abort_the_last(CREATE, "out", "1\n3\n");
    abort_the_last("{\"path\":\"many/f-{#}.csv\"}", "many/f-00001.csv", "head\n1\n3\n");
}

/* The name is of when the run began, not of when it goes on. */
Test(file_sink_epochs, the_date_in_a_path_stays)
{
    static const char *const config = "{\"path\":\"{run.time}/f.csv\",\"max_rows\":1}";
    struct sink_rig first, second;
    cr_assert_eq(sink_checkpointed(&first, config, false, NULL), QETL_OK);
    put(&first, "1\n");
    epoch(&first, 1, 0);
    sink_free(&first);
    sleep(1);
    cr_assert_eq(sink_checkpointed(&second, config, false, &first), QETL_OK);
    put(&second, "2\n");
    second.goes_on = false;
    cr_assert_eq(sink_prepare(&second, 2), QETL_OK);
    cr_assert_eq(second.handles, 2);
    const char *of_first = memmem(first.state, first.state_size, "/f-00001.csv", 12);
    const char *of_second = memmem(second.handle, second.handle_size, "/f-00002.csv", 12);
    cr_assert(of_first && of_second);
    cr_expect_eq(memcmp(of_first - 6, of_second - 6, 6), 0, "%.6s, %.6s", of_first - 6,
                 of_second - 6);
    sink_free(&second);
}

/* ---- In place ---- */

Test(file_sink_epochs, a_run_without_end_shows_its_rows_with_the_first_epoch)
{
    struct sink_rig first, second;
    cr_assert_eq(sink_checkpointed(&first, CREATE, true, NULL), QETL_OK);
    put(&first, "1\n");
    cr_expect_eq(first.fake.epochs_requested, 1);
    cr_expect_eq(access("out", F_OK), -1);
    epoch(&first, 1, 1);
    cr_assert_eq(sink_commit(&first, 1, &first), QETL_OK);
    expect_text("out", "1\n");
    put(&first, "2\n");
    expect_text("out", "1\n2\n");
    epoch(&first, 2, 1);
    cr_assert_eq(sink_commit(&first, 2, &first), QETL_OK);
    epoch(&first, 3, 0);
    put(&first, "3\n");
    pid_t pid = fork(); /* killed: the file is as it is */
    if (pid == 0)
        raise(SIGKILL);
    waitpid(pid, NULL, 0);
    shell("echo 33 >> out; cp out kept");
    sink_free(&first);
    expect_text("out", "1\n2\n3\n33\n"); /* whose rows those are is not known */
    cr_assert_eq(sink_checkpointed(&second, CREATE, true, &first), QETL_OK, "%s",
                 qetl_fake_host_message(&second.fake));
    expect_text("out", "1\n2\n");
    const struct qetl_sink_append *append =
        second.component->get_extension(second.self, QETL_EXT_SINK_APPEND);
    char head[16];
    cr_expect_eq(append->continues(second.self), 1);
    cr_assert_eq(append->head(second.self, head, sizeof head), 4);
    cr_expect_eq(memcmp(head, "1\n2\n", 4), 0);
    put(&second, "4\n");
    finish(&second, 4);
    cr_assert_eq(second.fake.n_outputs, 1);
    cr_expect_eq(second.fake.outputs[0].rows, 3);
    sink_free(&second);
    expect_text("out", "1\n2\n4\n");
    shell("mv out.*Z.cut cut");
    expect_text("cut", "3\n33\n");
}

/* Without a decided epoch, and with one that is taken back. */
Test(file_sink_epochs, what_others_appended_is_kept_aside_when_a_file_is_cut_back)
{
    struct sink_rig first, second;
    text_put("out", "old\n");
    cr_assert_eq(sink_checkpointed(&first, APPEND, false, NULL), QETL_OK);
    put(&first, "1\n");
    shell("echo theirs >> out");
    sink_free(&first);
    cr_assert_eq(sink_checkpointed(&second, APPEND, false, NULL), QETL_OK);
    expect_text("out", "old\n");
    shell("mv out.*Z.cut cut");
    expect_text("cut", "1\ntheirs\n");
    put(&second, "2\n");
    epoch(&second, 1, 1);
    first = second;
    shell("echo more >> out");
    sink_free(&second);
    cr_assert_eq(sink_make(&second, APPEND), QETL_OK);
    cr_expect_eq(sink_abort(&second, 1, &first), QETL_OK);
    sink_free(&second);
    expect_text("out", "old\n");
    shell("mv out.*Z.cut cut");
    expect_text("cut", "more\n");
}

Test(file_sink_epochs, append_is_named_once_at_the_end)
{
    struct sink_rig rig;
    text_put("out", "old\n");
    cr_assert_eq(sink_checkpointed(&rig, APPEND, false, NULL), QETL_OK);
    for (uint64_t e = 1; e <= 3; e++) {
        put(&rig, "1\n");
        epoch(&rig, e, 1);
        cr_assert_eq(sink_commit(&rig, e, &rig), QETL_OK);
    }
    cr_expect_eq(rig.fake.n_outputs, 0);
    put(&rig, "2\n");
    cr_assert_eq(rig.component->stop(rig.self), QETL_OK);
    cr_assert_eq(rig.fake.n_outputs, 1);
    cr_expect_eq(rig.fake.outputs[0].rows, 3);
    cr_expect_eq(rig.fake.outputs[0].bytes, 6);
    sink_free(&rig);
    expect_text("out", "old\n1\n1\n1\n");
    expect_names("out");
}

Test(file_sink_epochs, an_abort_takes_back_what_came_behind_it_too)
{
    struct sink_rig rig, one, two;
    text_put("out", "old\n");
    cr_assert_eq(sink_checkpointed(&rig, APPEND, false, NULL), QETL_OK);
    put(&rig, "1\n");
    epoch(&rig, 1, 1);
    one = rig;
    put(&rig, "2\n");
    epoch(&rig, 2, 1);
    two = rig;
    put(&rig, "3\n");
    cr_expect_eq(sink_commit(&rig, 1, &one), QETL_OK);
    cr_expect_eq(sink_abort(&rig, 2, &two), QETL_OK, "%s", qetl_fake_host_message(&rig.fake));
    expect_text("out", "old\n1\n");
    sink_free(&rig);
    expect_text("out", "old\n1\n");
    cr_assert_eq(sink_make(&rig, APPEND), QETL_OK);
    cr_expect_eq(sink_abort(&rig, 1, &one), QETL_OK);
    expect_text("out", "old\n");
    cr_expect_eq(sink_commit(&rig, 1, &one), QETL_E_IN_DOUBT, "it is gone for good");
    sink_free(&rig);
}

Test(file_sink_epochs, rows_of_others_are_noticed_at_the_barrier)
{
    struct sink_rig rig;
    text_put("out", "old\n");
    cr_assert_eq(sink_checkpointed(&rig, APPEND, false, NULL), QETL_OK);
    put(&rig, "1\n");
    shell("echo theirs >> out");
    cr_expect_eq(sink_prepare(&rig, 1), QETL_E_ENVIRONMENT);
    expect_message(&rig, "someone else appended to it meanwhile");
    sink_free(&rig);
    expect_text("out", "old\n1\ntheirs\n");
}
