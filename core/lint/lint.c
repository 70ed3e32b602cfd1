/* SPDX-License-Identifier: Apache-2.0 */
#include "lint.h"

#include "config/suggest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct qetl_rule_about qetl_rules[QETL_RULES] = {
    [QETL_RULE_CONSTANT_CONDITION] = {"constant-condition", QETL_WARNING, false,
                                      "A condition is true, false or NULL whatever the row: it "
                                      "keeps every row or none. With --sample, also where that "
                                      "shows only once the types are known."},
    [QETL_RULE_NULL_COMPARISON] = {"null-comparison", QETL_WARNING, false,
                                   "A comparison with NULL by = or <> is NULL, never true: write "
                                   "IS NULL, IS NOT NULL or IS DISTINCT FROM."},
    [QETL_RULE_UNUSED_COLUMN] = {"unused-column", QETL_WARNING, true,
                                 "A column is computed, and nobody behind reads or writes it."},
    [QETL_RULE_NO_EFFECT] = {"no-effect", QETL_WARNING, true,
                             "A transform hands on the same columns, in the same order, with the "
                             "same names, without looking at any."},
    [QETL_RULE_PLAIN_SECRET] = {"plain-secret", QETL_WARNING, false,
                                "A secret stands in the file, or what looks like one (a key, a "
                                "token, a password in a URL): write ${secret:NAME}."},
    [QETL_RULE_UNEXPANDED] = {"unexpanded", QETL_WARNING, false,
                              "$NAME and ~/ mean themselves here: variables are written ${NAME}."},
    [QETL_RULE_ABSOLUTE_PATH] = {"absolute-path", QETL_WARNING, false,
                                 "An absolute path names a place of one machine: write a relative "
                                 "one, or ${NAME}."},
    [QETL_RULE_LOST_REJECTS] = {"lost-rejects", QETL_WARNING, false,
                                "Rejected rows are kept nowhere (dead_letters: false), and the run "
                                "goes on without them."},
    [QETL_RULE_DEPRECATED] = {"deprecated", QETL_WARNING, false,
                              "An option that its plugin will give up."},
    [QETL_RULE_UNKNOWN_RULE] = {"unknown-rule", QETL_WARNING, false,
                                "A comment switches off a rule that there is not."},
    [QETL_RULE_WEAK_DELIVERY] = {"weak-delivery", QETL_NOTE, false,
                                 "A path delivers less than exactly once. With --sample, computed "
                                 "as run --dry-run does; else from the manifests."},
    [QETL_RULE_UNLIMITED_REJECTS] = {"unlimited-rejects", QETL_NOTE, false,
                                     "The run succeeds however many rows are rejected: set "
                                     "max_rejected."},
    [QETL_RULE_IMPLICIT_DEAD_LETTERS] = {"implicit-dead-letters", QETL_NOTE, false,
                                         "Rejected rows go to a file of a made-up name below "
                                         "dead-letters/: name one with dead_letters."},
    [QETL_RULE_UNDOCUMENTED] = {"undocumented", QETL_NOTE, false,
                                "The pipeline has no description."},
};

enum qetl_rule qetl_rule_find(const char *id, size_t size)
{
    for (int r = 0; r < QETL_RULES; r++)
        if (strlen(qetl_rules[r].id) == size && strncmp(qetl_rules[r].id, id, size) == 0)
            return (enum qetl_rule)r;
    return QETL_RULES;
}

static bool is_off(const struct qetl_lint *lint, enum qetl_rule rule, struct qetl_place place)
{
    bool off = lint->off[rule];
    for (size_t i = 0; i < lint->n_off_lines; i++)
        off |= lint->off_lines[i].rule == rule && lint->off_lines[i].line == place.line &&
               place.line > 0;
    return off;
}

