/* SPDX-License-Identifier: Apache-2.0 */
/* Runs one test case: the real pipeline, with other sources and sinks, in a folder of its own. */
#include "test.h"

#include "config/expand.h"
#include "lock/locked.h"
#include "show/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void qetl_test_fail(struct qetl_verdict *verdict, const char *format, ...)
{
    char line[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    verdict->n_failures++;
    if (!verdict->first)
        verdict->first = strdup(line);
    fprintf(verdict->out, "%s\n", line);
}

/* ---- the pipeline as the test changes it ---- */

struct texts { /* ended by NULL */
    const char **items;
    size_t count;
};

/* Takes the text over; NULL ends the list. */
static int text_add(struct texts *texts, char *text)
{
    const char **items = realloc(texts->items, (texts->count + 2) * sizeof *items);
    if (!items) {
        free(text);
        return -1;
    }
    texts->items = items;
    items[texts->count] = text;
    texts->count += text != NULL;
    items[texts->count] = NULL;
    return 0;
}

static void texts_free(struct texts *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        free((char *)texts->items[i]);
    free(texts->items);
}

static int settings_add(const json_t *set, struct texts *texts)
{
    const char *path;
    json_t *value;
    json_object_foreach ((json_t *)set, path, value) {
        char *json = json_dumps(value, JSON_ENCODE_ANY), *text = NULL;
        int failed = !json || asprintf(&text, "%s=%s", path, json) < 0;
        free(json);
        if (failed || text_add(texts, text))
            return -1;
    }
    return 0;
}

static int environment_add(const json_t *env, struct texts *texts)
{
    const char *name;
    json_t *value;
    json_object_foreach ((json_t *)env, name, value) {
        char *text;
        if (asprintf(&text, "%s=%s", name, json_string_value(value)) < 0 || text_add(texts, text))
            return -1;
    }
    return 0;
}

/* ${NAME} is what the test says it is: the environment of whoever runs it has no part in it. */
static struct qetl_document *expanded(const struct qetl_test_case *test,
                                      const struct qetl_document *document,
                                      struct qetl_findings *findings)
{
    struct texts texts = {0};
    struct qetl_document *out = NULL;
    struct qetl_variables *variables = NULL;
    if (!environment_add(json_object_get(test->json, "env"), &texts) &&
        !environment_add(json_object_get(test->file->root, "env"), &texts) &&
        !text_add(&texts, NULL))
        variables = qetl_variables_new((char *const *)texts.items);
    if (variables)
        out = qetl_document_expanded(document, variables, findings);
    else
        qetl_findings_no_memory(findings);
    qetl_variables_free(variables);
    texts_free(&texts);
    return out;
}

static struct qetl_document *document_of(const struct qetl_test_case *test,
                                         struct qetl_findings *findings)
{
    struct texts texts = {0};
    struct qetl_document *document = qetl_document_load(test->file->pipeline, findings);
    if (settings_add(json_object_get(test->file->root, "set"), &texts) ||
        settings_add(json_object_get(test->json, "set"), &texts))
        qetl_findings_no_memory(findings);
    if (document && texts.count) {
        struct qetl_document *changed =
            qetl_document_set(document, texts.items, texts.count, findings);
        qetl_document_free(document);
        document = changed;
    }
    texts_free(&texts);
    struct qetl_document *whole = document ? expanded(test, document, findings) : NULL;
    qetl_document_free(document);
    return whole;
}

/* ---- its outcome ---- */

static bool error_fits(const json_t *wanted, const struct qetl_finding *finding)
{
    const json_t *code = json_object_get(wanted, "code"), *line = json_object_get(wanted, "line");
    const char *pattern = json_string_value(json_object_get(wanted, "message"));
    regex_t regex;
    bool fits = (!code || strcmp(json_string_value(code), finding->code) == 0) &&
                (!line || json_integer_value(line) == finding->line);
    if (!fits || !pattern)
        return fits;
    if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB))
        return strstr(finding->message, pattern) != NULL;
    fits = regexec(&regex, finding->message, 0, NULL, 0) == 0;
    regfree(&regex);
    return fits;
}

static void expect_errors(const json_t *list, const struct qetl_findings *findings,
                          struct qetl_verdict *verdict)
{
    size_t i;
    json_t *wanted;
    json_array_foreach (list, i, wanted) {
        bool met = false;
        for (size_t f = 0; f < findings->count; f++)
            met |= error_fits(wanted, &findings->items[f]);
        if (met)
            continue;
        char *text = json_dumps(wanted, JSON_COMPACT);
        qetl_test_fail(verdict, "there was no error %s", text ? text : "?");
        qetl_findings_print(findings, verdict->out, 0);
        free(text);
    }
}

/* A test that expects errors expects a failure, whatever its code. */
static void expect_exit(const struct qetl_test_case *test, int exit_code,
                        const struct qetl_findings *findings, struct qetl_verdict *verdict)
{
    const json_t *wanted = json_object_get(test->json, "exit");
    const json_t *errors = json_object_get(test->json, "errors");
    bool failure_wanted = json_array_size(errors) > 0;
    int code = wanted ? (int)json_integer_value(wanted) : QETL_EXIT_OK;
    bool met = wanted || !failure_wanted ? exit_code == code : exit_code != QETL_EXIT_OK;
    if (!met && !wanted && !failure_wanted) {
        qetl_test_fail(verdict, "the pipeline failed with exit code %d", exit_code);
        qetl_findings_print(findings, verdict->out, 0);
    } else if (!met && wanted) {
        qetl_test_fail(verdict, "expected exit code %d, got %d", code, exit_code);
        qetl_findings_print(findings, verdict->out, 0);
    } else if (!met) {
        qetl_test_fail(verdict, "the pipeline should have failed");
    }
    expect_errors(errors, findings, verdict);
}

