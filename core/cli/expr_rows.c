/* SPDX-License-Identifier: Apache-2.0 */
#include "expr_rows.h"

#include "run/observe.h"
#include "show/watch.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { TOLD = 5 };

/* The first few rows without a value are told of, the others counted. */
static void see_letter(void *arg, const struct qetl_letter *letter)
{
    atomic_llong *count = arg;
    if (atomic_fetch_add(count, 1) < TOLD)
        fprintf(stderr, "row %lld: %s\n", (long long)letter->row, letter->message);
}

static struct qetl_document *document_of(struct qetl_cli *cli, const char *input,
                                         const char *format, const char *text,
                                         struct qetl_findings *findings)
{
    static const char *const settings[] = {
        "sinks.out.format={type: csv, header: false, null: [\"NULL\"]}"};
    char *computed;
    const char *items[2] = {NULL, NULL};
    if (asprintf(&computed, "value=%s", text) < 0) {
        qetl_findings_no_memory(findings);
        return NULL;
    }
    items[0] = computed;
    cli->computed = (struct qetl_texts){items, 1};
    cli->oneliner = (struct qetl_oneliner){.from = input,
                                           .to = "-",
                                           .from_format = format,
                                           .to_format = "csv",
                                           .select = "value",
                                           .limit = -1};
    struct qetl_document *document = qetl_cli_document(cli, NULL, findings);
    struct qetl_document *bare =
        document ? qetl_document_set(document, settings, 1, findings) : NULL;
    cli->computed = (struct qetl_texts){0};
    qetl_document_free(document);
    free(computed);
    return bare;
}

static int execute(struct qetl_cli *cli, const struct qetl_document *document,
                   const struct qetl_pipeline *pipeline, const struct qetl_registry *registry,
                   struct qetl_findings *findings)
{
    atomic_llong rejected = 0;
    const struct qetl_observer observer = {.arg = &rejected, .letter = see_letter};
    struct qetl_run_options options = qetl_cli_run_options(cli, document);
    options.observer = &observer;
    struct qetl_run *run = qetl_run_new(pipeline, registry, &options, findings);
    if (!run) {
        qetl_findings_no_memory(findings);
        return QETL_EXIT_FAILED;
    }
    struct qetl_watch *watch = qetl_watch_start(run, false);
    int exit_code = qetl_run_execute(run);
    qetl_watch_stop(watch);
    qetl_run_free(run);
    if (!rejected || exit_code)
        return exit_code;
    qetl_finding_add(findings, QETL_ERROR, "rejected", "%lld row%s no value", (long long)rejected,
                     rejected == 1 ? " has" : "s have");
    return QETL_EXIT_FAILED;
}

int qetl_expr_rows(struct qetl_cli *cli, const char *input, const char *format, const char *text,
                   struct qetl_findings *findings)
{
    struct qetl_registry *registry = qetl_cli_registry(cli, findings);
    struct qetl_document *document =
        registry ? document_of(cli, input, format, text, findings) : NULL;
    struct qetl_pipeline *pipeline =
        document ? qetl_pipeline_new(document, registry, findings) : NULL;
    int exit_code = qetl_run_verdict(findings);
    if (pipeline && !exit_code)
        exit_code = execute(cli, document, pipeline, registry, findings);
    exit_code = qetl_cli_answer(cli, exit_code, NULL, NULL, findings);
    qetl_pipeline_free(pipeline);
    qetl_document_free(document);
    qetl_registry_free(registry);
    return exit_code;
}
