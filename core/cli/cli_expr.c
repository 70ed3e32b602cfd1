/* SPDX-License-Identifier: Apache-2.0 */
/* qetl expr: what an expression makes of some values: of one line, of lines from a pipe, at a
 * prompt. */
#include "cli.h"
#include "expr_functions.h"
#include "expr_prompt.h"
#include "expr_rows.h"
#include "lint/calculator.h"
#include "show/display.h"
#include "show/style.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct own {
    struct qetl_texts columns;
    bool type, tree, functions;
    const char *input, *input_format;
};

struct calculation { /* what the lines share */
    struct qetl_cli *cli;
    const struct own *own;
    struct qetl_calculator *calculator;
    struct qetl_findings *findings;
    json_t *results;
    bool terminal;
};

/* 'It''s' for text, so that it is told from a NULL and from a number. */
static void print_value(const struct qetl_calculated *c, bool bare)
{
    if (!c->value && !bare)
        fputs("NULL", stdout);
    if (!c->value)
        return;
    if (bare) {
        fputs(c->value, stdout);
        return;
    }
    char *shown = qetl_display_printable(c->value, strlen(c->value));
    if (c->textual)
        putchar('\'');
    for (const char *at = shown ? shown : "?"; *at; at++)
        fputs(c->textual && *at == '\'' ? "''" : (char[]){*at, 0}, stdout);
    if (c->textual)
        putchar('\'');
    free(shown);
}

