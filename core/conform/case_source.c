/* SPDX-License-Identifier: Apache-2.0 */
/* Positions, splits, and what a source says that it does for the host. */
#include "cases.h"
#include "source.h"

#include <stdio.h>
#include <stdlib.h>

static const struct conform_knobs plain = {0};

/* ---- damaged positions and splits ---- */

static void damage_try(const struct conform_trial *t, int damage, const char *what)
{
    struct conform_bench b;
    struct conform_knobs k = {.rows = 2, .bytes = 64, .cut_at = 1, .damage_position = damage};
    int32_t status = conform_try(&b, t, &k);
    if (!status && b.chances)
        conform_break(t->record, CONFORM_POSITION_GARBAGE_RULE, "open took %s", what);
    else if (b.chances)
        conform_hold(t->record, CONFORM_POSITION_GARBAGE_RULE);
    else
        conform_skip(t->record, CONFORM_POSITION_GARBAGE_RULE, "the source gives no position");
    conform_bench_close(&b);
}

void conform_case_position(const struct conform_trial *t)
{
    damage_try(t, 1, "half of a position");
    damage_try(t, 2, "other bytes than a position's");
}

/* ---- splits ---- */

void conform_case_splits(const struct conform_trial *t)
{
    struct conform_bench one, each;
    struct conform_knobs k = {.split_each = true};
    conform_try(&one, t, &plain);
    if (one.splits < 2)
        conform_skip(t->record, CONFORM_SPLITS_RULE, "the source has one split");
    else if (conform_try(&each, t, &k))
        conform_break(t->record, CONFORM_SPLITS_RULE, "with an instance for each split: %s",
                      each.error);
    else
        conform_outcome_same(&one, &each, CONFORM_SPLITS_RULE, "with an instance for each split");
    if (one.splits >= 2)
        conform_bench_close(&each);
    conform_bench_close(&one);
}

/* ---- pushdown ---- */

struct asked {
    struct conform_bench bench;
    int64_t columns[64];
    int32_t columns_answer, limit_answer;
};

static int32_t ask(struct asked *a, const struct conform_trial *t, int64_t n_columns, int64_t limit)
{
    conform_scratch(t);
    int32_t status = conform_bench_open(&a->bench, t, &plain);
    status = status ? status : conform_bench_start(&a->bench);
    a->columns_answer = a->limit_answer = QETL_PUSH_NO;
    if (status)
        return status;
    struct conform_pushing push = {n_columns, a->columns, limit, 0, 0};
    status = conform_source_run(&a->bench, &push);
    a->columns_answer = push.columns_answer;
    a->limit_answer = push.limit_answer;
    return status;
}

static int64_t rows_of(const struct conform_bench *b)
{
    int64_t n = 0;
    for (size_t i = 0; i < b->outs[0].size; i++)
        n += b->outs[0].data[i] == '\n';
    return n;
}

static void answer_check(const struct conform_trial *t, int32_t answer, const char *what)
{
    if (answer < QETL_PUSH_NO || answer > QETL_PUSH_EXACT)
        conform_break(t->record, CONFORM_NEGOTIATE_RULE, "negotiate answered %d for %s", answer,
                      what);
}

void conform_case_negotiate(const struct conform_trial *t)
{
    struct asked all, a;
    if (!t->component->source->negotiate) {
        conform_skip(t->record, CONFORM_NEGOTIATE_RULE, "the source has no negotiate");
        return;
    }
    if (ask(&all, t, -1, -1) == QETL_OK && !all.bench.emits_bytes) {
        int64_t rows = rows_of(&all.bench);
        int32_t status = ask(&a, t, -1, 1);
        answer_check(t, a.limit_answer, "a limit");
        if (!status && a.limit_answer == QETL_PUSH_EXACT && rows_of(&a.bench) != (rows > 0))
            conform_break(t->record, CONFORM_NEGOTIATE_RULE,
                          "a limit of 1 was EXACT, and %lld rows came",
                          (long long)rows_of(&a.bench));
        conform_bench_close(&a.bench);
        a.columns[0] = 0;
        status = ask(&a, t, 1, -1);
        answer_check(t, a.columns_answer, "columns");
        if (!status && rows_of(&a.bench) != rows)
            conform_break(t->record, CONFORM_NEGOTIATE_RULE,
                          "with one column wanted %lld rows came in place of %lld",
                          (long long)rows_of(&a.bench), (long long)rows);
        conform_bench_close(&a.bench);
        conform_hold(t->record, CONFORM_NEGOTIATE_RULE);
    }
    conform_bench_close(&all.bench);
}
