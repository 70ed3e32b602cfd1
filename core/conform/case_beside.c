/* SPDX-License-Identifier: Apache-2.0 */
/* Whoever writes beside others: a commit that was cut, and pipelines that count the same epochs. */
#include "cut.h"
#include "stage.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CUTS_MOST = 24 };

/* ---- a commit that is cut ---- */

enum ending { CUT, WHOLE, FAILED };

/* Commit in a process of its own, which ends at its n-th call about files. */
static enum ending commit_cut(const struct conform_trial *t, struct conform_stage *g, int64_t nth)
{
    int status = 0;
    pid_t pid = fork();
    if (!pid) {
        struct conform_stage own = {.s.epoch = g->s.epoch, .s.final = true};
        memcpy(own.s.handles, g->s.handles, sizeof own.s.handles);
        own.s.n_handles = g->s.n_handles;
        int32_t bad = conform_stage_ready(&own, t, 3);
        if (bad || conform_cut_ready())
            _exit(FAILED);
        conform_cut_at(nth);
        bad = conform_sink_decide(&own.s, &conform_commit);
        conform_cut_at(0);
        _exit(bad ? FAILED : WHOLE);
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
        return FAILED;
    return (enum ending)WEXITSTATUS(status);
}

/* What the next process makes of it, as text. */
static enum ending cut_try(const struct conform_trial *t, int64_t nth, struct conform_text *out)
{
    const enum conform_rule_id rule = CONFORM_COMMIT_CUT_RULE;
    struct conform_stage g = {.s = {.final = true, .epoch = 1}};
    struct conform_tree tree = {0};
    enum ending ending = FAILED;
    conform_scratch(t);
    if (!conform_stage_elsewhere(&g, t, true) && g.s.n_handles)
        ending = commit_cut(t, &g, nth);
    if (ending != FAILED &&
        (conform_stage_ready(&g, t, 4) ||
         (conform_stage_has_phases(t, &g, rule) && conform_sink_decide(&g.s, &conform_commit))))
        conform_break(t->record, rule, "the next process: %s", g.bench.error);
    conform_stage_close(&g);
    conform_tree_take(&tree, t->scratch);
    conform_tree_print(&tree, t->record->tree_level, out);
    conform_tree_free(&tree);
    return ending;
}

void conform_case_cut(const struct conform_trial *t)
{
    const enum conform_rule_id rule = CONFORM_COMMIT_CUT_RULE;
    struct conform_text whole = {0};
    enum ending ending = cut_try(t, CUTS_MOST * 100, &whole);
    if (ending != WHOLE)
        conform_skip(t->record, rule, "the sink gives no handle");
    for (int64_t n = 1; ending != FAILED && n <= CUTS_MOST && conform_may_try(t); n++) {
        struct conform_text text = {0};
        char difference[CONFORM_DIFFERENCE], what[80];
        snprintf(what, sizeof what, "a commit that was cut at its call %lld about files",
                 (long long)n);
        conform_record_trying(t->record, what);
        ending = cut_try(t, n, &text);
        if (ending == CUT && !conform_text_same(&whole, &text)) {
            conform_text_difference(&whole, &text, difference, sizeof difference);
            conform_break(t->record, rule,
                          "behind the next process' commit the folder is another: %s", difference);
        } else if (ending == CUT) {
            conform_hold(t->record, rule);
        }
        conform_text_free(&text);
        conform_record_trying(t->record, "");
        if (ending == WHOLE || conform_is_broken(t->record, rule))
            break;
    }
    conform_skip(t->record, rule, "commit makes no call about files that could be cut");
    conform_text_free(&whole);
}

/* ---- beside another pipeline ---- */

/* The name of the first file that is there no more as it was; else NULL. */
static const char *lost(const struct conform_tree *before, const struct conform_tree *now)
{
    for (size_t i = 0; i < before->n; i++) {
        const struct conform_leaf *leaf = conform_tree_find(now, before->leaves[i].name);
        if (!leaf || !conform_text_same(&leaf->data, &before->leaves[i].data))
            return before->leaves[i].name;
    }
    return NULL;
}

/* An epoch of the check's own pipeline, or of the stranger's. */
static int32_t epoch_whole(const struct conform_trial *t, uint64_t epoch, bool stranger,
                           struct conform_tree *out)
{
    struct conform_stage g = {.s = {.final = true, .epoch = epoch, .stranger = stranger}};
    int32_t status = conform_stage_ready(&g, t, stranger ? 3 : epoch); /* other rows each */
    if (!status && !conform_stage_has_phases(t, &g, CONFORM_COMMIT_BESIDE_RULE))
        status = QETL_E_UNSUPPORTED;
    status = status ? status : conform_stage_whole(&g);
    conform_stage_close(&g);
    conform_tree_take(out, t->scratch);
    return status;
}

/* Whether epochs add up: each leaves what the one before brought. */
static bool adds_up(const struct conform_trial *t, struct conform_tree *both)
{
    struct conform_tree first = {0};
    conform_scratch(t);
    bool whole = !epoch_whole(t, 1, false, &first) && !epoch_whole(t, 2, false, both);
    bool adds = whole && both->n > first.n && !lost(&first, both);
    if (whole && !adds)
        conform_skip(t->record, CONFORM_COMMIT_BESIDE_RULE,
                     "an epoch takes the place of the one before it");
    conform_tree_free(&first);
    return adds;
}

/* A stranger's epoch of the same number may be refused, but not take the place of our own. */
static void same_number(const struct conform_trial *t, const struct conform_tree *both)
{
    const enum conform_rule_id rule = CONFORM_COMMIT_BESIDE_RULE;
    struct conform_tree now = {0};
    bool refused = epoch_whole(t, 1, true, &now);
    const char *name = lost(both, &now);
    if (name)
        conform_break(t->record, rule,
                      "epoch 1 of another pipeline takes the place of '%s': the owner (qetl.run/1) "
                      "tells them apart",
                      name);
    else if (!refused && now.n == both->n)
        conform_break(t->record, rule,
                      "epoch 1 of another pipeline is taken for one that was committed, and is "
                      "lost");
    else
        conform_hold(t->record, rule);
    conform_tree_free(&now);
}

/* What was prepared and waits for its commit, while another pipeline comes and goes. */
static void while_prepared(const struct conform_trial *t)
{
    const enum conform_rule_id rule = CONFORM_COMMIT_BESIDE_RULE;
    struct conform_stage g = {.s.final = true};
    struct conform_tree prepared = {0}, now = {0};
    conform_scratch(t);
    int32_t status = conform_stage_ready(&g, t, 1);
    status = status ? status : conform_stage_write(&g);
    status = status ? status : conform_stage_prepare(&g);
    conform_tree_take(&prepared, t->scratch);
    if (!status && epoch_whole(t, 1, true, &now) == QETL_OK) {
        const char *name = lost(&prepared, &now);
        if (name)
            conform_break(t->record, rule,
                          "a run of another pipeline in between takes '%s' away, which was "
                          "prepared and waits for its commit",
                          name);
        else if (conform_sink_decide(&g.s, &conform_commit))
            conform_break(t->record, rule, "behind a run of another pipeline in between: %s",
                          g.bench.error);
    }
    conform_stage_close(&g);
    conform_tree_free(&prepared);
    conform_tree_free(&now);
}

void conform_case_beside(const struct conform_trial *t)
{
    struct conform_tree both = {0};
    if (adds_up(t, &both)) {
        same_number(t, &both);
        while_prepared(t);
    }
    conform_tree_free(&both);
}
