/* SPDX-License-Identifier: Apache-2.0 */
/* qetl preview: the first rows after each component; no sink is opened. */
#include "preview.h"

#include "config/mask.h"
#include "config/suggest.h"
#include "lock/locked.h"
#include "show/glance.h"
#include "show/style.h"
#include "streams_found.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 10, SCAN_ROWS = 100000, WAIT_MS = 3000, LETTERS = 3, CHUNK_BYTES = 32 << 10 };

struct own {
    int64_t rows, scan_rows, wait_ms; /* 0: not given */
};

/* ---- when enough was seen ---- */

static bool is_watched(const struct qetl_preview *p, const struct qetl_shown_rows *rows)
{
    return p->shown[rows->node] && (p->named || p->pipeline->nodes[rows->node].kind != QETL_SINK);
}

static void progress(struct qetl_capture *capture)
{
    struct qetl_preview *p = capture->arg;
    int64_t read = 0;
    bool enough = true;
    for (size_t i = 0; i < capture->n_outputs; i++) {
        const struct qetl_shown_rows *rows = &capture->outputs[i];
        if (p->pipeline->nodes[rows->node].kind == QETL_SOURCE)
            read += rows->passed;
        if (is_watched(p, rows))
            enough &= rows->n_rows >= p->rows;
    }
    if (!enough && read < p->scan_rows)
        return;
    qetl_run_drain(p->run);
}

/* ---- what is previewed ---- */

/* A data file is previewed as it is: its extension is a format's. */
static bool take_data_file(struct qetl_cli *cli, const struct qetl_registry *registry)
{
    if (!cli->oneliner.from && cli->n_operands &&
        qetl_registry_format_for(registry, cli->operands[0])) {
        cli->oneliner.from = cli->operands[0];
        cli->operands++;
        cli->n_operands--;
    }
    if (!cli->oneliner.from || cli->oneliner.to)
        return false;
    cli->oneliner.to = "null:";
    return true; /* the sink is of nobody's asking */
}

/* The file, if one was named; what follows are components. */
static struct qetl_document *document_of(struct qetl_cli *cli, struct qetl_findings *findings)
{
    if (cli->oneliner.from)
        return qetl_cli_document(cli, NULL, findings);
    if (!cli->n_operands) {
        qetl_cli_usage(findings, "qetl preview FILE, or qetl preview --from SRC",
                       "nothing was named to be previewed");
        return NULL;
    }
    cli->operands++;
    cli->n_operands--;
    return qetl_cli_document(cli, cli->operands[-1], findings);
}

static void component_unknown(const struct qetl_pipeline *pipeline, const char *word,
                              struct qetl_findings *findings)
{
    struct qetl_suggest suggest;
    struct qetl_finding *finding = qetl_finding_add(findings, QETL_ERROR, "unknown_component",
                                                    "the pipeline has no component '%s'", word);
    qetl_suggest_init(&suggest, word);
    for (size_t n = 0; n < pipeline->n_nodes; n++)
        qetl_suggest_offer(&suggest, pipeline->nodes[n].id);
    if (suggest.best)
        qetl_finding_mend(finding, "did you mean '%s'?", suggest.best);
}

static int choose(struct qetl_preview *p, const struct qetl_cli *cli,
                  struct qetl_findings *findings)
{
    p->shown = calloc(p->pipeline->n_nodes + 1, sizeof *p->shown);
    if (!p->shown) {
        qetl_findings_no_memory(findings);
        return -1;
    }
    p->named = cli->n_operands > 0;
    for (size_t n = 0; n < p->pipeline->n_nodes; n++)
        p->shown[n] = !p->named && !(p->implied && p->pipeline->nodes[n].kind == QETL_SINK);
    for (size_t i = 0; i < cli->n_operands; i++) {
        size_t n = 0;
        while (n < p->pipeline->n_nodes && strcmp(p->pipeline->nodes[n].id, cli->operands[i]) != 0)
            n++;
        if (n == p->pipeline->n_nodes)
            component_unknown(p->pipeline, cli->operands[i], findings);
        else
            p->shown[n] = true;
    }
    return findings->errors ? -1 : 0;
}

/* ---- the command ---- */

/* Rows and reasons may hold what is a secret. */
static int print(struct qetl_preview *p, const struct qetl_cli *cli)
{
    char *text = NULL;
    size_t size;
    p->out = open_memstream(&text, &size);
    if (!p->out)
        return -1;
    qetl_preview_print(p);
    int failed = fclose(p->out);
    if (!failed)
        fwrite(text, 1, qetl_mask_hide(cli->mask, text, size), stdout);
    fflush(stdout);
    free(text);
    return failed;
}

static int show(struct qetl_preview *p, struct qetl_cli *cli, int exit_code,
                struct qetl_findings *findings)
{
    qetl_run_report(p->run, &p->report);
    qetl_capture_finish(&p->capture, p->run);
    qetl_capture_hide(&p->capture, cli->mask);
    if (p->capture.no_memory && !findings->errors) {
        qetl_findings_no_memory(findings);
        exit_code = QETL_EXIT_FAILED;
    }
    bool seen = p->report.processing_s > 0;
    if (seen && !cli->json && print(p, cli)) {
        qetl_findings_no_memory(findings);
        exit_code = QETL_EXIT_FAILED;
    }
    exit_code = qetl_cli_answer(cli, exit_code, NULL, seen ? qetl_preview_json(p) : NULL, findings);
    qetl_run_report_free(&p->report);
    return exit_code;
}

