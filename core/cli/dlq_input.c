/* SPDX-License-Identifier: Apache-2.0 */
/* Which file of dead letters is meant, and which letters in it. */
#include "config/mask.h"
#include "dlq.h"
#include "state/look.h"

#include <errno.h>
#include <glob.h>
#include <qetl/plugin.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char folder[] = "dead-letters";

static bool is_number(const char *word)
{
    return *word && strspn(word, "0123456789-") == strlen(word);
}

static bool ends_in(const char *text, const char *end)
{
    size_t size = strlen(text), n = strlen(end);
    return size >= n && strcmp(text + size - n, end) == 0;
}

static bool is_pipeline(const char *path)
{
    return ends_in(path, ".yaml") || ends_in(path, ".yml") || ends_in(path, ".json");
}

/* Where the pipeline keeps its letters. */
static char *path_of(const struct qetl_document *document, struct qetl_findings *findings)
{
    const json_t *root = qetl_document_root(document);
    const json_t *said = json_object_get(root, "dead_letters");
    const char *path =
        json_string_value(json_is_object(said) ? json_object_get(said, "path") : said);
    const char *name = json_string_value(json_object_get(root, "name"));
    char *made = NULL;
    if (path)
        return strdup(path);
    if (name && !json_is_false(said) && asprintf(&made, "%s/%s.ndjson", folder, name) >= 0) {
        for (char *c = made + sizeof folder; *c; c++)
            *c = *c == '/' || (*c == '.' && c == made + sizeof folder) ? '_' : *c;
        return made;
    }
    qetl_finding_mend(qetl_finding_add(findings, QETL_ERROR, "dead_letters",
                                       json_is_false(said)
                                           ? "the pipeline keeps no dead letters"
                                           : "the pipeline has no name, so that each of its runs "
                                             "has letters of its own"),
                      "name the file of the letters");
    return NULL;
}

static char *only_one(const struct qetl_cli *cli, struct qetl_findings *findings)
{
    glob_t found = {0};
    char list[600] = "", *path = NULL;
    int none = glob("dead-letters/*.ndjson", 0, NULL, &found);
    if (!none && found.gl_pathc == 1)
        path = strdup(found.gl_pathv[0]);
    for (size_t i = 0; !none && i < found.gl_pathc; i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i ? ", " : "",
                 found.gl_pathv[i]);
    if (!path) {
        struct qetl_finding *finding =
            qetl_finding_add(findings, QETL_ERROR, "usage",
                             none ? "there are no dead letters in dead-letters/"
                                  : "several files of dead letters are there");
        if (none)
            qetl_finding_mend(finding, "qetl %s FILE: a pipeline, or its letters",
                              cli->command->name);
        else
            qetl_finding_mend(finding, "name one of %s", list);
    }
    globfree(&found);
    return path;
}

static int find(struct qetl_dlq *dlq, const struct qetl_cli *cli, struct qetl_findings *findings)
{
    const char *named = cli->n_operands && !is_number(cli->operands[0]) ? cli->operands[0] : NULL;
    dlq->filter.ids = (const char *const *)cli->operands + (named ? 1 : 0);
    if (!named) {
        dlq->path = only_one(cli, findings);
    } else if (is_pipeline(named)) {
        dlq->document = qetl_cli_document(cli, named, findings);
        dlq->path = dlq->document ? path_of(dlq->document, findings) : NULL;
    } else {
        dlq->path = strdup(named);
    }
    return dlq->path ? 0 : -1;
}

/* Of the pipeline that was named, or that the first of the letters names; the caller's. */
static char *state_name(struct qetl_dlq *dlq)
{
    struct qetl_findings unsaid = {0};
    const json_t *root = dlq->document ? qetl_document_root(dlq->document) : NULL;
    json_t *first =
        !root && dlq->box->n ? qetl_box_letter(dlq->box, &dlq->box->entries[0], &unsaid) : NULL;
    const char *name =
        json_string_value(json_object_get(root ? root : first, root ? "name" : "pipeline"));
    char *made = name ? qetl_state_folder_name(name) : NULL;
    json_decref(first);
    qetl_findings_free(&unsaid);
    return made;
}

