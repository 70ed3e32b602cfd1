/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of variables: NAME=value lines, `export` before them, comments, values in quotes that may
 * go over several lines. In double quotes \n \r \t \" \\ and \$ are escapes; nothing is replaced.
 */
#include "slurp.h"
#include "variables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 4000 };

struct reader {
    struct qetl_variables *variables;
    struct qetl_findings *findings;
    const char *file, *at, *end;
    const char *line_start;
    int line;
    const char **names; /* of this file, borrowed from the text … */
    size_t *name_sizes;
    size_t n_names;
    int bad; /* 1: a mistake was told; 2: so that reading stops */
};

static int column_of(const struct reader *r, const char *at)
{
    int column = 1;
    for (const char *c = r->line_start; c < at; c++)
        column += ((unsigned char)*c & 0xc0) != 0x80;
    return column;
}

static struct qetl_finding *tell(struct reader *r, enum qetl_severity severity, const char *at,
                                 const char *code, const char *message)
{
    struct qetl_finding *finding = qetl_finding_add(r->findings, severity, code, "%s", message);
    qetl_finding_at(finding, r->file, r->line, column_of(r, at), NULL);
    r->bad |= severity == QETL_ERROR;
    return finding;
}

static void fail(struct reader *r, const char *at, const char *message, const char *mend)
{
    qetl_finding_mend(tell(r, QETL_ERROR, at, "bad_env_file", message), "%s", mend);
}

static const char *skip_blanks(const struct reader *r, const char *at)
{
    while (at < r->end && (*at == ' ' || *at == '\t'))
        at++;
    return at;
}

static int at_line_end(const struct reader *r, const char *at)
{
    return at == r->end || *at == '\n' || (*at == '\r' && (at + 1 == r->end || at[1] == '\n'));
}

static const char *line_end(const struct reader *r, const char *at)
{
    while (!at_line_end(r, at))
        at++;
    return at;
}

/* Behind a quoted value nothing but blanks and a comment. */
static void check_rest(struct reader *r)
{
    const char *at = skip_blanks(r, r->at);
    if (!at_line_end(r, at) && *at != '#')
        fail(r, at, "there is text behind the closing quote",
             "put all of the value into the quotes, or none of it");
}

static char escape_of(char c)
{
    static const char from[] = "nrt\"\\$", to[] = "\n\r\t\"\\$";
    const char *found = c ? strchr(from, c) : NULL;
    return found ? to[found - from] : '\0';
}

/* Reads up to the closing quote; NULL with a finding. */
static char *take_quoted(struct reader *r, char quote)
{
    const char *open = r->at++;
    char *value = malloc((size_t)(r->end - r->at) + 1), *to = value;
    const char *line_start = r->line_start;
    int line = r->line;
    if (!value)
        return NULL;
    for (; r->at < r->end && *r->at != quote; r->at++) {
        char escaped =
            quote == '"' && *r->at == '\\' && r->at + 1 < r->end ? escape_of(r->at[1]) : '\0';
        r->at += escaped != '\0';
        *to++ = escaped ? escaped : *r->at;
        if (*r->at != '\n' || escaped)
            continue;
        r->line++;
        r->line_start = r->at + 1;
    }
    *to = '\0';
    if (r->at < r->end) {
        r->at++;
        check_rest(r);
        return value;
    }
    free(value);
    r->line = line;
    r->line_start = line_start;
    fail(r, open, "this quote is not closed",
         "close it, or put all of the value into the other kind of quotes");
    r->bad |= 2;
    return NULL;
}

/* To the end of the line or a comment, without blanks around it. */
static char *take_plain(struct reader *r)
{
    const char *end = line_end(r, r->at), *stop = r->at;
    while (stop < end && !(*stop == '#' && (stop == r->at || stop[-1] == ' ' || stop[-1] == '\t')))
        stop++;
    while (stop > r->at && (stop[-1] == ' ' || stop[-1] == '\t'))
        stop--;
    char *value = strndup(r->at, (size_t)(stop - r->at));
    r->at = end;
    return value;
}

