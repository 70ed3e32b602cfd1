/* SPDX-License-Identifier: Apache-2.0 */
/* The reference page of a command; without one, of all. */
#include "pages.h"
#include "show/wrap.h"

#include <stdlib.h>
#include <string.h>

/* Text that Markdown would read as its own. */
static void put(const char *text, FILE *out)
{
    for (; *text; text++) {
        if (strchr("*_<>|[]`\\", *text))
            fputc('\\', out);
        fputc(*text, out);
    }
}

/* In lines; what begins with a space is code. */
static void put_paragraphs(const char *text, FILE *out)
{
    enum { WIDTH = 110 };
    while (*text) {
        const char *end = strstr(text, "\n\n");
        size_t size = end ? (size_t)(end - text) : strlen(text);
        char *lines = NULL, *paragraph = strndup(text, size);
        FILE *wrapped = paragraph ? open_memstream(&lines, &size) : NULL;
        if (wrapped) {
            qetl_wrap(paragraph, 0, 0, WIDTH, wrapped);
            if (!fclose(wrapped) && *paragraph == ' ')
                fprintf(out, "```\n%s```\n\n", lines);
            else
                put(lines, out);
        }
        if (*text != ' ')
            fputc('\n', out);
        free(lines);
        free(paragraph);
        text = end ? end + 2 : "";
    }
}

static void put_options(const struct qetl_command *command, FILE *out)
{
    fputs("| option | |\n|---|---|\n", out);
    for (size_t g = 0; command->groups[g]; g++) {
        for (size_t o = 0; o < command->groups[g]->n_options; o++) {
            char term[160];
            qetl_page_option(&command->groups[g]->options[o], term, sizeof term);
            fputs("| `", out);
            for (const char *at = term; *at; at++)
                fputs(*at == '|' ? "\\|" : (char[]){*at, 0}, out);
            fputs("` | ", out);
            put(command->groups[g]->options[o].help, out);
            fputs(" |\n", out);
        }
    }
    fputc('\n', out);
}

static void put_command(const struct qetl_command *command, FILE *out)
{
    fprintf(out, "## qetl %s\n\n```\n", command->name);
    for (size_t i = 0; command->synopses[i]; i++)
        fprintf(out, "qetl %s%s%s [OPTION]...\n", command->name, *command->synopses[i] ? " " : "",
                command->synopses[i]);
    fputs("```\n\n", out);
    put_paragraphs(command->description, out);
    put_options(command, out);
    fputs("```sh\n", out);
    for (size_t i = 0; command->examples[i].line; i++)
        fprintf(out, "# %s\n%s\n", command->examples[i].says, command->examples[i].line);
    fputs("```\n\nExit codes: ", out);
    for (size_t i = 0; command->exits[i].codes; i++) {
        fprintf(out, "%s%s ", i ? " · " : "", command->exits[i].codes);
        put(command->exits[i].means, out);
    }
    fputs(".\n\n", out);
}

static void put_program(FILE *out)
{
    fputs("<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
          "<!-- Written from the program's own tables, core/cli/cli_*.c: change it there. -->\n"
          "# Commands\n\n| command | |\n|---|---|\n",
          out);
    for (size_t i = 0; qetl_commands[i]; i++) {
        fprintf(out, "| [`qetl %s`](#qetl-", qetl_commands[i]->name);
        for (const char *at = qetl_commands[i]->name; *at; at++)
            fputc(*at == ' ' ? '-' : *at, out);
        fprintf(out, ") | %s |\n", qetl_commands[i]->summary);
    }
    fputs("\n| environment | |\n|---|---|\n", out);
    for (size_t i = 0; qetl_page_environment[i].name; i++)
        fprintf(out, "| `%s` | %s |\n", qetl_page_environment[i].name,
                qetl_page_environment[i].means);
    fputc('\n', out);
    for (size_t i = 0; qetl_commands[i]; i++)
        put_command(qetl_commands[i], out);
}

void qetl_page_markdown(const struct qetl_command *command, FILE *out)
{
    if (command)
        put_command(command, out);
    else
        put_program(out);
}
