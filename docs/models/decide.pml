/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One decision for an epoch, and recovery. A source sends rows and barriers to two sinks by rings; a sink prepares at
 * a barrier (its rows since the last one become a durable piece that nobody sees) and hands in; the decider writes one
 * record with the source's position and the pieces, then has them committed, then acknowledges the position. Sinks go
 * on meanwhile: an epoch that is complete while the decider is busy waits, and merges into the next one (its pieces are
 * carried along). The process may die at any point, also in recovery, CRASHES times; what is durable remains.
 *
 * -DONE_PHASE: sink 0 decides. The store records PREPARED first; the sink commits its rows and the epoch's number in one
 * transaction of its own, and takes no row in between; then the store is told. After a crash last_committed says.
 *
 * Shown: nothing is acknowledged beyond the decided position (I2); no row becomes visible twice, and in the end each is
 * visible once in either sink (I3), so that a decided epoch is committed everywhere; recovery is idempotent (I7).
 *
 * -DPLANT=n builds a known fault in; check-models wants a counterexample for each.
 *   1 ack before the decision            2 pieces are committed before the decision
 *   3 the next epoch is decided before the last one is committed everywhere
 *   4 commit is not idempotent           5 recovery does not commit what was decided
 *   6 recovery leaves what was prepared  7 a merged epoch's pieces are dropped
 *   8 a sink hands in before its piece is durable (no fsync)
 *   9 the position moves before the row is sent
 *  10 (one phase) PREPARED counts as decided      11 (one phase) PREPARED counts as given up
 *  12 (one phase) the sink does not wait for PREPARED
 *  13 (one phase) the others' pieces are committed before the sink decided
 *  99 no fault, but a claim that is false: that no run finishes behind all its crashes with a merged epoch
 */
#ifndef PLANT
#define PLANT 0
#endif
#ifndef ROWS
#define ROWS 3
#endif
#ifndef CRASHES
#define CRASHES 2
#endif
#define NUMBERS (ROWS + 2) /* each epoch but the final one holds a row that was not decided before */

#ifdef ONE_PHASE
#define decides(s) ((s) == 0)
#else
#define decides(s) false
#endif

mtype = { ROW, BARRIER };
mtype = { NONE, DECIDED, COMMITTED, FINISHED };

/* ---- durable ---- */

mtype stage = NONE; /* the store's record of the newest decided epoch: its number … */
byte number, first; /* … the pieces first to number … */
byte position;      /* … and where the source goes on */
byte prepared, prepared_first, prepared_position; /* the PREPARED record; 0: none */
byte staged[2 * NUMBERS];                         /* pieces: bits of rows */
byte visible[2];
byte last; /* a sink that decides: the newest epoch it committed */
byte acked;

/* ---- of one process ---- */

byte life = 1, dead, crashes;
bool finished;
chan ring[2] = [1] of { mtype, byte };
byte at[NUMBERS];     /* where the source cut */
byte handed[2];       /* the newest epoch each sink has handed in */
byte taken;           /* … and that was decided */
byte go;              /* the epoch that the deciding sink may commit */
bool wanted[2];       /* a sink shall commit the record's pieces */
byte merged;

#define piece(s, e) staged[(s) * NUMBERS + (e)]
#define complete (handed[0] < handed[1] -> handed[0] : handed[1])

inline reveal(s, rows)
{
    assert(!(visible[s] & (rows))); /* none twice */
    visible[s] = visible[s] | (rows)
}

/* Idempotent: what is visible already is not there any more. */
inline commit(s, e)
{
#if PLANT == 4
    reveal(s, piece(s, e));
    piece(s, e) = 0
#else
    atomic {
        reveal(s, piece(s, e));
        piece(s, e) = 0
    }
#endif
}

inline commit_record(s)
{
    e = first;
    do
    :: e && e <= number ->
        commit(s, e);
        e++
    :: else -> break
    od
}

inline decide(n, f, p)
{
    atomic {
        number = n;
        first = f;
        position = p;
        stage = DECIDED
    }
}

inline committed()
{
    atomic { stage = (position == ROWS -> FINISHED : COMMITTED) }
}

proctype Source(byte me)
{
    byte row = position;
    byte e = number;
    bool fresh;
    {
        do
        :: row < ROWS ->
            ring[0]!ROW(row);
            ring[1]!ROW(row);
            row++;
            fresh = true
        :: row < ROWS && fresh ->
            e++;
#if PLANT == 9
            at[e] = row + 1;
#else
            at[e] = row;
#endif
            ring[0]!BARRIER(e);
            ring[1]!BARRIER(e);
            fresh = false
        :: row == ROWS -> break
        od;
        e++;
        at[e] = ROWS;
        ring[0]!BARRIER(e);
        ring[1]!BARRIER(e);
    } unless { dead >= me }
}

