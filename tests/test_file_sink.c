/* SPDX-License-Identifier: Apache-2.0 */
/* The sink `file`: staging, committing, undoing, over the fake host. */
#include "rig_file_sink.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const CREATE = "{\"path\":\"out\"}";
static const char *const REPLACE = "{\"path\":\"out\",\"if_exists\":\"replace\"}";
static const char *const APPEND = "{\"path\":\"out\",\"if_exists\":\"append\"}";

TestSuite(file_sink, .init = scratch, .fini = scratch_end, .timeout = 120);

static int count_of(const char *pattern)
{
    glob_t found;
    int count = glob(pattern, 0, NULL, &found) == 0 ? (int)found.gl_pathc : 0;
    globfree(&found);
    return count;
}

/* The one name that matches; to be freed. */
static char *only(const char *pattern)
{
    glob_t found;
    cr_assert_eq(glob(pattern, 0, NULL, &found), 0, "nothing matches %s", pattern);
    cr_assert_eq(found.gl_pathc, 1, "%zu match %s", (size_t)found.gl_pathc, pattern);
    char *name = strdup(found.gl_pathv[0]);
    globfree(&found);
    return name;
}

static void expect_only(const char *pattern, const char *text)
{
    char *name = only(pattern);
    expect_text(name, text);
    free(name);
}

/* ---- A new file ---- */

Test(file_sink, appears_whole_at_commit_and_not_before)
{
    struct sink_rig rig;
    cr_assert_eq(sink_begin(&rig, CREATE), QETL_OK);
    cr_expect_eq(sink_put(&rig, "id\n", 0), QETL_OK);
    cr_expect_eq(sink_put(&rig, "1\n2\n", 2), QETL_OK);
    cr_expect_eq(count_of("out"), 0);
    cr_expect_eq(count_of(".out.qetl-??????.part"), 1);
    cr_assert_eq(sink_prepare(&rig, 1), QETL_OK);
    cr_expect_eq(count_of("out"), 0);
    expect_only(".out.qetl-??????.part", "id\n1\n2\n");
    cr_assert_eq(sink_commit(&rig, 1, &rig), QETL_OK);
    expect_text("out", "id\n1\n2\n");
    cr_assert_eq(rig.fake.n_outputs, 1);
    cr_expect_str_eq(rig.fake.outputs[0].uri, "out");
    cr_expect_eq(rig.fake.outputs[0].rows, 2);
    cr_expect_eq(rig.fake.outputs[0].bytes, 7);
    sink_free(&rig);
    expect_names("out");
}

Test(file_sink, nothing_written_is_an_empty_file)
{
    struct sink_rig rig;
    cr_assert_eq(sink_begin(&rig, CREATE), QETL_OK);
    cr_assert_eq(sink_prepare(&rig, 1), QETL_OK);
    cr_assert_eq(sink_commit(&rig, 1, &rig), QETL_OK);
    sink_free(&rig);
    expect_text("out", "");
}

Test(file_sink, describes_itself)
{
    struct qetl_sink_info info = {.struct_size = sizeof info};
    struct sink_rig rig;
    cr_assert_eq(sink_begin(&rig, CREATE), QETL_OK);
    cr_assert_eq(rig.component->sink->describe(rig.self, &info), QETL_OK);
    cr_expect_eq(info.takes, QETL_TAKES_BYTES);
    cr_expect_eq(info.delivery, QETL_TRANSACTIONAL);
    cr_expect_eq(info.commit, QETL_COMMIT_TWO_PHASE);
    cr_expect_eq(rig.component->sink->open(rig.self, 1, NULL), QETL_E_UNSUPPORTED);
    sink_free(&rig);
}

