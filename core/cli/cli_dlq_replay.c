/* SPDX-License-Identifier: Apache-2.0 */
/* qetl dlq replay: letters through the corrected pipeline, from where they were rejected. */
#include "dlq.h"
#include "dlq/replay.h"
#include "lock/locked.h"
#include "show/capture.h"
#include "show/report.h"
#include "show/row_table.h"
#include "show/style.h"
#include "streams_found.h"

#include <qetl/plugin.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 20, LETTERS = 20 };

struct own {
    struct qetl_dlq_options letters;
    bool dry_run, full_refresh;
    const char *to;
};

struct outcome {
    struct qetl_cli *cli;
    const struct own *own;
    struct qetl_capture capture;
    json_t *groups;
    int64_t rows_out, rejected;
    bool balanced;
};

/* ---- what would come out ---- */

static int begin(void *arg, const struct qetl_pipeline *graph, struct qetl_run_options *options)
{
    struct outcome *o = arg;
    if (!o->own->dry_run)
        return 0;
    o->capture = (struct qetl_capture){0};
    if (qetl_capture_init(&o->capture, graph))
        return -1;
    o->capture.keep_rows = ROWS;
    o->capture.keep_letters = LETTERS;
    options->observer = &o->capture.observer;
    return 0;
}

static json_t *rows_json(const struct qetl_shown_rows *rows)
{
    json_t *list = json_array();
    for (int64_t r = 0; r < rows->n_rows; r++)
        json_array_append_new(list, qetl_shown_row_json(rows, r));
    return list;
}

static void show_sink(const struct outcome *o, const struct qetl_pipeline *graph,
                      const struct qetl_shown_rows *rows)
{
    char number[QETL_NUMBER_MAX];
    printf("%s: %s row%s would come\n", graph->nodes[rows->node].id,
           qetl_number_text(rows->passed, number), rows->passed == 1 ? "" : "s");
    if (rows->n_rows)
        qetl_row_table(rows, qetl_style_columns(stdout), qetl_style_colour(stdout), stdout);
    (void)o;
}

static void show_rejected(const struct qetl_pipeline *graph, const struct qetl_capture *capture)
{
    for (size_t i = 0; i < capture->n_letters; i++) {
        const struct qetl_shown_letter *letter = &capture->letters[i];
        printf("%s would reject again: %s: %s\n", graph->nodes[letter->node].id, letter->code,
               letter->message);
    }
}

static void show_dry(struct outcome *o, const struct qetl_pipeline *graph, struct qetl_run *run,
                     json_t *group)
{
    json_t *sinks = json_object(), *letters = json_array();
    qetl_capture_finish(&o->capture, run);
    qetl_capture_hide(&o->capture, graph->mask);
    for (size_t i = 0; i < o->capture.n_outputs; i++) {
        const struct qetl_shown_rows *rows = &o->capture.outputs[i];
        if (graph->nodes[rows->node].kind != QETL_SINK)
            continue;
        json_object_set_new(sinks, graph->nodes[rows->node].id, rows_json(rows));
        if (!o->cli->json)
            show_sink(o, graph, rows);
    }
    for (size_t i = 0; i < o->capture.n_letters; i++)
        json_array_append_new(letters, json_pack("{s:s, s:s, s:s}", "component",
                                                 graph->nodes[o->capture.letters[i].node].id,
                                                 "code", o->capture.letters[i].code, "message",
                                                 o->capture.letters[i].message));
    if (!o->cli->json)
        show_rejected(graph, &o->capture);
    json_object_set_new(group, "rows", sinks);
    json_object_set_new(group, "rejected_again", letters);
    qetl_capture_free(&o->capture);
}

static void end(void *arg, const struct qetl_pipeline *graph, struct qetl_run *run)
{
    struct outcome *o = arg;
    struct qetl_run_report report;
    qetl_run_report(run, &report);
    json_t *outputs = json_array();
    for (size_t i = 0; i < report.n_outputs; i++)
        json_array_append_new(outputs, json_string(report.outputs[i].uri));
    json_t *group = json_pack("{s:s, s:I, s:I, s:I, s:b, s:o}", "component", graph->nodes[0].id,
                              "rows_in", (json_int_t)report.summary.rows_in, "rows_out",
                              (json_int_t)report.summary.rows_out, "rows_rejected",
                              (json_int_t)report.summary.rows_rejected, "balanced",
                              report.balanced && report.closed, "outputs", outputs);
    o->rows_out += report.summary.rows_out;
    o->rejected += report.summary.rows_rejected;
    if (o->own->dry_run)
        show_dry(o, graph, run, group);
    else if (!o->cli->json && !o->cli->quiet)
        for (size_t i = 0; i < report.n_outputs; i++)
            fprintf(stderr, "output   %s\n", report.outputs[i].uri);
    json_array_append_new(o->groups, group);
    qetl_run_report_free(&report);
}

/* ---- the command ---- */

