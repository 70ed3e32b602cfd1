/* SPDX-License-Identifier: Apache-2.0 */
/* qetl run: a pipeline from its file, or from --from and --to. */
#include "cli.h"
#include "control/control.h"
#include "dlq.h"
#include "lock/locked.h"
#include "show/report_plan.h"
#include "show/style.h"
#include "show/watch.h"
#include "streams_found.h"
#include "watching.h"

#include <qetl/plugin.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct own {
    bool dry_run, no_control, no_state, full_refresh;
    const char *state;
    struct qetl_watching_options watching;
};

/* The data has stdout to itself: then the JSON answer cannot go there too. */
static int check_stdout(const struct qetl_cli *cli, const struct qetl_pipeline *pipeline,
                        struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    for (size_t i = 0; cli->json && !own->dry_run && i < pipeline->n_nodes; i++) {
        const struct qetl_node *node = &pipeline->nodes[i];
        if (!json_is_true(json_object_get(node->use.plugin->json, "uses_stdout")))
            continue;
        struct qetl_finding *finding =
            qetl_finding_add(findings, QETL_ERROR, "json_on_stdout",
                             "sink '%s' writes to stdout, where --json would write too", node->id);
        if (finding)
            qetl_finding_mend(finding, "use --json-file PATH");
        return -1;
    }
    return 0;
}

/* What was asked for cannot be had within the budget; the default gives way to it. */
static int check_max_record(const struct qetl_cli *cli, const struct qetl_document *document,
                            const struct qetl_pipeline *pipeline, struct qetl_findings *findings)
{
    int64_t memory = cli->memory_bytes ? cli->memory_bytes : pipeline->max_memory;
    if (!json_object_get(qetl_document_root(document), "max_record") ||
        pipeline->max_record <= memory / 4)
        return 0;
    struct qetl_finding *finding =
        qetl_document_error(document, "/max_record", QETL_AT_VALUE, findings, "max_record",
                            "a record may take a quarter of the memory budget at most, %lld bytes",
                            (long long)(memory / 4));
    if (finding)
        qetl_finding_mend(finding, "lower max_record, or raise --memory to %lld MiB",
                          (long long)(((pipeline->max_record * 4) >> 20) + 1));
    return -1;
}

static int describe_run(struct qetl_cli *cli, const struct qetl_pipeline *pipeline,
                        struct qetl_run *run, struct qetl_findings *findings)
{
    struct qetl_run_description description;
    json_t *result = NULL;
    int exit_code = qetl_run_resolve(run);
    if (!exit_code && qetl_run_describe(run, &description)) {
        qetl_findings_no_memory(findings);
        exit_code = QETL_EXIT_FAILED;
    } else if (!exit_code) {
        result = qetl_report_plan_json(pipeline, &description);
        if (!cli->json && !cli->quiet &&
            qetl_report_plan(pipeline, &description, stdout, qetl_style_columns(stdout),
                             qetl_style_colour(stdout))) {
            qetl_findings_no_memory(findings);
            exit_code = QETL_EXIT_FAILED;
        }
        qetl_run_description_free(&description);
    }
    return qetl_cli_answer(cli, exit_code, NULL, result, findings);
}

/* For qetl top and tap. Behind the watch, which keeps signals from threads that come after. */
static struct qetl_control *control_start(struct qetl_cli *cli, struct qetl_run *run,
                                          const struct qetl_pipeline *pipeline)
{
    char why[256], message[320];
    const struct own *own = cli->own;
    if (own->no_control)
        return NULL;
    struct qetl_control *control = qetl_control_start(run, pipeline, why);
    snprintf(message, sizeof message, "no socket for qetl top and tap: %s", why);
    if (!control)
        qetl_log_write(&cli->log, "control", QETL_LOG_WARN, message);
    return control;
}

struct running {
    struct qetl_cli *cli;
    struct qetl_run *run;
    struct qetl_findings *findings;
};

