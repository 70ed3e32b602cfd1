/* SPDX-License-Identifier: Apache-2.0 */
/* qetl doctor: whether the installation and what runs have left are sound. */
#include "cli.h"
#include "doctor/doctor.h"
#include "indexes.h"
#include "lock/locked.h"
#include "packages.h"
#include "show/report_table.h"
#include "show/style.h"
#include "state/folder.h"
#include "states.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct own {
    struct qetl_states_own states;
    bool deep, repair;
};

/* ---- which pipelines ---- */

static bool is_file(const char *operand)
{
    static const char *const endings[] = {".yaml", ".yml", ".json"};
    struct stat about;
    size_t size = strlen(operand);
    bool looks = strchr(operand, '/') != NULL;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        looks |= size > strlen(endings[i]) &&
                 strcmp(operand + size - strlen(endings[i]), endings[i]) == 0;
    return looks || (!stat(operand, &about) && S_ISREG(about.st_mode));
}

static struct qetl_document *load(void *arg, const char *path, struct qetl_findings *findings)
{
    return qetl_cli_document(arg, path, findings);
}

static bool has_state(const struct qetl_doctor *d, const char *name)
{
    struct stat about;
    char *path = NULL;
    bool has = asprintf(&path, "%s/%s", d->states, name) >= 0 && !lstat(path, &about);
    free(path);
    return has;
}

static void state_check(struct qetl_doctor *d, const char *pipeline,
                        const struct qetl_pipeline *loaded, struct qetl_findings *findings)
{
    char *name = qetl_state_folder_name(pipeline);
    if (!name)
        qetl_findings_no_memory(findings);
    else if (has_state(d, name))
        qetl_doctor_state(d, name, loaded);
    else if (loaded) {
        d->subject = pipeline;
        qetl_doctor_check(d, "store", d->findings.count, "no run has left a state");
        d->subject = NULL;
    } else
        qetl_finding_mend(qetl_finding_add(findings, QETL_ERROR, "unknown_state",
                                           "there is no state of a pipeline `%s`", pipeline),
                          "`qetl state list` shows which there are; or name the pipeline's file");
    free(name);
}

static void file_check(struct qetl_doctor *d, const struct qetl_cli *cli, const char *path,
                       struct qetl_findings *findings)
{
    struct qetl_document *document = qetl_cli_document(cli, path, findings);
    struct qetl_pipeline *pipeline =
        document ? qetl_locked_pipeline(document, d->registry, findings) : NULL;
    char *name = pipeline ? qetl_cli_state_name(path, pipeline) : NULL;
    if (name)
        state_check(d, name, pipeline, findings);
    free(name);
    qetl_pipeline_free(pipeline);
    qetl_document_free(document);
}

static void all_check(struct qetl_doctor *d, struct qetl_findings *findings)
{
    char **names = qetl_state_names(d->states);
    if (!names)
        qetl_findings_no_memory(findings);
    for (char **at = names; at && *at; at++) {
        qetl_doctor_state(d, *at, NULL);
        free(*at);
    }
    free(names);
}

/* ---- the answer ---- */

static int table_print(const json_t *checks)
{
    static const struct qetl_table_column columns[] = {{.title = "PIPELINE", .least = 8},
                                                       {.title = "CHECK", .least = 12},
                                                       {.title = "RESULT", .least = 10},
                                                       {.title = "SAYS", .least = 20, .wraps = 1}};
    struct qetl_table *table = qetl_table_new(columns, sizeof columns / sizeof columns[0]);
    size_t i;
    const json_t *check;
    json_array_foreach (checks, i, check) {
        const char *pipeline = json_string_value(json_object_get(check, "pipeline"));
        qetl_table_put(table, "%s", pipeline ? pipeline : "-");
        qetl_table_put(table, "%s", json_string_value(json_object_get(check, "check")));
        qetl_table_put(table, "%s", json_string_value(json_object_get(check, "status")));
        qetl_table_put(table, "%s", json_string_value(json_object_get(check, "says")));
    }
    int failed =
        qetl_table_print(table, stdout, 0, qetl_style_columns(stdout), qetl_style_colour(stdout));
    qetl_table_free(table);
    return failed;
}

