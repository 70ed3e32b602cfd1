/* SPDX-License-Identifier: Apache-2.0 */
#include "ending.h"

#include "call.h"
#include "culprit.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

/* AddressSanitizer tells more about a crash than we could. */
#ifdef __SANITIZE_ADDRESS__
enum { REPORTS_CRASHES = 0 };
#else
enum { REPORTS_CRASHES = 1 };
#endif

enum { SIGNAL_STACK_BYTES = 128 << 10, NEAR_BYTES = 64 << 10 };

static pid_t watched; /* 0: none, or the program ends by itself */
static int failed_code;
static void (*tell_more)(void);

/* ---- async-signal-safe: no stdio ---- */

static void say(const char *text)
{
    ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
    (void)ignored;
}

static void say_number(int number)
{
    char digits[16], *at = digits + sizeof digits - 1;
    unsigned left = number < 0 ? -(unsigned)number : (unsigned)number;
    *at = 0;
    do
        *--at = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (number < 0)
        *--at = '-';
    say(at);
}

static const char *where(const struct qetl_culprit *culprit)
{
    return qetl_call_note.ctx ? qetl_call_note.name
           : culprit->called  ? "a call from qetl"
                              : "a thread of its own";
}

static bool culprit_find(const void *context, struct qetl_culprit *out)
{
    if (!qetl_call_note.ctx)
        return qetl_culprit_find(context, out);
    qetl_culprit_name(qetl_call_note.ctx, out);
    return true;
}

/* Another thread may be on its way down, too. */
static void first_alone(void)
{
    static int begun;
    if (__atomic_exchange_n(&begun, 1, __ATOMIC_SEQ_CST))
        for (;;)
            pause();
}

_Noreturn static void go_down(void)
{
    say("\n  mend: report it to its author; outputs that were not whole yet did not appear\n");
    if (tell_more)
        tell_more();
    watched = 0;
    _exit(failed_code);
}

/* A guard page lies below each stack; a large frame begins some way into it. */
static bool is_full_stack(int signal, const siginfo_t *info, const void *context)
{
    const ucontext_t *c = context;
#ifdef __aarch64__
    uintptr_t top = (uintptr_t)c->uc_mcontext.sp;
#else
    uintptr_t top = (uintptr_t)c->uc_mcontext.gregs[REG_RSP];
#endif
    uintptr_t at = (uintptr_t)info->si_addr;
    return signal == SIGSEGV && at < top + NEAR_BYTES && at + NEAR_BYTES > top;
}

static _Thread_local bool goes_down;

static const char *word_of(int signal)
{
    return signal == SIGABRT  ? ": abort"
           : signal == SIGFPE ? ": arithmetic fault"
                              : ": memory fault";
}

/* The stack itself may be spoilt; or this is another thread, and the first is still saying it. */
static void on_crash_again(int signal)
{
    while (!goes_down)
        pause();
    say("error: qetl itself or a plugin crashed");
    say(word_of(signal));
    go_down();
}

static void actions_set(struct sigaction *action)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    sigemptyset(&action->sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaction(signals[i], action, NULL);
}

static void on_crash(int signal, siginfo_t *info, void *context)
{
    struct qetl_culprit culprit;
    struct sigaction again = {.sa_handler = on_crash_again, .sa_flags = SA_NODEFER | SA_ONSTACK};
    first_alone();
    goes_down = true;
    actions_set(&again);
    bool found = culprit_find(context, &culprit);
    say("error: ");
    if (found) {
        say(culprit.who);
        say(" crashed in ");
        say(where(&culprit));
    } else {
        say("qetl itself crashed");
    }
    say(is_full_stack(signal, info, context) ? ": its stack is full (a recursion without end?)"
                                             : word_of(signal));
    go_down();
}

void *qetl_ending_thread_begin(void)
{
    if (!watched || !REPORTS_CRASHES)
        return NULL;
    void *memory = mmap(NULL, SIGNAL_STACK_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED)
        return NULL; /* a full stack then ends the process without a word */
    sigaltstack(&(stack_t){.ss_sp = memory, .ss_size = SIGNAL_STACK_BYTES}, NULL);
    return memory;
}

void qetl_ending_thread_end(void *memory)
{
    if (!memory)
        return;
    sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL);
    munmap(memory, SIGNAL_STACK_BYTES);
}

/* ---- exit ---- */

/* A child that a plugin has forked may end as it likes; a thread of a plugin's own, too. */
void qetl_ending_asked(const char *call, const int *status)
{
    struct qetl_culprit culprit;
    bool found = watched && getpid() == watched && culprit_find(NULL, &culprit);
    if (!found || (!status && !qetl_call_note.ctx))
        return;
    first_alone();
    say("error: ");
    say(culprit.who);
    say(status ? " ended the process in " : " ended a thread of qetl in ");
    say(where(&culprit));
    say(": ");
    say(call);
    if (status)
        say_number(*status);
    say(")");
    go_down();
}

/* Who did not come by the program's own doors: err() and error() of the C library. */
static void on_exit_by(int status, void *unused)
{
    (void)unused;
    qetl_ending_asked("exit(", &status);
}

void qetl_ending_own(void)
{
    watched = 0;
}

void qetl_ending_watch(int exit_code, void (*more)(void))
{
    struct sigaction action = {.sa_sigaction = on_crash,
                               .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};
    failed_code = exit_code;
    tell_more = more;
    watched = getpid();
    qetl_culprit_watch();
    on_exit(on_exit_by, NULL);
    if (REPORTS_CRASHES)
        actions_set(&action);
    qetl_ending_thread_begin(); /* for as long as the program runs */
}
