/* SPDX-License-Identifier: Apache-2.0 */
/* qetl plugin check: a plugin against the rules of the ABI. */
#include "cli.h"
#include "config/suggest.h"
#include "conform/conform.h"
#include "disk/unwritable.h"
#include "plugin/manifest.h"
#include "plugin_named.h"
#include "show/style.h"

#include <qetl/plugin.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SECONDS = 1000000000 };

struct own {
    const char *options, *junit, *only;
    int64_t seed, timeout_s, limit_s;
    bool list;
};

/* ---- the check ---- */

static json_t *given_load(const char *path, char **folder, struct qetl_findings *findings)
{
    json_error_t error;
    char real[PATH_MAX];
    json_t *given = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(given) || !realpath(path, real)) {
        struct qetl_finding *finding = qetl_finding_add(findings, QETL_ERROR, "bad_check", "%s",
                                                        given ? "it is not an object" : error.text);
        qetl_finding_at(finding, path, given ? 1 : error.line, given ? 1 : error.column, NULL);
        qetl_finding_mend(finding, "it maps \"KIND ID\" of a component to options and inputs");
        json_decref(given);
        return NULL;
    }
    *strrchr(real, '/') = 0;
    *folder = strdup(*real ? real : "/");
    return given;
}

/* A rule that is broken is so, whatever was not reached; that none is says nothing then. */
static int verdict_tell(const struct conform_results *results, const char *plugin,
                        struct qetl_findings *findings)
{
    size_t broken = conform_broken(results), late = conform_late(results);
    if (broken)
        qetl_finding_add(findings, QETL_ERROR, "rules_broken", "plugin %s breaks %zu rule%s",
                         plugin, broken, broken == 1 ? "" : "s");
    if (late) {
        struct qetl_finding *finding = qetl_finding_add(
            findings, QETL_ERROR, "out_of_time",
            "the check of plugin %s ran out of time: %zu of %zu cases were left out, or cut short",
            plugin, late, results->cases);
        qetl_finding_mend(finding, "give it more by --limit, or an input that is smaller; rules "
                                   "that were not tried for it say so");
    }
    return broken ? QETL_EXIT_FAILED : late ? QETL_EXIT_UNDECIDED : QETL_EXIT_OK;
}

static int answer(struct qetl_cli *cli, const struct conform_results *results,
                  const struct qetl_manifest *manifest, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    const char *plugin = manifest->id;
    uint64_t seed = (uint64_t)own->seed;
    int error = own->junit ? conform_report_junit(results, plugin, own->junit) : 0;
    if (error) {
        qetl_refuse_write(findings, own->junit, error, "the report cannot be written");
        return qetl_cli_answer(cli, QETL_EXIT_ENVIRONMENT, NULL, NULL, findings);
    }
    json_t *report = conform_report_json(results, plugin, seed);
    json_object_set_new(report, "warnings", qetl_findings_json(manifest->passed_over));
    qetl_findings_move(findings, manifest->passed_over);
    int code = verdict_tell(results, plugin, findings);
    if (!cli->json)
        conform_report_text(results, plugin, seed, stdout, qetl_style_colour(stdout), cli->quiet);
    return qetl_cli_answer(cli, code, NULL, report, findings);
}

static int check(struct qetl_cli *cli, const struct qetl_manifest *manifest,
                 struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    struct conform_options options = {.seed = (uint64_t)own->seed,
                                      .timeout_ns =
                                          (own->timeout_s ? own->timeout_s : 10) * SECONDS,
                                      .limit_ns = (own->limit_s ? own->limit_s : 25) * SECONDS,
                                      .shows = !cli->json && isatty(STDERR_FILENO),
                                      .only = CONFORM_N_RULES};
    struct conform_results results;
    char *folder = NULL;
    json_t *given = NULL;
    int code;
    if (own->only)
        options.only = conform_rule_find(own->only);
    if (own->options && !(given = given_load(own->options, &folder, findings)))
        return qetl_cli_answer(cli, QETL_EXIT_CONFIG, NULL, NULL, findings);
    options.given = given;
    options.folder = folder ? folder : ".";
    if (conform_check(manifest, &options, &results, findings))
        code = qetl_cli_answer(cli, QETL_EXIT_ENVIRONMENT, NULL, NULL, findings);
    else
        code = answer(cli, &results, manifest, findings);
    conform_results_free(&results);
    json_decref(given);
    free(folder);
    return code;
}

