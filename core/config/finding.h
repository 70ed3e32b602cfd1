/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings: what is wrong, where, and how to mend it; collected, then shown to people or machines.
 *
 * Invariant: a finding with severity error was counted in `errors`.
 * Ownership: the list owns copies of all strings.
 * Threads:   none of its own; the owner serialises.
 */
#ifndef QETL_CORE_FINDING_H
#define QETL_CORE_FINDING_H

#include <jansson.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

enum qetl_severity { QETL_ERROR, QETL_WARNING, QETL_NOTE };

struct qetl_finding {
    char *code; /* stable word: "unknown_key", "missing_input", … */
    enum qetl_severity severity;
    char *file;       /* NULL: no place */
    int line, column; /* from 1; 0: unknown */
    char *path;       /* dotted, "sources.orders.path"; or a component's id; NULL */
    char *message;
    char *suggestion;       /* or NULL */
    char *excerpt;          /* the line at fault, or NULL … */
    int caret, caret_width; /* … characters before the place, and of it */
    int environment; /* nonzero: the machine is to be mended, not the configuration (exit code 3) */
};

struct qetl_findings {
    struct qetl_finding *items;
    size_t count;
    size_t errors;
};

/* The new finding, for its optional fields to be set with qetl_finding_at and _mend; valid until
 * the next one is added. NULL without memory: counted all the same, and accepted by the setters. */
struct qetl_finding *qetl_finding_add(struct qetl_findings *, enum qetl_severity, const char *code,
                                      const char *format, ...)
    __attribute__((format(printf, 4, 5)));
struct qetl_finding *qetl_finding_vadd(struct qetl_findings *, enum qetl_severity, const char *code,
                                       const char *format, va_list)
    __attribute__((format(printf, 4, 0)));
void qetl_finding_at(struct qetl_finding *, const char *file, int line, int column,
                     const char *path);
void qetl_finding_mend(struct qetl_finding *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* What a shell is to be told of a file: its name stands for each {}, in quotes where it has to. */
void qetl_finding_mend_file(struct qetl_finding *, const char *sentence, const char *file);
void qetl_finding_environment(struct qetl_finding *);
/* For what could not be checked or made. */
void qetl_findings_no_memory(struct qetl_findings *);
/* Findings from `first` on, by file, line and column; those of one place stay in order, and of
 * equal neighbours there one stays. */
void qetl_findings_sort(struct qetl_findings *, size_t first);
/* Takes back all from `first` on. */
void qetl_findings_truncate(struct qetl_findings *, size_t first);
/* All of *from go to the end of *to; *from is empty then. */
void qetl_findings_move(struct qetl_findings *to, struct qetl_findings *from);
/* Hides secrets in all of them, those that come later excepted. */
struct qetl_mask;
void qetl_findings_hide(struct qetl_findings *, const struct qetl_mask *);
/* Nonzero if an error is the machine's. */
int qetl_findings_environment(const struct qetl_findings *);
void qetl_findings_print(const struct qetl_findings *, FILE *out, int colour);
json_t *qetl_findings_json(const struct qetl_findings *);
void qetl_findings_free(struct qetl_findings *);

#endif
