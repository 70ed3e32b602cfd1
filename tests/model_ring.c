/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scenarios for the explorer of model.h: the ring's and the parker's own object code through
 * wrap-around (every ring starts one lap before it), close, abandon, parking and time-outs, with
 * the fence and with membarrier. Payloads and slots are plain memory, so that a missing release
 * shows as a race, and a lost wake-up as a schedule in which everyone sleeps.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "model.h"
#include "ring/bell.h"
#include "ring/parker.h"
#include "ring/ring.h"

#define CHECK(condition) ((condition) ? (void)0 : model_fail("not so: " #condition))

struct payload {
    _Alignas(32) uint64_t value;
};

/* What one thread writes lies in 32 bytes of its own. */
struct table {
    struct qetl_parker parkers[2];
    struct qetl_ring *rings[2];
    struct payload payloads[4];
    _Alignas(32) uint64_t pushed;
    _Alignas(32) uint64_t taken;
    _Alignas(32) uint64_t dropped;
    _Alignas(64) _Atomic uint32_t tokens;
    _Alignas(64) _Atomic uint32_t bells;
};

static struct table *table;

static void on_drop(void *arg, struct qetl_slot *slot)
{
    (void)arg;
    CHECK(slot->seq == table->taken + table->dropped);
    table->dropped++;
}

static void table_new(void)
{
    table = model_alloc(sizeof *table);
    memset(table, 0, sizeof *table);
    qetl_parker_init(&table->parkers[0]);
    qetl_parker_init(&table->parkers[1]);
}

static struct qetl_ring *ring_new(uint32_t capacity, int producer, int consumer)
{
    return qetl_ring_new(capacity, &table->parkers[producer], &table->parkers[consumer], on_drop,
                         NULL);
}

static void slot_expect(const struct qetl_slot *slot)
{
    struct payload *payload = slot->payload;
    CHECK(slot->seq == table->taken && slot->count == ~slot->seq);
    CHECK(payload->value == slot->seq + 100);
    payload->value = 0;
    table->taken++;
}

static struct qetl_slot slot_new(void)
{
    struct payload *payload = &table->payloads[table->pushed];
    payload->value = table->pushed + 100;
    return (struct qetl_slot){
        .seq = table->pushed, .payload = payload, .count = ~table->pushed, .kind = 1, .flags = 2};
}

static bool push_one(int64_t timeout_ns)
{
    struct qetl_slot slot = slot_new();
    int rc = qetl_ring_push_wait(table->rings[0], &slot, timeout_ns);
    table->pushed += rc == QETL_RING_OK;
    return rc == QETL_RING_OK;
}

static void rings_free_all_taken(void)
{
    CHECK(table->taken == table->pushed && table->pushed != 0);
    qetl_ring_free(table->rings[0]);
    qetl_ring_free(table->rings[1]);
    CHECK(table->dropped == 0);
}

/* Two slots through a ring for one, both ends parking. */

static void one_setup(void)
{
    table_new();
    table->rings[0] = ring_new(1, 0, 1);
}

static void two_push(void)
{
    for (int i = 0; i < 2; i++)
        CHECK(push_one(-1));
    qetl_ring_close(table->rings[0]);
}

static void all_take(void)
{
    struct qetl_slot slot;
    while (qetl_ring_take_wait(table->rings[0], &slot, -1) == QETL_RING_OK)
        slot_expect(&slot);
    CHECK(qetl_ring_finished(table->rings[0]));
}

/* push_many, and a consumer that peeks and parks by hand, as a pool does; one shared parker. */

static void two_setup(void)
{
    table_new();
    table->rings[0] = ring_new(2, 0, 0);
}

static void many_push(void)
{
    struct qetl_slot slots[3];
    for (int i = 0; i < 3; i++, table->pushed++)
        slots[i] = slot_new();
    uint32_t done = qetl_ring_push_many(table->rings[0], slots, 3);
    CHECK(done >= 2);
    if (done == 2)
        CHECK(qetl_ring_push_wait(table->rings[0], &slots[2], -1) == QETL_RING_OK);
    qetl_ring_close(table->rings[0]);
}

static void peek_and_park(void)
{
    struct qetl_ring *ring = table->rings[0];
    while (!qetl_ring_finished(ring)) {
        struct qetl_slot *slot = qetl_ring_peek(ring);
        if (slot) {
            slot_expect(slot);
            qetl_ring_pop(ring);
            continue;
        }
        uint32_t ticket = qetl_parker_prepare(&table->parkers[0]);
        if (qetl_ring_peek(ring) || qetl_ring_finished(ring))
            qetl_parker_cancel(&table->parkers[0]);
        else
            qetl_parker_wait(&table->parkers[0], ticket, -1);
    }
}

