/* SPDX-License-Identifier: Apache-2.0 */
#include "finding.h"

#include "mask.h"
#include "shell_word.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void finding_reset(struct qetl_finding *finding)
{
    free(finding->code);
    free(finding->file);
    free(finding->path);
    free(finding->message);
    free(finding->suggestion);
    free(finding->excerpt);
    memset(finding, 0, sizeof *finding);
}

static struct qetl_finding *findings_grow(struct qetl_findings *findings)
{
    struct qetl_finding *items =
        reallocarray(findings->items, findings->count + 1, sizeof *findings->items);
    if (!items)
        return NULL;
    findings->items = items;
    struct qetl_finding *finding = &items[findings->count];
    memset(finding, 0, sizeof *finding);
    return finding;
}

struct qetl_finding *qetl_finding_add(struct qetl_findings *findings, enum qetl_severity severity,
                                      const char *code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct qetl_finding *finding = qetl_finding_vadd(findings, severity, code, format, args);
    va_end(args);
    return finding;
}

struct qetl_finding *qetl_finding_vadd(struct qetl_findings *findings, enum qetl_severity severity,
                                       const char *code, const char *format, va_list args)
{
    if (severity == QETL_ERROR)
        findings->errors++;
    struct qetl_finding *finding = findings_grow(findings);
    if (!finding)
        return NULL;
    if (vasprintf(&finding->message, format, args) < 0)
        finding->message = NULL;
    finding->code = strdup(code);
    finding->severity = severity;
    if (!finding->message || !finding->code) {
        finding_reset(finding);
        return NULL;
    }
    findings->count++;
    return finding;
}

static void text_replace(char **to, const char *from)
{
    free(*to);
    *to = from ? strdup(from) : NULL;
}

void qetl_finding_at(struct qetl_finding *finding, const char *file, int line, int column,
                     const char *path)
{
    if (!finding)
        return;
    text_replace(&finding->file, file);
    text_replace(&finding->path, path);
    finding->line = line;
    finding->column = column;
}

void qetl_finding_mend(struct qetl_finding *finding, const char *format, ...)
{
    if (!finding)
        return;
    free(finding->suggestion);
    va_list args;
    va_start(args, format);
    if (vasprintf(&finding->suggestion, format, args) < 0)
        finding->suggestion = NULL;
    va_end(args);
}

void qetl_finding_mend_file(struct qetl_finding *finding, const char *sentence, const char *file)
{
    if (!finding)
        return;
    free(finding->suggestion);
    finding->suggestion = qetl_shell_sentence(sentence, file);
}

void qetl_finding_environment(struct qetl_finding *finding)
{
    if (finding)
        finding->environment = 1;
}

void qetl_findings_no_memory(struct qetl_findings *findings)
{
    qetl_finding_environment(qetl_finding_add(findings, QETL_ERROR, "no_memory", "out of memory"));
}

int qetl_findings_environment(const struct qetl_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        if (findings->items[i].severity == QETL_ERROR && findings->items[i].environment)
            return 1;
    return 0;
}

/* Findings without a file come last: they speak of the whole. */
static int finding_compare(const struct qetl_finding *a, const struct qetl_finding *b)
{
    if (!a->file || !b->file)
        return !a->file - !b->file;
    int order = strcmp(a->file, b->file);
    if (order)
        return order;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return (a->column > b->column) - (a->column < b->column);
}

/* Merges the sorted halves [0, half) and [half, count) through room. */
static void findings_merge(struct qetl_finding *items, size_t half, size_t count,
                           struct qetl_finding *room)
{
    memcpy(room, items, half * sizeof *items);
    size_t left = 0, right = half, to = 0;
    while (left < half) {
        if (right < count && finding_compare(&items[right], &room[left]) < 0)
            items[to++] = items[right++];
        else
            items[to++] = room[left++];
    }
}

static void findings_sort_range(struct qetl_finding *items, size_t count, struct qetl_finding *room)
{
    if (count < 2)
        return;
    size_t half = count / 2;
    findings_sort_range(items, half, room);
    findings_sort_range(items + half, count - half, room);
    findings_merge(items, half, count, room);
}

/* An alias repeats the mistakes of what it names: they are one to whoever mends them. */
static int is_repeated(const struct qetl_finding *a, const struct qetl_finding *b)
{
    return a->line > 0 && finding_compare(a, b) == 0 && strcmp(a->code, b->code) == 0 &&
           strcmp(a->message, b->message) == 0;
}

static void findings_unique(struct qetl_findings *findings, size_t first)
{
    size_t kept = first;
    for (size_t i = first; i < findings->count; i++) {
        struct qetl_finding *finding = &findings->items[i];
        if (kept > first && is_repeated(&findings->items[kept - 1], finding)) {
            findings->errors -= finding->severity == QETL_ERROR;
            finding_reset(finding);
        } else {
            findings->items[kept++] = *finding;
        }
    }
    findings->count = kept;
}

void qetl_findings_sort(struct qetl_findings *findings, size_t first)
{
    assert(first <= findings->count);
    if (first == findings->count)
        return;
    struct qetl_finding *room = calloc(findings->count - first + 1, sizeof *room);
    if (!room)
        return; /* unsorted is still complete */
    findings_sort_range(findings->items + first, findings->count - first, room);
    free(room);
    findings_unique(findings, first);
}

void qetl_findings_truncate(struct qetl_findings *findings, size_t first)
{
    while (findings->count > first) {
        struct qetl_finding *last = &findings->items[--findings->count];
        if (last->severity == QETL_ERROR)
            findings->errors--;
        finding_reset(last);
    }
}

void qetl_findings_move(struct qetl_findings *to, struct qetl_findings *from)
{
    to->errors += from->errors;
    for (size_t i = 0; i < from->count; i++) {
        struct qetl_finding *finding = findings_grow(to);
        if (!finding) {
            finding_reset(&from->items[i]);
            continue;
        }
        *finding = from->items[i];
        to->count++;
    }
    from->count = 0;
    from->errors = 0;
    qetl_findings_free(from);
}

/* A line that held a secret goes: the caret would stand elsewhere. */
static void excerpt_hide(struct qetl_finding *finding, const struct qetl_mask *mask)
{
    size_t size = finding->excerpt ? strlen(finding->excerpt) : 0;
    if (size == 0 || qetl_mask_hide(mask, finding->excerpt, size) == size)
        return;
    free(finding->excerpt);
    finding->excerpt = NULL;
}

void qetl_findings_hide(struct qetl_findings *findings, const struct qetl_mask *mask)
{
    for (size_t i = 0; i < findings->count; i++) {
        struct qetl_finding *finding = &findings->items[i];
        qetl_mask_text(mask, finding->file);
        qetl_mask_text(mask, finding->path);
        qetl_mask_text(mask, finding->message);
        qetl_mask_text(mask, finding->suggestion);
        excerpt_hide(finding, mask);
    }
}

void qetl_findings_free(struct qetl_findings *findings)
{
    if (!findings)
        return;
    for (size_t i = 0; i < findings->count; i++)
        finding_reset(&findings->items[i]);
    free(findings->items);
    memset(findings, 0, sizeof *findings);
}