static json_t *kinds_of(uint32_t kinds)
{
    json_t *words = json_array();
    if (kinds & CONFORM_LIBRARY)
        json_array_append_new(words, json_string("library"));
    for (uint32_t kind = QETL_SOURCE; kind <= QETL_FORMAT; kind++)
        if (kinds & 1u << kind)
            json_array_append_new(words, json_string(qetl_kind_name(kind)));
    return words;
}

static int list(struct qetl_cli *cli, struct qetl_findings *findings)
{
    json_t *rules = json_array();
    for (int i = 0; i < CONFORM_N_RULES; i++) {
        if (!cli->json)
            printf("%-18s %s\n", conform_rules[i].id, conform_rules[i].holds);
        json_array_append_new(rules,
                              json_pack("{s:s, s:o, s:s, s:s}", "rule", conform_rules[i].id, "of",
                                        kinds_of(conform_rules[i].kinds), "holds",
                                        conform_rules[i].holds, "mend", conform_rules[i].mend));
    }
    return qetl_cli_answer(cli, QETL_EXIT_OK, NULL, json_pack("{s:o}", "rules", rules), findings);
}

static int usage(struct qetl_cli *cli, struct qetl_findings *findings, const char *mend,
                 const char *message)
{
    qetl_cli_usage(findings, mend, message);
    return qetl_cli_answer(cli, QETL_EXIT_CONFIG, NULL, NULL, findings);
}

static int rule_unknown(struct qetl_cli *cli, struct qetl_findings *findings, const char *id)
{
    struct qetl_finding *finding =
        qetl_finding_add(findings, QETL_ERROR, "unknown_rule", "--only: there is no rule '%s'", id);
    struct qetl_suggest suggest;
    qetl_suggest_init(&suggest, id);
    for (int i = 0; i < CONFORM_N_RULES; i++)
        qetl_suggest_offer(&suggest, conform_rules[i].id);
    if (suggest.best)
        qetl_finding_mend(finding, "did you mean %s? qetl plugin check --list shows all",
                          suggest.best);
    else
        qetl_finding_mend(finding, "qetl plugin check --list shows all");
    return qetl_cli_answer(cli, QETL_EXIT_CONFIG, NULL, NULL, findings);
}

/* Why there is no plugin: there is none of that name, no such file, or a manifest that is wrong. */
static int verdict(const struct qetl_plugin_named *plugin, const struct qetl_findings *findings)
{
    if (plugin->registry)
        return QETL_EXIT_CONFIG;
    return qetl_run_verdict(findings) == QETL_EXIT_ENVIRONMENT ? QETL_EXIT_ENVIRONMENT
                                                               : QETL_EXIT_FAILED;
}

static int plugin_check(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    if (own->list)
        return list(cli, findings);
    if (!cli->n_operands)
        return usage(cli, findings, "qetl plugin check build/NAME.so", "no plugin is named");
    if (own->only && conform_rule_find(own->only) == CONFORM_N_RULES)
        return rule_unknown(cli, findings, own->only);
    struct qetl_plugin_named plugin;
    int code;
    if (!qetl_plugin_named_find(cli, cli->operands[0], &plugin, findings))
        code = check(cli, plugin.manifest, findings);
    else
        code = qetl_cli_answer(cli, verdict(&plugin, findings), NULL, NULL, findings);
    qetl_plugin_named_free(&plugin);
    return code;
}

