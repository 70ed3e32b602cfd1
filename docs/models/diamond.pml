/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alignment where inputs meet. Source one is sent along both sides of a diamond, one of which passes a transform that
 * may hold a row; a union takes both sides and source two, which also feeds a sink of its own.
 *
 *   one ---> fork ---> left -----------> union, and the sink behind it
 *               \----> right -> hold --->  ^
 *   two -----------------------------------+---> alone, a sink
 *
 * Each source cuts its epochs where it likes, and may end before that.
 * Shown: what a sink hands in for an epoch are the rows before the cuts of all its sources, once a path (I6); nothing
 * is lost; no deadlock (I12). Inputs align by not popping. A ring is a channel with one slot, the tightest there is.
 *
 * -DPLANT=n builds a known fault in; check-models wants a counterexample for each.
 *   1 the union pops behind a barrier         2 the fork sends a barrier ahead of a row on one side
 *   3 one side of the diamond gets no barrier 4 an input that ended is waited for
 *   5 a transform sends the barrier ahead of a row that it holds
 *   6 a sink counts what comes behind its last barrier to that epoch, because its source ended
 *   7 the union lets the barrier out when one input has brought it
 *   99 no fault, but a claim that is false: that no epoch has rows of both sources on either side of it
 */
#ifndef PLANT
#define PLANT 0
#endif
#define ROWS1 2
#define ROWS2 2
#define EPOCHS 2

mtype = { ROW, BARRIER, END };

chan left = [1] of { mtype, byte };
chan right = [1] of { mtype, byte };
chan held_back = [1] of { mtype, byte };
chan two = [1] of { mtype, byte };
chan lone = [1] of { mtype, byte };

byte cut1[EPOCHS + 1] = ROWS1;
byte cut2[EPOCHS + 1] = ROWS2;
byte seen1[ROWS1]; /* by the union, over both sides */
byte seen2[ROWS2];
byte alone[EPOCHS + 2]; /* how many rows the lone sink had when it handed in */

inline send_both(a, b, kind, value)
{
    a!kind(value);
    b!kind(value)
}

active proctype One()
{
    byte row, epoch;
    do
    :: row < ROWS1 ->
        send_both(left, right, ROW, row);
        row++
    :: epoch < EPOCHS ->
        epoch++;
        cut1[epoch] = row;
#if PLANT == 2
        left!BARRIER(epoch);
        if
        :: row < ROWS1 ->
            send_both(right, left, ROW, row);
            row++
        :: else
        fi;
        right!BARRIER(epoch)
#elif PLANT == 3
        left!BARRIER(epoch)
#else
        send_both(left, right, BARRIER, epoch)
#endif
    :: row == ROWS1 -> break
    od;
    send_both(left, right, END, 0)
}

active proctype Two()
{
    byte row, epoch;
    do
    :: row < ROWS2 ->
        send_both(two, lone, ROW, row);
        row++
    :: epoch < EPOCHS ->
        epoch++;
        cut2[epoch] = row;
        send_both(two, lone, BARRIER, epoch)
    :: row == ROWS2 -> break
    od;
    send_both(two, lone, END, 0)
}

active proctype Hold()
{
    byte v, row;
    bool holds;
    do
    :: holds -> /* at will */
        held_back!ROW(row);
        holds = false;
        row = 0
    :: right?ROW(v) ->
        if
        :: holds -> held_back!ROW(row)
        :: else
        fi;
        row = v;
        holds = true
    :: right?BARRIER(v) ->
#if PLANT != 5
        if
        :: holds ->
            held_back!ROW(row);
            holds = false;
            row = 0
        :: else
        fi;
#endif
        held_back!BARRIER(v)
    :: right?END(v) -> break
    od;
    if
    :: holds -> held_back!ROW(row)
    :: else
    fi;
    held_back!END(0)
}

inline check(before1, before2)
{
    d_step {
        r = 0;
        do
        :: r < ROWS1 ->
            assert(seen1[r] == (r < before1 -> 2 : 0));
            r++
        :: else -> break
        od;
        r = 0;
        do
        :: r < ROWS2 ->
            assert(seen2[r] == (r < before2 -> 1 : 0));
            r++
        :: else -> break
        od;
        r = 0
    }
}

#if PLANT == 4
#define waits_for(i) (!barrier[i])
#elif PLANT == 7
#define waits_for(i) false
#else
#define waits_for(i) (!ended[i] && !barrier[i])
#endif
#if PLANT == 1
#define takes(i) (!ended[i])
#else
#define takes(i) (!ended[i] && !barrier[i])
#endif
#define take(i, from, seen)              \
    if                                   \
    :: from?ROW(v) -> seen[v]++          \
    :: from?BARRIER(v) -> barrier[i] = v \
    :: from?END(v) -> ended[i] = true    \
    fi;                                  \
    v = 0

active proctype Union()
{
    byte v, r, epoch;
    byte barrier[3];
    bool ended[3];
    do
    :: atomic {
        (barrier[0] || barrier[1] || barrier[2]) && !waits_for(0) && !waits_for(1) && !waits_for(2) ->
        epoch = (barrier[0] -> barrier[0] : (barrier[1] -> barrier[1] : barrier[2]));
        assert(!barrier[0] || barrier[0] == epoch); /* no source skips one */
        assert(!barrier[1] || barrier[1] == epoch);
        assert(!barrier[2] || barrier[2] == epoch);
        barrier[0] = 0;
        barrier[1] = 0;
        barrier[2] = 0;
        check(cut1[epoch], cut2[epoch])
#if PLANT == 99
        assert(!(cut1[epoch] % ROWS1) || !(cut2[epoch] % ROWS2))
#endif
    }
    :: takes(0) && nempty(left) -> take(0, left, seen1)
    :: takes(1) && nempty(held_back) -> take(1, held_back, seen1)
    :: takes(2) && nempty(two) -> take(2, two, seen2)
    :: ended[0] && ended[1] && ended[2] && !barrier[0] && !barrier[1] && !barrier[2] -> break
    od;
    check(ROWS1, ROWS2)
}

active proctype Alone()
{
    byte v, rows, epoch;
    do
    :: lone?ROW(v) -> rows++
    :: lone?BARRIER(v) ->
        epoch = v;
        alone[epoch] = rows
    :: lone?END(v) -> break
    od;
    skip;
    d_step {
#if PLANT == 6
        alone[epoch] = rows;
#endif
        do /* an end stands for all epochs that were not cut before it */
        :: epoch < EPOCHS ->
            epoch++;
            alone[epoch] = rows
        :: else -> break
        od;
        do
        :: epoch ->
            assert(alone[epoch] == cut2[epoch]);
            epoch--
        :: else -> break
        od
    }
}
