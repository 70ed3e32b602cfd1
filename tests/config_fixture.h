/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Invariant: none of its own; a few words that the tests of the configuration share.
 * Ownership: fixture_dir's answer is the caller's; the folder goes with fixture_remove.
 * Threads:   one.
 */
#ifndef QETL_TESTS_CONFIG_FIXTURE_H
#define QETL_TESTS_CONFIG_FIXTURE_H

#include "../core/config/finding.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The finding of a code at a place (line 0: any), or NULL. */
static inline const struct qetl_finding *fixture_find(const struct qetl_findings *findings,
                                                      const char *code, int line, int column)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct qetl_finding *finding = &findings->items[i];
        if (strcmp(finding->code, code) == 0 &&
            (line == 0 || (finding->line == line && finding->column == column)))
            return finding;
    }
    return NULL;
}

static inline const struct qetl_finding *fixture_expect(const struct qetl_findings *findings,
                                                        const char *code, int line, int column)
{
    const struct qetl_finding *finding = fixture_find(findings, code, line, column);
    if (!finding)
        qetl_findings_print(findings, stderr, 0);
    cr_assert(finding, "no finding %s at %d:%d", code, line, column);
    return finding;
}

static inline void fixture_expect_none(const struct qetl_findings *findings)
{
    if (findings->count > 0)
        qetl_findings_print(findings, stderr, 0);
    cr_assert_eq(findings->count, 0);
}

static inline char *fixture_dir(void)
{
    const char *tmp = getenv("TMPDIR");
    char *dir;
    cr_assert(asprintf(&dir, "%s/qetl-test-XXXXXX", tmp ? tmp : "/tmp") > 0);
    cr_assert(mkdtemp(dir));
    return dir;
}

static inline void fixture_remove(char *dir)
{
    char *command;
    cr_assert(asprintf(&command, "rm -rf '%s'", dir) > 0);
    cr_assert_eq(system(command), 0);
    free(command);
    free(dir);
}

static inline char *fixture_write(const char *dir, const char *name, const char *text)
{
    char *path;
    cr_assert(asprintf(&path, "%s/%s", dir, name) > 0);
    FILE *file = fopen(path, "w");
    cr_assert(file, "%s", path);
    cr_assert_geq(fputs(text, file), 0);
    cr_assert_eq(fclose(file), 0);
    cr_assert_eq(chmod(path, 0644), 0);
    return path;
}

/* A file below the folder of the tests, wherever the build runs. */
static inline char *fixture_source(const char *name)
{
    const char *srcdir = getenv("srcdir");
    char *path;
    cr_assert(asprintf(&path, "%s/tests/%s", srcdir ? srcdir : ".", name) > 0);
    return path;
}

#endif