/* ---- the run ---- */

static int execute(const struct qetl_test_case *test, const struct qetl_run_options *options,
                   const struct qetl_document *document, struct qetl_pipeline *pipeline,
                   const struct qetl_registry *registry, struct qetl_mocks *mocks,
                   struct qetl_findings *findings, struct qetl_verdict *verdict)
{
    struct qetl_capture capture = {.keep_rows = INT64_MAX,
                                   .keep_letters = INT64_MAX,
                                   .stand_in = qetl_mocks_stand_in,
                                   .arg = mocks};
    struct qetl_run_options own = *options;
    own.document = document;
    own.driver = QETL_DRIVE_PULL; /* the order of rows is then the same each time */
    own.validate_full = 1;
    own.observer = &capture.observer;
    struct qetl_run *run = NULL;
    int exit_code = QETL_EXIT_FAILED;
    if (!qetl_capture_init(&capture, pipeline))
        run = qetl_run_new(pipeline, registry, &own, findings);
    if (run) {
        struct qetl_watch *watch = qetl_watch_start(run, false);
        exit_code = qetl_run_execute(run);
        qetl_watch_stop(watch);
        qetl_capture_finish(&capture, run);
        verdict->interrupted = exit_code > 128;
        expect_exit(test, exit_code, findings, verdict);
        struct qetl_run_report report;
        qetl_run_report(run, &report);
        if (capture.no_memory)
            qetl_test_fail(verdict, "there is not enough memory for all rows");
        else if (exit_code == QETL_EXIT_OK || json_object_get(test->json, "exit"))
            qetl_test_expect(test, &capture, mocks, &report, verdict);
        qetl_run_report_free(&report);
    } else {
        qetl_test_fail(verdict, "there is no memory for a run");
    }
    qetl_run_free(run);
    qetl_capture_free(&capture);
    return exit_code;
}

static void run_case(const struct qetl_test_case *test, const struct qetl_run_options *options,
                     const struct qetl_registry *registry, struct qetl_verdict *verdict)
{
    struct qetl_findings findings = {0}, own = {0};
    struct qetl_document *document = document_of(test, &findings);
    struct qetl_pipeline *pipeline =
        document ? qetl_locked_pipeline(document, registry, &findings) : NULL;
    if (pipeline) /* rows of tests are read by a format that the pipeline may not have */
        qetl_registry_reset(registry);
    int exit_code = pipeline || findings.errors ? qetl_run_verdict(&findings) : QETL_EXIT_FAILED;
    struct qetl_mocks *mocks = NULL;
    if (exit_code)
        expect_exit(test, exit_code, &findings, verdict);
    else if ((mocks = qetl_mocks_new(test, pipeline, registry, &own)))
        execute(test, options, document, pipeline, registry, mocks, &findings, verdict);
    if (own.errors) {
        qetl_test_fail(verdict, "the test is wrong: %s", own.items[own.count - 1].message);
        qetl_findings_print(&own, verdict->out, 0);
    }
    qetl_mocks_free(mocks);
    qetl_pipeline_free(pipeline);
    qetl_document_free(document);
    qetl_findings_free(&findings);
    qetl_findings_free(&own);
}

/* What a component makes by a relative path goes away with the folder; so it is empty, or it is
 * told. */
static void in_own_folder(const struct qetl_test_case *test, const struct qetl_run_options *options,
                          const struct qetl_registry *registry, struct qetl_verdict *verdict)
{
    const char *base = getenv("TMPDIR");
    char folder[512];
    int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    snprintf(folder, sizeof folder, "%s/qetl-case-XXXXXX", base && *base ? base : "/tmp");
    if (before < 0 || !mkdtemp(folder)) {
        qetl_test_fail(verdict, "there is no folder to run in: %s", strerror(errno));
    } else {
        if (chdir(folder))
            qetl_test_fail(verdict, "the folder %s cannot be entered: %s", folder, strerror(errno));
        else
            run_case(test, options, registry, verdict);
        if (fchdir(before))
            qetl_test_fail(verdict, "the working folder is gone: %s", strerror(errno));
        if (rmdir(folder))
            qetl_test_fail(verdict, "the test left something behind in %s: %s", folder,
                           strerror(errno));
    }
    if (before >= 0)
        close(before);
}

void qetl_test_run(const struct qetl_test_case *test, const struct qetl_run_options *options,
                   const struct qetl_registry *registry, struct qetl_verdict *verdict)
{
    struct timespec started, ended;
    clock_gettime(CLOCK_MONOTONIC, &started);
    verdict->out = open_memstream(&verdict->text, &verdict->text_size);
    if (!verdict->out) {
        verdict->n_failures++;
        return;
    }
    in_own_folder(test, options, registry, verdict);
    fclose(verdict->out);
    verdict->out = NULL;
    clock_gettime(CLOCK_MONOTONIC, &ended);
    verdict->seconds =
        (double)(ended.tv_sec - started.tv_sec) + (double)(ended.tv_nsec - started.tv_nsec) / 1e9;
}
