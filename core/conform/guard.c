/* SPDX-License-Identifier: Apache-2.0 */
#include "guard.h"

#include "place.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { GUARDS_MOST = 512, CRASHED = 99 };

static struct conform_guard *guards[GUARDS_MOST]; /* read by the handler */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct conform_record *watched;

static void guards_replace(struct conform_guard *from, struct conform_guard *to)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < GUARDS_MOST; i++)
        if (guards[i] == from) {
            guards[i] = to;
            break;
        }
    pthread_mutex_unlock(&lock);
}

int conform_guard_make(struct conform_guard *guard, size_t size, enum conform_rule_id rule)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = (size + 16 + page - 1) / page * page;
    void *base =
        mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED)
        return -1;
    mprotect((char *)base + room, page, PROT_NONE);
    *guard =
        (struct conform_guard){.size = size, .mapped = room + page, .base = base, .rule = rule};
    guard->data = (uint8_t *)base + room - size;
    guards_replace(NULL, guard);
    return 0;
}

void conform_guard_close(struct conform_guard *guard, enum conform_rule_id rule)
{
    guard->rule = rule;
    mprotect(guard->base, guard->mapped, PROT_NONE);
}

void conform_guard_free(struct conform_guard *guard)
{
    if (!guard->base)
        return;
    guards_replace(guard, NULL);
    munmap(guard->base, guard->mapped);
    memset(guard, 0, sizeof *guard);
}

void conform_guard_shut(struct conform_guard *guard, void *base, size_t size,
                        enum conform_rule_id rule)
{
    *guard = (struct conform_guard){.mapped = size, .base = base, .rule = rule, .shut = true};
    guards_replace(NULL, guard);
    mprotect(base, size, PROT_NONE);
}

void conform_guard_open(struct conform_guard *guard)
{
    mprotect(guard->base, guard->mapped, PROT_READ | PROT_WRITE);
    guards_replace(guard, NULL);
}

/* ---- faults ---- */

/* The process is done for: what is not async-signal-safe is tried all the same. */
static void on_fault(int signal, siginfo_t *info, void *context)
{
    watched->crash.signal = signal;
    for (size_t i = 0; signal == SIGSEGV && i < GUARDS_MOST; i++) {
        const struct conform_guard *g = guards[i];
        if (g && (char *)info->si_addr >= (char *)g->base &&
            (char *)info->si_addr < (char *)g->base + g->mapped) {
            atomic_store(&watched->rule, (int)g->rule);
            watched->crash.where = g->shut ? CONFORM_GONE : CONFORM_BEYOND;
        }
    }
    conform_place_find(context, &watched->crash);
    _exit(CRASHED);
}

void conform_guard_watch(struct conform_record *record)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    static uint8_t stack[1 << 16];
    stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    watched = record;
    conform_place_ready();
    sigaltstack(&other, NULL);
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, NULL);
}