Test(file_sink, mode_follows_the_umask_and_folders_are_made)
{
    struct sink_rig rig;
    struct stat st;
    umask(027);
    sink_fill(&rig, "{\"path\":\"a/b//c/out\"}", "1\n");
    cr_assert_eq(sink_commit(&rig, 1, &rig), QETL_OK);
    sink_free(&rig);
    cr_assert_eq(stat("a/b/c/out", &st), 0);
    cr_expect_eq(st.st_mode & 07777, 0640);
    cr_assert_eq(stat("a/b", &st), 0);
    cr_expect_eq(st.st_mode & 07777, 0750);
}

Test(file_sink, a_run_that_fails_leaves_nothing)
{
    struct sink_rig rig;
    cr_assert_eq(sink_begin(&rig, CREATE), QETL_OK);
    cr_expect_eq(sink_put(&rig, "1\n", 1), QETL_OK);
    sink_free(&rig);
    expect_names("");
}

Test(file_sink, an_existing_file_is_refused_before_data_moves)
{
    struct sink_rig rig;
    text_put("out", "precious");
    cr_expect_eq(sink_begin(&rig, CREATE), QETL_E_CONFIG);
    expect_message(&rig, "out: the file exists already, and if_exists is error");
    cr_expect_str_eq(rig.fake.errors[0].option, "/path");
    sink_free(&rig);
    expect_names("out");
    expect_text("out", "precious");
}

/* After kill -9: nobody holds the lock. */
Test(file_sink, what_a_killed_run_left_is_removed)
{
    struct sink_rig running, next;
    cr_assert_eq(sink_begin(&running, CREATE), QETL_OK);
    char *held = only(".out.qetl-??????.part");
    text_put(".out.qetl-abcd5z.part", "left");
    text_put(".out.qetl-abc.part", "another's");
    text_put(".out.qetl-ABCDEF.part", "another's");
    text_put(".out2.qetl-abcdef.part", "of another output");
    cr_assert_eq(mkdir(".out.qetl-abcdef.part", 0700), 0);
    cr_assert_eq(sink_begin(&next, CREATE), QETL_OK);
    cr_expect_eq(access(".out.qetl-abcd5z.part", F_OK), -1);
    cr_expect_eq(access(held, F_OK), 0, "a run that goes on holds its own");
    cr_expect_eq(access(".out.qetl-abcdef.part", F_OK), 0);
    expect_text(".out.qetl-abc.part", "another's");
    expect_text(".out.qetl-ABCDEF.part", "another's");
    expect_text(".out2.qetl-abcdef.part", "of another output");
    sink_free(&next);
    sink_free(&running);
    free(held);
}

Test(file_sink, a_file_that_appeared_meanwhile_is_not_overwritten)
{
    struct sink_rig rig;
    sink_fill(&rig, CREATE, "1\n");
    text_put("out", "precious");
    cr_expect_eq(sink_commit(&rig, 1, &rig), QETL_E_ENVIRONMENT);
    expect_message(&rig, "out: the file exists since the run began");
    expect_text("out", "precious");
    cr_expect_eq(rig.fake.n_outputs, 0);
    unlink("out");
    cr_expect_eq(sink_commit(&rig, 1, &rig), QETL_OK);
    expect_text("out", "1\n");
    sink_free(&rig);
}

/* ---- Any instance, any number of times ---- */

Test(file_sink, commit_may_be_repeated_and_reports_once)
{
    struct sink_rig rig;
    sink_fill(&rig, CREATE, "1\n");
    cr_expect_eq(sink_commit(&rig, 1, &rig), QETL_OK);
    cr_expect_eq(sink_commit(&rig, 1, &rig), QETL_OK);
    cr_expect_eq(rig.fake.n_outputs, 1);
    cr_expect_eq(sink_abort(&rig, 1, &rig), QETL_OK);
    expect_text("out", "1\n");
    sink_free(&rig);
    expect_names("out");
}