static int preview_pipeline(struct qetl_preview *p, struct qetl_cli *cli,
                            const struct qetl_document *document,
                            const struct qetl_registry *registry, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    int exit_code = QETL_EXIT_FAILED;
    p->rows = own->rows ? own->rows : ROWS;
    p->scan_rows = own->scan_rows ? own->scan_rows : SCAN_ROWS;
    p->capture.keep_rows = p->rows;
    p->capture.keep_letters = LETTERS;
    p->capture.progress = progress;
    p->capture.arg = p;
    struct qetl_run_options options = qetl_cli_run_options(cli, document);
    options.driver = QETL_DRIVE_PULL; /* the order of rows is then the same each time */
    options.observer = &p->capture.observer;
    if (!qetl_capture_init(&p->capture, p->pipeline))
        p->run = qetl_run_new(p->pipeline, registry, &options, findings);
    if (p->run) {
        exit_code = qetl_glance(p->run, own->wait_ms ? own->wait_ms : WAIT_MS);
        exit_code = show(p, cli, exit_code, findings);
    } else {
        qetl_findings_no_memory(findings);
        qetl_cli_answer(cli, exit_code, NULL, NULL, findings);
    }
    qetl_run_free(p->run);
    qetl_capture_free(&p->capture);
    return exit_code;
}

/* Rows are looked at few at a time, and none of them ends the preview. */
static void soften(struct qetl_pipeline *pipeline)
{
    pipeline->fail_on_error = 0;
    pipeline->max_rejected = -1;
    if (pipeline->batch_bytes > CHUNK_BYTES)
        pipeline->batch_bytes = CHUNK_BYTES;
}

static int preview(struct qetl_cli *cli, struct qetl_findings *findings)
{
    if (qetl_cli_open_log(cli, findings))
        return qetl_cli_answer(cli, QETL_EXIT_ENVIRONMENT, NULL, NULL, findings);
    struct qetl_registry *registry = qetl_cli_registry(cli, findings);
    bool implied = registry && take_data_file(cli, registry);
    struct qetl_document *document = registry ? document_of(cli, findings) : NULL;
    document = qetl_cli_streams(cli, document, registry, findings);
    struct qetl_pipeline *pipeline =
        document ? qetl_locked_pipeline(document, registry, findings) : NULL;
    struct qetl_preview p = {.pipeline = pipeline,
                             .implied = implied,
                             .quiet = cli->quiet,
                             .colour = qetl_style_colour(stdout),
                             .width = qetl_style_columns(stdout)};
    int exit_code;
    if (pipeline && !qetl_run_verdict(findings) && !choose(&p, cli, findings)) {
        soften(pipeline);
        exit_code = preview_pipeline(&p, cli, document, registry, findings);
    } else {
        exit_code = qetl_cli_answer(cli, qetl_run_verdict(findings), NULL, NULL, findings);
    }
    free(p.shown);
    qetl_pipeline_free(pipeline);
    qetl_document_free(document);
    qetl_registry_free(registry);
    qetl_log_close(&cli->log);
    return exit_code;
}

#define AT(field) .offset = offsetof(struct own, field)

static const struct qetl_option options[] = {
    {"rows", 'n', QETL_ARG_NUMBER, AT(rows), .value = "N", .least = 1, .most = 100000,
     .help = "rows after each component (default: 10)"},
    {"scan", .kind = QETL_ARG_NUMBER, AT(scan_rows), .value = "N", .least = 1, .most = INT64_MAX,
     .help = "read so many rows at most where a filter lets few through (default: 100000)"},
    {"wait-ms", .kind = QETL_ARG_NUMBER, AT(wait_ms), .value = "N", .least = 1, .most = 86400000,
     .help = "show what there is after so long, where a source is slow (default: 3000)"},
};

static const struct qetl_option_group looking = QETL_OPTION_GROUP("Preview", true, options);

const struct qetl_command qetl_command_preview = {
    .name = "preview",
    .section = "Check",
    .summary = "the first rows after each component",
    .synopses = (const char *const[]){"FILE [COMPONENT...]", "DATAFILE", "--from SRC", NULL},
    .description =
        "Reads the beginning of the real sources and shows the first rows after each component, "
        "with the types of columns, how they were inferred, and examples of rejected rows. Sinks "
        "are never opened, not even created; nothing is written, dead letters included.\n\n"
        "FILE is a pipeline, or a data file whose extension names its format. With COMPONENTs, "
        "those alone are shown; of a sink, what it would get.\n\n"
        "NULL is the absence of a value; text that could be mistaken for it, or for nothing, "
        "stands in quotes: '' and 'NULL'.",
    .operands = {.name = "FILE", .most = SIZE_MAX, .completes = QETL_COMPLETES_FILE},
    .groups = {&looking, &qetl_options_oneliner, &qetl_options_pipeline, &qetl_options_log,
               &qetl_options_json, &qetl_options_locked, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl preview orders.csv", "a file of data"},
            {"qetl preview orders.yaml", "each component of a pipeline"},
            {"qetl preview orders.yaml large --rows 50", "one component, more rows"},
            {"qetl preview --from 'data/*.csv' --where 'quantity > 100'", "a filter, tried out"},
            {"qetl preview orders.yaml --json | jq '.result.components[].outputs[].columns'",
             "the types, for a program"},
            {NULL, NULL}},
    .exits = qetl_exits_run,
    .own_size = sizeof(struct own),
    .run = preview,
};
