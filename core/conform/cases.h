/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is tried with a component: each case in a process of its own, so that one that ends badly
 * takes no other with it.
 *
 * Invariant: a case says of each rule that it looks at whether it held, was broken, or why it was
 * not tried. Ownership: constant. Threads:   a case's own.
 */
#ifndef QETL_CORE_CONFORM_CASES_H
#define QETL_CORE_CONFORM_CASES_H

#include "drive.h"
#include "folder.h"

struct conform_case {
    uint32_t kinds;
    enum conform_rule_id rule; /* that is broken where the process ends badly */
    void (*run)(const struct conform_trial *);
};
extern const struct conform_case conform_cases[]; /* the first is the plain run */
extern const size_t conform_n_cases;

/* ---- what cases share ---- */

/* Empties the scratch folder, writes the check's files, and runs. The caller closes the bench. */
int32_t conform_try(struct conform_bench *, const struct conform_trial *,
                    const struct conform_knobs *);
void conform_scratch(const struct conform_trial *);
/* Whether a run with the knobs gives what a plain run gives; else the rule is broken. */
bool conform_try_same(const struct conform_trial *, const struct conform_knobs *,
                      enum conform_rule_id, const char *what);
/* Whether one try more is to be made, which it counts: a number of them in any case, then as many
 * as the processor has time for, so that a machine that is busy finds what an idle one does. What
 * waits all the time has some shares of it, and no more. */
bool conform_may_try(const struct conform_trial *);
uint64_t conform_draw(uint64_t *seed);

/* ---- outcome.c: what came out of two runs ---- */

bool conform_outcome_same(const struct conform_bench *, const struct conform_bench *,
                          enum conform_rule_id, const char *what);
enum { CONFORM_DIFFERENCE = 256 };
/* files: also in what a sink wrote. */
bool conform_outcome_differs(const struct conform_bench *, const struct conform_bench *, bool files,
                             char difference[CONFORM_DIFFERENCE]);
/* The same for runs with the same outcome, in whatever processes. */
uint64_t conform_outcome_sum(const struct conform_bench *);
/* Of two plain runs: what of their outcomes can be compared at all. */
/* Whether nothing came of it that could be compared. */
bool conform_outcome_empty(const struct conform_bench *);
void conform_outcome_judge(const struct conform_bench *, const struct conform_bench *);

/* case_NAME.c */
void conform_case_run(const struct conform_trial *);
void conform_case_expect(const struct conform_trial *);
void conform_case_lifecycle(const struct conform_trial *);
void conform_case_options(const struct conform_trial *);
void conform_case_failures(const struct conform_trial *);
void conform_case_growth(const struct conform_trial *);
void conform_case_extensions(const struct conform_trial *);
void conform_case_surroundings(const struct conform_trial *);
void conform_case_interrupt(const struct conform_trial *);
void conform_case_migration(const struct conform_trial *);
void conform_case_apart(const struct conform_trial *);
void conform_case_midst(const struct conform_trial *);
void conform_case_behind(const struct conform_trial *);
void conform_case_alone(const struct conform_trial *);
void conform_case_host_memory(const struct conform_trial *);
void conform_case_memory(const struct conform_trial *);
void conform_case_leaks(const struct conform_trial *);
void conform_case_lent(const struct conform_trial *);
void conform_case_release(const struct conform_trial *);
void conform_case_unseen(const struct conform_trial *);
void conform_case_pieces(const struct conform_trial *);
void conform_case_offset(const struct conform_trial *);
void conform_case_save(const struct conform_trial *);
void conform_case_restore(const struct conform_trial *);
void conform_case_bind(const struct conform_trial *);
void conform_case_named(const struct conform_trial *);
void conform_case_derived(const struct conform_trial *);
void conform_case_dealt(const struct conform_trial *);
void conform_case_merge(const struct conform_trial *);
void conform_case_deadline(const struct conform_trial *);
void conform_case_position(const struct conform_trial *);
void conform_case_negotiate(const struct conform_trial *);
void conform_case_splits(const struct conform_trial *);
void conform_case_commit(const struct conform_trial *);
void conform_case_epochs(const struct conform_trial *);
void conform_case_abort(const struct conform_trial *);
void conform_case_visible(const struct conform_trial *);
void conform_case_durable(const struct conform_trial *);
void conform_case_given_up(const struct conform_trial *);
void conform_case_elsewhere(const struct conform_trial *);
void conform_case_leftovers(const struct conform_trial *);
void conform_case_cut(const struct conform_trial *);
void conform_case_beside(const struct conform_trial *);
void conform_case_handle(const struct conform_trial *);
void conform_case_last(const struct conform_trial *);
void conform_case_columns(const struct conform_trial *);
void conform_case_round_trip(const struct conform_trial *);
void conform_case_infer(const struct conform_trial *);
void conform_case_decode(const struct conform_trial *);

#endif
