/* SPDX-License-Identifier: Apache-2.0 */
/* qetl test: the tests that stand beside pipelines. */
#include "cli.h"
#include "testing/test.h"

#include "data/json_text.h"
#include "show/style.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct own {
    const char *filter, *junit;
    bool list, actual;
};

struct suite {
    struct qetl_cli *cli;
    struct qetl_findings *findings;
    struct qetl_test_file **files;
    size_t n_files;
    struct qetl_test_result *results;
    size_t n_results, n_failed;
    bool interrupted;
    char **texts; /* owned, for options that borrow them */
    size_t n_texts;
};

/* ---- folders of plugins, which each test sees from a folder of its own ---- */

static int text_keep(struct suite *suite, char *text)
{
    char **texts = realloc(suite->texts, (suite->n_texts + 1) * sizeof(char *));
    if (!text || !texts) {
        suite->texts = texts ? texts : suite->texts;
        free(text);
        return -1;
    }
    suite->texts = texts;
    texts[suite->n_texts++] = text;
    return 0;
}

/* What is not there stays as it was named, to be told as such. */
static char *absolute(const char *path, size_t size)
{
    char *copy = strndup(path, size), *whole = copy && *copy ? realpath(copy, NULL) : NULL;
    if (!whole)
        return copy;
    free(copy);
    return whole;
}

static int search_path_settle(const char *path)
{
    char *text = NULL;
    size_t size;
    FILE *out = path ? open_memstream(&text, &size) : NULL;
    for (; out && *path; path += *path == ':') {
        char *folder = absolute(path, strcspn(path, ":"));
        fprintf(out, "%s%s", folder ? folder : "", path[strcspn(path, ":")] ? ":" : "");
        free(folder);
        path += strcspn(path, ":");
    }
    int failed = path && (!out || fclose(out));
    if (text && !failed)
        failed = setenv("QETL_PLUGIN_PATH", text, 1);
    free(text);
    return failed ? -1 : 0;
}

static int plugin_folders_settle(struct suite *suite)
{
    struct qetl_texts *dirs = &suite->cli->plugin_dirs;
    int failed = search_path_settle(getenv("QETL_PLUGIN_PATH"));
    for (size_t i = 0; !failed && i < dirs->count; i++) {
        failed = text_keep(suite, absolute(dirs->items[i], strlen(dirs->items[i])));
        if (!failed)
            dirs->items[i] = suite->texts[suite->n_texts - 1];
    }
    return failed;
}

/* ---- which files ---- */

static bool is_test_file(const char *name)
{
    static const char *const ends[] = {".test.yaml", "_test.yaml", ".test.yml",
                                       "_test.yml",  ".test.json", "_test.json"};
    size_t size = strlen(name);
    for (size_t i = 0; *name != '.' && i < sizeof ends / sizeof ends[0]; i++)
        if (size > strlen(ends[i]) && strcmp(name + size - strlen(ends[i]), ends[i]) == 0)
            return true;
    return false;
}

static int file_add(struct suite *suite, const char *path)
{
    struct qetl_test_file *file = qetl_test_file_load(path, suite->findings);
    if (!file)
        return -1;
    struct qetl_test_file **files =
        realloc(suite->files, (suite->n_files + 1) * sizeof(struct qetl_test_file *));
    if (!files) {
        qetl_test_file_free(file);
        qetl_findings_no_memory(suite->findings);
        return -1;
    }
    suite->files = files;
    files[suite->n_files++] = file;
    return 0;
}

static int is_visible(const struct dirent *entry)
{
    return *entry->d_name != '.';
}

