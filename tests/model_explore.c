/* SPDX-License-Identifier: Apache-2.0 */
/* The explorer: coroutines for threads, a depth-first search over their steps, a futex. */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE /* its longjmp takes a coroutine for a stack that is gone */
#include "model.h"
#include "model_visited.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

enum { HEAP = 4096, STACK = 32768, GRANULE = 32, GRANULES = 32, DEPTH = 4000 };

enum status { RUNNING, BLOCKED, ENDED };

struct coroutine {
    jmp_buf here;
    uintptr_t stack_used; /* the lowest byte of the stack still needed */
    enum status status;
    unsigned barrier_left; /* threads the membarrier under way has still to reach */
    int64_t clock;
    struct model_op op;
};

struct step {
    int thread;
    unsigned choice;
    struct model_op op;
};

static struct {
    struct coroutine threads[MODEL_THREADS];
} world;
static _Alignas(64) unsigned char heap[HEAP];
static _Alignas(64) unsigned char stacks[MODEL_THREADS][STACK];
static size_t heap_used;

static const struct model_scenario *scenario;
static const char *scenario_mode;
static int current = -1;
static jmp_buf scheduler;
static struct step trace[DEPTH];
static unsigned depth;
/* The thread's last plain access since its last operation. */
static struct {
    const void *granule;
    bool write;
} last_access;
static const void *granules[GRANULES];
static unsigned granules_used;

static const char *const kind_names[MODEL_KINDS] = {
    "load",     "store", "add",        "or",         "and",
    "exchange", "fence", "membarrier", "futex wait", "futex wake"};

void model_fail(const char *why)
{
    printf("%s (%s): %s\n", scenario->name, scenario_mode, why);
    for (unsigned i = 0; i < depth; i++) {
        const struct step *s = &trace[i];
        printf("  %3u  thread %d  %-10s at %4td  value %llu -> %llu%s\n", i, s->thread,
               kind_names[s->op.kind],
               model_owns(s->op.addr) ? (unsigned char *)s->op.addr - heap : -1,
               (unsigned long long)s->op.value, (unsigned long long)s->op.result,
               s->choice && s->op.kind == MODEL_LOAD ? " (a late view)" : "");
    }
    printf("0 passed, 1 failed\n");
    exit(1);
}

void *model_alloc(size_t size)
{
    void *p = heap + heap_used;
    heap_used += (size + 63) / 64 * 64;
    if (heap_used > HEAP)
        model_fail("the model has too little heap");
    return p;
}

bool model_owns(const void *p)
{
    return (const unsigned char *)p >= heap && (const unsigned char *)p < heap + HEAP;
}

int64_t model_clock(void)
{
    return current < 0 ? 0 : world.threads[current].clock;
}

/* A frame of its own, hence below all that its caller still needs. */
static __attribute__((noinline)) uintptr_t stack_mark(void)
{
    return (uintptr_t)__builtin_frame_address(0);
}

/* Leavings of the explorer's own calls on a thread's stack would make equal states look different.
 */
static __attribute__((noinline)) void stack_wipe(void)
{
    unsigned char below[512];
    memset(below, 0, sizeof below);
    __asm__ volatile("" : : "r"(below) : "memory");
}

static void coroutine_yield(void)
{
    struct coroutine *self = &world.threads[current];
    self->stack_used = stack_mark();
    if (_setjmp(self->here) == 0)
        _longjmp(scheduler, 1);
}

void model_do(struct model_op *op)
{
    if (current < 0) {
        if (op->kind < MODEL_FENCE)
            memory_direct(op);
        return;
    }
    if (memory_is_private(current, op)) {
        memory_step(current, op, 0);
        stack_wipe();
        return;
    }
    world.threads[current].op = *op;
    coroutine_yield();
    *op = world.threads[current].op;
}

static void thread_end(int thread)
{
    world.threads[thread] =
        (struct coroutine){.status = ENDED, .stack_used = (uintptr_t)stacks[thread] + STACK};
    memory_thread_end(thread);
}

static void coroutine_main(void)
{
    scenario->threads[current]();
    thread_end(current);
    _longjmp(scheduler, 1);
}