/* The consumer goes after one slot. */

static void until_closed_push(void)
{
    for (int i = 0; i < 3 && push_one(-1); i++)
        ;
    qetl_ring_close(table->rings[0]);
}

static void one_take_and_go(void)
{
    struct qetl_slot slot;
    CHECK(qetl_ring_take_wait(table->rings[0], &slot, -1) == QETL_RING_OK);
    slot_expect(&slot);
    qetl_ring_abandon(table->rings[0]);
}

static void ring_free_some_taken(void)
{
    qetl_ring_free(table->rings[0]);
    CHECK(table->taken == 1 && table->taken + table->dropped == table->pushed);
}

/* Waits that may time out, on either side. */

static void timed_push(void)
{
    for (int64_t timeout_ns = -1; table->pushed < 2; timeout_ns = timeout_ns < 0 ? 5 : -1)
        push_one(timeout_ns);
}

static void timed_take(void)
{
    struct qetl_slot slot;
    for (int64_t timeout_ns = 5; table->taken < 2; timeout_ns = -1)
        if (qetl_ring_take_wait(table->rings[0], &slot, timeout_ns) == QETL_RING_OK)
            slot_expect(&slot);
}

/* Two rings in a row, every end on the same parker: those who wait wait for different things. */

static void chain_setup(void)
{
    table_new();
    table->rings[0] = ring_new(1, 0, 0);
    table->rings[1] = ring_new(1, 0, 0);
}

static void chain_push(void)
{
    CHECK(push_one(-1));
}

static void chain_relay(void)
{
    struct qetl_slot slot;
    CHECK(qetl_ring_take_wait(table->rings[0], &slot, -1) == QETL_RING_OK);
    CHECK(qetl_ring_push(table->rings[1], &slot) == QETL_RING_OK);
}

static void chain_take(void)
{
    struct qetl_slot slot;
    CHECK(qetl_ring_take_wait(table->rings[1], &slot, -1) == QETL_RING_OK);
    slot_expect(&slot);
}

/* Interchangeable waiters: each notify_one is worth one of them. */

static bool token_take(void)
{
    uint32_t tokens = atomic_load_explicit(&table->tokens, memory_order_relaxed);
    while (tokens)
        if (atomic_compare_exchange_strong_explicit(&table->tokens, &tokens, tokens - 1,
                                                    memory_order_acq_rel, memory_order_relaxed))
            return true;
    return false;
}

static void token_wait(void)
{
    while (!token_take()) {
        uint32_t ticket = qetl_parker_prepare(&table->parkers[0]);
        if (atomic_load_explicit(&table->tokens, memory_order_relaxed))
            qetl_parker_cancel(&table->parkers[0]);
        else
            qetl_parker_wait(&table->parkers[0], ticket, -1);
    }
}

static void tokens_give(void)
{
    for (int i = 0; i < 2; i++) {
        atomic_fetch_add_explicit(&table->tokens, 1, memory_order_release);
        qetl_parker_notify_one(&table->parkers[0]);
    }
}

static void tokens_gone(void)
{
    CHECK(table->tokens == 0);
}

/* One waiter leaves, by time-out, while another arrives. */

static bool flag_set(void)
{
    return atomic_load_explicit(&table->tokens, memory_order_relaxed) != 0;
}

static void flag_wait_a_little(void)
{
    uint32_t ticket = qetl_parker_prepare(&table->parkers[0]);
    if (flag_set())
        qetl_parker_cancel(&table->parkers[0]);
    else
        qetl_parker_wait(&table->parkers[0], ticket, 5);
}

static void flag_wait(void)
{
    while (!flag_set()) {
        uint32_t ticket = qetl_parker_prepare(&table->parkers[0]);
        if (flag_set())
            qetl_parker_cancel(&table->parkers[0]);
        else
            qetl_parker_wait(&table->parkers[0], ticket, -1);
    }
}

static void flag_raise(void)
{
    atomic_store_explicit(&table->tokens, 1, memory_order_release);
    qetl_parker_notify_all(&table->parkers[0]);
}

/* With nobody left, notifying must not cost a system call any more. */
static void flag_finish(void)
{
    CHECK(table->parkers[0].waiters == 0 && (table->parkers[0].word & 1) == 0);
}

