/* SPDX-License-Identifier: Apache-2.0 */
#include "document_build.h"

#include "excerpt.h"

#include <stdarg.h>
#include <string.h>

struct qetl_finding *qetl_build_error(struct qetl_build *build, struct qetl_mark mark,
                                      const char *code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct qetl_finding *finding =
        qetl_finding_vadd(build->findings, QETL_ERROR, code, format, args);
    va_end(args);
    qetl_finding_at(finding, build->file, mark.line, mark.column, NULL);
    if (mark.line > 0 && strcmp(code, "not_utf8") != 0)
        qetl_finding_excerpt_line(finding, build->text, build->size, 0);
    build->errors++;
    return finding;
}

void qetl_build_full(struct qetl_build *build, struct qetl_mark mark)
{
    if (qetl_places_count(build->places) < QETL_PLACES_MAX) {
        qetl_build_error(build, mark, "no_memory", "out of memory while reading this");
        return;
    }
    struct qetl_finding *finding = qetl_build_error(
        build, mark, "too_many_values", "more than %d values, aliases expanded", QETL_PLACES_MAX);
    qetl_finding_mend(finding, "a configuration is not the place for data: keep it in a file");
}

void qetl_build_too_deep(struct qetl_build *build, struct qetl_mark mark)
{
    struct qetl_finding *finding = qetl_build_error(
        build, mark, "too_deep", "nested more than %d levels deep", QETL_DOCUMENT_DEPTH);
    qetl_finding_mend(finding, "check that every bracket is closed");
}

uint32_t qetl_build_element(struct qetl_build *build, uint32_t parent, struct qetl_mark mark)
{
    uint32_t place = qetl_places_element(build->places, parent);
    if (place == QETL_PLACE_NONE)
        qetl_build_full(build, mark);
    else
        qetl_places_at(build->places, place)->value = mark;
    return place;
}

static void report_duplicate(struct qetl_build *build, const char *key, uint32_t first,
                             struct qetl_mark mark)
{
    struct qetl_mark before = qetl_places_at(build->places, first)->key;
    struct qetl_finding *finding = qetl_build_error(
        build, mark, "duplicate_key", "`%s` stands here a second time; first at %s:%d:%d", key,
        build->file, before.line, before.column);
    qetl_finding_mend(finding, "remove one of the two, or give it another name");
}

uint32_t qetl_build_member(struct qetl_build *build, uint32_t parent, const char *key,
                           struct qetl_mark mark, int *duplicate)
{
    uint32_t first = qetl_places_find_member(build->places, parent, key);
    *duplicate = first != QETL_PLACE_NONE;
    if (*duplicate)
        report_duplicate(build, key, first, mark);
    uint32_t place = qetl_places_member(build->places, parent, key, mark);
    if (place == QETL_PLACE_NONE)
        qetl_build_full(build, mark);
    else
        qetl_places_at(build->places, place)->value = mark;
    return place;
}

int qetl_build_text(struct qetl_build *build, const char *text, size_t size, struct qetl_mark mark)
{
    if (!memchr(text, '\0', size))
        return 0;
    struct qetl_finding *finding =
        qetl_build_error(build, mark, "nul_in_text", "this text holds the character U+0000");
    qetl_finding_mend(finding, "no option can take it: remove the escape \\0 or \\u0000");
    return -1;
}

json_t *qetl_build_value(struct qetl_build *build, json_t *value)
{
    if (!value)
        qetl_build_error(build, (struct qetl_mark){0, 0}, "no_memory", "out of memory");
    return value;
}