/* The state knows which letters were decided. Where there is none, or it cannot be read, all that
 * do not say otherwise count. */
static int judge(struct qetl_dlq *dlq, const struct qetl_dlq_options *o,
                 struct qetl_findings *findings)
{
    struct qetl_state_look look = {0};
    char *folder = o->state ? strdup(o->state) : qetl_cli_state_folder();
    char *name = state_name(dlq);
    int failed = !folder || !name || qetl_state_look(folder, name, &look);
    free(folder);
    free(name);
    if (failed)
        return 0;
    struct qetl_letters_behind behind = {"state", look.owner.name, qetl_state_look_decided(&look)};
    bool known = *look.owner.name && !qetl_state_look_is_refused(&look);
    failed = known ? qetl_box_judge(dlq->box, &behind, findings) : 0;
    qetl_state_look_free(&look);
    return failed;
}

/* A pipeline that never rejected a row has no file yet. */
static struct qetl_box *box_open(struct qetl_dlq *dlq, bool locked, struct qetl_findings *findings)
{
    dlq->absent = dlq->document && access(dlq->path, F_OK) && errno == ENOENT;
    return dlq->absent ? qetl_box_none(dlq->path, findings)
                       : qetl_box_open(dlq->path, locked, findings);
}

int qetl_dlq_read(struct qetl_dlq *dlq, const struct qetl_cli *cli, bool locked,
                  struct qetl_findings *findings)
{
    qetl_box_free(dlq->box);
    free(dlq->meant);
    dlq->meant = NULL;
    dlq->n_meant = 0;
    dlq->box = box_open(dlq, locked, findings);
    if (dlq->box && !judge(dlq, cli->own, findings))
        dlq->meant = qetl_box_select(dlq->box, &dlq->filter, findings);
    for (size_t i = 0; dlq->meant && i < dlq->box->n; i++)
        dlq->n_meant += dlq->meant[i];
    return dlq->meant ? 0 : -1;
}

int qetl_dlq_open(struct qetl_dlq *dlq, struct qetl_cli *cli, bool locked,
                  struct qetl_findings *findings)
{
    const struct qetl_dlq_options *o = cli->own;
    *dlq = (struct qetl_dlq){.filter = {.reason = o->reason,
                                        .component = o->component,
                                        .object = o->object,
                                        .source = o->source,
                                        .run = o->run,
                                        .since = o->since,
                                        .older_than = o->older_than,
                                        .where = o->where,
                                        .epoch = o->epoch,
                                        .all = o->all}};
    return find(dlq, cli, findings) || qetl_dlq_read(dlq, cli, locked, findings) ? -1 : 0;
}

void qetl_dlq_close(struct qetl_dlq *dlq)
{
    free(dlq->meant);
    qetl_box_free(dlq->box);
    free(dlq->path);
    qetl_document_free(dlq->document);
}

/* What the pipeline has come to call private since. Nonzero: there was no memory to hide it. */
static int hide_private(const struct qetl_dlq *dlq, json_t *letter)
{
    const json_t *root = dlq->document ? qetl_document_root(dlq->document) : NULL;
    const json_t *said = json_object_get(root, "dead_letters");
    const json_t *private = json_object_get(said, "private");
    size_t i;
    json_t *column, *decoded = json_object_get(letter, "decoded");
    int failed = 0;
    json_array_foreach (private, i, column)
        if (json_object_get(decoded, json_string_value(column)))
            failed |= json_object_set_new(decoded, json_string_value(column), json_string("***"));
    if (!json_array_size(private))
        return 0;
    json_object_del(letter, "original_base64");
    json_object_del(letter, "spelled");
    if (json_object_get(letter, "original"))
        failed |= json_object_set_new(letter, "original", json_string("***"));
    return failed;
}