static int answer_run(const struct running *running, int exit_code)
{
    struct qetl_run_report report;
    qetl_run_report(running->run, &report);
    exit_code = qetl_cli_answer(running->cli, exit_code, &report, NULL, running->findings);
    qetl_run_report_free(&report);
    return exit_code;
}

/* A plugin keeps one of the run's threads for itself, and that is not ended from outside. What is
 * kept of the run is as after a kill. */
static void on_stuck(void *arg, int exit_code)
{
    const struct running *running = arg;
    exit_code = answer_run(running, exit_code);
    fflush(NULL);
    _exit(exit_code);
}

static int execute_run(struct qetl_cli *cli, const struct qetl_pipeline *pipeline,
                       struct qetl_run *run, struct qetl_findings *findings)
{
    struct running running = {cli, run, findings};
    qetl_run_when_stuck(run, on_stuck, &running);
    bool progress = !cli->quiet && !cli->json && isatty(STDERR_FILENO);
    struct qetl_watch *watch = qetl_watch_start(run, progress);
    struct qetl_control *control = control_start(cli, run, pipeline);
    int exit_code = qetl_run_execute(run);
    qetl_control_stop(control);
    qetl_watch_stop(watch);
    return answer_run(&running, exit_code);
}

/* Neither the answer nor the log may go over what the pipeline reads or writes. */
static int check_files(struct qetl_cli *cli, const struct qetl_pipeline *pipeline,
                       struct qetl_findings *findings)
{
    size_t errors = findings->errors;
    const struct own *own = cli->own;
    qetl_watching_check(&own->watching, pipeline, findings);
    if (cli->log_file)
        qetl_pipeline_check_file(pipeline, cli->log_file, "--log-file", findings);
    size_t answer = findings->errors;
    if (cli->json_file)
        qetl_pipeline_check_file(pipeline, cli->json_file, "--json-file", findings);
    if (findings->errors > answer)
        cli->json_file = NULL; /* this answer would be the first to go there */
    return findings->errors > errors ? -1 : 0;
}

struct state { /* where the run's state lies; NULL: it keeps none */
    char *folder, *name;
};

static int state_find(const struct qetl_cli *cli, const struct qetl_pipeline *pipeline,
                      struct state *out, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    *out = (struct state){0};
    if (own->dry_run || own->no_state || !cli->n_operands ||
        !qetl_cli_keeps_state(cli->operands[0], pipeline))
        return 0;
    out->folder = own->state ? strdup(own->state) : qetl_cli_state_folder();
    out->name = qetl_cli_state_name(cli->operands[0], pipeline);
    if (out->folder && out->name)
        return 0;
    qetl_finding_mend(qetl_finding_add(findings, QETL_ERROR, "state",
                                       "there is no folder for the state of the run: neither "
                                       "XDG_STATE_HOME nor HOME is set"),
                      "name one with --state DIR, or run with --no-state");
    return -1;
}

static int check_state_options(const struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    if (own->no_state && (own->state || own->full_refresh))
        qetl_cli_usage(findings, NULL, "--no-state goes with neither --state nor --full-refresh");
    else if (!cli->n_operands && (own->state || own->full_refresh))
        qetl_cli_usage(findings, "write a pipeline file: its runs can be resumed",
                       "--state and --full-refresh go with a pipeline file");
    else
        return 0;
    return -1;
}

static int run_with(struct qetl_cli *cli, const struct qetl_document *document,
                    const struct qetl_pipeline *pipeline, const struct qetl_registry *registry,
                    const struct state *state, int64_t now_us, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    struct qetl_run_options options = qetl_cli_run_options(cli, document);
    options.state_folder = state->folder;
    options.state_name = state->name;
    options.full_refresh = own->full_refresh;
    options.now_us = now_us;
    struct qetl_run *run = qetl_run_new(pipeline, registry, &options, findings);
    if (!run) {
        qetl_finding_add(findings, QETL_ERROR, "out_of_memory", "no memory to begin a run");
        return qetl_cli_answer(cli, QETL_EXIT_FAILED, NULL, NULL, findings);
    }
    int exit_code = own->dry_run ? describe_run(cli, pipeline, run, findings)
                                 : execute_run(cli, pipeline, run, findings);
    qetl_run_free(run);
    return exit_code;
}