proctype Sink(byte me; byte s)
{
    byte rows, r, e;
    {
        do
        :: ring[s]?ROW(r) -> rows = rows | (1 << r)
        :: ring[s]?BARRIER(r) ->
            if
            :: decides(s) ->
                handed[s] = r;
#if PLANT != 12
                go == r;
#endif
                atomic { /* its own transaction */
                    reveal(s, rows);
                    last = r
                }
                go = 0
            :: else ->
#if PLANT == 8
                handed[s] = r;
                piece(s, r) = piece(s, r) | rows;
#else
                piece(s, r) = piece(s, r) | rows;
                handed[s] = r;
#endif
#if PLANT == 2
                commit(s, r)
#endif
            fi;
            rows = 0
        :: wanted[s] ->
            commit_record(s);
            wanted[s] = false
        :: finished -> break
        od
    } unless { dead >= me }
}

proctype Decider(byte me)
{
    byte n, f;
    {
        do
        :: complete > taken ->
            atomic {
                n = complete;
                f = taken + 1;
                if
                :: n > f -> merged++
                :: else
                fi;
#if PLANT == 7
                f = n;
#endif
                taken = n
            }
#if PLANT == 1
            acked = at[n];
            assert(acked <= position);
#endif
#ifdef ONE_PHASE
            atomic {
                prepared_first = f;
                prepared_position = at[n];
                prepared = n
            }
#if PLANT == 13
            commit(1, n);
#endif
#if PLANT != 12
            go = n;
            go == 0 && last == n;
#else
            last >= n;
#endif
#endif
            decide(n, f, at[n]);
            wanted[1] = true;
#ifndef ONE_PHASE
            wanted[0] = true;
#endif
#if PLANT == 3
            if
            :: complete > taken -> goto next
            :: !wanted[0] && !wanted[1]
            fi;
#else
            !wanted[0] && !wanted[1];
#endif
            committed();
            acked = at[n];
            assert(acked <= position);
            if
            :: stage == FINISHED ->
                finished = true;
                break
            :: else
            fi;
#if PLANT == 3
        next:
            skip
#endif
        od
    } unless { dead >= me }
}

/* What a process does before it goes on. */
proctype Recover(byte me)
{
    byte e, s;
    {
#ifdef ONE_PHASE
        if
        :: prepared > number ->
            if
#if PLANT == 10
            :: true ->
#elif PLANT == 11
            :: false ->
#else
            :: last >= prepared ->
#endif
                decide(prepared, prepared_first, prepared_position)
            :: else ->
                e = prepared_first;
                do
                :: e <= prepared ->
                    piece(1, e) = 0;
                    e++
                :: else -> break
                od;
                prepared = 0
            fi
        :: else
        fi;
#endif
#if PLANT != 5
        do
        :: s < 2 ->
            commit_record(s);
            s++
        :: else -> break
        od;
#endif
        if
        :: number -> committed()
        :: else
        fi;
#if PLANT != 6
        e = number + 1; /* restore: what lies behind the decision goes away */
        do
        :: e < NUMBERS ->
            piece(0, e) = 0;
            piece(1, e) = 0;
            e++
        :: else -> break
        od;
#endif
        atomic {
            if
            :: stage == FINISHED -> finished = true
            :: else ->
                handed[0] = number;
                handed[1] = number;
                taken = number;
                run Source(me);
                run Sink(me, 0);
                run Sink(me, 1);
                run Decider(me)
            fi
        }
    } unless { dead >= me }
}

inline forget()
{
    do
    :: ring[0]?_, _
    :: ring[1]?_, _
    :: empty(ring[0]) && empty(ring[1]) -> break
    od;
    e = 0;
    do
    :: e < NUMBERS ->
        at[e] = 0;
        e++
    :: else -> break
    od;
    e = 0;
    handed[0] = 0;
    handed[1] = 0;
    taken = 0;
    go = 0;
    wanted[0] = false;
    wanted[1] = false;
    life++
}

active proctype Machine()
{
    byte e;
    run Recover(1);
    do
    :: crashes < CRASHES && !finished ->
        atomic {
            dead = life;
            crashes++
        }
        _nr_pr == 1;
        atomic {
            forget();
            run Recover(life)
        }
    :: finished && _nr_pr == 1 -> break
    od;
    assert(visible[0] == (1 << ROWS) - 1);
    assert(visible[1] == (1 << ROWS) - 1);
    assert(acked <= position && position == ROWS);
#if PLANT == 99
#ifdef ONE_PHASE
    assert(crashes < CRASHES || number < 3)
#else
    assert(crashes < CRASHES || !merged)
#endif
#endif
}