static void folder_add(struct suite *suite, const char *path)
{
    struct dirent **entries;
    int n = scandir(path, &entries, is_visible, alphasort);
    if (n < 0)
        qetl_finding_add(suite->findings, QETL_ERROR, "no_folder", "%s: %s", path, strerror(errno));
    for (int i = 0; i < n; i++) {
        char *below;
        struct stat about;
        size_t size = strlen(path);
        bool slash = size && path[size - 1] == '/';
        if (asprintf(&below, "%s%s%s", path, slash ? "" : "/", entries[i]->d_name) < 0) {
            qetl_findings_no_memory(suite->findings);
        } else {
            if (!lstat(below, &about) && S_ISDIR(about.st_mode))
                folder_add(suite, below);
            else if (is_test_file(entries[i]->d_name))
                file_add(suite, below);
            free(below);
        }
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
}

static void collect(struct suite *suite)
{
    const struct qetl_cli *cli = suite->cli;
    for (size_t i = 0; i < (cli->n_operands ? cli->n_operands : 1); i++) {
        const char *path = cli->n_operands ? cli->operands[i] : ".";
        struct stat about;
        if (!stat(path, &about) && S_ISDIR(about.st_mode))
            folder_add(suite, path);
        else
            file_add(suite, path);
    }
    if (suite->n_files || suite->findings->errors)
        return;
    struct qetl_finding *finding =
        qetl_finding_add(suite->findings, QETL_ERROR, "no_tests", "there are no tests here");
    qetl_finding_mend(finding, "tests of orders.yaml stand in orders.test.yaml beside it");
}

static int cases_add(struct suite *suite, const struct qetl_test_file *file)
{
    const struct own *own = suite->cli->own;
    size_t i;
    json_t *json;
    json_array_foreach (json_object_get(file->root, "tests"), i, json) {
        char pointer[64];
        const char *name = json_string_value(json_object_get(json, "name"));
        if (own->filter && !strstr(name, own->filter) && !strstr(file->path, own->filter))
            continue;
        struct qetl_test_result *results =
            realloc(suite->results, (suite->n_results + 1) * sizeof *results);
        if (!results)
            return -1;
        suite->results = results;
        snprintf(pointer, sizeof pointer, "/tests/%zu", i);
        results[suite->n_results++] = (struct qetl_test_result){
            .test = {.file = file,
                     .json = json,
                     .index = i,
                     .name = name,
                     .line = qetl_document_place(file->document, pointer).line}};
    }
    return 0;
}

/* ---- what is said ---- */

static void print_indented(const char *text)
{
    while (text && *text) {
        size_t size = strcspn(text, "\n");
        printf("%s%.*s\n", size ? "    " : "", (int)size, text);
        text += size + (text[size] == '\n');
    }
}

static void print_result(const struct suite *suite, const struct qetl_test_result *result)
{
    int colour = qetl_style_colour(stdout);
    bool good = !result->verdict.n_failures;
    if (suite->cli->json || (suite->cli->quiet && good))
        return;
    const char *paint = !colour ? "" : good ? "\033[32m" : "\033[1;31m";
    printf("%s%s%s  %s:%d  %s\n", paint, good ? "ok  " : "FAIL", colour ? "\033[0m" : "",
           result->test.file->path, result->test.line, result->test.name);
    if (!good)
        print_indented(result->verdict.text);
    fflush(stdout);
}

static json_t *result_json(const struct qetl_test_result *result)
{
    return json_pack(
        "{s:o, s:o, s:i, s:b, s:I, s:f, s:o, s:o}", "file", qetl_json_text(result->test.file->path),
        "name", qetl_json_text(result->test.name), "line", result->test.line, "passed",
        !result->verdict.n_failures, "failures", (json_int_t)result->verdict.n_failures, "seconds",
        result->verdict.seconds, "message", qetl_json_text(result->verdict.first), "detail",
        result->verdict.n_failures ? qetl_json_text(result->verdict.text) : json_null());
}

static json_t *suite_json(const struct suite *suite)
{
    json_t *tests = json_array();
    for (size_t i = 0; i < suite->n_results; i++)
        json_array_append_new(tests, result_json(&suite->results[i]));
    return json_pack("{s:o, s:I, s:I}", "tests", tests, "passed",
                     (json_int_t)(suite->n_results - suite->n_failed), "failed",
                     (json_int_t)suite->n_failed);
}

/* ---- running ---- */

static void run_all(struct suite *suite, const struct qetl_registry *registry)
{
    const struct own *own = suite->cli->own;
    const struct qetl_run_options options = qetl_cli_run_options(suite->cli, NULL);
    size_t done = 0;
    for (; done < suite->n_results && !suite->interrupted; done++) {
        struct qetl_test_result *result = &suite->results[done];
        result->verdict.width = qetl_style_columns(stdout) - 4;
        result->verdict.shows_actual = own->actual;
        qetl_test_run(&result->test, &options, registry, &result->verdict);
        suite->n_failed += result->verdict.n_failures > 0;
        suite->interrupted = result->verdict.interrupted;
        print_result(suite, result);
    }
    suite->n_results = done;
    if (!suite->cli->json && !suite->cli->quiet && !suite->n_failed)
        printf("%zu tests passed\n", suite->n_results);
    fflush(stdout);
}

static void list_all(const struct suite *suite)
{
    for (size_t i = 0; i < suite->n_results; i++)
        printf("%s:%d  %s\n", suite->results[i].test.file->path, suite->results[i].test.line,
               suite->results[i].test.name);
}

static int finish(struct suite *suite)
{
    const struct own *own = suite->cli->own;
    int error = own->junit ? qetl_test_junit(own->junit, suite->results, suite->n_results) : 0;
    if (error)
        qetl_finding_environment(qetl_finding_add(suite->findings, QETL_ERROR, "junit",
                                                  "%s cannot be written: %s", own->junit,
                                                  strerror(error)));
    int exit_code = qetl_run_verdict(suite->findings);
    if (!exit_code && suite->n_failed) {
        exit_code = QETL_EXIT_FAILED;
        qetl_finding_add(suite->findings, QETL_ERROR, "tests_failed", "%zu of %zu tests failed",
                         suite->n_failed, suite->n_results);
    }
    if (suite->interrupted)
        exit_code = QETL_EXIT_SIGINT;
    return qetl_cli_answer(suite->cli, exit_code, NULL, suite_json(suite), suite->findings);
}

static int run_suite(struct suite *suite, const struct qetl_registry *registry)
{
    const struct own *own = suite->cli->own;
    for (size_t i = 0; i < suite->n_files; i++)
        if (cases_add(suite, suite->files[i]))
            qetl_findings_no_memory(suite->findings);
    if (!suite->n_results)
        qetl_finding_add(suite->findings, QETL_ERROR, "no_tests",
                         "no test's name or file has '%s' in it", own->filter);
    if (suite->findings->errors)
        return qetl_cli_answer(suite->cli, qetl_run_verdict(suite->findings), NULL, NULL,
                               suite->findings);
    if (own->list) {
        list_all(suite);
        return QETL_EXIT_OK;
    }
    run_all(suite, registry);
    return finish(suite);
}

static int test(struct qetl_cli *cli, struct qetl_findings *findings)
{
    struct suite suite = {.cli = cli, .findings = findings};
    if (plugin_folders_settle(&suite))
        qetl_findings_no_memory(findings);
    struct qetl_registry *registry = qetl_cli_registry(cli, findings);
    if (registry && !qetl_cli_open_log(cli, findings))
        collect(&suite);
    int exit_code = findings->errors
                        ? qetl_cli_answer(cli, qetl_run_verdict(findings), NULL, NULL, findings)
                        : run_suite(&suite, registry);
    for (size_t i = 0; i < suite.n_results; i++) {
        free(suite.results[i].verdict.first);
        free(suite.results[i].verdict.text);
    }
    free(suite.results);
    for (size_t i = 0; i < suite.n_files; i++)
        qetl_test_file_free(suite.files[i]);
    free(suite.files);
    for (size_t i = 0; i < suite.n_texts; i++)
        free(suite.texts[i]);
    free(suite.texts);
    qetl_registry_free(registry);
    qetl_log_close(&cli->log);
    return exit_code;
}

#define AT(field) .offset = offsetof(struct own, field)

static const struct qetl_option options[] = {
    {"filter", .kind = QETL_ARG_TEXT, AT(filter), .value = "TEXT",
     .help = "only tests with this in their name or their file's"},
    {"junit", .kind = QETL_ARG_TEXT, QETL_COMPLETES_FILE, AT(junit), .value = "PATH",
     .help = "write the results as JUnit XML too"},
    {"actual", .kind = QETL_ARG_FLAG, AT(actual),
     .help = "with a failure, show the rows that came as YAML, to be taken over"},
    {"list", .kind = QETL_ARG_FLAG, AT(list), .help = "show which tests there are, and run none"},
};

static const struct qetl_option_group testing = QETL_OPTION_GROUP("Tests", true, options);

static const struct qetl_exit exits[] = {
    {"0", "all tests passed"},
    {"1", "a test failed"},
    {"2", "the command line or a file of tests is wrong, or there are no tests"},
    {"3", "a plugin or a file is missing"},
    {"130", "interrupted"},
    {NULL, NULL},
};

const struct qetl_command qetl_command_test = {
    .name = "test",
    .section = "Check",
    .summary = "run the tests beside pipelines",
    .synopses = (const char *const[]){"[DIR|FILE...]", NULL},
    .description =
        "Runs the tests in *.test.yaml and *_test.yaml files, those below a folder in all its "
        "folders. A test gives the rows of each source and says which rows must arrive at sinks or "
        "leave components, which must be rejected, and with which exit code the pipeline ends. "
        "The pipeline is the real one, formats included; real sources and sinks are never touched. "
        "reference/tests.md in the folder that `pkg-config --variable=docdir qetl-plugin` names "
        "tells all.",
    .operands = {.name = "DIR|FILE", .most = SIZE_MAX, .completes = QETL_COMPLETES_FILE},
    .groups = {&testing, &qetl_options_log, &qetl_options_json, &qetl_options_plugins,
               &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl test", "all tests below the working folder"},
            {"qetl test orders.test.yaml --filter refund", "some of one file"},
            {"qetl test pipelines --junit results.xml", "for a build server"},
            {"qetl test orders.test.yaml --actual", "to write expectations from what comes"},
            {NULL, NULL}},
    .exits = exits,
    .own_size = sizeof(struct own),
    .run = test,
};
