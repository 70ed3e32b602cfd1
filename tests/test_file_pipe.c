/* SPDX-License-Identifier: Apache-2.0 */
/* The source `file`: FIFOs, standard input, devices. */
#include "rig_file_source.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(file_pipe, .init = scratch, .fini = scratch_end, .timeout = 120);

/* ---- Pipes ---- */

static pid_t writer_start(const char *command)
{
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    return pid;
}

static int writer_open(void)
{
    int fd = open("fifo", O_WRONLY | O_NONBLOCK);
    cr_assert_geq(fd, 0, "the FIFO has no reader");
    return fd;
}

static void expect_idle(struct rig *rig)
{
    rig->deadline_ns = 20000000;
    for (int i = 0; i < 3; i++)
        cr_assert_eq(rig_next(rig), QETL_IDLE);
    rig->deadline_ns = 10000000000;
}

/* Nothing follows what is put until it has been brought: what is held back is never brought. */
Test(file_pipe, a_slow_pipe_is_idle_and_then_brings_what_came)
{
    struct rig rig;
    mkfifo("fifo", 0666);
    rig_create(&rig, "{\"path\":\"fifo\"}");
    cr_assert_eq(rig_open(&rig, NULL), QETL_OK);
    expect_idle(&rig);
    int writer = writer_open();
    expect_idle(&rig);
    cr_assert_eq(write(writer, "one,", 4), 4);
    cr_assert_eq(rig_next(&rig), QETL_BYTES, "held back until more came");
    cr_expect_eq(rig.size, 4);
    expect_idle(&rig);
    cr_expect_geq(rig.fake.wakes, 9, "without qetl.poll/1 it asks to be called again");
    cr_assert_eq(write(writer, "two", 3), 3);
    cr_assert_eq(rig_next(&rig), QETL_BYTES, "held back until more came");
    close(writer);
    cr_assert_eq(rig_drain(&rig), QETL_END);
    cr_expect_str_eq(rig.log, "fifo:7;");
    cr_expect_eq(memcmp(rig.data, "one,two", 7), 0);
    rig_free(&rig);
}

static int watched_fd;

static int32_t watch(struct qetl_ctx *ctx, int fd, uint32_t events)
{
    (void)ctx;
    cr_assert_eq(events, QETL_POLL_IN);
    watched_fd = fd;
    return QETL_OK;
}

static const void *poll_extension(struct qetl_fake_host *fake, const char *id)
{
    static const struct qetl_poll poll_host = {sizeof poll_host, watch};
    (void)fake;
    return strcmp(id, QETL_EXT_POLL) == 0 ? &poll_host : NULL;
}

Test(file_pipe, an_idle_pipe_is_watched_by_the_host)
{
    struct rig rig;
    mkfifo("fifo", 0666);
    rig_create(&rig, "{\"path\":\"fifo\"}");
    rig.fake.extension = poll_extension;
    watched_fd = -1;
    rig.deadline_ns = 0;
    cr_assert_eq(rig_open(&rig, NULL), QETL_OK);
    cr_assert_eq(rig_next(&rig), QETL_IDLE);
    cr_expect_geq(watched_fd, 0);
    cr_expect_eq(rig.fake.wakes, 0);
    rig_free(&rig);
}

static void *interrupt_soon(void *arg)
{
    struct rig *rig = arg;
    usleep(100000);
    rig->component->interrupt(rig->self);
    rig->component->interrupt(rig->self);
    return NULL;
}

/* The call waits far beyond its interruption, or it would have to be woken by it. */
static void expect_interruptible(struct rig *rig)
{
    pthread_t thread;
    int64_t begin = now_ns();
    int32_t status;
    pthread_create(&thread, NULL, interrupt_soon, rig);
    status = rig_drain(rig);
    pthread_join(thread, NULL);
    cr_expect_eq(status, QETL_E_CANCELLED, "%d", status);
    cr_expect_lt(now_ns() - begin, 30000000000);
    cr_expect_eq(rig_next(rig), QETL_E_CANCELLED, "an interruption stays");
}

Test(file_pipe, interrupt_ends_the_wait_for_a_pipe)
{
    struct rig rig;
    mkfifo("fifo", 0666);
    int writer = open("fifo", O_RDWR);
    rig_create(&rig, "{\"path\":\"fifo\"}");
    rig.deadline_ns = 60000000000;
    cr_assert_eq(rig_open(&rig, NULL), QETL_OK);
    expect_interruptible(&rig);
    close(writer);
    rig_free(&rig);
}

Test(file_pipe, interrupt_ends_the_wait_within_compressed_data)
{
    static const char *const commands[] = {"gzip -c", "xz -c", "zstd -qc"};
    lines_put("plain", 50000);
    for (int i = 0; i < 3; i++) {
        struct rig rig;
        char command[256];
        unlink("fifo");
        mkfifo("fifo", 0666);
        snprintf(command, sizeof command, "{ %s plain | head -c 200000; exec sleep 20; } > fifo",
                 commands[i]);
        pid_t writer = writer_start(command);
        rig_create(&rig, "{\"path\":\"fifo\"}");
        rig.deadline_ns = 60000000000;
        cr_assert_eq(rig_open(&rig, NULL), QETL_OK);
        expect_interruptible(&rig);
        rig_free(&rig);
        kill(writer, SIGKILL);
        waitpid(writer, NULL, 0);
    }
}