static struct qetl_finding *tell(struct qetl_lint *lint, enum qetl_rule rule,
                                 struct qetl_place place, const char *path, const char *format,
                                 va_list args)
{
    char *message;
    if (is_off(lint, rule, place))
        return NULL;
    if (vasprintf(&message, format, args) < 0) {
        qetl_findings_no_memory(lint->findings);
        return NULL;
    }
    struct qetl_finding *finding =
        qetl_finding_add(lint->findings, qetl_rules[rule].severity, qetl_rules[rule].id, "%s [%s]",
                         message, qetl_rules[rule].id);
    qetl_finding_at(finding, place.file, place.line, place.column, path);
    free(message);
    return finding;
}

struct qetl_finding *qetl_lint_tell(struct qetl_lint *lint, enum qetl_rule rule,
                                    struct qetl_place place, const char *path, const char *format,
                                    ...)
{
    va_list args;
    va_start(args, format);
    struct qetl_finding *finding = tell(lint, rule, place, path, format, args);
    va_end(args);
    return finding;
}

struct qetl_finding *qetl_lint_option(struct qetl_lint *lint, enum qetl_rule rule, size_t node,
                                      const char *pointer, const char *format, ...)
{
    va_list args;
    char path[256];
    snprintf(path, sizeof path, "%s%s", lint->pipeline->nodes[node].path, pointer);
    for (char *at = path; *at; at++)
        *at = *at == '/' ? '.' : *at;
    va_start(args, format);
    struct qetl_finding *finding =
        tell(lint, rule, qetl_pipeline_place(lint->pipeline, lint->document, node, pointer), path,
             format, args);
    va_end(args);
    return finding;
}

/* ---- comments ---- */

static void switch_off(struct qetl_lint *lint, enum qetl_rule rule, int line)
{
    if (!line) {
        lint->off[rule] = true;
        return;
    }
    struct qetl_lint_off *lines = realloc(lint->off_lines, (lint->n_off_lines + 1) * sizeof *lines);
    if (!lines) {
        qetl_findings_no_memory(lint->findings);
        return;
    }
    lint->off_lines = lines;
    lines[lint->n_off_lines++] = (struct qetl_lint_off){line, rule};
}

static void unknown_rule(struct qetl_lint *lint, const char *path, int line, const char *word)
{
    struct qetl_suggest suggest;
    struct qetl_finding *finding =
        qetl_lint_tell(lint, QETL_RULE_UNKNOWN_RULE, (struct qetl_place){path, line, 1}, NULL,
                       "there is no rule '%s'", word);
    qetl_suggest_init(&suggest, word);
    for (int r = 0; r < QETL_RULES; r++)
        qetl_suggest_offer(&suggest, qetl_rules[r].id);
    if (finding && suggest.best)
        qetl_finding_mend(finding, "did you mean %s?", suggest.best);
    else if (finding)
        qetl_finding_mend(finding, "qetl lint --rules shows all");
}

static void read_comment(struct qetl_lint *lint, const char *path, const char *text, int line)
{
    static const char sign[] = "qetl-lint: off=";
    const char *hash = strchr(text, '#');
    while (hash && strncmp(hash + 1 + strspn(hash + 1, " "), sign, sizeof sign - 1) != 0)
        hash = strchr(hash + 1, '#');
    if (!hash)
        return;
    bool alone = strspn(text, " \t") == (size_t)(hash - text);
    const char *word = hash + 1 + strspn(hash + 1, " ") + sizeof sign - 1;
    for (size_t size; (size = strcspn(word, ", \t\r\n"));
         word += size + strspn(word + size, ", ")) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)size, word);
        enum qetl_rule rule = qetl_rule_find(word, size);
        if (rule == QETL_RULES)
            unknown_rule(lint, path, line, name);
        else
            switch_off(lint, rule, alone ? 0 : line);
    }
}

void qetl_lint_comments(struct qetl_lint *lint, const char *path)
{
    char *text = NULL;
    size_t room = 0;
    FILE *file = strcmp(path, "-") == 0 ? NULL : fopen(path, "re");
    for (int line = 1; file && getline(&text, &room, file) >= 0; line++)
        read_comment(lint, path, text, line);
    free(text);
    if (file)
        fclose(file);
}

void qetl_lint_clear(struct qetl_lint *lint)
{
    free(lint->off_lines);
    lint->off_lines = NULL;
    lint->n_off_lines = 0;
}
