/* SPDX-License-Identifier: Apache-2.0 */
/* State that is saved, and state that is not what was saved. */
#include "cases.h"

enum { CUTS_MOST = 6 };

void conform_case_save(const struct conform_trial *t)
{
    struct conform_knobs pieces = {.rows = 2, .bytes = 64};
    struct conform_bench b;
    conform_try(&b, t, &pieces);
    int64_t chances = b.chances;
    enum conform_rule_id rule =
        t->promised->kind == QETL_SOURCE ? CONFORM_POSITION_RULE : CONFORM_SAVE_RULE;
    conform_bench_close(&b);
    for (int64_t i = 0; i < CUTS_MOST && i < chances && conform_may_try(t); i++) {
        struct conform_knobs k = pieces;
        k.cut_at = chances <= CUTS_MOST ? i + 1 : 1 + i * chances / CUTS_MOST;
        if (!conform_try_same(t, &k, rule, "with a new instance in the middle"))
            break;
    }
    if (!chances)
        conform_skip(t->record, rule, "there is no point at which a new instance could go on");
    if (t->promised->kind == QETL_SOURCE && t->component->save && chances)
        conform_hold(t->record, CONFORM_SAVE_RULE);
    else if (!t->component->save)
        conform_skip(t->record, CONFORM_SAVE_RULE, "the component has no save");
}

/* A state that is not what was saved; the run need not go on, but must not pass as if it did. */
static void damage_try(const struct conform_trial *t, int damage, const char *what)
{
    struct conform_knobs k = {.rows = 2, .bytes = 64, .cut_at = 1, .damage = damage};
    struct conform_bench b;
    int32_t status = conform_try(&b, t, &k);
    if (!status && b.chances)
        conform_break(t->record, CONFORM_RESTORE_RULE, "restore took %s", what);
    conform_bench_close(&b);
}

void conform_case_restore(const struct conform_trial *t)
{
    struct conform_bench b;
    struct conform_knobs pieces = {.rows = 2, .bytes = 64}, unknown = {.damage = 5};
    if (!t->component->save || !t->component->restore) {
        conform_skip(t->record, CONFORM_RESTORE_RULE, "the component has no save");
        return;
    }
    conform_try_same(t, &unknown, CONFORM_RESTORE_RULE, "behind a restore that was refused");
    conform_try(&b, t, &pieces);
    int64_t chances = b.chances;
    conform_bench_close(&b);
    if (!chances)
        return;
    damage_try(t, 1, "half of what was saved");
    damage_try(t, 2, "other bytes than were saved");
    damage_try(t, 3, "nothing for what was saved");
    damage_try(t, 4, "a version that there is not");
}