static void member_put(int writer, const char *name)
{
    int64_t size;
    uint8_t *data = file_get(name, &size);
    cr_assert_eq(write(writer, data, (size_t)size), size);
    free(data);
}

Test(file_pipe, gzip_on_a_pipe_brings_what_can_be_decoded)
{
    struct rig rig;
    mkfifo("fifo", 0666);
    shell("echo first | gzip -c > first; echo second | gzip -c > second");
    rig_create(&rig, "{\"path\":\"fifo\"}");
    cr_assert_eq(rig_open(&rig, NULL), QETL_OK);
    expect_idle(&rig);
    int writer = writer_open();
    member_put(writer, "first");
    cr_assert_eq(rig_next(&rig), QETL_BYTES, "held back until more came");
    cr_expect_eq(rig.size, 6, "%lld", (long long)rig.size);
    member_put(writer, "second");
    close(writer);
    cr_assert_eq(rig_drain(&rig), QETL_END);
    cr_expect_str_eq(rig.log, "fifo:13;");
    rig_free(&rig);
}

static void expect_stdin(const char *command, const char *log)
{
    struct rig rig;
    int saved = dup(0);
    FILE *pipe = popen(command, "r");
    dup2(fileno(pipe), 0);
    int32_t status = rig_read(&rig, "{\"path\":\"-\"}", SPACE);
    cr_expect_eq(status, QETL_END, "%s: %d %s", command, status, qetl_fake_host_message(&rig.fake));
    cr_expect_str_eq(rig.log, log);
    dup2(saved, 0);
    close(saved);
    pclose(pipe);
    rig_free(&rig);
}

Test(file_pipe, standard_input_of_every_kind)
{
    archives_make();
    expect_stdin("printf 12345", "-:5;");
    expect_stdin("true", "-:0;");
    expect_stdin("sleep 0.1; printf 1; sleep 0.2; printf 2345", "-:5;");
    expect_stdin("printf B; sleep 0.1; printf Zh", "-:3;");
    expect_stdin("printf 12345 | gzip -c", "-:5;");
    expect_stdin("printf 12345 | zstd -qc", "-:5;");
    expect_stdin("cat tgz", "-!b.csv:6;-!a.csv:3;-!empty.csv:0;-!sub/d.txt:4;");
    expect_stdin("cat t", "-!b.csv:6;-!a.csv:3;-!empty.csv:0;-!sub/d.txt:4;");
    expect_stdin("head -c 300 t; sleep 0.1; tail -c +301 t",
                 "-!b.csv:6;-!a.csv:3;-!empty.csv:0;-!sub/d.txt:4;");
    expect_stdin("cat z", "-!b.csv:6;-!a.csv:3;-!empty.csv:0;-!sub/d.txt:4;");
}

Test(file_pipe, a_file_on_standard_input_is_read_from_where_it_stands)
{
    static const char *const names[] = {"-", "/dev/stdin", "/dev/fd/0"};
    int saved = dup(0);
    text_put("a", "12345");
    for (int i = 0; i < 3; i++) {
        struct rig rig;
        char config[64], log[64];
        int fd = open("a", O_RDONLY);
        lseek(fd, 2, SEEK_SET);
        dup2(fd, 0);
        snprintf(config, sizeof config, "{\"path\":\"%s\"}", names[i]);
        snprintf(log, sizeof log, "%s:3;", names[i]);
        cr_assert_eq(rig_read(&rig, config, SPACE), QETL_END);
        cr_expect_str_eq(rig.log, log);
        cr_expect_eq(memcmp(rig.data, "345", 3), 0);
        close(fd);
        rig_free(&rig);
    }
    dup2(saved, 0);
    close(saved);
}

Test(file_pipe, a_descriptor_whose_writer_has_gone_still_ends)
{
    struct rig rig;
    char config[64];
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(write(ends[1], "hi", 2), 2);
    close(ends[1]);
    snprintf(config, sizeof config, "{\"path\":\"/dev/fd/%d\"}", ends[0]);
    cr_assert_eq(rig_read(&rig, config, SPACE), QETL_END);
    cr_expect_eq(rig.size, 2);
    rig_free(&rig);
    int saved = dup(0);
    dup2(ends[0], 0);
    close(ends[0]);
    cr_assert_eq(rig_read(&rig, "{\"path\":\"/dev/stdin\"}", SPACE), QETL_END);
    cr_expect_str_eq(rig.log, "/dev/stdin:0;");
    dup2(saved, 0);
    close(saved);
    rig_free(&rig);
}

Test(file_pipe, devices_can_be_read)
{
    expect_log("{\"path\":\"/dev/null\"}", "/dev/null:0;");
}
