/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml_error.h"

#include <string.h>

/* Words of libyaml's problem -> what a person did, and what to do about it. */
static const struct {
    const char *problem;
    const char *message;
    const char *mend;
    int at_context; /* the mistake lies where libyaml began, not where it gave up */
} known[] = {
    {"mapping values are not allowed",
     "a second `: ` in one line, or a line that is indented more than those above it",
     "put a text with a colon in quotes; keys of one level begin in the same column", 0},
    {"did not find expected key", "no key of the level above begins here",
     "keys of one level begin in the same column; a text with : or # needs quotes", 0},
    {"did not find expected '-' indicator", "a list's entry is expected here",
     "entries of one list begin with - in the same column", 0},
    {"could not find expected ':'", "a key without a colon",
     "write `key: value`, with a space behind the colon", 1},
    {"did not find expected ',' or ']'", "a list in brackets is not closed",
     "put a comma between entries and ] at the end; quote a text with a comma or bracket", 0},
    {"did not find expected ',' or '}'", "a mapping in braces is not closed",
     "put a comma between entries and } at the end; quote a text with a comma or brace", 0},
    {"found unexpected end of stream", "the quotes that begin here are not closed",
     "close the quotes", 1},
    {"found unexpected document indicator",
     "the quotes that begin here are not closed before --- or ...", "close the quotes before it",
     1},
    {"found unknown escape character", "an unknown escape in a text in double quotes",
     "write \\\\ for a backslash, or use 'single quotes'", 0},
    {"did not find expected hexdecimal number", "an escape needs hex digits",
     "\\x takes two, \\u four, \\U eight", 0},
    {"found invalid Unicode character escape code", "an escape names no character",
     "write the character itself, or \\U with eight digits instead of a pair of \\u", 0},
    {"found undefined tag handle", "a tag with an unknown prefix",
     "a text that begins with ! needs quotes", 0},
    {"did not find expected alphabetic or numeric character",
     "* begins an alias and & an anchor: a name must follow",
     "put a text that begins with * or & in quotes", 1},
    {"block sequence entries are not allowed", "a list's entry cannot begin here",
     "begin the list in the line below its key", 0},
    {"block mapping keys are not allowed", "a key cannot begin here",
     "begin the mapping in the line below its key", 0},
    {"did not find expected node content", "a value is expected here",
     "write one, or remove the comma; a text that begins with , ] or } needs quotes", 0},
    {"did not find the expected comment or line break", "something stands behind | or >",
     "begin the text in the next line", 0},
    {"did not find expected <document start>", "something follows behind the end of the document",
     "keys of one level begin in the same column", 0},
    {"found incompatible YAML document", "this file asks for another version of YAML",
     "remove the %YAML line", 0},
    {"control characters are not allowed", "a control character", "remove it", 0},
    {"exceeded max depth", "nested too deep", "check that every bracket is closed", 0},
};

static struct qetl_mark mark_of(yaml_mark_t mark)
{
    return (struct qetl_mark){(int)mark.line + 1, (int)mark.column + 1};
}

static char char_at(const struct qetl_build *build, size_t index)
{
    size_t at = 0; /* marks count characters */
    for (; at < build->size; at++)
        if ((build->text[at] & 0xc0) != 0x80 && index-- == 0)
            return build->text[at];
    return '\0';
}

/* `${` where a bare { begins a mapping. 0 if it is not that. */
static int report_placeholder(struct qetl_build *build, const yaml_parser_t *parser)
{
    size_t index = parser->problem_mark.index;
    if (index == 0 || char_at(build, index) != '{' || char_at(build, index - 1) != '$')
        return 0;
    struct qetl_mark mark = mark_of(parser->problem_mark);
    mark.column--;
    qetl_finding_mend(qetl_build_error(build, mark, "syntax",
                                       "a placeholder inside [ ] or { } must stand in quotes"),
                      "write  \"${NAME}\"");
    return 1;
}

static void report_token(struct qetl_build *build, const yaml_parser_t *parser)
{
    char c = char_at(build, parser->problem_mark.index);
    struct qetl_mark mark = mark_of(parser->problem_mark);
    if (c == '\t') {
        struct qetl_finding *finding =
            qetl_build_error(build, mark, "syntax", "a tab is used for indentation");
        qetl_finding_mend(finding, "indent with spaces");
        return;
    }
    struct qetl_finding *finding =
        qetl_build_error(build, mark, "syntax", "a value cannot begin with `%c`", c ? c : '?');
    qetl_finding_mend(finding, "put the text in quotes");
}

/* The reader knows an offset in bytes alone. */
static void report_reader(struct qetl_build *build, const yaml_parser_t *parser)
{
    struct qetl_mark mark = {1, 1};
    for (size_t i = 0; i < parser->problem_offset && i < build->size; i++) {
        if (build->text[i] == '\n')
            mark = (struct qetl_mark){mark.line + 1, 1};
        else if ((build->text[i] & 0xc0) != 0x80)
            mark.column++;
    }
    struct qetl_finding *finding =
        qetl_build_error(build, mark, "syntax", "the character U+%04X is not allowed here",
                         (unsigned)parser->problem_value);
    qetl_finding_mend(finding, "remove it, or write it as an escape in double quotes (\"\\u%04x\")",
                      (unsigned)parser->problem_value);
}

static void report_known(struct qetl_build *build, const yaml_parser_t *parser, size_t i)
{
    int at_context = known[i].at_context && parser->context;
    struct qetl_mark mark = mark_of(at_context ? parser->context_mark : parser->problem_mark);
    struct qetl_finding *finding = qetl_build_error(build, mark, "syntax", "%s", known[i].message);
    if (!at_context && parser->context && parser->context_mark.line < parser->problem_mark.line)
        qetl_finding_mend(finding, "%s (what is open began at line %zu, column %zu)", known[i].mend,
                          parser->context_mark.line + 1, parser->context_mark.column + 1);
    else
        qetl_finding_mend(finding, "%s", known[i].mend);
}

void qetl_yaml_report(struct qetl_build *build, const yaml_parser_t *parser)
{
    const char *problem = parser->problem ? parser->problem : "unknown";
    if (parser->error == YAML_MEMORY_ERROR) {
        qetl_build_value(build, NULL);
        return;
    }
    if (parser->error == YAML_READER_ERROR) {
        report_reader(build, parser);
        return;
    }
    if (strstr(problem, "cannot start any token")) {
        report_token(build, parser);
        return;
    }
    if (report_placeholder(build, parser))
        return;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strstr(problem, known[i].problem)) {
            report_known(build, parser, i);
            return;
        }
    }
    qetl_build_error(build, mark_of(parser->problem_mark), "syntax", "no valid YAML: %s", problem);
}
