/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of pipelines: a case says what comes out of the sources and what must arrive where.
 *
 * Invariant: a test touches neither the real sources nor the real sinks; what it does not expect,
 * a rejected row say, fails it. Ownership: a case borrows its file; a verdict owns its texts.
 * Threads:   the main thread.
 */
#ifndef QETL_CORE_TEST_H
#define QETL_CORE_TEST_H

#include "config/document.h"
#include "config/finding.h"
#include "plugin/registry.h"
#include "run/run.h"
#include "show/capture.h"

struct qetl_test_file {
    char *path;     /* as named or found */
    char *folder;   /* absolute: what paths in the file are relative to */
    char *pipeline; /* absolute */
    struct qetl_document *document;
    json_t *root; /* checked, with defaults */
};

struct qetl_test_case {
    const struct qetl_test_file *file;
    const json_t *json; /* "/tests/N" of the root */
    size_t index;
    const char *name;
    int line;
};

struct qetl_verdict {
    size_t n_failures;
    char *first; /* the first failure in a line, or NULL */
    char *text;  /* all of them, for people; or NULL */
    double seconds;
    bool interrupted;

    FILE *out; /* writes to text while the case runs */
    size_t text_size;
    int colour, width;
    bool shows_actual; /* --actual */
};

/* test_file.c: NULL with findings, and also with those where the file is there but wrong. */
struct qetl_test_file *qetl_test_file_load(const char *path, struct qetl_findings *);
void qetl_test_file_free(struct qetl_test_file *); /* accepts NULL */
/* A finding at a pointer below the case. */
struct qetl_finding *qetl_test_error(const struct qetl_test_case *, const char *pointer,
                                     struct qetl_findings *, const char *code, const char *format,
                                     ...) __attribute__((format(printf, 5, 6)));

/* test_run.c */
void qetl_test_run(const struct qetl_test_case *, const struct qetl_run_options *,
                   const struct qetl_registry *, struct qetl_verdict *);
/* One failure: a line, then what explains it may be written to verdict->out. */
void qetl_test_fail(struct qetl_verdict *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* test_mock.c: what works in the place of sources and sinks. */
struct qetl_mocks;
struct qetl_mock {                   /* a component that gives a text, or takes one */
    struct qetl_component component; /* first: an instance knows it by its component */
    struct qetl_source source;
    struct qetl_sink sink;
    char *text;
    size_t size, room;
    const char *name; /* of the object that a source gives */
};
/* A source of the text, which it takes over; or a sink that collects what it is given. */
void qetl_mock_source(struct qetl_mock *, char *text, size_t size, const char *name);
void qetl_mock_sink(struct qetl_mock *);
struct qetl_mocks *qetl_mocks_new(const struct qetl_test_case *, struct qetl_pipeline *,
                                  const struct qetl_registry *, struct qetl_findings *);
void qetl_mocks_free(struct qetl_mocks *); /* accepts NULL */
const struct qetl_component *qetl_mocks_stand_in(void *mocks, const struct qetl_node *);
/* What a sink of bytes was given; NULL: it is none. */
const char *qetl_mocks_written(const struct qetl_mocks *, size_t node, size_t *size);
/* test_transcode.c: rows as text of a format, by its own writer; NULL with findings. */
char *qetl_rows_in_format(const json_t *rows, const struct qetl_plugin_use *format,
                          const struct qetl_registry *, size_t *size, struct qetl_findings *);

/* test_expect.c: what came against what was expected. */
void qetl_test_expect(const struct qetl_test_case *, const struct qetl_capture *,
                      const struct qetl_mocks *, const struct qetl_run_report *,
                      struct qetl_verdict *);
/* test_rows.c: where names the place; expectation: "rows", "order", "columns", "types". */
void qetl_test_rows(const char *where, const json_t *expectation, const struct qetl_shown_rows *,
                    struct qetl_verdict *);
/* test_value.c */
bool qetl_test_same(const json_t *expected, const struct qetl_shown_column *,
                    const struct qetl_shown_cell *);
/* The cell that would be shown for it; its text is freed by the caller. */
struct qetl_shown_cell qetl_test_cell(const json_t *expected);
/* test_diff.c: expected[i] and rows matched up: op '=', '-', '+' */
struct qetl_diff {
    char op;
    size_t expected, got;
};
void qetl_test_diff_print(const json_t *expected, const struct qetl_shown_rows *,
                          const int64_t *columns, const char *const *names, size_t n_names,
                          const struct qetl_diff *, size_t n, struct qetl_verdict *);

/* test_junit.c */
struct qetl_test_result {
    struct qetl_test_case test;
    struct qetl_verdict verdict;
};
/* 0, or an errno. */
int qetl_test_junit(const char *path, const struct qetl_test_result *, size_t n);

#endif
