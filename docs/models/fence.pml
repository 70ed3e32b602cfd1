/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fencing by generation: three processes of one pipeline, each of which believes to be alone, as where a lock does not reach
 * (two machines, a folder that was copied or mounted twice). Each takes the next generation, recovers, and goes on from
 * the decided position; all but the newest become stale at some point. Sink 0 is two-phase; -DONE_PHASE: sink 1 decides.
 *
 * Shown: a stale process decides nothing and commits nothing that was not decided (I8): each row becomes visible once
 * at most; the newest process comes to its end; a stale one ends, FENCED.
 *
 * -DPLANT=n builds a known fault in; check-models wants a counterexample for each.
 *   1 the store does not check the generation    2 the record is read before the generation is taken
 *   3 pieces of two generations have one name    4 (one phase) the sink does not check the generation
 *   5 (one phase) last_committed does not fence  6 commit acts on what is visible already
 *   99 no fault, but a claim that is false: that nobody is ever fenced behind a decision of its own
 */
#ifndef PLANT
#define PLANT 0
#endif
#define ROWS 3
#define NUMBERS (ROWS + 2)
#define PROCESSES 3

/* ---- durable ---- */

byte generation, number, position; /* the store */
byte owner;                        /* … whose piece was decided */
byte prepared, prepared_owner, prepared_position;
byte staged[(PROCESSES + 1) * NUMBERS];
byte visible[2];
byte fence, last; /* of the sink that decides: the newest generation it heard of, the newest epoch */

bool ended[PROCESSES + 1], fenced[PROCESSES + 1], decided[PROCESSES + 1];

#if PLANT == 3
#define piece(p, e) staged[e]
#else
#define piece(p, e) staged[(p) * NUMBERS + (e)]
#endif
#if PLANT == 1
#define stale(me) false
#else
#define stale(me) (generation != me)
#endif

inline reveal(s, rows)
{
    assert(!(visible[s] & (rows)));
    visible[s] = visible[s] | (rows)
}

/* Idempotent, for whoever asks: a piece that was committed is not there any more. */
inline commit(p, e)
{
    atomic {
        content = piece(p, e);
        reveal(0, content);
#if PLANT != 6
        piece(p, e) = 0
#endif
    }
    content = 0
}

proctype Process()
{
    byte me, row, from, e, n, p, content, wrote;
#if PLANT == 2
    from = position;
    n = number;
    p = owner;
#endif
    atomic {
        generation++;
        me = generation
    }
#if PLANT != 2
    atomic {
        from = position;
        n = number;
        p = owner
    }
#endif
#ifdef ONE_PHASE
    atomic { /* last_committed */
#if PLANT != 5
        if
        :: fence < me -> fence = me
        :: fence > me -> goto stop
        :: else
        fi;
#endif
        e = last
    }
    if
    :: prepared > n ->
        atomic {
            if
            :: stale(me) -> goto stop
            :: else
            fi;
            if
            :: e >= prepared ->
                number = prepared;
                position = prepared_position;
                owner = prepared_owner
            :: else -> prepared = 0
            fi;
            n = number;
            from = position;
            p = owner
        }
    :: else
    fi;
#endif
    if
    :: n -> commit(p, n)
    :: else
    fi;
    row = from;
    do
    :: row < ROWS ->
        wrote = wrote | (1 << row);
        row++
    :: wrote && (row == ROWS || n < ROWS) ->
        n++;
        piece(me, n) = wrote; /* prepare; what an earlier life of that name left is replaced */
#ifdef ONE_PHASE
        atomic {
            if
            :: stale(me) -> goto stop
            :: else
            fi;
            prepared_owner = me;
            prepared_position = row;
            prepared = n
        }
        atomic {
#if PLANT != 4
            if
            :: fence != me && fence -> goto stop
            :: else
            fi;
#endif
            reveal(1, wrote);
            last = n
        }
#endif
        atomic {
            if
            :: stale(me) -> goto stop
            :: else
            fi;
            number = n;
            position = row;
            owner = me
        }
        decided[me] = true;
        commit(me, n);
        wrote = 0
    :: row == ROWS && !wrote -> break
    od;
    ended[me] = true;
    goto over;
stop:
    fenced[me] = true;
#if PLANT == 99
    assert(!decided[me]);
#endif
over:
    skip
}

init
{
    atomic {
        run Process();
        run Process();
        run Process()
    }
    _nr_pr == 1;
    assert(ended[generation] && position == ROWS);
    assert(visible[0] == (1 << ROWS) - 1);
#ifdef ONE_PHASE
    assert(visible[1] == (1 << ROWS) - 1)
#endif
}
