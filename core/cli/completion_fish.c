/* SPDX-License-Identifier: Apache-2.0 */
/* For fish. */
#include "completion.h"

#include <string.h>

static const char head[] = "# SPDX-License-Identifier: Apache-2.0\n"
                           "# fish completion for qetl, written by: qetl completion fish\n"
                           "function __qetl_words\n"
                           "    set -l words (commandline -opc)\n"
                           "    set -e words[1]\n"
                           "    string join ' ' -- $words\n"
                           "end\n"
                           "function __qetl_at # nothing but these words so far\n"
                           "    test \"$(__qetl_words)\" = \"$argv\"\n"
                           "end\n"
                           "function __qetl_in # the command of this name\n"
                           "    string match -q -- \"$argv *\" \"$(__qetl_words) \"\n"
                           "end\n"
                           "complete -c qetl -f\n"
                           "complete -c qetl -n '__qetl_at' -l help -s h -d 'the commands'\n"
                           "complete -c qetl -n '__qetl_at' -l version -d 'which qetl this is'\n";

static void put_quoted(const char *text, FILE *out)
{
    fputc('\'', out);
    for (; *text; text++)
        fprintf(out, *text == '\'' || *text == '\\' ? "\\%c" : "%c", *text);
    fputc('\'', out);
}

static void put_arguments(enum qetl_completes completes, const char *const *choices, FILE *out)
{
    const char *query = qetl_completion_query(completes);
    if (choices) {
        fputs(" -a '", out);
        for (size_t i = 0; choices[i]; i++)
            fprintf(out, "%s%s", i ? " " : "", choices[i]);
        fputs("'", out);
    } else if (query) {
        fprintf(out, " -a '(qetl %s 2>/dev/null)'", query);
    } else if (completes == QETL_COMPLETES_FILE) {
        fputs(" -F", out);
    } else if (completes == QETL_COMPLETES_FOLDER) {
        fputs(" -a '(__fish_complete_directories (commandline -ct))'", out);
    }
}

static void put_option(void *arg, const struct qetl_command *command,
                       const struct qetl_option *option)
{
    FILE *out = arg;
    fprintf(out, "complete -c qetl -n '__qetl_in %s' -l %s", command->name, option->name);
    if (option->letter)
        fprintf(out, " -s %c", option->letter);
    if (option->value && option->kind != QETL_ARG_MAYBE)
        fputs(option->completes == QETL_COMPLETES_FILE ? " -r" : " -x", out);
    if (option->value)
        put_arguments(option->completes, option->choices, out);
    fputs(" -d ", out);
    put_quoted(option->help, out);
    fputc('\n', out);
}

static void put_word(const char *before, const char *word, const char *means, FILE *out)
{
    fprintf(out, "complete -c qetl -n '__qetl_at%s%s' -a %s -d ", *before ? " " : "", before, word);
    put_quoted(means, out);
    fputc('\n', out);
}

static void put_command(size_t i, FILE *out)
{
    const struct qetl_command *command = qetl_commands[i];
    char word[64];
    bool two = qetl_completion_first_word(command->name, word, sizeof word);
    if (qetl_completion_is_first(i))
        put_word("", word, two ? "more words follow" : command->summary, out);
    if (two)
        put_word(word, command->name + strlen(word) + 1, command->summary, out);
    qetl_completion_options(command, &(struct qetl_completion_visit){put_option, out});
    if (command->operands.completes == QETL_COMPLETES_COMMAND) {
        for (size_t c = 0; qetl_commands[c]; c++) {
            qetl_completion_first_word(qetl_commands[c]->name, word, sizeof word);
            if (qetl_completion_is_first(c))
                put_word(command->name, word, qetl_commands[c]->summary, out);
        }
    } else if (command->operands.name) {
        fprintf(out, "complete -c qetl -n '__qetl_in %s'", command->name);
        put_arguments(command->operands.completes, command->operands.choices, out);
        fputc('\n', out);
    }
}

void qetl_completion_fish(FILE *out)
{
    fputs(head, out);
    for (size_t i = 0; qetl_commands[i]; i++)
        put_command(i, out);
}