static json_t *result_json(const struct qetl_doctor *d)
{
    json_t *findings = qetl_findings_json(&d->findings), *about, *finding;
    size_t i;
    json_array_foreach (findings, i, finding)
        if ((about = json_array_get(d->about, i)))
            json_object_update(finding, about);
    return json_pack("{s:O, s:o, s:O, s:I, s:I, s:b, s:b}", "checks", d->checks, "findings",
                     findings, "plugins", d->plugins, "open", (json_int_t)d->open, "repaired",
                     (json_int_t)d->repaired, "deep", d->deep, "repair", d->repair);
}

static int answer(struct qetl_cli *cli, struct qetl_doctor *d, struct qetl_findings *findings)
{
    json_t *result = result_json(d);
    if (d->no_memory || !result)
        qetl_findings_no_memory(findings);
    if (!cli->json && !cli->quiet && table_print(d->checks))
        qetl_findings_no_memory(findings);
    int exit_code = findings->errors ? qetl_run_verdict(findings)
                    : d->open        ? QETL_EXIT_FAILED
                                     : QETL_EXIT_OK;
    qetl_findings_move(findings, &d->findings);
    return qetl_cli_answer(cli, exit_code, NULL, result, findings);
}

/* Whether each index can be had, and is what it should be. */
static void indexes_check(struct qetl_doctor *d)
{
    struct qetl_indexes indexes = {0};
    struct qetl_findings said = {0};
    size_t before = d->findings.count;
    struct package_trust *trust = qetl_cli_trust(&said);
    if (trust)
        qetl_indexes_look(&indexes, trust, &said);
    qetl_indexes_tell(&indexes, false, &said);
    qetl_doctor_take(d, &said);
    qetl_findings_free(&said);
    if (d->findings.count > before)
        qetl_doctor_check(d, "indexes", before, "of those that are configured");
    for (size_t i = 0; i < indexes.count; i++) {
        const struct package_index *index = indexes.items[i].index;
        if (index)
            qetl_doctor_check(
                d, "indexes", d->findings.count, "%s, release %llu, good until %s: %s", index->name,
                (unsigned long long)index->version, index->expires, indexes.items[i].place);
    }
    qetl_indexes_close(&indexes);
    qetl_trust_free(trust);
}

static void examine(struct qetl_cli *cli, struct qetl_doctor *d, struct qetl_findings *findings)
{
    struct qetl_findings said = {0};
    struct qetl_registry *registry = qetl_cli_registry_whole(cli, &said);
    d->registry = registry;
    qetl_doctor_take(d, &said);
    qetl_findings_free(&said);
    if (!registry)
        return;
    qetl_doctor_machine(d);
    qetl_doctor_folders(d);
    qetl_doctor_packages(d);
    qetl_doctor_keys(d);
    indexes_check(d);
    qetl_doctor_folder(d);
    for (size_t i = 0; i < cli->n_operands; i++)
        if (is_file(cli->operands[i]))
            file_check(d, cli, cli->operands[i], findings);
        else
            state_check(d, cli->operands[i], NULL, findings);
    if (!cli->n_operands)
        all_check(d, findings);
    qetl_registry_free(registry);
}

/* Relative names mean other places once a pipeline's own folder is looked at. */
static char *absolute(const char *path)
{
    char *here = *path != '/' ? getcwd(NULL, 0) : NULL, *whole = NULL;
    if (!here)
        return strdup(path);
    if (asprintf(&whole, "%s/%s", here, path) < 0)
        whole = NULL;
    free(here);
    return whole;
}