Test(file_sink, prepare_may_be_repeated)
{
    struct sink_rig rig;
    uint8_t first[sizeof rig.handle];
    sink_fill(&rig, CREATE, "1\n");
    memcpy(first, rig.handle, rig.handle_size);
    cr_expect_eq(sink_prepare(&rig, 1), QETL_OK);
    cr_expect_eq(rig.handles, 1);
    cr_expect_eq(memcmp(first, rig.handle, rig.handle_size), 0);
    cr_expect_eq(sink_prepare(&rig, 2), QETL_OK);
    cr_expect_eq(rig.handles, 0, "epoch 2 has nothing");
    cr_expect_eq(sink_put(&rig, "2\n", 1), QETL_E_UNSUPPORTED);
    cr_expect_eq(sink_abort(&rig, 1, &rig), QETL_OK);
    sink_free(&rig);
}

static void elsewhere_commits(const char *config, const char *former, const char *text)
{
    struct sink_rig first, second;
    if (former)
        text_put("out", former);
    sink_fill(&first, config, text);
    sink_free(&first); /* what is prepared outlives its instance */
    cr_assert_eq(sink_make(&second, config), QETL_OK);
    cr_expect_eq(sink_commit(&second, 1, &first), QETL_OK, "%s",
                 qetl_fake_host_message(&second.fake));
    cr_expect_eq(sink_commit(&second, 1, &first), QETL_OK, "%s",
                 qetl_fake_host_message(&second.fake));
    cr_expect_eq(second.fake.n_outputs, 1);
    cr_expect_eq(second.fake.outputs[0].rows, 1);
    sink_free(&second);
}

Test(file_sink, another_instance_commits)
{
    elsewhere_commits(CREATE, NULL, "1\n");
    expect_text("out", "1\n");
    expect_names("out");
    elsewhere_commits(APPEND, "0\n", "1\n");
    expect_text("out", "0\n1\n");
    elsewhere_commits(REPLACE, "old", "1\n");
    expect_text("out", "1\n");
    expect_only("out.*Z.bak", "old");
}

static void elsewhere_aborts(const char *config, const char *former)
{
    struct sink_rig first, second;
    if (former)
        text_put("out", former);
    sink_fill(&first, config, "1\n");
    sink_free(&first);
    cr_assert_eq(sink_make(&second, config), QETL_OK);
    cr_expect_eq(sink_abort(&second, 1, &first), QETL_OK);
    cr_expect_eq(sink_abort(&second, 1, &first), QETL_OK);
    sink_free(&second);
    expect_names(former ? "out" : "");
    if (former)
        expect_text("out", former);
}

Test(file_sink, another_instance_aborts)
{
    elsewhere_aborts(CREATE, NULL);
    elsewhere_aborts(REPLACE, "old");
    elsewhere_aborts(APPEND, "old\n");
}

/* A process that dies between prepare and commit, and another one that finishes its work. */
Test(file_sink, a_kill_between_prepare_and_commit)
{
    struct sink_rig first, second;
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        sink_fill(&first, CREATE, "1\n");
        if (write(ends[1], first.handle, first.handle_size) < 0)
            _exit(1);
        kill(getpid(), SIGKILL);
    }
    close(ends[1]);
    waitpid(pid, NULL, 0);
    memset(&first, 0, sizeof first);
    first.handle_size = (size_t)read(ends[0], first.handle, sizeof first.handle);
    cr_assert_gt(first.handle_size, 0);
    cr_assert_eq(sink_make(&second, CREATE), QETL_OK);
    cr_expect_eq(sink_commit(&second, 1, &first), QETL_OK, "%s",
                 qetl_fake_host_message(&second.fake));
    sink_free(&second);
    expect_names("out");
    expect_text("out", "1\n");
}

Test(file_sink, a_kill_after_the_link_or_between_exchange_and_backup)
{
    struct sink_rig rig;
    sink_fill(&rig, CREATE, "1\n");
    shell("ln .out.qetl-*.part out");
    cr_expect_eq(sink_commit(&rig, 1, &rig), QETL_OK, "%s", qetl_fake_host_message(&rig.fake));
    expect_names("out");
    sink_free(&rig);
    text_put("out", "old");
    sink_fill(&rig, REPLACE, "2\n");
    shell("s=$(ls -A | grep part); mv out x; mv $s out; mv x $s");
    cr_expect_eq(sink_abort(&rig, 1, &rig), QETL_OK);
    cr_expect_eq(count_of(".out.*"), 1, "the former file is not ours to remove");
    cr_expect_eq(sink_commit(&rig, 1, &rig), QETL_OK, "%s", qetl_fake_host_message(&rig.fake));
    expect_text("out", "2\n");
    expect_only("out.*.bak", "old");
    cr_expect_eq(count_of(".out.*"), 0);
    sink_free(&rig);
}

