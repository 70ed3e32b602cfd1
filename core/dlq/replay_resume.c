/* SPDX-License-Identifier: Apache-2.0 */
/* Replays that were cut short: what they were about stands beside the letters while it is not over.
 */
#include "data/letter_store.h"
#include "replay.h"
#include "run/recover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *qetl_replay_intent(const char *path)
{
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash - path) + 1 : 0;
    char *intent;
    return asprintf(&intent, "%.*s.%s.replay", folder, path, path + folder) < 0 ? NULL : intent;
}

/* In the place of what may stand there in one step: that may be about a replay that was decided. */
static int note_write(const char *path, const json_t *note)
{
    char *fresh;
    if (asprintf(&fresh, "%s.new", path) < 0)
        return ENOMEM;
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int error = fd < 0 ? errno : 0;
    if (!error && (json_dumpfd(note, fd, JSON_COMPACT) || fsync(fd)))
        error = errno ? errno : EIO;
    if (fd >= 0)
        close(fd);
    if (!error && rename(fresh, path))
        error = errno;
    free(fresh);
    return error ? error : qetl_letter_folder_sync(path);
}

int qetl_replay_note(const struct qetl_replay *replay, const struct qetl_replay_group *group,
                     int64_t from)
{
    json_t *ids = json_array();
    for (size_t i = 0; i < group->n; i++)
        json_array_append_new(ids, json_integer(group->ids[i]));
    json_t *note =
        json_pack("{s:I, s:O, s:o}", "from", (json_int_t)from, "first", group->first, "ids", ids);
    int error = note ? note_write(replay->intent, note) : ENOMEM;
    json_decref(note);
    return error;
}

int qetl_replay_over(const struct qetl_replay *replay)
{
    return unlink(replay->intent) && errno != ENOENT ? errno
                                                     : qetl_letter_folder_sync(replay->path);
}

enum verdict { UNDECIDED, DECIDED, OVER, UNKNOWN };

static int64_t letters_of(const struct qetl_record *record)
{
    struct qetl_letter_length length;
    qetl_record_letters(record, &length);
    return length.last;
}

/* What the store says of the epoch whose letters lie behind `from`. */
static enum verdict judge(const struct qetl_replay *replay, const struct qetl_pipeline *graph,
                          int64_t from, struct qetl_findings *findings)
{
    struct qetl_record decided = {0}, prepared = {0};
    char *identity = qetl_run_identity(graph);
    struct qetl_store *store = identity
                                   ? qetl_store_open(replay->options.state_folder,
                                                     replay->options.state_name, identity, findings)
                                   : NULL;
    enum verdict verdict = UNKNOWN;
    if (store && !qetl_store_recover(store, &decided, &prepared, findings)) {
        bool ours = decided.number && letters_of(&decided) > from;
        verdict = ours && decided.stage == QETL_STAGE_FINISHED      ? OVER
                  : ours                                            ? DECIDED
                  : prepared.number && letters_of(&prepared) > from ? DECIDED
                                                                    : UNDECIDED;
    }
    qetl_record_free(&decided);
    qetl_record_free(&prepared);
    qetl_store_close(store);
    free(identity);
    return verdict;
}

/* Its lines did not count: the letters wait as before. */
static int forget(const struct qetl_replay *replay, int64_t from, struct qetl_findings *findings)
{
    struct qetl_box *box = qetl_box_open(replay->path, true, findings);
    int error = box ? qetl_letter_file_cut_replays(&box->file, from) : 0;
    if (error)
        qetl_finding_add(findings, QETL_ERROR, "replay", "'%s' cannot be cut back: %s",
                         replay->path, strerror(error));
    qetl_box_free(box);
    return box && !error && !qetl_replay_over(replay) ? QETL_EXIT_OK : QETL_EXIT_ENVIRONMENT;
}

static int go_on(const struct qetl_replay *replay, const json_t *note, bool forgets,
                 struct qetl_findings *findings)
{
    int64_t from = json_integer_value(json_object_get(note, "from"));
    struct qetl_replay_plan plan;
    struct qetl_replay again = *replay;
    size_t n;
    again.plan = &plan;
    if (forgets)
        return forget(replay, from, findings);
    if (qetl_replay_plan_one(&plan, replay->plan->pipeline, json_object_get(note, "first"),
                             findings)) {
        qetl_replay_plan_clear(&plan);
        return QETL_EXIT_CONFIG;
    }
    struct qetl_pipeline *graph = qetl_replay_graph(&plan, plan.groups, replay->registry, findings);
    enum verdict verdict = graph ? judge(replay, graph, from, findings) : UNKNOWN;
    qetl_replay_graph_free(graph);
    int exit_code = QETL_EXIT_OK;
    json_t *ids = json_object_get(note, "ids"), *id;
    size_t i;
    plan.groups->ids = calloc(json_array_size(ids) + 1, sizeof *plan.groups->ids);
    json_array_foreach (ids, i, id)
        if (plan.groups->ids)
            plan.groups->ids[plan.groups->n++] = json_integer_value(id);
    if (verdict == UNKNOWN)
        exit_code = qetl_run_verdict(findings) ? qetl_run_verdict(findings) : QETL_EXIT_FAILED;
    else if (verdict == UNDECIDED)
        exit_code = forget(replay, from, findings);
    else if (verdict == OVER)
        exit_code = qetl_replay_over(replay) ? QETL_EXIT_ENVIRONMENT : QETL_EXIT_OK;
    else
        exit_code = qetl_replay_group(&again, plan.groups, &n, from, findings);
    qetl_replay_plan_clear(&plan);
    return exit_code;
}

int qetl_replay_settle(const struct qetl_replay *replay, bool forgets,
                       struct qetl_findings *findings)
{
    json_error_t error;
    if (access(replay->intent, F_OK))
        return QETL_EXIT_OK;
    json_t *note = json_load_file(replay->intent, JSON_ALLOW_NUL, &error);
    if (!note) {
        qetl_finding_environment(qetl_finding_add(
            findings, QETL_ERROR, "replay", "'%s' cannot be read: %s", replay->intent, error.text));
        return QETL_EXIT_ENVIRONMENT;
    }
    int exit_code = go_on(replay, note, forgets, findings);
    json_decref(note);
    return exit_code;
}
