/* SPDX-License-Identifier: Apache-2.0 */
/* qetl lint: what is valid, and yet not what was meant. */
#include "cli.h"
#include "lint/lint.h"
#include "run/describe.h"
#include "show/report_table.h"
#include "show/style.h"

#include <stdlib.h>
#include <string.h>

struct own {
    bool strict, sample, rules;
    struct qetl_texts off;
};

/* ---- --rules ---- */

static const char *level_word(enum qetl_severity severity)
{
    return severity == QETL_NOTE ? "note" : "warning";
}

static int show_rules(const struct qetl_cli *cli, const struct qetl_findings *findings)
{
    static const struct qetl_table_column columns[] = {
        {.title = "RULE", .least = 21}, {.title = "LEVEL"}, {.title = "MEANING", .wraps = 1}};
    struct qetl_table *table = qetl_table_new(columns, 3);
    json_t *rules = json_array();
    for (size_t r = 0; r < QETL_RULES; r++) {
        const struct qetl_rule_about *rule = &qetl_rules[r];
        qetl_table_add(table, (const char *[]){rule->id, level_word(rule->severity), rule->says});
        json_array_append_new(rules, json_pack("{s:s, s:s, s:b, s:s}", "id", rule->id, "level",
                                               level_word(rule->severity), "samples", rule->samples,
                                               "says", rule->says));
    }
    if (!cli->json)
        qetl_table_print(table, stdout, 0, qetl_style_columns(stdout), qetl_style_colour(stdout));
    qetl_table_free(table);
    return qetl_cli_answer(cli, QETL_EXIT_OK, NULL, json_pack("{s:o}", "rules", rules), findings);
}

/* ---- one file ---- */

static void sample(struct qetl_cli *cli, struct qetl_lint *lint,
                   const struct qetl_registry *registry)
{
    struct qetl_run_options options = qetl_cli_run_options(cli, lint->document);
    struct qetl_run_description description;
    struct qetl_run *run = qetl_run_new(lint->pipeline, registry, &options, lint->findings);
    if (!run) {
        qetl_findings_no_memory(lint->findings);
        return;
    }
    if (!qetl_run_resolve(run)) {
        if (qetl_run_describe(run, &description)) {
            qetl_findings_no_memory(lint->findings);
        } else {
            qetl_lint_samples(lint, &description);
            qetl_run_description_free(&description);
        }
    }
    qetl_run_free(run);
}

static void look(struct qetl_cli *cli, const char *path, const struct qetl_document *document,
                 const struct qetl_pipeline *pipeline, const struct qetl_registry *registry,
                 struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    struct qetl_lint lint = {.document = document, .pipeline = pipeline, .findings = findings};
    for (size_t i = 0; i < own->off.count; i++)
        lint.off[qetl_rule_find(own->off.items[i], strlen(own->off.items[i]))] = true;
    if (path)
        qetl_lint_comments(&lint, path);
    qetl_lint_pipeline(&lint);
    qetl_lint_options(&lint);
    if (own->sample)
        sample(cli, &lint, registry);
    else
        qetl_lint_declared_delivery(&lint);
    qetl_lint_clear(&lint);
}

struct counts {
    size_t errors, warnings, notes;
};

static struct counts count(const struct qetl_findings *findings, size_t first)
{
    struct counts counts = {0};
    for (size_t i = first; i < findings->count; i++) {
        counts.errors += findings->items[i].severity == QETL_ERROR;
        counts.warnings += findings->items[i].severity == QETL_WARNING;
        counts.notes += findings->items[i].severity == QETL_NOTE;
    }
    return counts;
}

static void print_counts(const char *name, struct counts counts)
{
    if (!counts.errors && !counts.warnings && !counts.notes)
        printf("%s: clean\n", name);
    else
        printf("%s: %zu error%s, %zu warning%s, %zu note%s\n", name, counts.errors,
               counts.errors == 1 ? "" : "s", counts.warnings, counts.warnings == 1 ? "" : "s",
               counts.notes, counts.notes == 1 ? "" : "s");
}

/* The file's findings, as they were told. */
static json_t *file_json(const char *name, const struct qetl_findings *findings, size_t first)
{
    struct qetl_findings own = {.items = findings->items + first, .count = findings->count - first};
    struct counts counts = count(findings, first);
    return json_pack("{s:s, s:I, s:I, s:I, s:o}", "file", name, "errors", (json_int_t)counts.errors,
                     "warnings", (json_int_t)counts.warnings, "notes", (json_int_t)counts.notes,
                     "findings", qetl_findings_json(&own));
}

/* path NULL: the one-liner. */
static void lint_one(struct qetl_cli *cli, const char *path, const struct qetl_registry *registry,
                     json_t *files, struct qetl_findings *findings)
{
    size_t first = findings->count, errors = findings->errors;
    const char *name = path ? path : "command line";
    struct qetl_document *document = qetl_cli_document(cli, path, findings);
    struct qetl_pipeline *pipeline =
        document ? qetl_pipeline_new(document, registry, findings) : NULL;
    if (pipeline && findings->errors == errors)
        look(cli, path, document, pipeline, registry, findings);
    qetl_findings_sort(findings, first);
    json_array_append_new(files, file_json(name, findings, first));
    if (!cli->json && !cli->quiet)
        print_counts(name, count(findings, first));
    qetl_pipeline_free(pipeline);
    qetl_document_free(document);
}

