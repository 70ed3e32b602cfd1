/* SPDX-License-Identifier: Apache-2.0 */
/* Manual pages: qetl.1, and one for each command. */
#include "pages.h"
#include "show/wrap.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#ifndef QETL_VERSION
#define QETL_VERSION "0.1.0"
#endif

static const char date[] = "2026-11-21";

/* A hyphen is typed as it is shown; a dot or a quote at a line's beginning is no request. */
static void put(const char *text, size_t size, FILE *out)
{
    for (size_t i = 0; i < size; i++) {
        bool begins = i == 0 || text[i - 1] == '\n';
        if (begins && (text[i] == '.' || text[i] == '\''))
            fputs("\\&", out);
        if (text[i] == '-')
            fputs("\\-", out);
        else if (text[i] == '\\')
            fputs("\\e", out);
        else
            fputc(text[i], out);
    }
}

static void put_line(const char *text, FILE *out)
{
    put(text, strlen(text), out);
    fputc('\n', out);
}

static void put_upper(const char *text, FILE *out)
{
    for (; *text; text++)
        fputc(*text == ' ' ? '-' : toupper((unsigned char)*text), out);
}

static void put_wrapped(const char *text, FILE *out)
{
    enum { WIDTH = 76 };
    char *lines = NULL;
    size_t size = 0;
    FILE *wrapped = open_memstream(&lines, &size);
    if (!wrapped)
        return;
    qetl_wrap(text, 0, 0, WIDTH, wrapped);
    if (!fclose(wrapped))
        put(lines, size, out);
    free(lines);
}

/* Lines that begin with a space keep their shape; an empty line begins a paragraph. */
static void put_paragraphs(const char *text, FILE *out)
{
    while (*text) {
        const char *end = strstr(text, "\n\n");
        char *paragraph = strndup(text, end ? (size_t)(end - text) : strlen(text));
        bool verbatim = *text == ' ';
        if (!paragraph)
            return;
        fputs(verbatim ? ".nf\n" : "", out);
        if (verbatim)
            put_line(paragraph, out);
        else
            put_wrapped(paragraph, out);
        fprintf(out, "%s%s", verbatim ? ".fi\n" : "", end ? ".PP\n" : "");
        free(paragraph);
        text = end ? end + 2 : "";
    }
}

static void put_term(const char *term, const char *means, FILE *out)
{
    fputs(".TP\n.B ", out);
    put_line(term, out);
    put_wrapped(means, out);
}

static void put_head(const char *name, const char *summary, FILE *out)
{
    fputs(".\\\" SPDX-License-Identifier: Apache-2.0\n.\\\" Written from the program's own tables: "
          "qetl help --format man\n.TH QETL",
          out);
    if (*name)
        fputc('-', out);
    put_upper(name, out);
    fprintf(out, " 1 \"%s\" \"qetl %s\" \"User Commands\"\n.SH NAME\nqetl", date, QETL_VERSION);
    for (const char *at = name; *at; at++)
        fprintf(out, "%s%c", at == name ? "\\-" : "", *at == ' ' ? '-' : *at);
    fputs(" \\- ", out);
    put_line(summary, out);
}

static void put_options(const struct qetl_command *command, FILE *out)
{
    fputs(".SH OPTIONS\n", out);
    for (size_t g = 0; command->groups[g]; g++) {
        fputs(".SS ", out);
        put_line(command->groups[g]->title, out);
        for (size_t o = 0; o < command->groups[g]->n_options; o++) {
            char term[160];
            qetl_page_option(&command->groups[g]->options[o], term, sizeof term);
            put_term(term, command->groups[g]->options[o].help, out);
        }
    }
}

static void put_exits(const struct qetl_exit *exits, FILE *out)
{
    fputs(".SH EXIT STATUS\n", out);
    for (size_t i = 0; exits[i].codes; i++)
        put_term(exits[i].codes, exits[i].means, out);
}

static void put_environment(FILE *out)
{
    fputs(".SH ENVIRONMENT\n", out);
    for (size_t i = 0; qetl_page_environment[i].name; i++)
        put_term(qetl_page_environment[i].name, qetl_page_environment[i].means, out);
}

static void put_command(const struct qetl_command *command, FILE *out)
{
    put_head(command->name, command->summary, out);
    fputs(".SH SYNOPSIS\n", out);
    for (size_t i = 0; command->synopses[i]; i++) {
        fprintf(out, "%s.B qetl %s\n", i ? ".br\n" : "", command->name);
        put(command->synopses[i], strlen(command->synopses[i]), out);
        fprintf(out, "%s[OPTION]...\n", *command->synopses[i] ? " " : "");
    }
    fputs(".SH DESCRIPTION\n", out);
    put_paragraphs(command->description, out);
    put_options(command, out);
    fputs(".SH EXAMPLES\n", out);
    for (size_t i = 0; command->examples[i].line; i++) {
        fputs(i ? ".PP\n" : "", out);
        put_line(command->examples[i].says, out);
        fputs(".PP\n.nf\n.RS\n", out);
        put_line(command->examples[i].line, out);
        fputs(".RE\n.fi\n", out);
    }
    put_exits(command->exits, out);
    put_environment(out);
    fputs(".SH SEE ALSO\n.BR qetl (1)\n", out);
}

static const char pipeline_file[] =
    "A pipeline is a YAML or JSON file. The keys of a component are its plugin's options: see qetl "
    "plugin info.\n\n"
    "  name: big-orders\n"
    "  on_error: reject                 # or fail\n"
    "  max_rejected: 1000               # fail if there are more\n"
    "  max_record: 16MiB                # a longer record is a rejected row\n"
    "  dead_letters: rejected.ndjson    # default: dead-letters/NAME.ndjson\n"
    "  sources:\n"
    "    orders: {plugin: file, path: \"data/*.csv.gz\", format: csv}\n"
    "  transforms:\n"
    "    big:    {plugin: filter, input: orders, where: \"quantity > 3\"}\n"
    "  sinks:\n"
    "    out:    {plugin: file, input: big, path: big.ndjson, if_exists: error}";

static void put_program(FILE *out)
{
    put_head("", "move rows between files, formats and services, and account for every one", out);
    fputs(".SH SYNOPSIS\n.B qetl\n.I COMMAND\n[OPTION]...\n.SH DESCRIPTION\n", out);
    put_paragraphs(qetl_page_about, out);
    const char *section = "";
    fputs(".SH COMMANDS\n", out);
    for (size_t i = 0; qetl_commands[i]; i++) {
        if (strcmp(section, qetl_commands[i]->section) != 0)
            fprintf(out, ".SS %s\n", qetl_commands[i]->section);
        section = qetl_commands[i]->section;
        char term[64];
        snprintf(term, sizeof term, "qetl %s", qetl_commands[i]->name);
        put_term(term, qetl_commands[i]->summary, out);
    }
    fputs(".SH PIPELINE FILES\n", out);
    put_paragraphs(pipeline_file, out);
    put_exits(qetl_exits_run, out);
    put_environment(out);
    fputs(".SH SEE ALSO\n", out);
    for (size_t i = 0; qetl_commands[i]; i++) {
        fputs(".BR qetl\\-", out);
        for (const char *at = qetl_commands[i]->name; *at; at++)
            fputs(*at == ' ' ? "\\-" : (char[]){*at, 0}, out);
        fprintf(out, " (1)%s\n", qetl_commands[i + 1] ? "," : "");
    }
}

void qetl_page_man(const struct qetl_command *command, FILE *out)
{
    if (command)
        put_command(command, out);
    else
        put_program(out);
}
