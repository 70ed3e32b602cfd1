/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every wrong pipeline file in diagnostics/ against its .expect: for each finding, in order, a line
 * "FILE:LINE:COLUMN: CODE" and what its carets stand under. With QETL_EXPECT=write in the
 * environment the .expect files are written anew.
 */
#include "config_fixture.h"

#include "../core/config/expand.h"
#include "../core/pipeline/pipeline.h"

#include <dirent.h>

static char word[] = "WORD=many", number[] = "NUMBER=5", large[] = "LARGE=1000000";
static char *const environment[] = {word, number, large, NULL};
static struct qetl_variables *variables;
static struct qetl_registry *registry;
static char *folder;

static void start(void)
{
    struct qetl_findings findings = {0};
    char *plugins = fixture_source("diagnostics/plugins");
    const char *const dirs[] = {plugins, NULL};
    folder = fixture_source("diagnostics");
    registry = qetl_registry_new(dirs, &findings);
    variables = qetl_variables_new(environment);
    cr_assert(variables);
    fixture_expect_none(&findings);
    free(plugins);
}

static void stop(void)
{
    qetl_registry_free(registry);
    qetl_variables_free(variables);
    free(folder);
}

TestSuite(diagnostics, .init = start, .fini = stop);

static const char *base(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    return slash ? slash + 1 : path ? path : "";
}

/* The characters of the excerpt that are marked; a line's end is not. */
static void print_marked(const struct qetl_finding *finding, FILE *out)
{
    const char *at = finding->excerpt;
    for (int i = 0; at && *at && i < finding->caret; i++)
        for (at++; (*at & 0xc0) == 0x80;)
            at++;
    for (int i = 0; at && *at && i < finding->caret_width; i++)
        do
            fputc(*at++, out);
        while ((*at & 0xc0) == 0x80);
}

static char *lines_of(const struct qetl_findings *findings)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    for (size_t i = 0; i < findings->count; i++) {
        const struct qetl_finding *finding = &findings->items[i];
        fprintf(out, "%s:%d:%d: %s `", base(finding->file), finding->line, finding->column,
                finding->code);
        print_marked(finding, out);
        fputs("`\n", out);
    }
    cr_assert_eq(fclose(out), 0);
    return text;
}

static char *read_text(const char *path)
{
    char *text = calloc(1, 1 << 16);
    FILE *file = fopen(path, "r");
    cr_assert(file && text, "%s is missing", path);
    cr_assert_lt(fread(text, 1, (1 << 16) - 1, file), (1 << 16) - 1);
    fclose(file);
    return text;
}

static void check_file(const char *name)
{
    struct qetl_findings findings = {0};
    char *path, *expect;
    cr_assert(asprintf(&path, "%s/%s", folder, name) > 0);
    cr_assert(asprintf(&expect, "%.*s.expect", (int)(strrchr(path, '.') - path), path) > 0);
    struct qetl_document *written = qetl_document_load(path, &findings);
    struct qetl_document *document =
        written ? qetl_document_expanded(written, variables, &findings) : NULL;
    struct qetl_pipeline *pipeline =
        document ? qetl_pipeline_new(document, registry, &findings) : NULL;
    char *found = lines_of(&findings);
    const char *write = getenv("QETL_EXPECT");
    if (write && strcmp(write, "write") == 0) {
        FILE *out = fopen(expect, "w");
        cr_assert(out && fputs(found, out) >= 0 && fclose(out) == 0);
    } else {
        char *expected = read_text(expect);
        cr_expect_str_eq(found, expected, "%s:\n%sinstead of\n%s", name, found, expected);
        free(expected);
    }
    cr_expect_gt(findings.errors, 0, "%s has no error", name);
    for (size_t i = 0; i < findings.count; i++) {
        const struct qetl_finding *finding = &findings.items[i];
        cr_expect(finding->line > 0 && finding->column > 0, "%s: no place: %s", name,
                  finding->message);
        cr_expect(finding->suggestion, "%s: no mend: %s", name, finding->message);
    }
    free(found);
    free(expect);
    free(path);
    qetl_pipeline_free(pipeline);
    qetl_document_free(document);
    qetl_document_free(written);
    qetl_findings_free(&findings);
}

static int is_pipeline(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".json") == 0);
}

Test(diagnostics, every_file_says_what_is_expected)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, is_pipeline, alphasort);
    cr_assert_geq(n, 130, "%d files in %s", n, folder);
    for (int i = 0; i < n; i++) {
        check_file(entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
}