/* ---- the command ---- */

static int check_off(const struct own *own, struct qetl_findings *findings)
{
    int failed = 0;
    for (size_t i = 0; i < own->off.count; i++) {
        if (qetl_rule_find(own->off.items[i], strlen(own->off.items[i])) != QETL_RULES)
            continue;
        qetl_finding_mend(qetl_finding_add(findings, QETL_ERROR, "bad_option",
                                           "--off: there is no rule '%s'", own->off.items[i]),
                          "qetl lint --rules shows all");
        failed = -1;
    }
    return failed;
}

/* --strict: a warning is an error. */
static void harden(struct qetl_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        if (findings->items[i].severity != QETL_WARNING)
            continue;
        findings->items[i].severity = QETL_ERROR;
        findings->errors++;
    }
}

/* With --quiet, errors alone are told. */
static void keep_errors(struct qetl_findings *findings)
{
    struct qetl_findings kept = {0};
    for (size_t i = 0; i < findings->count; i++) {
        const struct qetl_finding *f = &findings->items[i];
        if (f->severity != QETL_ERROR)
            continue;
        struct qetl_finding *copy = qetl_finding_add(&kept, QETL_ERROR, f->code, "%s", f->message);
        qetl_finding_at(copy, f->file, f->line, f->column, f->path);
        if (f->suggestion)
            qetl_finding_mend(copy, "%s", f->suggestion);
        if (f->environment)
            qetl_finding_environment(copy);
    }
    qetl_findings_free(findings);
    *findings = kept;
}

static int lint_all(struct qetl_cli *cli, const struct qetl_registry *registry,
                    struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    json_t *files = json_array();
    if (!cli->n_operands)
        lint_one(cli, NULL, registry, files, findings);
    for (size_t i = 0; i < cli->n_operands; i++)
        lint_one(cli, cli->operands[i], registry, files, findings);
    if (own->strict)
        harden(findings);
    if (cli->quiet)
        keep_errors(findings);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL,
                           json_pack("{s:o}", "files", files), findings);
}

static int lint(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    if (own->rules)
        return show_rules(cli, findings);
    if (!cli->n_operands && !cli->oneliner.from)
        qetl_cli_usage(findings, "qetl lint FILE...", "no pipeline was named");
    if (findings->errors || check_off(own, findings))
        return qetl_cli_answer(cli, QETL_EXIT_CONFIG, NULL, NULL, findings);
    struct qetl_registry *registry = qetl_cli_registry(cli, findings);
    int exit_code = registry ? lint_all(cli, registry, findings)
                             : qetl_cli_answer(cli, QETL_EXIT_ENVIRONMENT, NULL, NULL, findings);
    qetl_registry_free(registry);
    return exit_code;
}

static const struct qetl_option options[] = {
    {"strict", .kind = QETL_ARG_FLAG, .offset = offsetof(struct own, strict),
     .help = "a warning is an error: exit code 2. Notes never are"},
    {"sample", .kind = QETL_ARG_FLAG, .offset = offsetof(struct own, sample),
     .help = "sample the sources, as run --dry-run does, for rules about columns and delivery"},
    {"off", .kind = QETL_ARG_TEXTS, .offset = offsetof(struct own, off), .value = "RULE",
     .help = "do not look at this rule; may be repeated"},
    {"rules", .kind = QETL_ARG_FLAG, .offset = offsetof(struct own, rules),
     .help = "show the rules"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("Lint", true, options);

const struct qetl_command qetl_command_lint = {
    .name = "lint",
    .section = "Check",
    .summary = "find what is valid, and yet not meant",
    .synopses = (const char *const[]){"FILE...", "--rules", NULL},
    .description =
        "Validates pipeline files, then looks for what is rarely meant: conditions that are always "
        "true, secrets in the file, paths of one machine, columns that nobody reads. Every finding "
        "names its rule; --rules shows them all.\n\n"
        "A comment switches rules off, for the file where it stands alone in a line, else for its "
        "line:\n\n"
        "  # qetl-lint: off=absolute-path,undocumented",
    .operands = {.name = "FILE", .most = SIZE_MAX, .completes = QETL_COMPLETES_FILE},
    .groups = {&group, &qetl_options_oneliner, &qetl_options_pipeline, &qetl_options_json,
               &qetl_options_plugins, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl lint orders.yaml", "one file"},
            {"qetl lint --strict --sample *.yaml", "before a change goes in"},
            {"qetl lint orders.yaml --json | jq '.result.files[].findings[].code'",
             "which rules spoke"},
            {"qetl lint --rules", "what there is to say"},
            {NULL, NULL}},
    .exits = qetl_exits_check,
    .own_size = sizeof(struct own),
    .run = lint,
};
