/* SPDX-License-Identifier: Apache-2.0 */
/* qetl validate: everything about a pipeline file that can be told without touching its data. */
#include "cli.h"
#include "lock/locked.h"
#include "lock/locked_used.h"
#include "plugin/manifest.h"
#include "show/report_paths.h"
#include "show/style.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- delivery ---- */

/* Of the path that promises least; what nobody said of is known to a run only. */
static const struct qetl_run_path *weakest_of(const struct qetl_paths *paths)
{
    const struct qetl_run_path *weakest = NULL;
    for (size_t i = 0; i < paths->count; i++)
        if (!weakest || paths->items[i].guarantee < weakest->guarantee)
            weakest = &paths->items[i];
    return weakest;
}

static void delivery_check(const struct qetl_paths *paths, const struct qetl_document *document,
                           struct qetl_findings *findings)
{
    char message[QETL_REFUSAL], mend[QETL_REFUSAL];
    const struct qetl_run_path *weakest = weakest_of(paths);
    if (!weakest || !qetl_path_refused(paths->pipeline, weakest, message, mend))
        return;
    const struct qetl_node *node = &paths->pipeline->nodes[weakest->culprit];
    struct qetl_place place = qetl_pipeline_place(paths->pipeline, document, weakest->culprit, "");
    struct qetl_finding *finding = qetl_finding_add(findings, QETL_ERROR, "delivery", "%s '%s': %s",
                                                    qetl_kind_name(node->kind), node->id, message);
    qetl_finding_at(finding, place.file, place.line, place.column, node->path);
    qetl_finding_mend(finding, "%s", mend);
}

/* ---- a file ---- */

static json_t *file_json(const char *path, bool valid, const struct qetl_paths *paths)
{
    static const char *const demands[] = {NULL, "best-effort", "at-least-once", "exactly-once"};
    const struct qetl_pipeline *pipeline = paths->pipeline;
    const struct qetl_run_path *weakest = weakest_of(paths);
    return json_pack("{s:s, s:b, s:I, s:s?, s:s?, s:o}", "file", path, "valid", valid, "components",
                     (json_int_t)(pipeline ? pipeline->n_nodes : 0), "demanded",
                     pipeline ? demands[pipeline->delivery] : NULL, "delivery",
                     weakest ? qetl_guarantee_word(weakest->guarantee) : NULL, "paths",
                     qetl_report_paths_json(paths));
}

static void file_print(const char *path, const struct qetl_paths *paths,
                       struct qetl_findings *findings)
{
    printf("%s: valid, %zu components\n", path, paths->pipeline->n_nodes);
    if (qetl_report_paths(paths, stdout, 2, qetl_style_columns(stdout), qetl_style_colour(stdout)))
        qetl_findings_no_memory(findings);
}

static json_t *file_validate(struct qetl_cli *cli, const char *path,
                             const struct qetl_registry *registry, struct qetl_findings *findings)
{
    size_t errors = findings->errors;
    struct qetl_document *document = qetl_cli_document(cli, path, findings);
    struct qetl_pipeline *pipeline =
        document ? qetl_locked_pipeline(document, registry, findings) : NULL;
    struct qetl_run_path *items = NULL;
    struct qetl_paths paths = {.pipeline = pipeline};
    if (pipeline &&
        qetl_promises(pipeline, qetl_cli_keeps_state(path, pipeline), &items, &paths.count))
        qetl_findings_no_memory(findings);
    paths.items = items;
    if (pipeline) {
        qetl_locked_judge(pipeline, registry, findings);
        delivery_check(&paths, document, findings);
    }
    bool valid = pipeline && findings->errors == errors;
    if (valid && !cli->quiet && !cli->json)
        file_print(path, &paths, findings);
    json_t *json = file_json(path, valid, &paths);
    free(items);
    qetl_pipeline_free(pipeline);
    qetl_document_free(document);
    return json;
}

static int validate(struct qetl_cli *cli, struct qetl_findings *findings)
{
    struct qetl_registry *registry = qetl_cli_registry(cli, findings);
    if (!registry)
        return qetl_cli_answer(cli, QETL_EXIT_ENVIRONMENT, NULL, NULL, findings);
    json_t *files = json_array();
    for (size_t i = 0; i < cli->n_operands; i++)
        json_array_append_new(files, file_validate(cli, cli->operands[i], registry, findings));
    qetl_registry_free(registry);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL,
                           json_pack("{s:o}", "files", files), findings);
}

const struct qetl_command qetl_command_validate = {
    .name = "validate",
    .section = "Check",
    .summary = "check pipeline files without touching data",
    .synopses = (const char *const[]){"FILE...", NULL},
    .description =
        "Checks pipeline files: words, types, plugins and their options, the graph. No data is "
        "touched and no plugin is loaded. Every mistake is named with file, line, column and mend, "
        "all in one go.\n\n"
        "What each path from a source to a sink promises is shown, by what plugins say of "
        "themselves with these options, and why it is less than exactly-once; `delivery` in the "
        "file refuses less than it demands. Whether a file is a pipe or a device only a run finds "
        "out: `qetl run --dry-run` looks.",
    .operands = {.name = "FILE", .least = 1, .most = SIZE_MAX, .completes = QETL_COMPLETES_FILE},
    .groups = {&qetl_options_pipeline, &qetl_options_json, &qetl_options_locked,
               &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl validate orders.yaml", "one file"},
            {"qetl validate *.yaml --json | jq '.result.files[] | select(.valid | not)'",
             "those that are wrong"},
            {"qetl validate orders.yaml --json | jq -r '.result.files[].delivery'",
             "what the weakest path promises"},
            {NULL, NULL}},
    .exits = qetl_exits_check,
    .run = validate,
};
