/* SPDX-License-Identifier: Apache-2.0 */
#include "host/instance.h"
#include "host/poller.h"
#include "ring/parker.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

static struct qetl_parker parker;
static const struct qetl_instance_env env = {.parker = &parker};
static struct qetl_ctx first = {.env = &env}, second = {.env = &env};
static atomic_int hung_up;
static struct qetl_poller *poller;
static int ends[2];

static void hangup(void *arg, struct qetl_ctx *ctx)
{
    (void)arg;
    hung_up += ctx == &first ? 1 : 100;
}

static void setup(void)
{
    qetl_parker_init(&parker);
    poller = qetl_poller_new(hangup, NULL);
    cr_assert(poller);
    cr_assert_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
}

static void teardown(void)
{
    qetl_poller_free(poller);
    close(ends[0]);
    close(ends[1]);
}

static unsigned wakes_within(const struct qetl_ctx *ctx, unsigned wanted, int ms)
{
    for (int i = 0; i < ms && atomic_load(&ctx->wakes) < wanted; i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return atomic_load(&ctx->wakes);
}

TestSuite(poller, .init = setup, .fini = teardown, .timeout = 20);

Test(poller, two_instances_watch_one_descriptor)
{
    cr_assert_eq(qetl_poller_watch(poller, &first, ends[0], QETL_POLL_IN), 0);
    cr_assert_eq(qetl_poller_watch(poller, &second, ends[0], QETL_POLL_IN), 0);
    cr_assert_eq(write(ends[1], "x", 1), 1);
    cr_expect_eq(wakes_within(&first, 1, 5000), 1u);
    cr_expect_eq(wakes_within(&second, 1, 5000), 1u);
}

Test(poller, a_watch_fires_once)
{
    cr_assert_eq(qetl_poller_watch(poller, &first, ends[0], QETL_POLL_IN), 0);
    cr_assert_eq(qetl_poller_watch(poller, &first, ends[0], QETL_POLL_IN), 0);
    cr_assert_eq(write(ends[1], "x", 1), 1);
    cr_assert_eq(wakes_within(&first, 1, 5000), 1u);
    cr_expect_eq(wakes_within(&first, 2, 30), 1u);
    cr_assert_eq(qetl_poller_watch(poller, &first, ends[0], QETL_POLL_IN), 0);
    cr_expect_eq(wakes_within(&first, 2, 5000), 2u);
}

Test(poller, a_hang_up_is_told_though_another_watch_fired_before)
{
    cr_assert_eq(qetl_poller_watch(poller, &first, ends[1], QETL_POLL_HANGUP), 0);
    cr_assert_eq(qetl_poller_watch(poller, &second, ends[1], QETL_POLL_OUT), 0);
    cr_assert_eq(wakes_within(&second, 1, 5000), 1u);
    cr_expect_eq(atomic_load(&hung_up), 0);
    cr_expect_eq(atomic_load(&first.wakes), 0u, "room is no hang-up");
    close(ends[0]);
    for (int i = 0; i < 5000 && !atomic_load(&hung_up); i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    cr_expect_eq(atomic_load(&hung_up), 1);
    ends[0] = dup(ends[1]);
}

Test(poller, a_plain_file_is_always_ready)
{
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    cr_assert_eq(qetl_poller_watch(poller, &first, fd, QETL_POLL_IN), 0);
    cr_expect_eq(atomic_load(&first.wakes), 1u);
    cr_assert_eq(qetl_poller_watch(poller, &second, fd, QETL_POLL_HANGUP), 0);
    cr_expect_eq(atomic_load(&second.wakes), 0u);
    close(fd);
}
