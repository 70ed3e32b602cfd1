/* SPDX-License-Identifier: Apache-2.0 */
/* State that is saved, and state that is not what was saved. */
#include "cases.h"

enum { CUTS_MOST = 6, CHAIN = 8 };

/* What two encoders write, one behind the other, is what one would have written: no second header.
 */
static void encoders_compare(const struct conform_trial *t, const struct conform_knobs *pieces)
{
    struct conform_knobs k = *pieces;
    struct conform_bench one, again, two;
    char difference[CONFORM_DIFFERENCE];
    int32_t status = conform_try(&one, t, pieces);
    int32_t failed = conform_try(&again, t, pieces);
    k.cut_at = 1;
    failed = failed ? failed : status;
    status = conform_try(&two, t, &k);
    failed = failed ? failed : status;
    if (!failed && conform_text_same(&one.encoded, &again.encoded) &&
        !conform_text_same(&one.encoded, &two.encoded)) {
        conform_text_difference(&one.encoded, &two.encoded, difference, sizeof difference);
        conform_break(t->record, CONFORM_ENCODE_RULE,
                      "with a new instance in the middle other bytes are written: %s", difference);
    }
    conform_bench_close(&two);
    conform_bench_close(&again);
    conform_bench_close(&one);
}

/* What goes on is left and gone on with, and so on: what a new instance hands out has to be as good
 * as what the first one did. Close together, then over all of the input. */
static void chain_try(const struct conform_trial *t, enum conform_rule_id rule)
{
    struct conform_knobs pieces = {.rows = 1, .bytes = 64};
    struct conform_bench b;
    conform_try(&b, t, &pieces);
    int64_t chances = b.chances;
    conform_bench_close(&b);
    int64_t wide = (chances + CHAIN - 1) / CHAIN;
    for (int64_t every = 1; chances > 1 && every <= wide && conform_may_try(t);
         every = every < wide ? wide : wide + 1) {
        struct conform_knobs k = pieces;
        k.cut_at = 1;
        k.cut_every = every;
        if (!conform_try_same(t, &k, rule, "with a new instance, and another one behind it"))
            break;
    }
}

/* As many rows at once as there are: the last of them may come in the call that meets the end. */
static void end_try(const struct conform_trial *t, enum conform_rule_id rule)
{
    struct conform_knobs all = {0};
    struct conform_bench b;
    conform_try(&b, t, &all);
    all.cut_at = b.chances;
    conform_bench_close(&b);
    if (all.cut_at)
        conform_try_same(t, &all, rule, "with a new instance behind all rows");
}

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
        /* The last one among them: behind all rows. */
        k.cut_at = chances <= CUTS_MOST ? i + 1 : 1 + i * (chances - 1) / (CUTS_MOST - 1);
        if (!conform_try_same(t, &k, rule, "with a new instance in the middle"))
            break;
    }
    if (!conform_is_broken(t->record, rule))
        chain_try(t, rule);
    if (!conform_is_broken(t->record, rule))
        end_try(t, rule);
    if (t->promised->kind == QETL_FORMAT && t->promised->writes && chances)
        encoders_compare(t, &pieces);
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