/* Who looks at bells alone, as a pool does that has many rings. */

static struct qetl_bell bell_of(unsigned ring)
{
    return (struct qetl_bell){&table->bells, 1u << ring};
}

static void bells_setup(unsigned n)
{
    table_new();
    for (unsigned i = 0; i < n; i++) {
        struct qetl_bell bell = bell_of(i);
        table->rings[i] = ring_new(2, 0, 0);
        qetl_ring_hang_bell(table->rings[i], &bell);
    }
}

static void bell_setup(void)
{
    bells_setup(1);
}

static void two_bells_setup(void)
{
    bells_setup(2);
}

static bool any_bell(void)
{
    return atomic_load_explicit(&table->bells, memory_order_acquire) != 0;
}

/* Takes what is there, then goes to sleep unless something came meanwhile. */
static void bell_answer(unsigned ring)
{
    struct qetl_bell bell = bell_of(ring);
    struct qetl_slot slot;
    if (qetl_ring_take(table->rings[ring], &slot) == QETL_RING_OK) {
        CHECK(((struct payload *)slot.payload)->value == slot.seq + 100);
        table->taken++;
        return;
    }
    qetl_bell_hush(&bell);
    bool more = qetl_ring_peek(table->rings[ring]) || qetl_ring_finished(table->rings[ring]);
    if (more && !QETL_PLANTED(BELL_UNASKED))
        qetl_bell_ring(&bell);
}

static void bell_wait(void)
{
    uint32_t ticket = qetl_parker_prepare(&table->parkers[0]);
    if (any_bell())
        qetl_parker_cancel(&table->parkers[0]);
    else
        qetl_parker_wait(&table->parkers[0], ticket, -1);
}

static void bells_take(void)
{
    while (table->taken < 2) {
        uint32_t ringing = atomic_load_explicit(&table->bells, memory_order_acquire);
        if (!ringing)
            bell_wait();
        for (unsigned ring = 0; ring < 2; ring++)
            if (ringing >> ring & 1)
                bell_answer(ring);
    }
}

static void bell_until_closed(void)
{
    for (;;)
        if (!any_bell())
            bell_wait();
        else if (qetl_ring_finished(table->rings[0]))
            return;
        else
            bell_answer(0);
}

static void push_to(unsigned ring)
{
    struct payload *payload = &table->payloads[ring];
    payload->value = 100 + ring;
    struct qetl_slot slot = {.seq = ring, .payload = payload};
    CHECK(qetl_ring_push(table->rings[ring], &slot) == QETL_RING_OK);
}

static void first_push(void)
{
    push_to(0);
}

static void second_push(void)
{
    push_to(1);
}

static void bells_finish(void)
{
    CHECK(table->taken == 2);
}

/* The smallest first: a planted fault ends at the first that sees it. */
static const struct model_scenario scenarios[] = {
    {"leave and arrive", table_new, {flag_wait_a_little, flag_wait, flag_raise}, flag_finish},
    {"abandon", one_setup, {until_closed_push, one_take_and_go}, ring_free_some_taken},
    {"a bell", bell_setup, {two_push, bell_until_closed}, rings_free_all_taken},
    {"two bells", two_bells_setup, {first_push, second_push, bells_take}, bells_finish},
    {"a ring for one", one_setup, {two_push, all_take}, rings_free_all_taken},
    {"time-outs", one_setup, {timed_push, timed_take}, rings_free_all_taken},
    {"many at once", two_setup, {many_push, peek_and_park}, rings_free_all_taken},
    {"a chain on one parker",
     chain_setup,
     {chain_push, chain_relay, chain_take},
     rings_free_all_taken},
    {"notify one", table_new, {token_wait, token_wait, tokens_give}, tokens_gone},
};

int main(void)
{
    static const char *const modes[] = {"fence", "membarrier"};
    unsigned passed = 0;
    struct qetl_parker first;
    qetl_parker_init(&first);
    for (unsigned i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        for (unsigned mode = 0; mode < 2; mode++, passed++) {
            qetl_parker_asymmetric = mode;
            uint64_t states = model_explore(&scenarios[i], modes[mode]);
            printf("%-24s %-12s %9llu states\n", scenarios[i].name, modes[mode],
                   (unsigned long long)states);
            fflush(stdout);
        }
    printf("%u passed, 0 failed\n", passed);
    return 0;
}
