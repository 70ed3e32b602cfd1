/* SPDX-License-Identifier: Apache-2.0 */
/* qetl plugin new: the folder of a plugin that builds, tests and runs. */
#include "cli.h"
#include "config/suggest.h"
#include "plugin/manifest.h"
#include "scaffold/scaffold.h"
#include "show/display.h"

#include <qetl/plugin.h>
#include <stdio.h>
#include <string.h>

struct own {
    const char *kind, *dir;
    int lang;
};

static const char *const kinds[] = {"source", "transform", "sink", "format", NULL};
static const char *const langs[] = {"c", "cpp", "rust", NULL};

/* 0 with findings: it was not given, or there is none. */
static uint32_t kind_of(const char *word, struct qetl_findings *findings)
{
    uint32_t kind = word ? qetl_kind_of(word) : 0;
    struct qetl_suggest suggest;
    if (kind)
        return kind;
    if (!word) {
        qetl_cli_usage(findings, "give --kind source, transform, sink or format",
                       "of which kind shall the plugin be?");
        return 0;
    }
    struct qetl_finding *finding =
        qetl_finding_add(findings, QETL_ERROR, "usage", "there is no kind '%s'", word);
    qetl_suggest_init(&suggest, word);
    for (size_t i = 0; kinds[i]; i++)
        qetl_suggest_offer(&suggest, kinds[i]);
    if (suggest.best)
        qetl_finding_mend(finding, "did you mean --kind %s?", suggest.best);
    else
        qetl_finding_mend(finding, "give --kind source, transform, sink or format");
    return 0;
}

/* Two plugins of one name cannot be used together. What is wrong with others is no matter here. */
static int check_free(struct qetl_cli *cli, const char *name, uint32_t kind,
                      struct qetl_findings *findings)
{
    struct qetl_findings others = {0};
    struct qetl_registry *registry = qetl_cli_registry(cli, &others);
    const struct qetl_manifest *taken = NULL;
    for (size_t i = 0; registry && !taken && i < qetl_registry_count(registry); i++)
        if (strcmp(qetl_registry_at(registry, i)->id, name) == 0)
            taken = qetl_registry_at(registry, i);
    const struct qetl_manifest_component *component =
        registry && !taken ? qetl_registry_find(registry, kind, name) : NULL;
    if (component)
        taken = component->plugin;
    if (taken)
        qetl_finding_mend(qetl_finding_add(findings, QETL_ERROR, "name_taken",
                                           "a %s '%s' is installed already: %s",
                                           component ? qetl_kind_name(kind) : "plugin", name,
                                           taken->manifest_path),
                          "choose another name: qetl refuses two plugins of one name");
    qetl_registry_free(registry);
    qetl_findings_free(&others);
    return taken ? -1 : 0;
}

static json_t *made_json(const struct qetl_scaffold *made)
{
    json_t *files = json_array();
    for (size_t i = 0; i < made->n_files; i++)
        json_array_append_new(files, json_string(made->files[i]));
    return json_pack("{s:s, s:s, s:s, s:s, s:o}", "name", made->name, "kind",
                     qetl_kind_name(made->kind), "lang", langs[made->lang], "folder", made->folder,
                     "files", files);
}

static void made_print(const struct qetl_scaffold *made)
{
    qetl_display_print(stdout, "made %s\n", made->folder);
    for (size_t i = 0; i < made->n_files; i++)
        qetl_display_print(stdout, "  %s\n", made->files[i]);
    qetl_display_print(
        stdout,
        "\nnext\n  cd %s\n  make test   # builds it, runs it in pipelines, compares\n"
        "  make check  # drives it as any host may, also badly\n"
        "  make run    # runs pipeline.yaml\nREADME.md says what to change first\n",
        made->folder);
}

static int plugin_new(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    const char *name = cli->operands[0];
    uint32_t kind = kind_of(own->kind, findings);
    struct qetl_scaffold made = {.name = name,
                                 .parent = own->dir,
                                 .kind = (enum qetl_scaffold_kind)kind,
                                 .lang = (enum qetl_scaffold_lang)own->lang};
    json_t *result = NULL;
    if (own->dir && !*own->dir)
        qetl_cli_usage(findings, "leave --dir out, or name a folder", "--dir names nothing");
    else if (!qetl_scaffold_check_name(name, findings) && kind &&
             !check_free(cli, name, kind, findings) && !qetl_scaffold_make(&made, findings)) {
        result = made_json(&made);
        if (!cli->json && !cli->quiet)
            made_print(&made);
    }
    qetl_scaffold_clear(&made);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL, result, findings);
}

#define AT(field) .offset = offsetof(struct own, field)

static const struct qetl_option options[] = {
    {"kind", .kind = QETL_ARG_TEXT, AT(kind), .value = "KIND", .choices = kinds,
     .help = "what it shall be; has to be given"},
    {"lang", .kind = QETL_ARG_CHOICE, AT(lang), .value = "LANG", .choices = langs,
     .help = "the language that it is written in (default: c)"},
    {"dir", .kind = QETL_ARG_TEXT, QETL_COMPLETES_FOLDER, AT(dir), .value = "DIR",
     .help = "the folder to make the folder NAME in (default: the working folder)"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("New plugin", true, options);

static const struct qetl_exit exits[] = {
    {"0", "the folder was made"},
    {"2", "the command line is wrong, or the name is taken, or the folder is there already"},
    {"3", "the folder cannot be made"},
    {NULL, NULL},
};

const struct qetl_command qetl_command_plugin_new = {
    .name = "plugin new",
    .section = "Plugins",
    .summary = "begin a connector of your own",
    .synopses = (const char *const[]){"NAME --kind KIND", NULL},
    .description =
        "Makes the folder NAME with a plugin that builds, tests and runs as it stands: a source "
        "file, the manifest with the schema of its options, a Makefile, a test that runs it in "
        "pipelines (also killed half-way) and compares, a pipeline to run, a README, and what a "
        "build server needs; qetl plugin check finds nothing against it. Nothing but the installed "
        "qetl, pkg-config, make and a compiler is needed.\n\n"
        "What is made: a source lists the files of a folder, a transform adds up a column and "
        "keeps the sum in its state, a sink writes files that appear when their epoch is decided, "
        "a format reads and writes lines of key=value. Each is small, and real; its comments say "
        "what has to stay true when you make it yours. The guide, from an empty folder to three "
        "plugins, is plugin-guide.md in the folder that pkg-config --variable=docdir qetl-plugin "
        "names.\n\n"
        "NAME is of a-z, 0-9, - and _, begins with a letter, and is nobody else's. A folder that "
        "is there already is left alone, unless it is empty. It appears when all of it is there; a "
        "process that is killed on the way leaves a hidden folder .NAME-XXXXXX, which may be "
        "removed.",
    .operands = {.name = "NAME", .least = 1, .most = 1},
    .groups = {&group, &qetl_options_json, &qetl_options_plugins, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl plugin new my-source --kind source", "the folder my-source, in C"},
            {"qetl plugin new my-format --kind format --lang rust", "in Rust, with no crate"},
            {"qetl plugin new my-sink --kind sink --json | jq .result.files",
             "what was made, for a script"},
            {NULL, NULL}},
    .exits = exits,
    .own_size = sizeof(struct own),
    .run = plugin_new,
};