static void note_name(struct reader *r, const char *name, size_t size)
{
    for (size_t i = 0; i < r->n_names; i++)
        if (r->name_sizes[i] == size && memcmp(r->names[i], name, size) == 0) {
            qetl_finding_mend(tell(r, QETL_WARNING, name, "duplicate_variable",
                                   "this name stands in the file already: the last value counts"),
                              "remove one of the two");
            return;
        }
    if (r->n_names == NAMES_MAX) {
        fail(r, name, "there are more than 4000 variables", "this is no place for data");
        r->bad |= 2;
        return;
    }
    const char **names = reallocarray(r->names, r->n_names + 1, sizeof *names);
    r->names = names ? names : r->names;
    size_t *sizes = reallocarray(r->name_sizes, r->n_names + 1, sizeof *sizes);
    r->name_sizes = sizes ? sizes : r->name_sizes;
    if (!names || !sizes) {
        qetl_findings_no_memory(r->findings);
        r->bad |= 2;
        return;
    }
    names[r->n_names] = name;
    sizes[r->n_names++] = size;
}

static void take_value(struct reader *r, const char *name, size_t size)
{
    r->at = skip_blanks(r, r->at);
    int quoted = r->at < r->end && (*r->at == '"' || *r->at == '\'');
    char *value = quoted ? take_quoted(r, *r->at) : take_plain(r);
    char *copy = strndup(name, size);
    if (r->bad & 2)
        free(value);
    else if (!copy || !value || qetl_variables_put(r->variables, copy, value)) {
        qetl_findings_no_memory(r->findings);
        r->bad |= 2;
    }
    free(copy);
}

static void take_line(struct reader *r)
{
    r->at = skip_blanks(r, r->at);
    if (at_line_end(r, r->at) || *r->at == '#')
        return;
    if (r->end - r->at > 7 && memcmp(r->at, "export", 6) == 0 &&
        (r->at[6] == ' ' || r->at[6] == '\t'))
        r->at = skip_blanks(r, r->at + 6);
    const char *name = r->at;
    while (r->at < r->end && !at_line_end(r, r->at) && !strchr("= \t", *r->at))
        r->at++;
    size_t size = (size_t)(r->at - name);
    const char *equals = skip_blanks(r, r->at);
    if (!qetl_variables_name(name, size)) {
        fail(r, name, size ? "this cannot be the name of a variable" : "a name is missing here",
             "a line is NAME=value; a name has letters, digits and _, and does not begin with a "
             "digit");
    } else if (equals == r->end || *equals != '=') {
        fail(r, equals, "there is no = behind the name", "a line is NAME=value");
    } else {
        r->at = equals + 1;
        note_name(r, name, size);
        if (!(r->bad & 2))
            take_value(r, name, size);
    }
}

static int check_text(struct reader *r, const char *text, size_t size)
{
    const char *nul = memchr(text, '\0', size);
    json_t *json = nul ? NULL : json_stringn(text, size);
    r->bad = !json;
    json_decref(json);
    if (r->bad)
        qetl_finding_at(
            qetl_finding_add(r->findings, QETL_ERROR, "not_utf8", "the file is not UTF-8 text"),
            r->file, 0, 0, NULL);
    if (size > QETL_ENV_FILE_BYTES) {
        fail(r, r->line_start, "the file is larger than 1 MiB",
             "it holds one NAME=value a line, no data");
        r->bad = 2;
    }
    return r->bad;
}

int qetl_variables_parse(struct qetl_variables *variables, const char *text, size_t size,
                         const char *path, struct qetl_findings *findings)
{
    int bom = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0;
    const char *begin = bom ? text + 3 : text;
    struct reader r = {variables, findings, path, begin, text + size, begin, 1, NULL, NULL, 0, 0};
    if (check_text(&r, text, size))
        return -1;
    while (r.at < r.end && !(r.bad & 2)) {
        take_line(&r);
        r.at = line_end(&r, r.at);
        r.at = r.at < r.end ? (const char *)memchr(r.at, '\n', (size_t)(r.end - r.at)) : NULL;
        if (!r.at)
            break;
        r.line_start = ++r.at;
        r.line++;
    }
    free(r.names);
    free(r.name_sizes);
    return r.bad ? -1 : 0;
}

int qetl_variables_load(struct qetl_variables *variables, const char *path,
                        struct qetl_findings *findings)
{
    char *text;
    size_t size;
    int bad = qetl_slurp(path, QETL_ENV_FILE_BYTES, &text, &size, findings);
    if (!bad)
        bad = qetl_variables_parse(variables, text, size, strcmp(path, "-") ? path : "<stdin>",
                                   findings);
    if (text)
        explicit_bzero(text, size);
    free(text);
    return bad;
}