/* Runs a thread up to its next operation, or to its end. */
static __attribute__((noinline)) void coroutine_resume(int thread, ucontext_t *first)
{
    current = thread;
    last_access.granule = NULL;
    if (_setjmp(scheduler) == 0) {
        if (first)
            setcontext(first);
        _longjmp(world.threads[thread].here, 1);
    }
    uintptr_t bottom = (uintptr_t)stacks[current], used = world.threads[current].stack_used;
    uintptr_t from = used - bottom > 2048 ? used - 2048 : bottom;
    memset((void *)from, 0, used - from);
    current = -1;
}

static void coroutine_start(int thread)
{
    static ucontext_t context;
    getcontext(&context);
    context.uc_stack.ss_sp = stacks[thread];
    context.uc_stack.ss_size = STACK;
    context.uc_link = NULL;
    makecontext(&context, coroutine_main, 0);
    coroutine_resume(thread, &context);
}

static void threads_start(void)
{
    memset(&world, 0, sizeof world);
    memset(stacks, 0, sizeof stacks);
    for (int t = 0; t < MODEL_THREADS; t++) {
        if (scenario->threads[t])
            coroutine_start(t);
        else
            thread_end(t);
    }
}

static size_t state_save(unsigned char *to)
{
    unsigned char *p = to;
    memcpy(p, &world, sizeof world);
    p += sizeof world;
    memcpy(p, heap, heap_used);
    p += heap_used;
    for (int t = 0; t < MODEL_THREADS; t++) {
        size_t bytes = (uintptr_t)stacks[t] + STACK - world.threads[t].stack_used;
        memcpy(p, (void *)world.threads[t].stack_used, bytes);
        p += bytes;
    }
    return (size_t)(p - to) + memory_save(p);
}

static void state_load(const unsigned char *from)
{
    const unsigned char *p = from;
    memcpy(&world, p, sizeof world);
    p += sizeof world;
    memcpy(heap, p, heap_used);
    p += heap_used;
    for (int t = 0; t < MODEL_THREADS; t++) {
        size_t bytes = (uintptr_t)stacks[t] + STACK - world.threads[t].stack_used;
        memcpy((void *)world.threads[t].stack_used, p, bytes);
        p += bytes;
    }
    memory_load(p);
}

static unsigned sleepers_at(const void *addr)
{
    unsigned n = 0;
    for (int t = 0; t < MODEL_THREADS; t++)
        n += world.threads[t].status == BLOCKED && world.threads[t].op.addr == addr;
    return n;
}

static unsigned choices_of(int thread)
{
    const struct coroutine *c = &world.threads[thread];
    if (c->status == ENDED)
        return 0;
    if (c->status == BLOCKED)
        return c->op.timeout >= 0;
    if (c->op.kind == MODEL_MEMBARRIER)
        return c->barrier_left ? (unsigned)__builtin_popcount(c->barrier_left) : 1;
    if (c->op.kind == MODEL_FUTEX_WAKE) {
        unsigned sleepers = sleepers_at(c->op.addr);
        return c->op.value == 1 && sleepers > 1 ? sleepers : 1;
    }
    return c->op.kind == MODEL_FUTEX_WAIT ? 1 : memory_choices(thread, &c->op);
}

/* The caller's own barrier, then each other thread's at a moment of its own, then the caller's
 * again. True when the call is over. */
static bool membarrier_step(int thread, unsigned choice)
{
    struct coroutine *self = &world.threads[thread];
    memory_fence(thread);
    if (self->barrier_left == 0) {
        for (int t = 0; t < MODEL_THREADS; t++)
            if (t != thread && scenario->threads[t])
                self->barrier_left |= 1u << t;
        return false;
    }
    unsigned left = self->barrier_left;
    while (choice--)
        left &= left - 1;
    int reached = __builtin_ctz(left);
    self->barrier_left &= ~(1u << reached);
    memory_fence(reached);
    memory_fence(thread);
    return self->barrier_left == 0;
}

