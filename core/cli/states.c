/* SPDX-License-Identifier: Apache-2.0 */
#include "states.h"

#include "config/suggest.h"

#include <errno.h>
#include <qetl/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const struct qetl_option options[] = {
    {"state", .kind = QETL_ARG_TEXT, QETL_COMPLETES_FOLDER,
     .offset = offsetof(struct qetl_states_own, folder), .value = "DIR",
     .help = "the folder of all pipelines' states (default: $XDG_STATE_HOME/qetl, else "
             "~/.local/state/qetl)"},
};
const struct qetl_option_group qetl_options_states = QETL_OPTION_GROUP("State", true, options);

const struct qetl_exit qetl_exits_states[] = {
    {"0", "it is done"},
    {"1", "the answer could not be written"},
    {"2", "the command line is wrong, or names what there is not"},
    {"3", "a run is at work with the state, or it cannot be read or written"},
    {"141", "the reader of stdout went away"},
    {NULL, NULL},
};

char *qetl_states_folder(const struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct qetl_states_own *own = cli->own;
    char *folder = own->folder ? strdup(own->folder) : qetl_cli_state_folder();
    if (!folder)
        qetl_finding_mend(qetl_finding_add(findings, QETL_ERROR, "state",
                                           "there is no folder for states: neither XDG_STATE_HOME "
                                           "nor HOME is set"),
                          "name one with --state DIR");
    return folder;
}

/* ---- one of them ---- */

static void none_found(const char *folder, const char *pipeline, struct qetl_findings *findings)
{
    struct qetl_suggest suggest;
    char **names = qetl_state_names(folder), *best = NULL;
    qetl_suggest_init(&suggest, pipeline);
    for (char **at = names; at && *at; at++) {
        char *name = qetl_state_pipeline_name(*at);
        if (!name)
            continue;
        qetl_suggest_offer(&suggest, name);
        if (suggest.best == name) {
            free(best);
            best = name;
        } else
            free(name);
    }
    struct qetl_finding *finding = qetl_finding_add(
        findings, QETL_ERROR, "unknown_state", "there is no state of a pipeline `%s`", pipeline);
    qetl_finding_at(finding, folder, 0, 0, NULL);
    if (best)
        qetl_finding_mend(finding, "did you mean `%s`?", best);
    else
        qetl_finding_mend(finding, "`qetl state list` shows which there are");
    for (char **at = names; at && *at; at++)
        free(*at);
    free(names);
    free(best);
}

static int look_in(const char *folder, const char *pipeline, struct qetl_state_look *look,
                   struct qetl_findings *findings)
{
    char *name = qetl_state_folder_name(pipeline);
    int error = name ? qetl_state_look(folder, name, look) : ENOMEM;
    free(name);
    if (!error)
        return 0;
    if (error == ENOMEM)
        qetl_findings_no_memory(findings);
    else if (error == ENOENT || error == ENOTDIR)
        none_found(folder, pipeline, findings);
    else {
        struct qetl_finding *finding =
            qetl_finding_add(findings, QETL_ERROR, "state_folder",
                             "the state of `%s` cannot be read: %s", pipeline, strerror(error));
        qetl_finding_at(finding, folder, 0, 0, NULL);
        qetl_finding_environment(finding);
    }
    return -1;
}

int qetl_states_look(const struct qetl_cli *cli, struct qetl_state_look *look,
                     struct qetl_findings *findings)
{
    char *folder = qetl_states_folder(cli, findings);
    *look = (struct qetl_state_look){0};
    int failed = folder ? look_in(folder, cli->operands[0], look, findings) : -1;
    free(folder);
    return failed;
}

static struct qetl_store *open_in(const char *folder, const char *pipeline, bool makes,
                                  struct qetl_record *decided, struct qetl_findings *findings)
{
    struct qetl_state_look look = {0};
    struct qetl_record prepared = {0};
    if (!makes && look_in(folder, pipeline, &look, findings))
        return NULL;
    qetl_state_look_free(&look);
    struct qetl_store *store = qetl_store_open(folder, pipeline, NULL, findings);
    if (!store)
        return NULL;
    int32_t status = qetl_store_recover(store, decided, &prepared, findings);
    if (!status && prepared.stage == QETL_STAGE_NONE)
        return store;
    if (status == QETL_E_NO_MEMORY)
        qetl_findings_no_memory(findings);
    else if (!status)
        qetl_finding_mend(qetl_finding_add(findings, QETL_ERROR, "state_in_doubt",
                                           "epoch %llu of `%s` is prepared: only its sink knows "
                                           "whether it was decided",
                                           (unsigned long long)prepared.number, pipeline),
                          "run the pipeline once: it asks the sink");
    qetl_record_free(&prepared);
    qetl_record_free(decided);
    qetl_store_close(store);
    return NULL;
}

struct qetl_store *qetl_states_open(const struct qetl_cli *cli, bool makes,
                                    struct qetl_record *decided, struct qetl_findings *findings)
{
    char *folder = qetl_states_folder(cli, findings);
    *decided = (struct qetl_record){0};
    struct qetl_store *store =
        folder ? open_in(folder, cli->operands[0], makes, decided, findings) : NULL;
    free(folder);
    return store;
}

/* ---- changes ---- */

void qetl_states_failed(const struct qetl_store *store, int32_t status,
                        struct qetl_findings *findings)
{
    const char *reason = qetl_store_reason(store);
    if (status == QETL_E_NO_MEMORY)
        qetl_findings_no_memory(findings);
    else if (status)
        qetl_finding_environment(qetl_finding_add(findings, QETL_ERROR, "state",
                                                  "the state was not changed: %s",
                                                  *reason ? reason : "it cannot be written"));
}

int32_t qetl_states_put(struct qetl_store *store, const struct qetl_record *before,
                        const struct qetl_entry *entries, size_t n_entries)
{
    struct qetl_record record = *before;
    bool fresh = before->stage == QETL_STAGE_NONE;
    record.number = before->number ? before->number : 1;
    record.final = before->final || fresh; /* nothing goes on from it */
    record.entries = (struct qetl_entry *)entries;
    record.n_entries = n_entries;
    int32_t status = qetl_store_decide(store, &record);
    if (!status && (fresh || before->stage >= QETL_STAGE_COMMITTED))
        status = qetl_store_committed(store, record.number);
    return status;
}

bool qetl_states_confirm(const char *question, struct qetl_findings *findings)
{
    char answer[16] = "";
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
        qetl_finding_mend(qetl_finding_add(findings, QETL_ERROR, "usage",
                                           "this cannot be taken back, and nobody is there to ask"),
                          "--yes means it");
        return false;
    }
    fprintf(stderr, "%s [y/N] ", question);
    fflush(stderr);
    if (!fgets(answer, sizeof answer, stdin))
        return false;
    answer[strcspn(answer, "\n")] = '\0';
    return strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0;
}