static int run_groups(const struct qetl_replay *replay, const struct qetl_replay_plan *plan,
                      size_t *replayed, struct qetl_findings *findings)
{
    int exit_code = QETL_EXIT_OK;
    for (size_t i = 0; !exit_code && i < plan->n_groups; i++) {
        size_t n = 0;
        exit_code = qetl_replay_group(replay, &plan->groups[i], &n, INT64_MAX, findings);
        *replayed += exit_code ? 0 : n;
    }
    return exit_code;
}

static void say(const struct outcome *o, size_t replayed)
{
    char count[48], rows[QETL_NUMBER_MAX], rejected[QETL_NUMBER_MAX];
    bool dry = o->own->dry_run;
    if (o->cli->json || o->cli->quiet)
        return;
    fprintf(stderr, "%s %s%sreplayed: %s row%s out, %s rejected again\n",
            qetl_dlq_count(replayed, count), dry ? "would be " : "", "",
            qetl_number_text(o->rows_out, rows), o->rows_out == 1 ? "" : "s",
            qetl_number_text(o->rejected, rejected));
}

/* Nothing could be done of all that was asked for: the command failed. */
static int say_skipped(const struct qetl_replay_plan *plan, struct qetl_findings *findings)
{
    char count[48];
    bool all = !plan->n_letters;
    if (!plan->n_skipped)
        return QETL_EXIT_OK;
    qetl_finding_add(findings, all ? QETL_ERROR : QETL_WARNING, "not_replayed",
                     "%s left where %s: %s", qetl_dlq_count(plan->n_skipped, count),
                     plan->n_skipped == 1 ? "it is" : "they are", plan->why_skipped);
    return all ? QETL_EXIT_FAILED : QETL_EXIT_OK;
}

/* Where what is decided about replays is kept: beside the pipeline's own state. */
static int replay_open(struct qetl_replay *out, struct outcome *o, const struct qetl_dlq *dlq,
                       const struct qetl_pipeline *pipeline, const struct qetl_registry *registry,
                       struct qetl_findings *findings)
{
    char *name = qetl_cli_state_name(o->cli->operands[0], pipeline), *own = NULL;
    *out = (struct qetl_replay){.registry = registry,
                                .options = qetl_cli_run_options(o->cli, dlq->document),
                                .path = dlq->path,
                                .intent = qetl_replay_intent(dlq->path),
                                .dry = o->own->dry_run,
                                .arg = o,
                                .begin = begin,
                                .end = end};
    out->options.state_folder =
        o->own->letters.state ? strdup(o->own->letters.state) : qetl_cli_state_folder();
    out->options.full_refresh = o->own->full_refresh;
    if (name && asprintf(&own, "%s.replay", name) < 0)
        own = NULL;
    out->options.state_name = own;
    free(name);
    if (out->intent && out->options.state_folder && own)
        return 0;
    qetl_finding_mend(qetl_finding_add(findings, QETL_ERROR, "state",
                                       "there is no folder for the state of the replay"),
                      "name one with --state DIR");
    return -1;
}

static void replay_close(struct qetl_replay *replay)
{
    free((char *)replay->options.state_folder);
    free((char *)replay->options.state_name);
    free(replay->intent);
}

/* What was cut short comes first; then it is clear which letters wait. */
static int settle_and_plan(struct qetl_replay *replay, struct qetl_replay_plan *plan,
                           struct qetl_dlq *dlq, struct qetl_cli *cli, const struct outcome *o,
                           struct qetl_findings *findings)
{
    if (!o->own->dry_run) {
        int exit_code = qetl_replay_settle(replay, o->own->full_refresh, findings);
        if (exit_code)
            return exit_code;
        if (qetl_dlq_read(dlq, cli, false, findings))
            return qetl_run_verdict(findings);
    }
    return qetl_replay_plan_make(plan, dlq->box, dlq->meant, plan->pipeline, findings)
               ? qetl_run_verdict(findings)
               : QETL_EXIT_OK;
}

static int replay(struct qetl_cli *cli, struct qetl_dlq *dlq, const struct qetl_pipeline *pipeline,
                  const struct qetl_registry *registry, json_t **result,
                  struct qetl_findings *findings)
{
    struct outcome o = {.cli = cli, .own = cli->own, .groups = json_array()};
    struct qetl_replay_plan plan = {.pipeline = pipeline};
    struct qetl_replay replay;
    size_t replayed = 0;
    int exit_code = replay_open(&replay, &o, dlq, pipeline, registry, findings)
                        ? QETL_EXIT_ENVIRONMENT
                        : QETL_EXIT_OK;
    replay.plan = &plan;
    if (!exit_code)
        exit_code = settle_and_plan(&replay, &plan, dlq, cli, &o, findings);
    if (!exit_code)
        exit_code = run_groups(&replay, &plan, &replayed, findings);
    if (!exit_code) {
        say(&o, replayed);
        exit_code = say_skipped(&plan, findings);
    }
    *result = json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:o}", "path", dlq->path, "dry_run",
                        o.own->dry_run, "replayed", (json_int_t)replayed, "skipped",
                        (json_int_t)plan.n_skipped, "rows_out", (json_int_t)o.rows_out,
                        "rejected_again", (json_int_t)o.rejected, "runs", o.groups);
    qetl_replay_plan_clear(&plan);
    replay_close(&replay);
    return exit_code;
}

