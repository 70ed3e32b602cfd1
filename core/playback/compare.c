/* SPDX-License-Identifier: Apache-2.0 */
/* What the plugin answered and asked now, beside what it answered and asked then. */
#include "playback_internal.h"

#include "trace/trace_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int qetl_step_differs(struct step *step, char *what, char *expected, char *got)
{
    struct qetl_playback_difference *difference = &step->replay->result->difference;
    difference->entry = step->call->seq;
    difference->call = step->replay->result->calls;
    difference->component = strdup(step->player->recorded->component);
    difference->function = strdup(step->call->call);
    difference->what = what;
    difference->expected = expected;
    difference->got = got;
    if (difference->component && difference->function && what && expected && got) {
        step->replay->result->differs = true;
        return 1;
    }
    qetl_findings_no_memory(step->replay->findings);
    return -1;
}

/* What a plugin tells the host that is an answer of its own; the rest hangs on time or place. */
static bool is_told(const struct qetl_entry *entry)
{
    static const char *const told[] = {
        "reject",     "error",        "outputs.add", "objects.add", "plan_splits.write",
        "save.write", "prepare.write"};
    if (strncmp(entry->call, "binder.", 7) == 0)
        return true;
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
        if (strcmp(entry->call, told[i]) == 0)
            return true;
    return false;
}

/* With another target, names and handles are others. */
static bool is_place(const struct step *step, const char *call, const struct qetl_value *value)
{
    if (!step->replay->options->n_settings)
        return false;
    if (strcmp(call, "prepare.write") == 0 || strcmp(call, "objects.add") == 0 ||
        strcmp(call, "plan_splits.write") == 0 || strcmp(call, "save.write") == 0)
        return true;
    bool outside =
        step->player->recorded->kind == QETL_SOURCE || step->player->recorded->kind == QETL_SINK;
    return outside && (value->kind == QETL_CARGO_TEXT || strcmp(value->name, "position") == 0);
}

static const struct qetl_value *out_named(const struct qetl_values *values, const char *name,
                                          int nth)
{
    for (int i = 0; i < values->n; i++)
        if (strcmp(values->list[i].name, name) == 0 && nth-- == 0)
            return &values->list[i];
    return NULL;
}

static int nth_of(const struct qetl_values *values, int at)
{
    int nth = 0;
    for (int i = 0; i < at; i++)
        nth += strcmp(values->list[i].name, values->list[at].name) == 0;
    return nth;
}

/* Numbers that are 0 are not told. */
static int compare_missing(struct step *step, const struct qetl_value *value, bool now)
{
    char *what;
    if (value->kind == QETL_CARGO_NUMBER && value->number == 0)
        return 0;
    if (asprintf(&what, "%s", value->name) < 0)
        what = NULL;
    return qetl_step_differs(step, what, strdup(now ? "nothing" : "something"),
                             strdup(now ? "something" : "nothing"));
}

static int compare_values(struct step *step, const char *call, const struct qetl_values *then,
                          const struct qetl_values *now)
{
    int differs = 0;
    for (int i = 0; i < then->n && !differs; i++) {
        const struct qetl_value *expected = &then->list[i];
        const struct qetl_value *got = out_named(now, expected->name, nth_of(then, i));
        if (is_place(step, call, expected))
            continue;
        differs =
            got ? qetl_value_compare(step, expected, got) : compare_missing(step, expected, false);
    }
    for (int i = 0; i < now->n && !differs; i++)
        if (!out_named(then, now->list[i].name, nth_of(now, i)) &&
            !is_place(step, call, &now->list[i]))
            differs = compare_missing(step, &now->list[i], true);
    return differs;
}

/* ---- what it asked ---- */

/* The call, and of what went wrong what was said of it. */
static char *told_text(const struct qetl_entry *entry)
{
    struct qetl_values values;
    char *text;
    if (!entry)
        return strdup("nothing more");
    bool says = strcmp(entry->call, "error") == 0 || strcmp(entry->call, "reject") == 0;
    const struct qetl_value *message =
        says && !qetl_entry_values(entry, &values) ? out_named(&values, "message", 0) : NULL;
    if (!message || message->absent || message->kind != QETL_CARGO_TEXT)
        return strdup(entry->call);
    return asprintf(&text, "%s: %.*s", entry->call, (int)message->size,
                    (const char *)message->data) < 0
               ? NULL
               : text;
}

static int compare_asked(struct step *step, const struct qetl_entry *then,
                         const struct qetl_entry *now)
{
    struct qetl_values expected, got;
    if (!then || !now || strcmp(then->call, now->call) != 0)
        return qetl_step_differs(step, strdup("what it told the host"), told_text(then),
                                 told_text(now));
    if (qetl_entry_values(then, &expected) || qetl_entry_values(now, &got))
        return -1;
    int differs = compare_values(step, now->call, &expected, &got);
    char *what = NULL;
    if (differs == 1 &&
        asprintf(&what, "%s: %s", now->call, step->replay->result->difference.what) >= 0) {
        free(step->replay->result->difference.what);
        step->replay->result->difference.what = what;
    }
    return differs;
}

static const struct qetl_entry *told_next(const struct step *step, size_t *at)
{
    while (*at < step->n_asked)
        if (is_told(step->asked[(*at)++]))
            return step->asked[*at - 1];
    return NULL;
}

/* The next in what the border told now; its answer goes to `answer`. */
static bool captured_next(struct qetl_unpack *in, struct qetl_entry *out, struct qetl_entry *answer)
{
    while (qetl_unpack_entry(in, out) == 1) {
        if (out->kind == QETL_ENTRY_ASKED && is_told(out))
            return true;
        if (out->kind == QETL_ENTRY_RETURN)
            *answer = *out;
    }
    return false;
}

/* ---- what it answered ---- */

static char *answer_text(const struct qetl_entry *entry)
{
    char *text;
    const char *word =
        entry->answers == QETL_ANSWERS_STATUS ? qetl_status_word(entry->answer) : NULL;
    if (word)
        return strdup(word);
    return asprintf(&text, "%" PRId64, entry->answer) < 0 ? NULL : text;
}

static int compare_answer(struct step *step, const struct qetl_entry *now)
{
    struct qetl_values expected, got;
    const struct qetl_entry *then = step->answer;
    if (then->answers != now->answers || then->answer != now->answer)
        return qetl_step_differs(step, strdup("answer"), answer_text(then), answer_text(now));
    if (qetl_entry_values(then, &expected) || qetl_entry_values(now, &got))
        return -1;
    return compare_values(step, step->call->call, &expected, &got);
}

int qetl_step_compare(struct step *step)
{
    struct replay *replay = step->replay;
    struct qetl_unpack in = qetl_unpack_from(replay->captured.data, replay->captured.size);
    struct qetl_entry now, answer = {.kind = QETL_ENTRY_END};
    size_t at = 0;
    int differs = 0;
    if (replay->captured_failed) {
        qetl_findings_no_memory(replay->findings);
        return -1;
    }
    replay->result->compared++;
    while (!differs) {
        const struct qetl_entry *then = told_next(step, &at);
        bool more = captured_next(&in, &now, &answer);
        if (!then && !more)
            break;
        differs = compare_asked(step, then, more ? &now : NULL);
    }
    /* An answer that is another one says more than what led to it. */
    if (!differs && answer.kind == QETL_ENTRY_RETURN)
        differs = compare_answer(step, &answer);
    return differs;
}
