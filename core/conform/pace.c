/* SPDX-License-Identifier: Apache-2.0 */
#include "pace.h"

#include "host/call.h"

#include <signal.h>
#include <stdio.h>

enum { SIGNALS = 3 };

static const int ends[SIGNALS] = {SIGHUP, SIGINT, SIGTERM};
static struct sigaction before[SIGNALS];
static volatile sig_atomic_t came;

static const int64_t share_least_ns = 150000000, share_most_ns = 1500000000;

static void note(int signal)
{
    came = signal;
}

void conform_pace_begin(struct conform_pace *pace, int64_t limit_ns, size_t cases, bool shown)
{
    struct sigaction action = {.sa_handler = note};
    *pace = (struct conform_pace){limit_ns, qetl_call_now_ns() + limit_ns, 0, cases, shown};
    came = 0;
    for (int i = 0; i < SIGNALS; i++)
        if (!sigaction(ends[i], NULL, &before[i]) && before[i].sa_handler != SIG_IGN)
            sigaction(ends[i], &action, NULL);
}

int64_t conform_pace_share(struct conform_pace *pace, const char *component, const char *rule,
                           int64_t *end_ns)
{
    int64_t now = qetl_call_now_ns(), left = pace->end_ns - now;
    size_t cases = pace->all > pace->done ? pace->all - pace->done : 1;
    pace->done++;
    if (left <= 0)
        return 0;
    if (pace->shown)
        fprintf(stderr, "\r\033[K%s: %s, %zu of %zu", component, rule, pace->done, pace->all);
    *end_ns = now + left / 2 + share_least_ns;
    left /= (int64_t)cases;
    return left < share_least_ns ? share_least_ns : left > share_most_ns ? share_most_ns : left;
}

void conform_pace_end(struct conform_pace *pace)
{
    if (pace->shown)
        fputs("\r\033[K", stderr);
    for (int i = 0; i < SIGNALS; i++)
        sigaction(ends[i], &before[i], NULL);
    if (came)
        raise(came);
}

bool conform_pace_interrupted(void)
{
    return came != 0;
}

void conform_pace_child(void)
{
    for (int i = 0; i < SIGNALS; i++)
        sigaction(ends[i], &before[i], NULL);
}
