/* SPDX-License-Identifier: Apache-2.0 */
/* Findings for people (gcc's form, which editors know how to jump to) and for machines. */
#include "excerpt.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char *severity_name(enum qetl_severity severity)
{
    static const char *const names[] = {"error", "warning", "note"};
    return names[severity];
}

static const char *severity_colour(enum qetl_severity severity)
{
    static const char *const colours[] = {"\033[1;31m", "\033[1;35m", "\033[1;36m"};
    return colours[severity];
}

/* A line of nothing but a caret and the span it begins. */
static bool is_caret_line(const char *line)
{
    size_t blanks = strspn(line, " ");
    return blanks && line[blanks] == '^' &&
           strchr("\n", line[blanks + 1 + strspn(line + blanks + 1, "~")]);
}

/* Bytes of a letter that shows what follows in another order than it stands there, or ends a line:
 * U+061C, U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069. */
static int turns_text(const unsigned char *at)
{
    if (at[0] == 0xd8)
        return at[1] == 0x9c ? 2 : 0;
    if (at[0] != 0xe2)
        return 0;
    if (at[1] == 0x80)
        return at[2] == 0x8e || at[2] == 0x8f || (at[2] >= 0xa8 && at[2] <= 0xae) ? 3 : 0;
    return at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9 ? 3 : 0;
}

/* Text of a user's file may hold escape sequences; a terminal must never see them as such. */
static void print_text(FILE *out, const char *text, const char *indent, int colour)
{
    bool caret = false;
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if (*at == '\n') {
            fprintf(out, "%s\n%s", caret ? "\033[0m" : "", indent);
            caret = colour && is_caret_line((const char *)at + 1);
            fputs(caret ? "\033[1;32m" : "", out);
        } else if (*at < 0x20 && *at != '\t')
            fprintf(out, "\\x%02x", *at);
        else if (*at == 0x7f)
            fputs("\\x7f", out);
        else if (*at == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0) /* U+0080 to U+009F */
            fprintf(out, "\\x%02x", *++at);
        else if (turns_text(at)) {
            for (int left = turns_text(at); left > 1; left--)
                fprintf(out, "\\x%02x", *at++);
            fprintf(out, "\\x%02x", *at);
        } else
            fputc(*at, out);
    }
    fputs(caret ? "\033[0m" : "", out);
}

static void print_place(const struct qetl_finding *finding, FILE *out)
{
    if (finding->file) {
        print_text(out, finding->file, "", 0);
        if (finding->line > 0)
            fprintf(out, ":%d", finding->line);
        if (finding->line > 0 && finding->column > 0)
            fprintf(out, ":%d", finding->column);
        fputs(": ", out);
    } else if (finding->path) {
        print_text(out, finding->path, "", 0);
        fputs(": ", out);
    }
}

static void print_excerpt(const struct qetl_finding *finding, FILE *out, int colour)
{
    char *text = NULL;
    size_t size;
    FILE *memory = finding->excerpt && *finding->excerpt ? open_memstream(&text, &size) : NULL;
    if (!memory)
        return;
    qetl_excerpt_print(finding, 4, memory);
    if (fclose(memory) == 0) {
        print_text(out, text, "", colour);
        fputc('\n', out);
    }
    free(text);
}

static void print_finding(const struct qetl_finding *finding, FILE *out, int colour)
{
    fputs(colour ? "\033[1m" : "", out);
    print_place(finding, out);
    fprintf(out, "%s%s:%s ", colour ? severity_colour(finding->severity) : "",
            severity_name(finding->severity), colour ? "\033[0m" : "");
    print_text(out, finding->message, "  ", colour);
    fputc('\n', out);
    print_excerpt(finding, out, colour);
    if (!finding->suggestion)
        return;
    fprintf(out, "  %smend:%s ", colour ? "\033[32m" : "", colour ? "\033[0m" : "");
    print_text(out, finding->suggestion, "        ", colour);
    fputc('\n', out);
}

static size_t errors_listed(const struct qetl_findings *findings)
{
    size_t errors = 0;
    for (size_t i = 0; i < findings->count; i++)
        errors += findings->items[i].severity == QETL_ERROR;
    return errors;
}

void qetl_findings_print(const struct qetl_findings *findings, FILE *out, int colour)
{
    for (size_t i = 0; i < findings->count; i++)
        print_finding(&findings->items[i], out, colour);
    size_t lost = findings->errors - errors_listed(findings);
    if (lost > 0)
        fprintf(out, "error: %zu more, of which memory held no record\n", lost);
}

/* Bytes that are not UTF-8 (a file's name can be any) must not make the whole finding unprintable.
 */
static json_t *text_json(const char *text)
{
    if (!text)
        return json_null();
    json_t *whole = json_string(text);
    if (whole)
        return whole;
    json_t *ascii = NULL;
    char *copy = strdup(text);
    if (copy) {
        for (char *at = copy; *at; at++)
            *at = (unsigned char)*at < 0x80 ? *at : '?';
        ascii = json_string(copy);
    }
    free(copy);
    return ascii;
}

static json_t *number_json(int number)
{
    return number > 0 ? json_integer(number) : json_null();
}

static json_t *finding_json(const struct qetl_finding *finding)
{
    json_t *object = json_object();
    int bad = json_object_set_new(object, "code", text_json(finding->code));
    bad |= json_object_set_new(object, "severity", json_string(severity_name(finding->severity)));
    bad |= json_object_set_new(object, "file", text_json(finding->file));
    bad |= json_object_set_new(object, "line", number_json(finding->line));
    bad |= json_object_set_new(object, "column", number_json(finding->column));
    bad |= json_object_set_new(object, "path", text_json(finding->path));
    bad |= json_object_set_new(object, "message", text_json(finding->message));
    bad |= json_object_set_new(object, "suggestion", text_json(finding->suggestion));
    if (!bad)
        return object;
    json_decref(object);
    return NULL;
}

json_t *qetl_findings_json(const struct qetl_findings *findings)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < findings->count; i++) {
        if (json_array_append_new(list, finding_json(&findings->items[i])) == 0)
            continue;
        json_decref(list);
        list = NULL;
    }
    return list;
}