static int doctor(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    if (own->repair && !own->deep)
        qetl_cli_usage(findings, "qetl doctor --deep --repair", "--repair goes with --deep");
    char *named = findings->errors ? NULL : qetl_states_folder(cli, findings);
    char *folder = named ? absolute(named) : NULL;
    if (named && !folder)
        qetl_findings_no_memory(findings);
    if (!folder) {
        free(named);
        return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL, NULL, findings);
    }
    char *packages = qetl_cli_packages_folder(), *keys = qetl_cli_keys_folder();
    struct qetl_doctor d = {.deep = own->deep,
                            .repair = own->repair,
                            .states = folder,
                            .named = named,
                            .load = load,
                            .load_arg = cli,
                            .packages = {packages, QETL_PACKAGES_DIR},
                            .keys = {keys, QETL_KEY_DIR},
                            .plugin_dirs = cli->plugin_dirs.count ? cli->plugin_dirs.items : NULL,
                            .plugin_path = getenv("QETL_PLUGIN_PATH"),
                            .checks = json_array(),
                            .plugins = json_array(),
                            .about = json_array()};
    examine(cli, &d, findings);
    int exit_code = answer(cli, &d, findings);
    free(packages);
    free(keys);
    qetl_doctor_free(&d);
    free(folder);
    free(named);
    return exit_code;
}

static const struct qetl_option options[] = {
    {"deep", .kind = QETL_ARG_FLAG, .offset = offsetof(struct own, deep),
     .help = "look into all that runs have left: each page of each state, the files that sinks "
             "wrote, every dead letter"},
    {"repair", .kind = QETL_ARG_FLAG, .offset = offsetof(struct own, repair),
     .help = "with --deep: mend what is safe. Left-overs that nothing refers to are removed, what "
             "is damaged is set aside under another name, modes are put right; nothing else is "
             "changed"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("Doctor", true, options);

static const struct qetl_exit exits[] = {
    {"0", "all is sound, or was repaired"},
    {"1", "something was found that is not"},
    {"2", "the command line or a pipeline file is wrong, or names what there is not"},
    {"3", "there is no folder for states"},
    {"141", "the reader of stdout went away"},
    {NULL, NULL},
};

const struct qetl_command qetl_command_doctor = {
    .name = "doctor",
    .section = "State",
    .summary = "what is not sound, and how to mend it",
    .synopses = (const char *const[]){"[PIPELINE...]", "--deep [--repair] [PIPELINE...]", NULL},
    .description =
        "Looks at versions, plugins (each is loaded; a library that is missing is named, with its "
        "Debian package), the folders that they lie in and which of one name is used, every file "
        "of installed packages, trusted keys, the indexes of the files of indexes, the folder of "
        "states and each state in it. A "
        "PIPELINE is a file, or a "
        "name as `qetl state list` shows it; without one, all states are looked at.\n\n"
        "With --deep each state is read to its last page, and compared with what it is about: the "
        "files and tables that sinks wrote, as far as the last decided epoch says (they are there, "
        "are the same files, have that length), what is staged, the dead letters. What the next "
        "run will do is told. Outputs are known through the pipeline's file; the state says where "
        "that was.\n\n"
        "Nothing is changed without --repair, and running pipelines are not disturbed: what they "
        "are at work with is left out. Findings go to stderr, each with its file and its mend; "
        "errors and warnings count, notes do not.",
    .operands = {.name = "PIPELINE", .most = SIZE_MAX, .completes = QETL_COMPLETES_FILE},
    .groups = {&group, &qetl_options_states, &qetl_options_pipeline, &qetl_options_json,
               &qetl_options_plugins, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl doctor", "the installation, and all states in short"},
            {"qetl doctor --deep", "all that runs have left, to the last page"},
            {"qetl doctor --deep orders.yaml", "what the runs of one pipeline have left"},
            {"qetl doctor --deep --repair orders", "mend what is safe"},
            {"qetl doctor --deep --json | jq '.result.findings[] | {code, file, message}'",
             "for a program"},
            {NULL, NULL}},
    .exits = exits,
    .own_size = sizeof(struct own),
    .run = doctor,
};
