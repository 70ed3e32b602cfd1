/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was found so far of one component, in memory that outlives the child that found it.
 *
 * Invariant: a rule that was broken once stays broken; the first reason stays.
 * Ownership: the parent maps and unmaps; children write.
 * Threads:   any of one child; the parent reads once the child has ended, and `steps` at any time.
 */
#ifndef QETL_CORE_CONFORM_RECORD_H
#define QETL_CORE_CONFORM_RECORD_H

#include "rules.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum conform_state { CONFORM_UNTRIED, CONFORM_HELD, CONFORM_BROKEN };
enum { CONFORM_NOTE = 400, CONFORM_OPTIONS = 128, CONFORM_OPTION = 64 };

struct conform_verdict {
    atomic_int state;        /* enum conform_state */
    atomic_uint count;       /* of findings */
    char note[CONFORM_NOTE]; /* BROKEN: the first finding; UNTRIED: why, or "" */
};

enum { CONFORM_BEYOND = 1, CONFORM_GONE };

struct conform_crash { /* of a child */
    int signal;        /* 0: there was none */
    int where;         /* the memory that it touched: 0: any, or one of those above */
    char path[256];    /* of the library that it was in, or "" … */
    uint64_t at;       /* … and where in it */
};

struct conform_record {
    struct conform_verdict verdicts[CONFORM_N_RULES];
    atomic_llong steps; /* calls so far: whether anything moves */
    char call[32];      /* the plugin's call that began last, while it is under way; or "" */
    atomic_int rule;    /* what is being tried: whoever crashes breaks it */
    struct conform_crash crash;
    bool ended;                  /* the child came to its end by itself */
    unsigned late;               /* cases that the limit left out, or cut short */
    bool hung;                   /* a call did not come back: others are waited for less long */
    bool asked[CONFORM_OPTIONS]; /* options that the plugin has looked at, by their place */
    bool asked_any, unruly;      /* unruly: two equal runs were not equal */
    int tree_level;              /* … of what a sink wrote so much can be compared */
    bool barren;                 /* nothing came of the plain run: no row, no byte, no file */
    uint64_t outcome;            /* of the plain run, of the first instance of a process */
    char suspect[320];           /* why it may be that instances disturb one another; or "" */
    char within[32];             /* what findings begin with … */
    char trying[128];            /* … and with what they came about, or "" */
    char shared[300];            /* variables of the library that instances share; or "" */
    int64_t load_us;             /* processor time */
    atomic_uint emptied;         /* how often a scratch folder was: what a sink keeps elsewhere has
                                    another name from then on */
};

struct conform_record *conform_record_new(void); /* NULL: no memory */
void conform_record_free(struct conform_record *);

/* A call of the plugin begins, on whatever thread; "": it is over. */
void conform_record_call(struct conform_record *, const char *name);

void conform_break(struct conform_record *, enum conform_rule_id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void conform_hold(struct conform_record *, enum conform_rule_id); /* unless it was broken */
/* Why it was not tried; says nothing of a rule that was. */
void conform_skip(struct conform_record *, enum conform_rule_id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* What follows is of the check of that number, of so many that the component has. */
void conform_record_check(struct conform_record *, size_t number, size_t of);
/* What comes next is tried with that; "": with nothing of its own. */
void conform_record_trying(struct conform_record *, const char *what);
/* "BATCH", "CONFIG", as the rules call it; a number where it is no status. */
enum { CONFORM_STATUS = 24 };
const char *conform_status_name(int32_t status, char name[CONFORM_STATUS]);
bool conform_is_broken(const struct conform_record *, enum conform_rule_id);

#endif