static void print_answer(const struct calculation *calculation, const struct qetl_calculated *c)
{
    int colour = qetl_style_colour(stdout);
    if (calculation->own->tree) {
        json_dumpf(c->tree, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
    } else if (calculation->own->type) {
        fputs(c->type, stdout);
    } else {
        print_value(c, calculation->cli->quiet);
        if (!calculation->cli->quiet)
            printf("  %s%s%s", colour ? "\033[2m" : "", c->type, colour ? "\033[0m" : "");
    }
    putchar('\n');
}

static int evaluate(struct calculation *calculation, const char *text)
{
    const struct own *own = calculation->own;
    struct qetl_findings *findings = calculation->findings;
    struct qetl_calculated calculated;
    size_t before = findings->count;
    int exit_code = qetl_calculator_evaluate(calculation->calculator, text, &calculated, findings);
    /* That these values fail is nothing to the type or the tree. */
    if (exit_code == QETL_EXIT_FAILED && calculated.type && (own->type || own->tree)) {
        qetl_findings_truncate(findings, before);
        exit_code = QETL_EXIT_OK;
    }
    if (!calculation->cli->json && !exit_code)
        print_answer(calculation, &calculated);
    json_array_append_new(calculation->results,
                          json_pack("{s:s, s:b, s:s?, s:s?, s:O?}", "expression", text, "ok",
                                    !exit_code, "type", calculated.type, "value",
                                    exit_code ? NULL : calculated.value, "tree", calculated.tree));
    qetl_calculated_free(&calculated);
    return exit_code;
}

/* ---- the prompt ---- */

static void print_columns(const struct calculation *calculation)
{
    const char *name;
    char *type;
    for (size_t i = 0; qetl_calculator_column(calculation->calculator, i, &name, &type); i++) {
        printf("%s  %s\n", name, type ? type : "?");
        free(type);
    }
}

/* \set, \columns, \functions, \help: 0; or 1 for \quit. */
static int obey(struct calculation *calculation, const char *line)
{
    size_t size = strcspn(line, " ");
    const char *rest = line + size + strspn(line + size, " ");
    if (strncmp(line, "\\set", size) == 0 && size == 4)
        qetl_calculator_columns(calculation->calculator, rest, calculation->findings);
    else if (strncmp(line, "\\columns", size) == 0 && size > 1)
        print_columns(calculation);
    else if (strncmp(line, "\\functions", size) == 0 && size > 1)
        qetl_functions_print(*rest ? rest : NULL, stdout, qetl_style_columns(stdout),
                             qetl_style_colour(stdout));
    else if (strncmp(line, "\\quit", size) == 0 && size > 1)
        return 1;
    else
        fputs("an SQL expression, or\n"
              "  \\set NAME=VALUE,...  columns: also NAME:TYPE, NAME:TYPE=VALUE\n"
              "  \\columns            those that there are\n"
              "  \\functions NAME     what can be called; also a part or a pattern of names\n"
              "  \\quit               or the end of input\n",
              stdout);
    return 0;
}

/* At a terminal and over a pipe, a mistake is told at once, with the line's number. */
static void tell(struct calculation *calculation, size_t line)
{
    struct qetl_findings *findings = calculation->findings;
    if (calculation->cli->json || !findings->count)
        return;
    if (!calculation->terminal)
        fprintf(stderr, "line %zu: ", line);
    fflush(stdout);
    qetl_findings_print(findings, stderr, qetl_style_colour(stderr));
    qetl_findings_truncate(findings, 0);
}

static int evaluate_lines(struct calculation *calculation)
{
    int worst = QETL_EXIT_OK, exit_code;
    char *line;
    size_t number = 0;
    bool over = false;
    while (!over && (line = qetl_prompt_line(calculation->terminal))) {
        number++;
        if (*line == '\\') {
            over = obey(calculation, line);
        } else if (line[strspn(line, " \t\r")]) {
            exit_code = evaluate(calculation, line);
            if (!calculation->terminal && exit_code > worst)
                worst = exit_code;
        }
        tell(calculation, number);
        free(line);
    }
    return worst;
}

/* ---- the command ---- */

static int calculate(struct calculation *calculation)
{
    const struct own *own = calculation->own;
    struct qetl_cli *cli = calculation->cli;
    for (size_t i = 0; i < own->columns.count; i++)
        qetl_calculator_columns(calculation->calculator, own->columns.items[i],
                                calculation->findings);
    if (calculation->findings->errors)
        return qetl_run_verdict(calculation->findings);
    int worst = QETL_EXIT_OK;
    for (size_t i = 0; i < cli->n_operands; i++) {
        int exit_code = evaluate(calculation, cli->operands[i]);
        worst = exit_code > worst ? exit_code : worst;
    }
    return cli->n_operands ? worst : evaluate_lines(calculation);
}

static int show_functions(const struct qetl_cli *cli, struct qetl_findings *findings)
{
    const char *pattern = cli->n_operands ? cli->operands[0] : NULL;
    json_t *found = qetl_functions_json(pattern);
    if (json_array_size(found) == 0) {
        const char *near = qetl_functions_suggest(pattern);
        struct qetl_finding *finding = qetl_finding_add(findings, QETL_ERROR, "unknown_function",
                                                        "there is no function '%s'", pattern);
        if (near)
            qetl_finding_mend(finding, "did you mean %s?", near);
    } else if (!cli->json) {
        qetl_functions_print(pattern, stdout, qetl_style_columns(stdout),
                             qetl_style_colour(stdout));
    }
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL,
                           json_pack("{s:o}", "functions", found), findings);
}

static int evaluate_rows(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    if (cli->n_operands == 1 && !cli->json && !own->columns.count && !own->type && !own->tree)
        return qetl_expr_rows(cli, own->input, own->input_format, cli->operands[0], findings);
    qetl_cli_usage(findings,
                   "qetl expr EXPR --input FILE, without --columns, --type, --tree, --json",
                   cli->n_operands == 1 ? "--input brings its own columns, and answers in lines"
                                        : "--input takes one expression");
    return qetl_cli_answer(cli, QETL_EXIT_CONFIG, NULL, NULL, findings);
}