Test(file_sink, a_staged_file_that_is_gone_is_told)
{
    struct sink_rig rig;
    sink_fill(&rig, CREATE, "1\n");
    shell("rm .out.qetl-*");
    cr_expect_eq(sink_commit(&rig, 1, &rig), QETL_E_IN_DOUBT);
    expect_message(&rig, "out: the finished output is neither there nor in /");
    text_put("out", "another's");
    cr_expect_eq(sink_commit(&rig, 1, &rig), QETL_E_IN_DOUBT);
    expect_text("out", "another's");
    sink_free(&rig);
}

Test(file_sink, handles_that_are_none_are_refused)
{
    struct qetl_epoch first = {.struct_size = sizeof first, .number = 1};
    struct sink_rig rig;
    sink_fill(&rig, CREATE, "1\n");
    for (size_t size = 0; size < rig.handle_size; size++) {
        struct qetl_blob cut = {rig.handle, size};
        cr_expect_eq(rig.component->sink->commit(rig.self, &first, 1, &cut), QETL_E_UNSUPPORTED);
        cr_expect_eq(rig.component->sink->abort(rig.self, &first, 1, &cut), QETL_E_UNSUPPORTED);
    }
    cr_expect_eq(sink_abort(&rig, 1, &rig), QETL_OK);
    sink_free(&rig);
    expect_names("");
}

/* ---- Replace ---- */

Test(file_sink, replace_keeps_a_backup_and_the_mode)
{
    struct sink_rig rig;
    struct stat st;
    text_put("out", "old");
    chmod("out", 0604);
    cr_assert_eq(sink_begin(&rig, REPLACE), QETL_OK);
    char *staged = only(".out.qetl-*.part");
    cr_assert_eq(stat(staged, &st), 0);
    cr_expect_eq(st.st_mode & 07777, 0604, "not readable to more people while it is written");
    free(staged);
    cr_expect_eq(sink_put(&rig, "new", 1), QETL_OK);
    cr_assert_eq(sink_prepare(&rig, 1), QETL_OK);
    expect_text("out", "old");
    cr_assert_eq(sink_commit(&rig, 1, &rig), QETL_OK, "%s", qetl_fake_host_message(&rig.fake));
    sink_free(&rig);
    expect_text("out", "new");
    expect_only("out.????????T??????Z.bak", "old");
    cr_assert_eq(stat("out", &st), 0);
    cr_expect_eq(st.st_mode & 07777, 0604);
}

Test(file_sink, no_backup_is_ever_overwritten)
{
    text_put("out", "0");
    for (int i = 1; i <= 5; i++) {
        struct sink_rig rig;
        char text[2] = {(char)('0' + i), 0};
        sink_fill(&rig, REPLACE, text);
        cr_assert_eq(sink_commit(&rig, 1, &rig), QETL_OK, "%s", qetl_fake_host_message(&rig.fake));
        sink_free(&rig);
    }
    expect_text("out", "5");
    cr_expect_eq(count_of("out.*.bak*"), 5);
    shell("test \"$(cat out.*.bak* | fold -w1 | sort | tr -d '\\n')\" = 01234");
}

Test(file_sink, replace_of_nothing_makes_a_file)
{
    struct sink_rig rig;
    sink_fill(&rig, REPLACE, "1\n");
    cr_assert_eq(sink_commit(&rig, 1, &rig), QETL_OK);
    sink_free(&rig);
    expect_names("out");
}

