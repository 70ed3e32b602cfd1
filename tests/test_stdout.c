/* SPDX-License-Identifier: Apache-2.0 */
/* The sink `stdout`, with descriptors of several kinds in its place. */
#include "fake_host.h"
#include "file_scratch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int32_t qetl_plugin_entry(const struct qetl_host *, struct qetl_ctx *, uint32_t *,
                          const struct qetl_plugin **);

struct rig {
    struct qetl_fake_host fake;
    const struct qetl_component *component;
    void *self;
    int kept; /* the test's own standard output */
};

TestSuite(stdout, .init = scratch, .fini = scratch_end, .timeout = 60);

/* fd takes the place of standard output; -1 closes it. Answers what start said. */
static int32_t rig_start(struct rig *rig, int fd)
{
    const struct qetl_plugin *plugin;
    uint32_t abi = QETL_ABI_VERSION;
    memset(rig, 0, sizeof *rig);
    signal(SIGPIPE, SIG_IGN);
    rig->kept = dup(1);
    if (fd < 0)
        close(1);
    else
        dup2(fd, 1);
    qetl_fake_host_init(&rig->fake, NULL);
    qetl_plugin_entry(&rig->fake.host, rig->fake.ctx, &abi, &plugin);
    rig->component = plugin->components[0];
    rig->self = calloc(1, rig->component->state_size);
    int32_t status =
        rig->component->create(rig->self, &rig->fake.host, rig->fake.ctx, rig->fake.config_json);
    return status ? status : rig->component->start(rig->self);
}

static int32_t rig_put(struct rig *rig, const char *text, int64_t size)
{
    struct qetl_write write = {
        .struct_size = sizeof write, .bytes = text, .bytes_size = size, .rows = 1};
    int32_t status = rig->component->sink->write(rig->self, &write);
    cr_assert_eq(write.rows_written, status ? 0 : 1);
    return status;
}

static void rig_free(struct rig *rig)
{
    rig->component->destroy(rig->self);
    free(rig->self);
    dup2(rig->kept, 1);
    close(rig->kept);
    qetl_fake_host_free(&rig->fake);
}

/* A child that copies what it reads, slowly at first. */
static pid_t reader_start(int from, int unwanted)
{
    pid_t pid = fork();
    if (pid == 0) {
        dup2(from, 0);
        close(from);
        close(unwanted);
        execl("/bin/sh", "sh", "-c", "sleep 0.1; dd bs=777 of=copy status=none", (char *)NULL);
        _exit(127);
    }
    close(from);
    return pid;
}

static void expect_copied(int fd, pid_t reader)
{
    struct rig rig;
    int64_t size;
    lines_put("plain", 20000);
    char *text = (char *)file_get("plain", &size);
    cr_assert_eq(rig_start(&rig, fd), QETL_OK);
    close(fd);
    cr_expect_eq(rig_put(&rig, text, size / 2), QETL_OK);
    cr_expect_eq(rig_put(&rig, text + size / 2, size - size / 2), QETL_OK);
    cr_expect_eq(fcntl(1, F_GETFL) & O_NONBLOCK, 0, "others share that description");
    cr_expect_eq(rig.component->stop(rig.self), QETL_OK);
    cr_expect_eq(rig.fake.outputs[0].rows, 2);
    cr_expect_eq(rig.fake.outputs[0].bytes, size);
    rig_free(&rig);
    if (reader > 0)
        expect_done(reader, "the reader");
    shell("cmp plain copy");
    free(text);
}

Test(stdout, a_pipe_gets_every_byte)
{
    int ends[2];
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    expect_copied(ends[1], reader_start(ends[0], ends[1]));
}

Test(stdout, a_socket_gets_every_byte)
{
    int ends[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    expect_copied(ends[1], reader_start(ends[0], ends[1]));
}

Test(stdout, a_pipe_that_does_not_block_gets_every_byte)
{
    int ends[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    pid_t reader = reader_start(ends[0], ends[1]);
    struct rig rig;
    int64_t size;
    lines_put("plain", 20000);
    char *text = (char *)file_get("plain", &size);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    cr_assert_eq(rig_start(&rig, ends[1]), QETL_OK);
    close(ends[1]);
    cr_expect_eq(rig_put(&rig, text, size), QETL_OK);
    rig_free(&rig);
    expect_done(reader, "the reader");
    shell("cmp plain copy");
    free(text);
}

Test(stdout, a_file_is_written_where_it_stands)
{
    int fd = open("copy", O_WRONLY | O_CREAT, 0666);
    expect_copied(fd, 0);
}

Test(stdout, a_reader_that_goes_away_is_told_apart)
{
    struct rig rig;
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(rig_start(&rig, ends[1]), QETL_OK);
    cr_expect_eq(rig_put(&rig, "1\n", 2), QETL_OK);
    close(ends[0]);
    cr_expect_eq(rig_put(&rig, "1\n", 2), QETL_E_CLOSED);
    cr_expect_str_eq(rig.fake.errors[0].vendor_code, "EPIPE");
    rig_free(&rig);
    close(ends[1]);
}

Test(stdout, what_cannot_be_written_is_said)
{
    struct rig rig;
    int fd = open("/dev/full", O_WRONLY);
    cr_assert_eq(rig_start(&rig, fd), QETL_OK);
    cr_expect_eq(rig_put(&rig, "1\n", 2), QETL_E_ENVIRONMENT);
    cr_expect_str_eq(rig.fake.errors[0].vendor_code, "ENOSPC");
    rig_free(&rig);
    close(fd);
    cr_assert_eq(rig_start(&rig, -1), QETL_E_ENVIRONMENT);
    cr_expect_str_eq(rig.fake.errors[0].vendor_code, "EBADF");
    rig_free(&rig);
}

static void *interrupt_soon(void *arg)
{
    struct rig *rig = arg;
    usleep(100000);
    rig->component->interrupt(rig->self);
    return NULL;
}

static void expect_interruptible(const int ends[2])
{
    struct rig rig;
    pthread_t thread;
    int64_t size = 4 << 20;
    char *text = calloc(1, (size_t)size);
    cr_assert_eq(rig_start(&rig, ends[1]), QETL_OK);
    pthread_create(&thread, NULL, interrupt_soon, &rig);
    cr_expect_eq(rig_put(&rig, text, size), QETL_E_CANCELLED);
    pthread_join(thread, NULL);
    rig_free(&rig);
    free(text);
}

Test(stdout, interrupt_ends_the_wait_for_room)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    expect_interruptible(ends);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    expect_interruptible(ends);
}
