/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Invariant: with QETL_PLANT undefined or 0, QETL_PLANTED() is the constant 0 and leaves no code.
 * Ownership: none.
 * Threads: none.
 *
 * A plant is a known fault, built in on purpose with -DQETL_PLANT=n, to show that the tests can
 * see it. tests/ring_plants.sh builds every one of them and fails if one goes unnoticed.
 */
#ifndef QETL_PLANT_H
#define QETL_PLANT_H

#ifndef QETL_PLANT
#define QETL_PLANT 0
#endif

#define QETL_PLANTED(name) (QETL_PLANT == QETL_PLANT_##name)

enum {
    QETL_PLANT_NONE = 0,
    QETL_PLANT_TAIL_RELAXED = 1,     /* a slot is published without release */
    QETL_PLANT_HEAD_RELAXED = 2,     /* room is given back without release */
    QETL_PLANT_NO_RECHECK = 3,       /* park without looking again after prepare: lost wake-up */
    QETL_PLANT_NO_BARRIER = 4,       /* neither side has its store-load barrier */
    QETL_PLANT_CLOSE_SILENT = 5,     /* close wakes no one */
    QETL_PLANT_ABANDON_SILENT = 6,   /* abandon wakes no one */
    QETL_PLANT_POP_SILENT = 7,       /* freed room wakes no one */
    QETL_PLANT_CLOSE_NO_REREAD = 8,  /* closed is believed without a last look at the tail */
    QETL_PLANT_WAKE_ONE = 9,         /* the ring wakes one waiter of a shared parker, not all */
    QETL_PLANT_FULL_LATE = 10,       /* one slot too many is let in */
    QETL_PLANT_DROP_SHORT = 11,      /* free forgets the last undelivered slot */
    QETL_PLANT_LEAVE_SILENT = 12,    /* the last leaver clears the bit under a new sleeper */
    QETL_PLANT_ONE_KEEPS_QUIET = 13, /* notify_one clears the bit and leaves others asleep */
    QETL_PLANT_BELL_EARLY = 14,      /* the bell rings before there is something in the ring */
    QETL_PLANT_BELL_LATE = 15,       /* the bell rings behind the notification */
    QETL_PLANT_BELL_RELAXED = 16,    /* the bell is heard before what it rings for is seen */
    QETL_PLANT_CLOSE_UNRUNG = 17,    /* close rings no bell */
    QETL_PLANT_BELL_UNASKED = 18     /* a bell is hushed without a look behind that */
};

#endif
