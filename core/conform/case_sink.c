/* SPDX-License-Identifier: Apache-2.0 */
/* Commits and aborts: again, out of order, of handles that nobody gave. */
#include "stage.h"

#include <stdio.h>

static const struct conform_knobs plain = {0};

/* Up to there in a folder that is empty but for the check's files. */
static int32_t stage_open(struct conform_stage *g, const struct conform_trial *t, bool final)
{
    *g = (struct conform_stage){.s.final = final};
    conform_scratch(t);
    int32_t status = conform_stage_ready(g, t, 1);
    return status ? status : conform_stage_write(g);
}

static int32_t stage_prepare(struct conform_stage *g, const struct conform_trial *t, bool final)
{
    int32_t status = stage_open(g, t, final);
    return status ? status : conform_stage_prepare(g);
}

static bool has_commit(const struct conform_trial *t, enum conform_rule_id rule)
{
    if (t->component->sink->commit)
        return true;
    conform_skip(t->record, rule, "the sink has no commit");
    return false;
}

static void expect(const struct conform_trial *t, enum conform_rule_id rule, int32_t status,
                   const char *what, const struct conform_bench *b)
{
    if (status)
        conform_break(t->record, rule, "%s: %s", what, b->error);
}

/* Whoever is told again what he has done leaves the folder as it is. */
static void commit_again(const struct conform_trial *t, struct conform_stage *g)
{
    struct conform_tree once = {0}, again = {0};
    conform_tree_take(&once, t->scratch);
    for (int i = 0; i < 2; i++)
        expect(t, CONFORM_COMMIT_RULE, conform_sink_decide(&g->s, &conform_commit),
               "commit of what was committed", &g->bench);
    conform_tree_take(&again, t->scratch);
    const char *name = conform_tree_differs(&once, &again);
    if (name)
        conform_break(t->record, CONFORM_COMMIT_RULE, "commit of what was committed changes '%s'",
                      name);
    conform_tree_free(&once);
    conform_tree_free(&again);
}

void conform_case_commit(const struct conform_trial *t)
{
    struct conform_stage g;
    if (!has_commit(t, CONFORM_COMMIT_RULE))
        return;
    if (!stage_prepare(&g, t, true)) {
        expect(t, CONFORM_COMMIT_RULE, conform_sink_decide(&g.s, &conform_commit), "commit",
               &g.bench);
        if (g.s.commit == QETL_COMMIT_TWO_PHASE)
            commit_again(t, &g);
        conform_hold(t->record, CONFORM_COMMIT_RULE);
    }
    conform_stage_close(&g);
}

/* step: 0 before anything was prepared, 1 behind prepare. Twice each. */
static void abort_try(const struct conform_trial *t, int step)
{
    struct conform_stage g;
    int32_t status = step ? stage_prepare(&g, t, false) : stage_open(&g, t, false);
    for (int i = 0; !status && i < 2; i++)
        expect(t, CONFORM_ABORT_RULE, conform_sink_decide(&g.s, &conform_abort),
               step ? "abort of what was prepared" : "abort before prepare", &g.bench);
    conform_stage_close(&g);
}

void conform_case_abort(const struct conform_trial *t)
{
    if (!t->component->sink->abort) {
        conform_skip(t->record, CONFORM_ABORT_RULE, "the sink has no abort");
        return;
    }
    abort_try(t, 0);
    abort_try(t, 1);
    conform_hold(t->record, CONFORM_ABORT_RULE);
}

static void handle_damage(const struct conform_trial *t, int how, const char *what)
{
    struct conform_stage g;
    if (!stage_prepare(&g, t, false) && g.s.commit == QETL_COMMIT_TWO_PHASE && g.s.n_handles) {
        struct conform_text *text = &g.s.texts[0];
        for (size_t i = 0; how && i < text->size; i++)
            text->data[i] = (char)(text->data[i] ^ 0x2a);
        g.s.handles[0].size = how ? text->size : text->size / 2;
        if (!conform_sink_decide(&g.s, &conform_commit))
            conform_break(t->record, CONFORM_HANDLE_RULE, "commit took %s", what);
    } else {
        conform_skip(t->record, CONFORM_HANDLE_RULE, "the sink gives no handle");
    }
    conform_stage_close(&g);
}

void conform_case_handle(const struct conform_trial *t)
{
    if (!has_commit(t, CONFORM_HANDLE_RULE))
        return;
    handle_damage(t, 0, "half of a handle");
    handle_damage(t, 1, "other bytes than its handle's");
}

/* ---- ONE_PHASE ---- */

/* Another process of a later generation asks; the first goes on writing, and must not commit. */
static void fence_try(const struct conform_trial *t, struct conform_stage *old,
                      struct conform_stage *young)
{
    uint64_t number = 0;
    char name[CONFORM_STATUS];
    *young = (struct conform_stage){
        .s = {.b = &young->bench, .table = &t->check->tables[0], .epoch = 2, .generation = 9}};
    int32_t status = conform_bench_open(&young->bench, t, &plain);
    status = status ? status : conform_bench_start(&young->bench);
    status = status ? status : conform_sink_last(&young->s, &number);
    expect(t, CONFORM_LAST_COMMITTED_RULE, status, "last_committed", &young->bench);
    if (!status && number != 1)
        conform_break(t->record, CONFORM_LAST_COMMITTED_RULE,
                      "last_committed tells epoch %llu behind epoch 1", (unsigned long long)number);
    conform_bench_stop(&young->bench);
    old->s.epoch = 2;
    status = conform_sink_write(&old->s, 5, 2);
    status = status ? status : conform_sink_prepare(&old->s);
    if (!status && (status = conform_sink_decide(&old->s, &conform_commit)) != QETL_E_FENCED)
        conform_break(t->record, CONFORM_LAST_COMMITTED_RULE,
                      "commit of an older generation answered %s instead of FENCED",
                      conform_status_name(status, name));
}

void conform_case_last(const struct conform_trial *t)
{
    struct conform_stage g, young;
    if (!t->component->sink->last_committed) {
        conform_skip(t->record, CONFORM_LAST_COMMITTED_RULE, "the sink has no last_committed");
        return;
    }
    if (!stage_prepare(&g, t, false) && !conform_sink_decide(&g.s, &conform_commit)) {
        fence_try(t, &g, &young);
        conform_stage_close(&young);
        conform_hold(t->record, CONFORM_LAST_COMMITTED_RULE);
    }
    conform_stage_close(&g);
}
