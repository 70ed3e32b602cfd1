/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules about pipelines that are valid, and yet not what was meant.
 *
 * Invariant: a finding names its rule; nothing is said of rules that are switched off, for the file
 *            or for the line. No finding holds a secret, or what looks like one.
 * Ownership: a lint borrows document, pipeline and findings.
 * Threads:   the main thread.
 */
#ifndef QETL_CORE_LINT_H
#define QETL_CORE_LINT_H

#include "config/document.h"
#include "config/finding.h"
#include "pipeline/pipeline.h"

#include <stdbool.h>

enum qetl_rule {
    QETL_RULE_CONSTANT_CONDITION,
    QETL_RULE_NULL_COMPARISON,
    QETL_RULE_UNUSED_COLUMN,
    QETL_RULE_NO_EFFECT,
    QETL_RULE_PLAIN_SECRET,
    QETL_RULE_UNEXPANDED,
    QETL_RULE_ABSOLUTE_PATH,
    QETL_RULE_LOST_REJECTS,
    QETL_RULE_DEPRECATED,
    QETL_RULE_UNKNOWN_RULE,
    QETL_RULE_WEAK_DELIVERY,
    QETL_RULE_UNLIMITED_REJECTS,
    QETL_RULE_IMPLICIT_DEAD_LETTERS,
    QETL_RULE_UNDOCUMENTED,
    QETL_RULES
};

struct qetl_rule_about {
    const char *id;
    enum qetl_severity severity; /* a warning, or a note, which --strict lets pass */
    bool samples;                /* looks at what the sources hold */
    const char *says;
};
extern const struct qetl_rule_about qetl_rules[QETL_RULES];
/* QETL_RULES if there is none. */
enum qetl_rule qetl_rule_find(const char *id, size_t size);

struct qetl_lint_off { /* of one line */
    int line;
    enum qetl_rule rule;
};

struct qetl_lint {
    const struct qetl_document *document;
    const struct qetl_pipeline *pipeline;
    struct qetl_findings *findings;
    bool off[QETL_RULES];
    struct qetl_lint_off *off_lines;
    size_t n_off_lines;
};

/* lint.c: a finding of a rule, unless it is off there; NULL then. */
struct qetl_finding *qetl_lint_tell(struct qetl_lint *, enum qetl_rule, struct qetl_place,
                                    const char *path, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* At an option of a component: "/where". */
struct qetl_finding *qetl_lint_option(struct qetl_lint *, enum qetl_rule, size_t node,
                                      const char *pointer, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* "# qetl-lint: off=RULE,RULE" alone in a line is for the file; behind something, for that line. */
void qetl_lint_comments(struct qetl_lint *, const char *path);
void qetl_lint_clear(struct qetl_lint *);

/* lint_options.c, lint_pipeline.c: what the file alone tells. */
void qetl_lint_options(struct qetl_lint *);
void qetl_lint_pipeline(struct qetl_lint *);
void qetl_lint_declared_delivery(struct qetl_lint *); /* where no sample tells more */
/* lint_samples.c: what a resolved run tells as well. */
struct qetl_run_description;
void qetl_lint_samples(struct qetl_lint *, const struct qetl_run_description *);

/* Each text of an option that its plugin calls an SQL expression. */
struct qetl_lint_expressions {
    void (*visit)(struct qetl_lint *, void *arg, size_t node, const char *pointer, const char *text,
                  bool condition);
    void *arg;
};
void qetl_lint_expressions(struct qetl_lint *, size_t node, const struct qetl_lint_expressions *);

#endif