static int run_watched(struct qetl_cli *cli, const struct qetl_document *document,
                       const struct qetl_pipeline *pipeline, const struct qetl_registry *registry,
                       const struct state *state, struct qetl_findings *findings)
{
    struct qetl_watching watching;
    const struct own *own = cli->own;
    if (qetl_watching_open(&watching, &own->watching, pipeline, registry, findings))
        return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL, NULL, findings);
    int exit_code = run_with(cli, document, pipeline, registry, state, watching.now_us, findings);
    return qetl_watching_close(&watching, &own->watching, &cli->log, exit_code);
}

static int run_pipeline(struct qetl_cli *cli, const struct qetl_document *document,
                        const struct qetl_pipeline *pipeline, const struct qetl_registry *registry,
                        struct qetl_findings *findings)
{
    struct state state;
    qetl_dlq_warn_age(cli, document, pipeline, findings);
    int exit_code = state_find(cli, pipeline, &state, findings)
                        ? qetl_cli_answer(cli, QETL_EXIT_ENVIRONMENT, NULL, NULL, findings)
                        : run_watched(cli, document, pipeline, registry, &state, findings);
    free(state.folder);
    free(state.name);
    return exit_code;
}

static int run_command(struct qetl_cli *cli, struct qetl_findings *findings)
{
    if (qetl_cli_open_log(cli, findings))
        return qetl_cli_answer(cli, QETL_EXIT_ENVIRONMENT, NULL, NULL, findings);
    struct qetl_registry *registry = qetl_cli_registry(cli, findings);
    struct qetl_document *document = registry ? qetl_cli_named(cli, findings) : NULL;
    document = qetl_cli_streams(cli, document, registry, findings);
    struct qetl_pipeline *pipeline =
        document ? qetl_locked_pipeline(document, registry, findings) : NULL;
    int exit_code = qetl_run_verdict(findings);
    if (pipeline && !exit_code && !check_state_options(cli, findings) &&
        !check_stdout(cli, pipeline, findings) &&
        !check_max_record(cli, document, pipeline, findings) &&
        !check_files(cli, pipeline, findings))
        exit_code = run_pipeline(cli, document, pipeline, registry, findings);
    else
        exit_code = qetl_cli_answer(cli, qetl_run_verdict(findings), NULL, NULL, findings);
    qetl_pipeline_free(pipeline);
    qetl_document_free(document);
    qetl_registry_free(registry);
    qetl_log_close(&cli->log);
    return exit_code;
}

static const struct qetl_option options[] = {
    {"dry-run", 'n', QETL_ARG_FLAG, .offset = offsetof(struct own, dry_run),
     .help = "show what would run, on stdout: stages, columns and what becomes of them, and what "
             "delivery each path can promise. Sources are sampled, no sink is opened"},
    {"no-control", .kind = QETL_ARG_FLAG, .offset = offsetof(struct own, no_control),
     .help = "open no socket for qetl top and qetl tap"},
    {"state", .kind = QETL_ARG_TEXT, QETL_COMPLETES_FOLDER, .offset = offsetof(struct own, state),
     .value = "DIR",
     .help = "keep what a run that is cut short goes on from below this folder (default: "
             "$XDG_STATE_HOME/qetl, or ~/.local/state/qetl)"},
    {"no-state", .kind = QETL_ARG_FLAG, .offset = offsetof(struct own, no_state),
     .help = "keep nothing: a run that is cut short begins anew"},
    {"full-refresh", .kind = QETL_ARG_FLAG, .offset = offsetof(struct own, full_refresh),
     .help = "forget a run that was cut short, and begin anew; outputs stay as they are"},
};
static const struct qetl_option watching_options[] = {
    {"abi-trace", .kind = QETL_ARG_MAYBE, QETL_COMPLETES_FILE,
     .offset = offsetof(struct own, watching.trace), .value = "FILE",
     .help = "tell each call between the program and its plugins in a line, on stderr or in a "
             "file; as JSON where the file's name ends in .ndjson. Neither values nor secrets are "
             "told"},
    {"record", .kind = QETL_ARG_TEXT, QETL_COMPLETES_FOLDER,
     .offset = offsetof(struct own, watching.record), .value = "DIR",
     .help = "keep those calls and all that they carry in a new folder, rows included, for qetl "
             "plugin replay. Secrets are masked"},
    {"record-of", .kind = QETL_ARG_TEXT, .offset = offsetof(struct own, watching.record_of),
     .value = "COMPONENT", .help = "record this component of the pipeline alone"},
    {"record-most", .kind = QETL_ARG_BYTES, .offset = offsetof(struct own, watching.record_most),
     .value = "SIZE", .least = 64 << 10,
     .help = "how large a recording may be (default: 256MiB): the oldest calls behind set-up give "
             "way to newer ones"},
};

