/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Barriers past replicas. A source deals units of rows to three replicas in turn; each may leave out a row; what they
 * leave is gathered in the same turn, so that order is kept. An epoch is cut between any two rows, or never.
 *
 * Shown: behind a barrier the sink has seen the rows before the cut, and no other (I6); rows come in order and none is
 * lost (I5); nothing is stuck. A ring is a channel with one slot, the tightest there is.
 *
 * -DPLANT=n builds a known fault in; check-models wants a counterexample for each.
 *   1 a row overtakes the barrier at the dealer     2 one replica gets no barrier
 *   3 the gathering side takes from any ring, and believes the first barrier
 *   4 a replica sends a barrier ahead of the unit that it works on
 *   5 the end of a unit is forgotten where its row was left out
 *   99 no fault, but a claim that is false: that two epochs with rows in each cannot be
 */
#ifndef PLANT
#define PLANT 0
#endif
#define ROWS 5
#define EPOCHS 2
#define REPLICAS 3

mtype = { ROW, UNIT, BARRIER, END };

chan deal[REPLICAS] = [1] of { mtype, byte };
chan done[REPLICAS] = [1] of { mtype, byte };
byte cut[EPOCHS + 1];
bool filtered[ROWS];
bool seen[ROWS];

inline to_all(kind, value)
{
    i = 0;
    do
    :: i < REPLICAS ->
#if PLANT == 2
        if
        :: kind == BARRIER && i == 1
        :: else -> deal[i]!kind(value)
        fi;
#else
        deal[i]!kind(value);
#endif
        i++
    :: else -> break
    od;
    i = 0
}

active proctype Source()
{
    byte row, epoch, turn, i;
    do
    :: row < ROWS ->
        deal[turn]!ROW(row);
        row++;
        turn = (turn + 1) % REPLICAS
    :: epoch < EPOCHS ->
        epoch++;
        cut[epoch] = row;
#if PLANT == 1
        if
        :: row < ROWS ->
            deal[turn]!ROW(row);
            row++;
            turn = (turn + 1) % REPLICAS
        :: else
        fi;
#endif
        to_all(BARRIER, epoch)
    :: row == ROWS -> break
    od;
    to_all(END, 0)
}

active [REPLICAS] proctype Replica()
{
    byte v;
    byte me = _pid - 1;
    bool first;
    do
    :: deal[me]?ROW(v) ->
#if PLANT == 4
        if
        :: deal[me]?[BARRIER(_)] ->
            byte w;
            deal[me]?BARRIER(w);
            done[me]!BARRIER(w)
        :: true
        fi;
#endif
        if
        :: done[me]!ROW(v);
#if PLANT == 5
            done[me]!UNIT(0)
#endif
        :: filtered[v] = true
        fi;
#if PLANT != 5
        done[me]!UNIT(0)
#endif
    :: deal[me]?BARRIER(v) -> done[me]!BARRIER(v)
    :: deal[me]?END(v) -> break
    od;
    done[me]!END(0)
}

inline check(rows)
{
    d_step {
        r = 0;
        do
        :: r < ROWS ->
            assert(filtered[r] || seen[r] == (r < rows));
            r++
        :: else -> break
        od;
        r = 0
    }
}

active proctype Sink()
{
    byte v, w, turn, r, next, i;
    do
    :: done[turn]?ROW(v) ->
        assert(v >= next);
        next = v + 1;
        seen[v] = true
#if PLANT == 3
    :: turn = (turn + 1) % REPLICAS
    :: done[turn]?UNIT(v)
    :: done[turn]?BARRIER(v) ->
        if
        :: v > w ->
            w = v;
            check(cut[v])
        :: else
        fi
#else
    :: done[turn]?UNIT(v) -> turn = (turn + 1) % REPLICAS
    :: done[turn]?BARRIER(v) ->
        i = 1;
        do /* a barrier comes out once it stands at the head of every ring */
        :: i < REPLICAS ->
            done[(turn + i) % REPLICAS]?BARRIER(w);
            assert(w == v);
            i++
        :: else -> break
        od;
        w = 0;
        check(cut[v])
#endif
    :: done[turn]?END(v) -> break
    od;
    i = 1;
    do
    :: i < REPLICAS ->
        done[(turn + i) % REPLICAS]?END(v);
        i++
    :: else -> break
    od;
    check(ROWS);
#if PLANT == 99
    assert(!cut[1] || cut[2] <= cut[1] || filtered[0] || filtered[2])
#endif
}
