/* SPDX-License-Identifier: Apache-2.0 */
/* qetl run: a pipeline from its file, or from --from and --to. */
#include "cli.h"
#include "watch.h"

#include <errno.h>
#include <qetl/plugin.h>
#include <string.h>
#include <unistd.h>

static struct qetl_document *document_of(struct qetl_cli *cli, struct qetl_findings *findings)
{
    bool oneliner = cli->oneliner.from || cli->oneliner.to;
    if (oneliner != (cli->n_operands == 0) || cli->n_operands > 1) {
        struct qetl_finding *finding =
            qetl_finding_add(findings, QETL_ERROR, "usage", "%s",
                             cli->n_operands ? "one pipeline at a time" : "no pipeline was named");
        if (finding)
            qetl_finding_mend(finding, "qetl run FILE, or qetl run --from SRC --to DST");
        return NULL;
    }
    if (!oneliner && (cli->oneliner.where || cli->oneliner.select || cli->oneliner.from_format ||
                      cli->oneliner.to_format)) {
        qetl_finding_add(
            findings, QETL_ERROR, "usage",
            "--where, --select, --from-format and --to-format go with --from and --to");
        return NULL;
    }
    return qetl_cli_document(cli, oneliner ? NULL : cli->operands[0], findings);
}

/* The data has stdout to itself: then the JSON answer cannot go there too. */
static int check_stdout(const struct qetl_cli *cli, const struct qetl_pipeline *pipeline,
                        struct qetl_findings *findings)
{
    for (size_t i = 0; cli->json && i < pipeline->n_nodes; i++) {
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
    int64_t memory = cli->memory_bytes ? cli->memory_bytes : QETL_MEMORY_BYTES;
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

static int run_pipeline(struct qetl_cli *cli, const struct qetl_document *document,
                        const struct qetl_pipeline *pipeline, const struct qetl_registry *registry,
                        struct qetl_findings *findings)
{
    struct qetl_run_options options = {
        .workers = cli->workers,
        .memory_bytes = cli->memory_bytes,
        .driver = cli->driver,
        .validate_full = cli->validate_full,
        .document = document,
        .log = qetl_log_write,
        .log_arg = &cli->log,
    };
    struct qetl_run *run = qetl_run_new(pipeline, registry, &options, findings);
    if (!run) {
        qetl_finding_add(findings, QETL_ERROR, "out_of_memory", "no memory to begin a run");
        return qetl_cli_answer(cli, "run", QETL_EXIT_FAILED, NULL, NULL, findings);
    }
    bool progress = !cli->quiet && !cli->json && isatty(STDERR_FILENO);
    struct qetl_watch *watch = qetl_watch_start(run, progress);
    int exit_code = qetl_run_execute(run);
    qetl_watch_stop(watch);
    struct qetl_run_report report;
    qetl_run_report(run, &report);
    exit_code = qetl_cli_answer(cli, "run", exit_code, &report, NULL, findings);
    qetl_run_report_free(&report);
    qetl_run_free(run);
    return exit_code;
}

static int open_log(struct qetl_cli *cli, struct qetl_findings *findings)
{
    int error = cli->log_file ? qetl_log_open(&cli->log, cli->log_file) : 0;
    if (error)
        qetl_finding_add(findings, QETL_ERROR, "log_file", "the log file '%s' cannot be opened: %s",
                         cli->log_file, strerror(error));
    return error;
}

int qetl_cli_run(struct qetl_cli *cli, struct qetl_findings *findings)
{
    if (open_log(cli, findings))
        return qetl_cli_answer(cli, "run", QETL_EXIT_ENVIRONMENT, NULL, NULL, findings);
    struct qetl_registry *registry = qetl_cli_registry(cli, findings);
    struct qetl_document *document = registry ? document_of(cli, findings) : NULL;
    struct qetl_pipeline *pipeline =
        document ? qetl_pipeline_new(document, registry, findings) : NULL;
    int exit_code = qetl_cli_verdict(findings);
    if (pipeline && !exit_code && !check_stdout(cli, pipeline, findings) &&
        !check_max_record(cli, document, pipeline, findings))
        exit_code = run_pipeline(cli, document, pipeline, registry, findings);
    else
        exit_code = qetl_cli_answer(cli, "run", qetl_cli_verdict(findings), NULL, NULL, findings);
    qetl_pipeline_free(pipeline);
    qetl_document_free(document);
    qetl_registry_free(registry);
    qetl_log_close(&cli->log);
    return exit_code;
}