static const struct qetl_option_group debugging =
    QETL_OPTION_GROUP("Debugging plugins", true, watching_options);
static const struct qetl_option_group group = QETL_OPTION_GROUP("Run", true, options);

const struct qetl_command qetl_command_run = {
    .name = "run",
    .section = "Run",
    .summary = "run a pipeline",
    .synopses = (const char *const[]){"FILE", "--from SRC --to DST [--where EXPR]", NULL},
    .description =
        "Runs a pipeline, from a file (YAML or JSON) or from one line, to its end. Rows that "
        "cannot go on are kept, with reason and place, in a dead-letter file; every row is "
        "accounted for, or the run fails. Outputs appear under their names only when they are "
        "whole.\n\n"
        "What is said of the run goes to stderr: progress on a terminal, then a table of rows for "
        "each component. With --json, stdout carries one object instead; where rows go to stdout, "
        "--json-file takes it.\n\n"
        "SIGINT, SIGTERM and SIGHUP end a run in order: what is not whole is taken back, and what "
        "was decided stays for the next run to go on from. A run without an end of its own first "
        "lets through what it has taken in, and ends at once with the second signal. A plugin's "
        "call that does not return keeps the run from ending: after two seconds stderr names the "
        "component and the call, and another signal ends the program at once. A component's "
        "option `call_timeout`, such as 30s, limits how long each of its calls may take.\n\n"
        "Rejected rows are added to the file that the pipeline's `dead_letters` names: without it "
        "dead-letters/NAME.ndjson in the working folder, where NAME is the pipeline's `name`, or a "
        "name of the run's own if it has none. More of them than the pipeline's `max_rejected` end "
        "the run with a failure (without it, any number may be), and with `on_error: fail` the "
        "first does. qetl dlq lists, shows, edits and replays them.",
    .operands = {.name = "FILE", .most = 1, .completes = QETL_COMPLETES_FILE},
    .groups = {&group, &qetl_options_oneliner, &qetl_options_pipeline, &qetl_options_limits,
               &qetl_options_log, &debugging, &qetl_options_json, &qetl_options_locked,
               &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl run orders.yaml", "a pipeline from its file"},
            {"qetl run --from orders.csv.gz --to big.ndjson --where 'quantity > 100'",
             "one line: filter and convert"},
            {"qetl run --from 'data/*.csv' --to - --to-format ndjson --select order_id",
             "many files, two columns, into a pipe"},
            {"qetl run orders.yaml -s sources.orders.path=today.csv -s max_rejected=0",
             "with other values than the file has"},
            {"qetl run orders.yaml --dry-run", "what would run, and what it can promise"},
            {"qetl run orders.yaml --abi-trace 2>&1 | grep ' orders/'",
             "each call of a component's plugins, with its time"},
            {"qetl run orders.yaml --record recording --record-of large",
             "what a component was given and answered, for qetl plugin replay"},
            {"qetl run orders.yaml --json | jq .summary", "the counts, for a program"},
            {NULL, NULL}},
    .exits = qetl_exits_run,
    .own_size = sizeof(struct own),
    .run = run_command,
};