static int expr(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    if (own->functions)
        return show_functions(cli, findings);
    if (own->input)
        return evaluate_rows(cli, findings);
    struct calculation calculation = {
        .cli = cli,
        .own = cli->own,
        .calculator = qetl_calculator_new(),
        .findings = findings,
        .results = json_array(),
        .terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && !cli->json,
    };
    int exit_code = QETL_EXIT_FAILED;
    if (calculation.calculator && calculation.results)
        exit_code = calculate(&calculation);
    else
        qetl_findings_no_memory(findings);
    qetl_calculator_free(calculation.calculator);
    return qetl_cli_answer(cli, exit_code, NULL,
                           json_pack("{s:o}", "expressions", calculation.results), findings);
}

static const struct qetl_option options[] = {
    {"columns", 'c', QETL_ARG_TEXTS, .offset = offsetof(struct own, columns), .value = "COLUMNS",
     .help = "columns that the expression may name: NAME=VALUE, NAME:TYPE (a NULL) or "
             "NAME:TYPE=VALUE, separated by commas; may be repeated"},
    {"input", 'i', QETL_ARG_TEXT, QETL_COMPLETES_FILE, offsetof(struct own, input), .value = "FILE",
     .help = "evaluate over the rows of a file, or of - for stdin; a line for each, written as CSV "
             "writes values"},
    {"input-format", .kind = QETL_ARG_TEXT, QETL_COMPLETES_FORMAT,
     .offset = offsetof(struct own, input_format), .value = "FORMAT",
     .help = "the input's format, where its name's extension does not tell it"},
    {"functions", 'f', QETL_ARG_FLAG, .offset = offsetof(struct own, functions),
     .help = "show what can be called; with an operand, functions whose name holds it, or fits it "
             "where * or ? stand in it; a few of them with examples"},
    {"type", 't', QETL_ARG_FLAG, .offset = offsetof(struct own, type),
     .help = "show the type alone"},
    {"tree", .kind = QETL_ARG_FLAG, .offset = offsetof(struct own, tree),
     .help = "show the syntax tree, as plugins see it, in JSON"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("Expression", true, options);

static const struct qetl_option quiet[] = {
    {"quiet", 'q', QETL_ARG_FLAG, .offset = offsetof(struct qetl_cli, quiet),
     .help = "show values alone, as they are: text without quotes, a NULL as an empty line"},
};
static const struct qetl_option_group values = QETL_OPTION_GROUP("Output", false, quiet);

static const struct qetl_exit exits[] = {
    {"0", "every expression has a value"},
    {"1", "one fails for these values: an overflow, a division by zero, a failed cast"},
    {"2", "one is no expression, or the command line is wrong"},
    {"141", "the reader of stdout went away"},
    {NULL, NULL},
};

const struct qetl_command qetl_command_expr = {
    .name = "expr",
    .section = "Look",
    .summary = "try expressions",
    .synopses =
        (const char *const[]){"EXPR...", "EXPR --input FILE", "--functions [PATTERN]", NULL},
    .description =
        "Evaluates SQL expressions as a pipeline would, and shows value and type. Without an EXPR, "
        "lines are read: at a terminal, with a prompt (\\help shows what else it takes); otherwise "
        "an expression a line.\n\n"
        "A value given to --columns is a number, true, false, null, 'text', or date '2024-01-31' "
        "and so on; anything else is text.",
    .operands = {.name = "EXPR", .most = SIZE_MAX},
    .groups = {&group, &values, &qetl_options_json, &qetl_options_plugins, &qetl_options_help},
    .examples =
        (const struct qetl_example[]){
            {"qetl expr '1 + 1.50'", "a value and its type"},
            {"qetl expr 'quantity * price > 100' -c 'quantity=12,price:decimal(8,2)=9.50'",
             "with columns"},
            {"qetl expr 'a is null or a > 1' -c a:integer", "with a NULL"},
            {"qetl expr 'upper(country)' --input orders.csv | sort | uniq -c", "over a file"},
            {"qetl expr --functions concat", "what can be called, with concat in its name"},
            {"qetl expr --type 'cast(a as bigint) / 3' -c a=1", "the type alone"},
            {NULL, NULL}},
    .exits = exits,
    .own_size = sizeof(struct own),
    .run = expr,
};
