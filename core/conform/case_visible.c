/* SPDX-License-Identifier: Apache-2.0 */
/* What is seen of a sink in its folder, by whoever looks there between its calls. */
#include "stage.h"

#include <stdio.h>

/* A file that is none of its own, beside what the check has. */
static void bystander_put(const struct conform_trial *t)
{
    char path[CONFORM_PATH];
    conform_scratch(t);
    snprintf(path, sizeof path, "%s/bystander.txt", t->scratch);
    FILE *file = fopen(path, "we");
    if (file) {
        fputs("of somebody else\n", file);
        fclose(file);
    }
}

/* As it was, or with more behind it: some write in place, and cut off what does not count. */
static bool is_kept(const struct conform_leaf *was, const struct conform_leaf *now)
{
    return now && now->data.size >= was->data.size &&
           (!was->data.size || memcmp(now->data.data, was->data.data, was->data.size) == 0);
}

/* What was there before the epoch, whosever it is. */
static void kept_check(const struct conform_trial *t, enum conform_rule_id rule,
                       const struct conform_tree *before, const char *call)
{
    struct conform_tree now = {0};
    conform_tree_take(&now, t->scratch);
    for (size_t i = 0; i < before->n; i++) {
        const struct conform_leaf *leaf = conform_tree_find(&now, before->leaves[i].name);
        if (!is_kept(&before->leaves[i], leaf))
            conform_break(t->record, rule, "%s %s '%s', which was there before the epoch", call,
                          leaf ? "changes" : "removes", before->leaves[i].name);
    }
    conform_tree_free(&now);
}

/* Whether something that was there is longer now. */
static bool has_grown(const struct conform_tree *before, const struct conform_tree *now)
{
    for (size_t i = 0; i < before->n; i++) {
        const struct conform_leaf *leaf = conform_tree_find(now, before->leaves[i].name);
        if (leaf && leaf->data.size > before->leaves[i].data.size)
            return true;
    }
    return false;
}

/* ---- before commit, and behind it ---- */

struct seen {
    struct conform_tree before, prepared, committed;
};

/* Whether a file stands there behind commit that did not stand there, as it is, before. */
static bool has_news(const struct seen *seen)
{
    for (size_t i = 0; i < seen->committed.n; i++) {
        const struct conform_leaf *leaf = &seen->committed.leaves[i];
        const struct conform_leaf *early = conform_tree_find(&seen->prepared, leaf->name);
        if (!early || !conform_text_same(&early->data, &leaf->data))
            return true;
    }
    return false;
}

static void seen_check(const struct conform_trial *t, const struct conform_stage *g,
                       const struct seen *seen)
{
    if (g->s.n_handles && conform_tree_differs(&seen->before, &seen->prepared) &&
        !has_grown(&seen->before, &seen->prepared) && !has_news(seen))
        conform_break(t->record, CONFORM_VISIBLE_RULE,
                      "commit brings no file that did not stand there, with the same bytes, behind "
                      "prepare: its rows are seen too early, or never");
    conform_hold(t->record, CONFORM_VISIBLE_RULE);
}

/* The last epoch of a run, step by step. */
static int32_t seen_take(const struct conform_trial *t, struct conform_stage *g, struct seen *seen)
{
    kept_check(t, CONFORM_VISIBLE_RULE, &seen->before, "open");
    int32_t status = conform_sink_write(&g->s, (int64_t)(g->s.generation % 3) * 5, 5);
    if (!status)
        kept_check(t, CONFORM_VISIBLE_RULE, &seen->before, "write");
    status = status ? status : conform_stage_prepare(g);
    if (status)
        return status;
    kept_check(t, CONFORM_VISIBLE_RULE, &seen->before, "prepare");
    conform_tree_take(&seen->prepared, t->scratch);
    status = conform_sink_decide(&g->s, &conform_commit);
    conform_tree_take(&seen->committed, t->scratch);
    return status;
}

/* The first run in a folder, and one behind it. */
void conform_case_visible(const struct conform_trial *t)
{
    bystander_put(t);
    for (uint64_t generation = 1; generation < 3; generation++) {
        struct conform_stage g = {.s.final = true};
        struct seen seen = {0};
        conform_tree_take(&seen.before, t->scratch);
        int32_t status = conform_stage_ready(&g, t, generation);
        if (!status && conform_stage_has_phases(t, &g, CONFORM_VISIBLE_RULE) &&
            conform_sink_open(&g.s) == QETL_OK && seen_take(t, &g, &seen) == QETL_OK)
            seen_check(t, &g, &seen);
        conform_tree_free(&seen.before);
        conform_tree_free(&seen.prepared);
        conform_tree_free(&seen.committed);
        conform_stage_close(&g);
    }
}

/* ---- what is given up ---- */

static void gone_check(const struct conform_trial *t, enum conform_rule_id rule,
                       const struct conform_tree *before, const char *what)
{
    struct conform_tree now = {0};
    conform_tree_take(&now, t->scratch);
    for (size_t i = 0; i < now.n; i++)
        if (now.leaves[i].data.size && !conform_tree_find(before, now.leaves[i].name))
            conform_break(t->record, rule, "%s leaves '%s', of %zu bytes", what, now.leaves[i].name,
                          now.leaves[i].data.size);
    conform_tree_free(&now);
}

