/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that mean nothing: other ones make no other outcome. */
#include "cases.h"
#include "starve.h"

static int32_t pattern_run(const struct conform_trial *t, struct conform_bench *b, uint8_t pattern)
{
    struct conform_knobs k = {.unseen = pattern};
    conform_starve_fill(pattern);
    return conform_try(b, t, &k);
}

/* The first pattern twice, which may make what varied the same; then others. */
static void patterns_try(const struct conform_trial *t, const char *what)
{
    static const uint8_t patterns[] = {0x01, 0x01, 0xff, 0x5a};
    struct conform_record *record = t->record;
    struct conform_bench plain, other;
    char difference[CONFORM_DIFFERENCE];
    bool same = pattern_run(t, &plain, patterns[0]) == QETL_OK, files = true;
    for (size_t i = 1; same && i < sizeof patterns; i++) {
        bool fails = pattern_run(t, &other, patterns[i]) != QETL_OK;
        if (i == 1)
            files = !conform_outcome_differs(&plain, &other, true, difference);
        same = !fails && !conform_outcome_differs(&plain, &other, files, difference);
        if (same)
            conform_hold(record, CONFORM_UNSEEN_RULE);
        else if (fails)
            conform_break(record, CONFORM_UNSEEN_RULE, "%s: %s", what, other.error);
        else if (i == 1)
            conform_skip(record, CONFORM_UNSEEN_RULE, "two equal runs have different outcomes");
        else
            conform_break(record, CONFORM_UNSEEN_RULE, "%s: the outcome is another: %s", what,
                          difference);
        conform_bench_close(&other);
    }
    conform_bench_close(&plain);
}

/* Also where the check's rows have NULLs that they did not have: most examples have none. */
void conform_case_unseen(const struct conform_trial *t)
{
    struct conform_check holed = *t->check;
    struct conform_trial with = *t;
    for (size_t i = 0; i < holed.n_tables; i++)
        holed.tables[i].holed = true;
    with.check = &holed;
    conform_starve_ready(t->component); /* or new memory is as it comes */
    patterns_try(t, "with other bytes under NULLs, behind the last row, and in new memory");
    if (t->promised->kind != QETL_SOURCE)
        patterns_try(&with, "with NULLs in the rows, and other bytes under them");
}
