/* SPDX-License-Identifier: Apache-2.0 */
#include "call.h"

#include "instance.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

_Thread_local struct qetl_call_note qetl_call_note;

static int crash_exit_code; /* set before the first handler is */
static void (*crash_more)(void);

/* AddressSanitizer tells more about a crash than we could. */
#ifdef __SANITIZE_ADDRESS__
enum { REPORTS_CRASHES = 0 };
#else
enum { REPORTS_CRASHES = 1 };
#endif

/* Async-signal-safe: no stdio. */
static void say(const char *text)
{
    ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
    (void)ignored;
}

static void on_crash(int signal)
{
    const struct qetl_ctx *ctx = qetl_call_note.ctx;
    say("error: ");
    if (ctx) {
        say("component '");
        say(ctx->node->id);
        say("' (");
        say(ctx->use->plugin->id);
        say(") crashed in ");
        say(qetl_call_note.name);
    } else {
        say("qetl itself crashed");
    }
    say(signal == SIGABRT ? ": abort" : signal == SIGFPE ? ": arithmetic fault" : ": memory fault");
    say("\n  mend: report it to its author; outputs that were not whole yet did not appear\n");
    if (crash_more)
        crash_more();
    _exit(crash_exit_code);
}

void qetl_call_when_crashed(void (*crashed)(void))
{
    crash_more = crashed;
}

void qetl_call_report_crashes(int exit_code)
{
    crash_exit_code = exit_code;
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    struct sigaction action = {.sa_handler = on_crash};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; REPORTS_CRASHES && i < sizeof signals / sizeof signals[0]; i++)
        sigaction(signals[i], &action, NULL);
}
