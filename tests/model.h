/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Invariant: every schedule of a scenario's threads and every value the memory model lets a load
 *            read is tried, unless an already visited state makes the rest known.
 * Ownership: what a scenario allocates lives in the explorer's arena and vanishes with the run.
 * Threads: none; the explored threads are coroutines of one.
 *
 * Explores the real object code: the sources are compiled with -fsanitize=thread but linked with
 * model_tsan.c in place of the sanitizer's runtime, so that every atomic operation is a step of the
 * explorer and every plain access is checked for a race; system calls come in through --wrap.
 *
 * The memory model is C11 without load buffering (RC11): loads may read any store that coherence
 * and happens-before still allow (so stores are seen late and in different orders by different
 * threads, more than TSO allows); release sequences; seq_cst fences; membarrier as a full fence in
 * each thread at a moment of its own during the call. A store is always the newest of its location:
 * exact for locations stored to by one thread or by read-modify-writes only, which is all there is
 * here. Not covered: seq_cst accesses (refused), load buffering, reordering by the compiler (the
 * order is that of the object code), spurious futex returns, livelock, and states told apart only
 * by 64 bits of hash.
 */
#ifndef QETL_MODEL_H
#define QETL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MODEL_THREADS = 3 };

struct model_scenario {
    const char *name;
    void (*setup)(void);
    void (*threads[MODEL_THREADS])(void);
    void (*finish)(void);
};

/* Returns the number of states; does not return when a schedule fails. */
uint64_t model_explore(const struct model_scenario *scenario, const char *mode);
/* Prints the schedule that led here and ends the program. */
_Noreturn void model_fail(const char *why);
/* 64-byte aligned, zeroed, restored with every state. */
void *model_alloc(size_t size);

/* The rest joins the explorer to the memory model and to the compiler's calls. */

enum model_kind {
    MODEL_LOAD,
    MODEL_STORE,
    MODEL_ADD,
    MODEL_OR,
    MODEL_AND,
    MODEL_CAS,
    MODEL_FENCE,
    MODEL_MEMBARRIER,
    MODEL_FUTEX_WAIT,
    MODEL_FUTEX_WAKE,
    MODEL_KINDS
};

struct model_op {
    enum model_kind kind;
    int order;
    unsigned size;
    unsigned swapped; /* no padding anywhere: operations are hashed as bytes */
    void *addr;
    uint64_t value, expected; /* the futex's count and its expected word too */
    int64_t timeout;
    uint64_t result;
};

/* Runs one operation of the current thread: at a moment and with a result of the explorer's choice
 * within a scenario's thread, at once elsewhere. */
void model_do(struct model_op *op);
/* A plain access; fails the run when it races. */
void model_access(const void *addr, size_t size, bool write);

bool model_owns(const void *p);
/* A thread's clock stands still except when one of its waits times out. */
int64_t model_clock(void);

/* Forgets all, or with again all but who stores where; true when that knowledge had been wrong. */
bool memory_reset(bool again);
extern bool memory_trust_broken;
bool memory_is_private(int thread, const struct model_op *op);
void memory_thread_end(int thread);
unsigned memory_choices(int thread, const struct model_op *op);
void memory_step(int thread, struct model_op *op, unsigned choice);
void memory_direct(struct model_op *op);
void memory_fence(int thread);
uint64_t memory_latest(void *addr, unsigned size);
const char *memory_access(int thread, unsigned granule, bool write);
size_t memory_save(unsigned char *to);
size_t memory_load(const unsigned char *from);
enum { MEMORY_SAVE_MAX = 40000 };

#endif
