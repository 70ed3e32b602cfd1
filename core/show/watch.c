/* SPDX-License-Identifier: Apache-2.0 */
#include "watch.h"

#include "report.h"
#include "run/run.h"
#include "run/waiting.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* A terminal and what started us may both pass on one keystroke. */
enum { TICK_NS = 200000000, SAME_NS = 200000000, STOP_SIGNAL = SIGUSR2 };
static const struct timespec QUICK = {.tv_nsec = TICK_NS}, SLOW = {.tv_sec = 1};

struct qetl_watch {
    struct qetl_run *run;
    bool progress, shown;
    pthread_t thread;
    sigset_t signals, before;
};

static size_t terminal_columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || !size.ws_col ? 80 : size.ws_col;
}

static void show(struct qetl_watch *watch)
{
    struct qetl_run_report report;
    char line[256];
    qetl_run_report(watch->run, &report);
    bool moving = report.processing_s > 0 && report.finish_s == 0;
    qetl_report_progress(&report, report.processing_s, line, sizeof line);
    qetl_run_report_free(&report);
    if (!moving)
        return;
    size_t columns = terminal_columns();
    if (columns < sizeof line)
        line[columns - 1] = 0;
    fprintf(stderr, "\r\033[K%s", line);
    fflush(stderr);
    watch->shown = true;
}

static int exit_code_for(int signal)
{
    switch (signal) {
    case SIGHUP:
        return QETL_EXIT_SIGHUP;
    case SIGINT:
        return QETL_EXIT_SIGINT;
    case SIGTERM:
        return QETL_EXIT_SIGTERM;
    default:
        return 0;
    }
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void *watch_main(void *arg)
{
    struct qetl_watch *watch = arg;
    struct qetl_waiting waiting = {0};
    int64_t stopped_ns = 0; /* when the run was told to stop where it is; 0: it was not */
    for (;;) {
        int signal = sigtimedwait(&watch->signals, NULL, watch->progress ? &QUICK : &SLOW);
        if (signal == STOP_SIGNAL)
            return NULL;
        if (signal < 0 && errno == EAGAIN && watch->progress)
            show(watch);
        int exit_code = exit_code_for(signal);
        bool told = qetl_run_tell_waiting(watch->run, &waiting, true);
        if (exit_code && (told || stopped_ns) && now_ns() - stopped_ns > SAME_NS)
            _exit(exit_code);
        if (exit_code && !qetl_run_interrupt(watch->run, exit_code))
            stopped_ns = stopped_ns ? stopped_ns : now_ns();
    }
}

/* Who started us with nohup, or in the background of a script, does not want it to end us. */
static void add_unless_ignored(sigset_t *signals, int signal)
{
    struct sigaction action;
    if (sigaction(signal, NULL, &action) || action.sa_handler != SIG_IGN)
        sigaddset(signals, signal);
}

struct qetl_watch *qetl_watch_start(struct qetl_run *run, bool progress)
{
    struct qetl_watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return NULL;
    watch->run = run;
    watch->progress = progress;
    sigemptyset(&watch->signals);
    add_unless_ignored(&watch->signals, SIGHUP);
    add_unless_ignored(&watch->signals, SIGINT);
    add_unless_ignored(&watch->signals, SIGTERM);
    sigaddset(&watch->signals, STOP_SIGNAL);
    pthread_sigmask(SIG_BLOCK, &watch->signals, &watch->before);
    if (!pthread_create(&watch->thread, NULL, watch_main, watch))
        return watch;
    pthread_sigmask(SIG_SETMASK, &watch->before, NULL);
    free(watch);
    return NULL;
}

void qetl_watch_stop(struct qetl_watch *watch)
{
    if (!watch)
        return;
    pthread_kill(watch->thread, STOP_SIGNAL);
    pthread_join(watch->thread, NULL);
    pthread_sigmask(SIG_SETMASK, &watch->before, NULL);
    if (watch->shown)
        fprintf(stderr, "\r\033[K");
    free(watch);
}