static void give_up(const struct conform_trial *t, bool prepares)
{
    const char *what = prepares ? "abort of what was prepared" : "abort before prepare";
    struct conform_stage g = {.s.final = true};
    struct conform_tree before = {0};
    bystander_put(t);
    conform_tree_take(&before, t->scratch);
    int32_t status = conform_stage_ready(&g, t, 1);
    bool phases = !status && conform_stage_has_phases(t, &g, CONFORM_ABORT_RULE);
    status = status ? status : conform_stage_write(&g);
    if (!status && prepares)
        status = conform_stage_prepare(&g);
    status = status ? status : conform_sink_decide(&g.s, &conform_abort);
    conform_stage_close(&g);
    if (!status && phases) {
        kept_check(t, CONFORM_ABORT_RULE, &before, what);
        gone_check(t, CONFORM_ABORT_RULE, &before, what);
    }
    conform_tree_free(&before);
}

void conform_case_given_up(const struct conform_trial *t)
{
    give_up(t, false);
    give_up(t, true);
}

/* ---- in another process ---- */

/* A run without anything odd, as text. False: there is none, or it is another each time. */
static bool at_home(const struct conform_trial *t, enum conform_rule_id rule,
                    struct conform_text *out)
{
    struct conform_stage g = {.s.final = true};
    struct conform_tree tree = {0};
    bystander_put(t);
    int32_t status = conform_stage_ready(&g, t, 1);
    bool phases = !status && conform_stage_has_phases(t, &g, rule);
    status = status ? status : conform_stage_whole(&g);
    conform_stage_close(&g);
    conform_tree_take(&tree, t->scratch);
    conform_tree_print(&tree, t->record->tree_level, out);
    conform_tree_free(&tree);
    return phases && !status;
}

static void same_check(const struct conform_trial *t, enum conform_rule_id rule,
                       const struct conform_text *home, const struct conform_tree *away,
                       const char *what)
{
    struct conform_text text = {0};
    char difference[CONFORM_DIFFERENCE];
    conform_tree_print(away, t->record->tree_level, &text);
    if (!conform_text_same(home, &text)) {
        conform_text_difference(home, &text, difference, sizeof difference);
        conform_break(t->record, rule, "%s: the folder is another: %s", what, difference);
    }
    conform_text_free(&text);
}

/* Handles go to a process in which nothing was ever written. What it aborted comes again. */
static int32_t decide_elsewhere(const struct conform_trial *t, struct conform_stage *g,
                                bool commits)
{
    const enum conform_rule_id rule = CONFORM_COMMIT_ELSEWHERE_RULE;
    int32_t status = conform_stage_elsewhere(g, t, true);
    status = status ? status : conform_stage_ready(g, t, 4); /* of the same rows as the first */
    if (status || !conform_stage_has_phases(t, g, rule))
        return QETL_E_UNSUPPORTED;
    status = conform_sink_decide(&g->s, commits ? &conform_commit : &conform_abort);
    if (status)
        conform_break(t->record, rule, "%s by another process: %s", commits ? "commit" : "abort",
                      g->bench.error);
    conform_hold(t->record, rule);
    return status || commits ? status : conform_stage_whole(g);
}

/* As long as nobody has written here. */
static bool elsewhere_try(const struct conform_trial *t, bool commits, struct conform_tree *away)
{
    struct conform_stage g = {.s = {.final = true, .epoch = 1}};
    bystander_put(t);
    int32_t status = decide_elsewhere(t, &g, commits);
    conform_stage_close(&g);
    conform_tree_take(away, t->scratch);
    return !status;
}

void conform_case_elsewhere(const struct conform_trial *t)
{
    const enum conform_rule_id rule = CONFORM_COMMIT_ELSEWHERE_RULE;
    struct conform_text home = {0};
    struct conform_tree aborted = {0}, committed = {0};
    bool commits = elsewhere_try(t, true, &committed), aborts = elsewhere_try(t, false, &aborted);
    if ((aborts || commits) && at_home(t, rule, &home)) {
        if (aborts)
            same_check(t, rule, &home, &aborted, "behind an abort by another process");
        if (commits)
            same_check(t, rule, &home, &committed, "behind a commit by another process");
    }
    conform_tree_free(&aborted);
    conform_tree_free(&committed);
    conform_text_free(&home);
}

/* One is killed behind write; the next writes the same, and ends well. Who writes in place has no
 * file that would be left over; what it cuts off it may keep. */
void conform_case_leftovers(const struct conform_trial *t)
{
    struct conform_text home = {0};
    struct conform_stage g = {.s = {.final = true, .epoch = 1}};
    struct conform_tree before = {0}, away = {0};
    bystander_put(t);
    conform_tree_take(&before, t->scratch);
    int32_t status = conform_stage_elsewhere(&g, t, false);
    conform_tree_take(&away, t->scratch);
    bool in_place = has_grown(&before, &away);
    status = status ? status : conform_stage_ready(&g, t, 4);
    status = status ? status : conform_stage_whole(&g);
    conform_stage_close(&g);
    conform_tree_take(&away, t->scratch);
    if (in_place) {
        conform_skip(t->record, CONFORM_LEFTOVERS_RULE, "the sink writes in place");
    } else if (at_home(t, CONFORM_LEFTOVERS_RULE, &home) && !status) {
        same_check(t, CONFORM_LEFTOVERS_RULE, &home, &away, "behind a process that was killed");
        conform_hold(t->record, CONFORM_LEFTOVERS_RULE);
    }
    conform_tree_free(&before);
    conform_tree_free(&away);
    conform_text_free(&home);
}