static const struct qetl_option options[] = {
    {"options", .kind = QETL_ARG_TEXT, .completes = QETL_COMPLETES_FILE,
     .offset = offsetof(struct own, options), .value = "FILE",
     .help = "what components are checked with, in place of the manifest's `check`: JSON that maps "
             "\"KIND ID\" to options, files and inputs"},
    {"only", .kind = QETL_ARG_TEXT, .offset = offsetof(struct own, only), .value = "RULE",
     .help = "try what leads to this rule, and no more"},
    {"seed", .kind = QETL_ARG_NUMBER, .offset = offsetof(struct own, seed), .value = "N",
     .least = 0, .most = INT64_MAX,
     .help = "of what is drawn: damaged bytes, moments of interrupts (0)"},
    {"timeout", .kind = QETL_ARG_NUMBER, .offset = offsetof(struct own, timeout_s),
     .value = "SECONDS", .least = 1, .most = 3600,
     .help = "how long a call may last before it counts as hanging (10)"},
    {"limit", .kind = QETL_ARG_NUMBER, .offset = offsetof(struct own, limit_s), .value = "SECONDS",
     .least = 1, .most = 86400,
     .help = "how long all of it may last; what is not reached by then is not tried, and the exit "
             "code says so (25)"},
    {"junit", .kind = QETL_ARG_TEXT, .completes = QETL_COMPLETES_FILE,
     .offset = offsetof(struct own, junit), .value = "FILE",
     .help = "write the outcome as JUnit XML, a test case for each rule"},
    {"list", .kind = QETL_ARG_FLAG, .offset = offsetof(struct own, list),
     .help = "show the rules, and check nothing"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("Check", true, options);

static const struct qetl_exit exits[] = {
    {"0", "all rules that could be tried hold"},
    {"1", "a rule is broken, or the manifest is not valid"},
    {"2", "the command line or the file of options is wrong, or there is no such plugin"},
    {"3", "the file or its manifest is missing, or the machine does not let it work: no folder, no "
          "process, no memory"},
    {"4", "it ran out of time before all was tried, and what was tried holds"},
    {"141", "the reader of stdout went away"},
    {NULL, NULL},
};

const struct qetl_command qetl_command_plugin_check = {
    .name = "plugin check",
    .section = "Plugins",
    .summary = "a plugin against the rules of the ABI",
    .synopses = (const char *const[]){"FILE.so", "NAME", "--list", NULL},
    .description =
        "Loads the plugin in processes of their own, drives each of its components through every "
        "legal order of calls, and looks at all that it answers: lifecycle, state that is damaged, "
        "demands of a row and a byte, interrupts, missing memory, threads, Arrow arrays to the "
        "last value, commits and aborts, the manifest against what the plugin does, leaks. A "
        "crash, a hang and an exit of the plugin are findings.\n\n"
        "Each finding names its rule; `--list` shows them all, as does reference/conformance.md in "
        "the "
        "folder that `pkg-config --variable=docdir qetl-plugin` names. What could not be tried is "
        "told with the reason, and never counts as held.\n\n"
        "Rows and options come from the component's `check` in the manifest, else from its first "
        "example; what is missing is made up from the schema of the options. Where a component "
        "reads or writes files, `{tmp}` in its options is a folder that is emptied before each "
        "run.",
    .operands = {.name = "FILE", .most = 1, .completes = QETL_COMPLETES_FILE},
    .groups = {&group, &qetl_options_json, &qetl_options_plugins, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl plugin check filter", "one that is installed; of one just built, its FILE.so"},
            {"qetl plugin check filter --only growth", "one rule"},
            {"qetl plugin check limit --junit check.xml", "for a build server"},
            {"qetl plugin check limit --json | jq '.result.rules[].rule'", "for a program"},
            {NULL, NULL}},
    .exits = exits,
    .own_size = sizeof(struct own),
    .run = plugin_check,
};
