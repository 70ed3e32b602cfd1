/* SPDX-License-Identifier: Apache-2.0 */
/* For zsh: a #compdef file over _arguments. */
#include "completion.h"

#include <string.h>

static const char head[] = "#compdef qetl\n"
                           "# SPDX-License-Identifier: Apache-2.0\n"
                           "# zsh completion for qetl, written by: qetl completion zsh\n"
                           "_qetl_ask() {\n"
                           "    local -a found\n"
                           "    found=(${(f)\"$(_call_program qetl qetl $* 2>/dev/null)\"})\n"
                           "    compadd -a found\n"
                           "}\n";

/* Inside a quoted specification: brackets and colons mean something there. */
static void put_text(const char *text, FILE *out)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", out);
        else if (strchr("[]:\\", *text))
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
    }
}

static void put_action(enum qetl_completes completes, const char *const *choices, FILE *out)
{
    const char *query = qetl_completion_query(completes);
    if (choices) {
        fputc('(', out);
        for (size_t i = 0; choices[i]; i++)
            fprintf(out, "%s%s", i ? " " : "", choices[i]);
        fputc(')', out);
    } else if (query) {
        fprintf(out, "{_qetl_ask %s}", query);
    } else if (completes == QETL_COMPLETES_COMMAND) {
        fputs("_qetl_commands", out);
    } else if (completes == QETL_COMPLETES_FILE) {
        fputs("_files", out);
    } else if (completes == QETL_COMPLETES_FOLDER) {
        fputs("_files -/", out);
    }
}

static void put_option(void *arg, const struct qetl_command *command,
                       const struct qetl_option *option)
{
    FILE *out = arg;
    (void)command;
    fputs(" \\\n            '", out);
    if (option->kind == QETL_ARG_TEXTS)
        fputc('*', out);
    else if (option->letter)
        fprintf(out, "(-%c --%s)", option->letter, option->name);
    if (option->letter)
        fprintf(out, "'{-%c,--%s}'[", option->letter, option->name);
    else
        fprintf(out, "--%s%s[", option->name, option->kind == QETL_ARG_MAYBE ? "=-" : "");
    put_text(option->help, out);
    fputc(']', out);
    if (option->value) {
        fputs(option->kind == QETL_ARG_MAYBE ? "::" : ":", out);
        put_text(option->value, out);
        fputc(':', out);
        put_action(option->completes, option->choices, out);
    }
    fputc('\'', out);
}

static void put_command(const struct qetl_command *command, FILE *out)
{
    fprintf(out, "    '%s')\n        _arguments -s", command->name);
    qetl_completion_options(command, &(struct qetl_completion_visit){put_option, out});
    if (command->operands.name) {
        fprintf(out, " \\\n            '*:%s:", command->operands.name);
        put_action(command->operands.completes, command->operands.choices, out);
        fputc('\'', out);
    }
    fputs("\n        ;;\n", out);
}

/* 'word:what it does', of first words or of the second words after one. */
static void put_words(const char *first, FILE *out)
{
    for (size_t i = 0; qetl_commands[i]; i++) {
        char word[64];
        const struct qetl_command *command = qetl_commands[i];
        bool two = qetl_completion_first_word(command->name, word, sizeof word);
        if (first ? !two || strcmp(word, first) != 0 : !qetl_completion_is_first(i))
            continue;
        fprintf(out, "        '%s:", first ? command->name + strlen(word) + 1 : word);
        put_text(two && !first ? "more words follow" : command->summary, out);
        fputs("'\n", out);
    }
}

static void put_second_words(FILE *out)
{
    for (size_t i = 0; qetl_commands[i]; i++) {
        char word[64];
        if (!qetl_completion_first_word(qetl_commands[i]->name, word, sizeof word) ||
            !qetl_completion_is_first(i))
            continue;
        fprintf(out,
                "    %s)\n"
                "        if (( CURRENT == 3 )); then\n"
                "            commands=(\n",
                word);
        put_words(word, out);
        fprintf(out,
                "            )\n"
                "            _describe -t commands 'qetl %s' commands\n"
                "            return\n"
                "        fi\n"
                "        command=\"%s ${words[3]}\"\n"
                "        shift words\n"
                "        (( CURRENT-- ))\n"
                "        ;;\n",
                word, word);
    }
}

void qetl_completion_zsh(FILE *out)
{
    fputs(head, out);
    fputs("_qetl_commands() {\n    local -a commands\n    commands=(\n", out);
    put_words(NULL, out);
    fputs("    )\n    _describe -t commands 'qetl command' commands\n}\n"
          "_qetl() {\n"
          "    local command=${words[2]}\n"
          "    local -a commands\n"
          "    if (( CURRENT == 2 )); then\n"
          "        _qetl_commands\n"
          "        return\n"
          "    fi\n"
          "    case $command in\n",
          out);
    put_second_words(out);
    fputs("    esac\n"
          "    shift words\n"
          "    (( CURRENT-- ))\n"
          "    case $command in\n",
          out);
    for (size_t i = 0; qetl_commands[i]; i++)
        put_command(qetl_commands[i], out);
    fputs("    esac\n"
          "}\n"
          "if [ \"$funcstack[1]\" = _qetl ]; then\n"
          "    _qetl \"$@\"\n"
          "else\n"
          "    compdef _qetl qetl\n"
          "fi\n",
          out);
}