Test(file_sink, replace_follows_a_link_to_its_file)
{
    struct sink_rig rig;
    mkdir("real", 0777);
    text_put("real/file", "old");
    cr_assert_eq(symlink("real/file", "out"), 0);
    sink_fill(&rig, REPLACE, "new");
    cr_assert_eq(sink_commit(&rig, 1, &rig), QETL_OK);
    sink_free(&rig);
    expect_names("out real");
    expect_text("real/file", "new");
    expect_only("real/file.*.bak", "old");
    unlink("real/file");
    cr_expect_eq(sink_begin(&rig, REPLACE), QETL_E_CONFIG);
    expect_message(&rig, "link to nothing");
    sink_free(&rig);
}

/* ---- Append ---- */

static int32_t continues(struct sink_rig *rig)
{
    const struct qetl_sink_append *append =
        rig->component->get_extension(rig->self, QETL_EXT_SINK_APPEND);
    cr_assert(append && append->struct_size == sizeof *append);
    return append->continues(rig->self);
}

Test(file_sink, append_goes_on_where_there_is_content)
{
    struct sink_rig rig;
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(sink_begin(&rig, APPEND), QETL_OK);
        cr_expect_eq(continues(&rig), i > 0);
        cr_expect_eq(sink_put(&rig, "row\n", 1), QETL_OK);
        cr_assert_eq(sink_prepare(&rig, 1), QETL_OK);
        cr_assert_eq(sink_commit(&rig, 1, &rig), QETL_OK);
        cr_expect_eq(rig.fake.outputs[0].bytes, 4);
        sink_free(&rig);
    }
    expect_text("out", "row\nrow\nrow\n");
    text_put("out", "");
    cr_assert_eq(sink_begin(&rig, APPEND), QETL_OK);
    cr_expect_eq(continues(&rig), 0, "an empty file wants its header");
    sink_free(&rig);
}

Test(file_sink, an_append_that_fails_leaves_the_file_as_it_was)
{
    struct sink_rig rig;
    text_put("out", "old\n");
    cr_assert_eq(sink_begin(&rig, APPEND), QETL_OK);
    cr_expect_eq(sink_put(&rig, "half", 1), QETL_OK);
    expect_text("out", "old\nhalf");
    sink_free(&rig);
    expect_text("out", "old\n");
}

Test(file_sink, abort_does_not_cut_what_others_appended)
{
    struct sink_rig rig;
    text_put("out", "old\n");
    sink_fill(&rig, APPEND, "1\n");
    shell("echo theirs >> out");
    cr_expect_eq(sink_abort(&rig, 1, &rig), QETL_E_ENVIRONMENT);
    expect_message(&rig, "someone else appended");
    expect_text("out", "old\n1\ntheirs\n");
    sink_free(&rig);
}

Test(file_sink, no_record_is_glued_to_an_open_line)
{
    struct sink_rig rig;
    text_put("out", "old");
    cr_assert_eq(sink_begin(&rig, APPEND), QETL_OK);
    cr_expect_eq(sink_put(&rig, "1\n", 1), QETL_E_ENVIRONMENT);
    expect_message(&rig, "its last line has no newline");
    sink_free(&rig);
    expect_text("out", "old");
    cr_assert_eq(sink_begin(&rig, APPEND), QETL_OK);
    cr_expect_eq(sink_put(&rig, "binary", 1), QETL_OK, "records that are no lines");
    sink_free(&rig);
}

Test(file_sink, two_at_once_do_not_append_to_one_file)
{
    struct sink_rig first, second;
    text_put("out", "old\n");
    cr_assert_eq(sink_begin(&first, APPEND), QETL_OK);
    cr_expect_eq(sink_begin(&second, APPEND), QETL_E_ENVIRONMENT);
    expect_message(&second, "another process is appending");
    sink_free(&second);
    cr_expect_eq(sink_put(&first, "1\n", 1), QETL_OK);
    sink_free(&first);
    expect_text("out", "old\n");
}