static void futex_wake_step(struct model_op *op, unsigned choice)
{
    for (int t = 0; t < MODEL_THREADS; t++) {
        struct coroutine *c = &world.threads[t];
        if (c->status != BLOCKED || c->op.addr != op->addr || (op->value == 1 && choice-- != 0))
            continue;
        c->status = RUNNING;
        c->op.result = 0;
        c->op.kind = MODEL_KINDS; /* its wait is over: what is left is to return from it */
        op->result++;
    }
}

/* True when the thread goes on to its next operation. */
static bool step_do(int thread, unsigned choice)
{
    struct coroutine *self = &world.threads[thread];
    struct model_op *op = &self->op;
    if (self->status == BLOCKED) {
        self->status = RUNNING;
        self->clock += op->timeout;
        op->result = ETIMEDOUT;
        return true;
    }
    if (op->kind == MODEL_MEMBARRIER)
        return membarrier_step(thread, choice);
    if (op->kind == MODEL_FUTEX_WAKE) {
        futex_wake_step(op, choice);
        return true;
    }
    if (op->kind != MODEL_FUTEX_WAIT) {
        memory_step(thread, op, choice);
        return true;
    }
    if (memory_latest(op->addr, op->size) == op->expected) {
        self->status = BLOCKED;
        return false;
    }
    op->result = EAGAIN;
    return true;
}

/* The returns of woken threads commute with everything else, so they need no choice. */
static void woken_resume(void)
{
    for (int t = 0; t < MODEL_THREADS; t++)
        if (world.threads[t].status == RUNNING && world.threads[t].op.kind == MODEL_KINDS)
            coroutine_resume(t, NULL);
}

static void explore(void)
{
    static unsigned char state[MEMORY_SAVE_MAX + HEAP + MODEL_THREADS * STACK + sizeof world];
    size_t size = state_save(state);
    if (memory_trust_broken || !visited_add(state_hash(state, size)))
        return;
    if (depth == DEPTH)
        model_fail("a schedule has too many steps for the model");
    unsigned char *saved = malloc(size);
    if (!saved)
        model_fail("no memory for a state");
    memcpy(saved, state, size);
    unsigned taken = 0, ended = 0;
    for (int t = 0; t < MODEL_THREADS; t++) {
        ended += world.threads[t].status == ENDED;
        for (unsigned choice = 0, n = choices_of(t); choice < n; choice++) {
            taken++;
            trace[depth++] = (struct step){t, choice, world.threads[t].op};
            bool goes_on = step_do(t, choice);
            trace[depth - 1].op.result = world.threads[t].op.result;
            if (goes_on)
                coroutine_resume(t, NULL);
            woken_resume();
            explore();
            depth--;
            state_load(saved);
        }
    }
    if (ended == MODEL_THREADS)
        scenario->finish();
    else if (taken == 0)
        model_fail("every thread left sleeps for ever: a wake-up was lost");
    free(saved);
}

static void explore_once(void)
{
    memset(heap, 0, sizeof heap);
    heap_used = depth = 0;
    visited_clear();
    scenario->setup();
    threads_start();
    explore();
}

uint64_t model_explore(const struct model_scenario *which, const char *mode)
{
    scenario = which;
    scenario_mode = mode;
    granules_used = 0;
    memory_reset(false);
    do
        explore_once();
    while (memory_reset(true));
    return visited_used;
}

static void granule_access(const unsigned char *granule, bool write)
{
    unsigned g = 0;
    if (last_access.granule == granule && last_access.write == write)
        return;
    last_access.granule = granule;
    last_access.write = write;
    while (g < granules_used && granules[g] != granule)
        g++;
    if (g == GRANULES)
        model_fail("the model has too few granules");
    granules[g] = granule;
    granules_used += g == granules_used;
    const char *race = memory_access(current, g, write);
    if (race)
        model_fail(race);
}

void model_access(const void *addr, size_t size, bool write)
{
    const unsigned char *from = addr, *end = from + size;
    if (current < 0 || !model_owns(addr))
        return;
    for (from = heap + (size_t)(from - heap) / GRANULE * GRANULE; from < end; from += GRANULE)
        granule_access(from, write);
    stack_wipe();
}
