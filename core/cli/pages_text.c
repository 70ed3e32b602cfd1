/* SPDX-License-Identifier: Apache-2.0 */
/* --help. */
#include "pages.h"
#include "show/wrap.h"

#include <string.h>

enum { WIDTH = 79, OPTION_COLUMN = 24 };

const char qetl_page_about[] =
    "Moves rows from sources through transforms to sinks, and accounts for each of them. Values "
    "that nothing touched leave as they came in, byte for byte; rows that cannot go on are kept, "
    "with the reason.";

const struct qetl_page_variable qetl_page_environment[] = {
    {"QETL_PLUGIN_PATH", "folders with plugins, separated by colons; looked at after --plugin-dir "
                         "and before the installed ones"},
    {"NO_COLOR", "if it is set and not empty: no colours"},
    {"CLICOLOR_FORCE", "if it is set and not 0: colours even where no terminal is, unless NO_COLOR "
                       "forbids it"},
    {NULL, NULL},
};

void qetl_page_option(const struct qetl_option *option, char *text, size_t size)
{
    size_t at = 0;
    if (option->letter)
        at = (size_t)snprintf(text, size, "-%c, ", option->letter);
    at += (size_t)snprintf(text + at, size - at, "--%s", option->name);
    if (option->kind == QETL_ARG_MAYBE)
        at += (size_t)snprintf(text + at, size - at, "[=%s]", option->value);
    else if (option->value)
        at += (size_t)snprintf(text + at, size - at, " %s", option->choices ? "" : option->value);
    for (size_t c = 0; option->choices && option->choices[c]; c++)
        at += (size_t)snprintf(text + at, size - at, "%s%s", c ? "|" : "", option->choices[c]);
}

static void heading(const char *text, FILE *out, int colour)
{
    fprintf(out, "\n%s%s%s\n", colour ? "\033[1m" : "", text, colour ? "\033[0m" : "");
}

static void print_pair(const char *term, const char *means, int column, FILE *out)
{
    int at = 2 + (int)strlen(term);
    fprintf(out, "  %s", term);
    if (at + 2 > column) {
        fputc('\n', out);
        at = 0;
    }
    fprintf(out, "%*s", column - at, "");
    qetl_wrap(means, column, column, WIDTH, out);
}

static void print_option(const struct qetl_option *option, FILE *out)
{
    char term[160];
    qetl_page_option(option, term, sizeof term);
    print_pair(term, option->help, OPTION_COLUMN, out);
}

static void print_examples(const struct qetl_command *command, size_t most, FILE *out, int colour)
{
    heading("Examples", out, colour);
    for (size_t i = 0; i < most && command->examples[i].line; i++)
        fprintf(out, "  # %s\n  %s\n", command->examples[i].says, command->examples[i].line);
}

static void print_command(const struct qetl_command *command, FILE *out, int colour)
{
    for (size_t i = 0; command->synopses[i]; i++)
        fprintf(out, "%s qetl %s%s%s [OPTION]...\n", i ? "  or: " : "usage:", command->name,
                *command->synopses[i] ? " " : "", command->synopses[i]);
    fputc('\n', out);
    qetl_wrap(command->description, 0, 0, WIDTH, out);
    for (size_t g = 0; command->groups[g]; g++) {
        heading(command->groups[g]->title, out, colour);
        for (size_t o = 0; o < command->groups[g]->n_options; o++)
            print_option(&command->groups[g]->options[o], out);
    }
    print_examples(command, SIZE_MAX, out, colour);
    heading("Exit codes", out, colour);
    for (size_t i = 0; command->exits[i].codes; i++)
        print_pair(command->exits[i].codes, command->exits[i].means, 17, out);
}

static void print_program(FILE *out, int colour)
{
    fputs("usage: qetl COMMAND [OPTION]...\n\n", out);
    qetl_wrap(qetl_page_about, 0, 0, WIDTH, out);
    const char *section = "";
    for (size_t i = 0; qetl_commands[i]; i++) {
        if (strcmp(section, qetl_commands[i]->section) != 0)
            heading(qetl_commands[i]->section, out, colour);
        section = qetl_commands[i]->section;
        print_pair(qetl_commands[i]->name, qetl_commands[i]->summary, 17, out);
    }
    print_examples(qetl_commands[0], 2, out, colour);
    heading("More", out, colour);
    print_pair("qetl COMMAND --help", "options, examples and exit codes of a command",
               OPTION_COLUMN, out);
    print_pair("qetl --version", "the version, and that of the plugin ABI", OPTION_COLUMN, out);
    heading("Environment", out, colour);
    for (size_t i = 0; qetl_page_environment[i].name; i++)
        print_pair(qetl_page_environment[i].name, qetl_page_environment[i].means, OPTION_COLUMN,
                   out);
    heading("Exit codes", out, colour);
    for (size_t i = 0; qetl_exits_run[i].codes; i++)
        print_pair(qetl_exits_run[i].codes, qetl_exits_run[i].means, 17, out);
}

void qetl_page_text(const struct qetl_command *command, FILE *out, int colour)
{
    if (command)
        print_command(command, out, colour);
    else
        print_program(out, colour);
}