json_t *qetl_dlq_letter(struct qetl_dlq *dlq, const struct qetl_cli *cli, size_t i,
                        struct qetl_findings *findings)
{
    json_t *letter = qetl_box_letter(dlq->box, &dlq->box->entries[i], findings);
    if (!letter)
        return NULL;
    qetl_mask_json(cli->mask, letter);
    if (!hide_private(dlq, letter))
        return letter;
    qetl_findings_no_memory(findings);
    json_decref(letter);
    return NULL;
}

const char *qetl_dlq_count(size_t n, char text[48])
{
    snprintf(text, 48, "%zu letter%s", n, n == 1 ? "" : "s");
    return text;
}

void qetl_dlq_warn_age(struct qetl_cli *cli, const struct qetl_document *document,
                       const struct qetl_pipeline *pipeline, struct qetl_findings *findings)
{
    char age[40], count[48], message[600];
    struct qetl_findings unsaid = {0};
    const struct qetl_letter_filter filter = {.older_than = age};
    char *path = pipeline->letters.max_age_ns ? path_of(document, &unsaid) : NULL;
    snprintf(age, sizeof age, "%lldns", (long long)pipeline->letters.max_age_ns);
    struct qetl_box *box =
        path && access(path, R_OK) == 0 ? qetl_box_open(path, false, &unsaid) : NULL;
    bool *old = box ? qetl_box_select(box, &filter, &unsaid) : NULL;
    size_t n = 0;
    for (size_t i = 0; old && i < box->n; i++)
        n += old[i];
    if (n) {
        snprintf(message, sizeof message, "%s in '%s' wait%s for longer than max_age",
                 qetl_dlq_count(n, count), path, n == 1 ? "s" : "");
        qetl_log_write(&cli->log, "dead_letters", QETL_LOG_WARN, message);
        qetl_finding_mend(
            qetl_finding_add(findings, QETL_WARNING, "dead_letters_age", "%s", message),
            "replay or drop them: qetl dlq list %s", path);
    }
    free(old);
    qetl_box_free(box);
    free(path);
    qetl_findings_free(&unsaid);
}

#define AT(field) .offset = offsetof(struct qetl_dlq_options, field)
static const struct qetl_option options[] = {
    {"reason", .kind = QETL_ARG_TEXT, AT(reason), .value = "CODE",
     .help = "only those rejected for it: bad_number, 'bad_*'"},
    {"component", .kind = QETL_ARG_TEXT, AT(component), .value = "NAME",
     .help = "only those rejected by it"},
    {"source", .kind = QETL_ARG_TEXT, AT(source), .value = "NAME",
     .help = "only rows of this source"},
    {"object", .kind = QETL_ARG_TEXT, AT(object), .value = "NAME",
     .help = "only rows of this file, or other object; may be a pattern"},
    {"since", .kind = QETL_ARG_TEXT, AT(since), .value = "TIME",
     .help = "only those since then: 2026-01-31, or an age: 90m, 7d"},
    {"older-than", .kind = QETL_ARG_TEXT, AT(older_than), .value = "TIME",
     .help = "only those from before then"},
    {"run", .kind = QETL_ARG_TEXT, AT(run), .value = "RUN", .help = "only those of this run"},
    {"epoch", .kind = QETL_ARG_NUMBER, AT(epoch), .value = "N", .least = 1, .most = INT64_MAX,
     .help = "only those of this epoch"},
    {"where", .kind = QETL_ARG_TEXT, AT(where), .value = "EXPR",
     .help = "only those for which it is true; columns: id, time, status, component, plugin, "
             "reason, message, column_name, source, object, row_number, byte_offset, epoch, run, "
             "attempts, original, decoded (as JSON)"},
    {"all", 'a', QETL_ARG_FLAG, AT(all), .help = "also those that were replayed"},
    {"state", .kind = QETL_ARG_TEXT, QETL_COMPLETES_FOLDER, AT(state), .value = "DIR",
     .help = "the folder of states: what was decided of runs, and of replays (default: as qetl "
             "run)"},
};
const struct qetl_option_group qetl_options_letters =
    QETL_OPTION_GROUP("Which letters", true, options);
