/* SPDX-License-Identifier: Apache-2.0 */
/* qetl conns test: whether each connection of a pipeline works, and how to mend it. */
#include "config/mask.h"
#include "conns.h"
#include "lock/locked.h"
#include "show/report_table.h"
#include "show/style.h"
#include "streams_found.h"

#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 5000 };

struct own {
    int64_t wait_ms;
};

static const char *word(const json_t *one, const char *key)
{
    const char *text = json_string_value(json_object_get(one, key));
    return text ? text : "";
}

static int table_print(const struct qetl_conns *c, FILE *out)
{
    static const struct qetl_table_column columns[] = {{.title = "CONNECTION", .least = 10},
                                                       {.title = "PLUGIN", .least = 12},
                                                       {.title = "RESULT", .least = 9},
                                                       {.title = "SAYS", .least = 20, .wraps = 1}};
    struct qetl_table *table = qetl_table_new(columns, 4);
    size_t i;
    const json_t *one;
    json_array_foreach (c->found, i, one) {
        const char *mend = word(one, "mend"), *status = word(one, "status");
        qetl_table_put(table, "%s", word(one, "component"));
        qetl_table_put(table, "%s %s", word(one, "kind"), word(one, "plugin"));
        qetl_table_put(table, "%s", strcmp(status, "not_asked") == 0 ? "not asked" : status);
        qetl_table_put(table, "%s%s%s", word(one, "says"), *mend ? "; mend: " : "", mend);
    }
    int failed =
        qetl_table_print(table, out, 0, qetl_style_columns(stdout), qetl_style_colour(stdout));
    qetl_table_free(table);
    return failed;
}

static int print(const struct qetl_conns *c)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    int failed = !out || table_print(c, out);
    failed |= out && fclose(out) != 0;
    if (!failed)
        fwrite(text, 1, qetl_mask_hide(c->cli->mask, text, size), stdout);
    fflush(stdout);
    free(text);
    return failed;
}

static void ask_all(struct qetl_conns *c)
{
    for (size_t i = 0; i < c->pipeline->n_nodes; i++) {
        const struct qetl_node *node = &c->pipeline->nodes[i];
        if (node->own)
            continue;
        if (node->kind == QETL_SOURCE)
            qetl_conns_read(c, node);
        else
            qetl_conns_probe(c, node);
    }
}

static int answer(struct qetl_conns *c, struct qetl_findings *findings)
{
    if (!c->cli->json && !c->cli->quiet && print(c))
        qetl_findings_no_memory(findings);
    if (c->cli->json || c->cli->quiet) /* else the table has told it */
        qetl_findings_move(findings, &c->findings);
    int exit_code = c->failed ? QETL_EXIT_FAILED : qetl_run_verdict(findings);
    return qetl_cli_answer(c->cli, exit_code, NULL, json_pack("{s:O}", "connections", c->found),
                           findings);
}

static int conns_test(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    int exit_code;
    if (qetl_cli_open_log(cli, findings))
        return qetl_cli_answer(cli, QETL_EXIT_ENVIRONMENT, NULL, NULL, findings);
    struct qetl_registry *registry = qetl_cli_registry(cli, findings);
    struct qetl_document *document =
        registry ? qetl_cli_document(cli, cli->operands[0], findings) : NULL;
    document = qetl_cli_streams(cli, document, registry, findings);
    struct qetl_pipeline *pipeline =
        document ? qetl_locked_pipeline(document, registry, findings) : NULL;
    struct qetl_conns c = {.cli = cli,
                           .registry = registry,
                           .document = document,
                           .pipeline = pipeline,
                           .wait_ms = own->wait_ms ? own->wait_ms : WAIT_MS,
                           .found = json_array()};
    if (pipeline && !qetl_run_verdict(findings)) {
        ask_all(&c);
        exit_code = answer(&c, findings);
    } else {
        exit_code = registry ? qetl_run_verdict(findings) : QETL_EXIT_ENVIRONMENT;
        qetl_cli_answer(cli, exit_code, NULL, NULL, findings);
    }
    json_decref(c.found);
    qetl_findings_free(&c.findings);
    qetl_pipeline_free(pipeline);
    qetl_document_free(document);
    qetl_registry_free(registry);
    qetl_log_close(&cli->log);
    return exit_code;
}

static const struct qetl_option options[] = {
    {"wait-ms", .kind = QETL_ARG_NUMBER, .offset = offsetof(struct own, wait_ms), .value = "N",
     .least = 1, .most = 86400000,
     .help = "so long a source may be silent before it is left (default: 5000)"},
};
static const struct qetl_option_group asking = QETL_OPTION_GROUP("Test", true, options);

static const struct qetl_exit exits[] = {
    {"0", "all that could be asked work"},
    {"1", "one does not"},
    {"2", "the command line or the pipeline is wrong"},
    {"3", "a plugin is missing"},
    {"141", "the reader of stdout went away"},
    {NULL, NULL},
};

const struct qetl_command qetl_command_conns_test = {
    .name = "conns test",
    .section = "Check",
    .summary = "whether each connection of a pipeline works",
    .synopses = (const char *const[]){"FILE", NULL},
    .description =
        "Tries every source, sink and lookup of a pipeline and says of each, in a line, whether it "
        "works, or what is wrong and how to mend it. Nothing is changed: no row arrives anywhere, "
        "no table or file is made, no state is kept, no watermark moves.\n\n"
        "A source is read to its first rows, which are given up; failures are not tried again. One "
        "that can be read only once (a pipe) has lost these rows. A sink or lookup is asked by an "
        "extension of its plugin; one whose plugin has none is `not asked`, and the exit code does "
        "not count it.",
    .operands = {.name = "FILE", .least = 1, .most = 1, .completes = QETL_COMPLETES_FILE},
    .groups = {&asking, &qetl_options_pipeline, &qetl_options_log, &qetl_options_json,
               &qetl_options_locked, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl conns test orders.yaml", "each connection"},
            {"qetl conns test orders.yaml --json | jq '.result.connections[].status'",
             "for programs"},
            {"qetl conns test orders.yaml --set sources.orders.path=orders.csv.gz",
             "with another file"},
            {NULL, NULL}},
    .exits = exits,
    .own_size = sizeof(struct own),
    .run = conns_test,
};