/* --to PATH: the path of the only sink. */
static char *setting_of_to(const struct qetl_document *document, const char *to,
                           struct qetl_findings *findings)
{
    json_t *sinks = json_object_get(qetl_document_root(document), "sinks");
    const char *only = json_object_iter_key(json_object_iter(sinks));
    char *setting = NULL;
    if (json_object_size(sinks) != 1)
        qetl_cli_usage(findings, "set it by name: --set sinks.NAME.path=PATH",
                       "--to needs a pipeline with one sink");
    else if (asprintf(&setting, "sinks.%s.path=%s", only, to) < 0)
        setting = NULL;
    return setting;
}

/* The document has its settings already; --to comes last. */
static int redirect(struct qetl_dlq *dlq, const char *to, struct qetl_findings *findings)
{
    char *setting = setting_of_to(dlq->document, to, findings);
    const char *const settings[] = {setting};
    struct qetl_document *changed =
        setting ? qetl_document_set(dlq->document, settings, 1, findings) : NULL;
    free(setting);
    if (!changed)
        return -1;
    qetl_document_free(dlq->document);
    dlq->document = changed;
    return 0;
}

static int open_all(struct qetl_cli *cli, struct qetl_dlq *dlq, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    int failed = qetl_dlq_open(dlq, cli, false, findings);
    if (!failed && !dlq->document) {
        qetl_cli_usage(findings, "qetl dlq replay PIPELINE.yaml [ID...]",
                       "the pipeline that the letters shall go through is not named");
        failed = -1;
    }
    return failed || (own->to && redirect(dlq, own->to, findings)) ? -1 : 0;
}

static int dlq_replay(struct qetl_cli *cli, struct qetl_findings *findings)
{
    struct qetl_dlq dlq;
    json_t *result = NULL;
    if (qetl_cli_open_log(cli, findings))
        return qetl_cli_answer(cli, QETL_EXIT_ENVIRONMENT, NULL, NULL, findings);
    int failed = open_all(cli, &dlq, findings);
    struct qetl_registry *registry = failed ? NULL : qetl_cli_registry(cli, findings);
    if (registry)
        dlq.document = qetl_cli_streams(cli, dlq.document, registry, findings);
    struct qetl_pipeline *pipeline =
        registry && dlq.document ? qetl_locked_pipeline(dlq.document, registry, findings) : NULL;
    int exit_code = qetl_run_verdict(findings);
    if (pipeline) /* letters are read by a format that the pipeline may not have */
        qetl_registry_reset(registry);
    if (pipeline && !exit_code)
        exit_code = replay(cli, &dlq, pipeline, registry, &result, findings);
    exit_code = qetl_cli_answer(cli, exit_code, NULL, result, findings);
    qetl_pipeline_free(pipeline);
    qetl_registry_free(registry);
    qetl_dlq_close(&dlq);
    qetl_log_close(&cli->log);
    return exit_code;
}

static const struct qetl_option options[] = {
    {"dry-run", 'n', QETL_ARG_FLAG, .offset = offsetof(struct own, dry_run),
     .help = "show what would come out and what would be rejected again; nothing is written"},
    {"to", .kind = QETL_ARG_TEXT, QETL_COMPLETES_FILE, .offset = offsetof(struct own, to),
     .value = "PATH", .help = "write there, not where the pipeline's only sink says"},
    {"full-refresh", .kind = QETL_ARG_FLAG, .offset = offsetof(struct own, full_refresh),
     .help = "forget a replay that was cut short, whose letters then wait again"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("Replay", true, options);

const struct qetl_command qetl_command_dlq_replay = {
    .name = "dlq replay",
    .section = "Dead letters",
    .summary = "rejected rows through the corrected pipeline",
    .synopses = (const char *const[]){"PIPELINE [ID...]", NULL},
    .description =
        "Sends dead letters through the pipeline again, from the component on that rejected them: "
        "bytes are read by their source's format, with the dialect and the types that it had; "
        "decoded rows enter where they were rejected. Sinks do as they do in a run: for an output "
        "that exists, if_exists has to say append, or --to another place.\n\n"
        "That letters were replayed is decided with their rows, so that a replay that is cut short "
        "or run twice doubles nothing. What is rejected again becomes a new letter, which says how "
        "often that was. Letters that cannot be replayed stay; where all that are meant are of "
        "that kind, the command fails. Rows do not go through what makes one of many (sums, say).",
    .operands = QETL_DLQ_OPERANDS,
    .groups = {&group, &qetl_options_letters, &qetl_options_pipeline, &qetl_options_limits,
               &qetl_options_log, &qetl_options_json, &qetl_options_locked, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl dlq replay orders.yaml --dry-run", "what would come of it"},
            {"qetl dlq replay orders.yaml --reason bad_number -s sinks.out.if_exists=append",
             "letters of a kind, behind the rows that are there"},
            {"qetl dlq replay orders.yaml 3 7-9 --to replayed.ndjson", "some, elsewhere"},
            {NULL, NULL}},
    .exits = qetl_exits_run,
    .own_size = sizeof(struct own),
    .run = dlq_replay,
};
