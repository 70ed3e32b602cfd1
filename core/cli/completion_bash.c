/* SPDX-License-Identifier: Apache-2.0 */
/* For bash, without its bash-completion package. */
#include "completion.h"

#include <string.h>

static const char head[] =
    "# SPDX-License-Identifier: Apache-2.0\n"
    "# bash completion for qetl, written by: qetl completion bash\n"
    "_qetl_offer() {\n"
    "    mapfile -t COMPREPLY < <(compgen \"$@\" -- \"$cur\")\n"
    "}\n"
    "_qetl_files() {\n"
    "    compopt -o filenames 2>/dev/null\n"
    "    _qetl_offer \"$1\"\n"
    "}\n"
    "_qetl() {\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "    local command='' options='' words=\"${COMP_WORDS[*]:1:COMP_CWORD-1} \"\n"
    "    COMPREPLY=()\n"
    "    if [ \"$cur\" = = ]; then\n"
    "        cur=''\n"
    "    elif [ \"$prev\" = = ] && [ \"$COMP_CWORD\" -gt 2 ]; then\n"
    "        prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    fi\n";

static void put_words(const char *separator, bool second, const char *first, FILE *out)
{
    bool any = false;
    for (size_t i = 0; qetl_commands[i]; i++) {
        char word[64];
        bool two = qetl_completion_first_word(qetl_commands[i]->name, word, sizeof word);
        const char *shown = second ? qetl_commands[i]->name + strlen(word) + 1 : word;
        if (second ? !two || strcmp(word, first) != 0 : !qetl_completion_is_first(i))
            continue;
        fprintf(out, "%s%s", any ? separator : "", shown);
        any = true;
    }
}

/* The words before the last tell the command, or which words may stand here. */
static void put_commands(FILE *out)
{
    fputs("    case $words in\n    ' ')\n        _qetl_offer -W '", out);
    put_words(" ", false, "", out);
    fputs(" --help --version'\n        return\n        ;;\n", out);
    for (size_t i = 0; qetl_commands[i]; i++) {
        char word[64];
        if (!qetl_completion_first_word(qetl_commands[i]->name, word, sizeof word) ||
            !qetl_completion_is_first(i))
            continue;
        fprintf(out, "    '%s ')\n        _qetl_offer -W '", word);
        put_words(" ", true, word, out);
        fputs("'\n        return\n        ;;\n", out);
    }
    for (size_t i = 0; qetl_commands[i]; i++)
        fprintf(out, "    '%s '*) command='%s' ;;\n", qetl_commands[i]->name,
                qetl_commands[i]->name);
    fputs("    *) return ;;\n    esac\n", out);
}

static void put_offer(enum qetl_completes completes, const char *const *choices, FILE *out)
{
    const char *query = qetl_completion_query(completes);
    if (choices) {
        fputs("_qetl_offer -W '", out);
        for (size_t i = 0; choices[i]; i++)
            fprintf(out, "%s%s", i ? " " : "", choices[i]);
        fputs("'", out);
    } else if (query) {
        fprintf(out, "_qetl_offer -W \"$(\"${COMP_WORDS[0]}\" %s 2>/dev/null)\"", query);
    } else if (completes == QETL_COMPLETES_COMMAND) {
        fputs("_qetl_offer -W '", out);
        put_words(" ", false, "", out);
        fputs("'", out);
    } else if (completes == QETL_COMPLETES_FILE || completes == QETL_COMPLETES_FOLDER) {
        fprintf(out, "_qetl_files %s", completes == QETL_COMPLETES_FILE ? "-f" : "-d");
    } else {
        fputs(":", out);
    }
}

static void put_value(void *out, const struct qetl_command *command,
                      const struct qetl_option *option)
{
    (void)command;
    if (!option->value || option->kind == QETL_ARG_MAYBE)
        return;
    fprintf(out, "        --%s", option->name);
    if (option->letter)
        fprintf(out, " | -%c", option->letter);
    fputs(")\n            ", out);
    put_offer(option->completes, option->choices, out);
    fputs("\n            return\n            ;;\n", out);
}

static void put_name(void *out, const struct qetl_command *command,
                     const struct qetl_option *option)
{
    (void)command;
    fprintf(out, " --%s", option->name);
    if (option->letter)
        fprintf(out, " -%c", option->letter);
}

static void put_command(const struct qetl_command *command, FILE *out)
{
    fprintf(out, "    '%s')\n        case $prev in\n", command->name);
    qetl_completion_options(command, &(struct qetl_completion_visit){put_value, out});
    fputs("        esac\n        options='", out);
    qetl_completion_options(command, &(struct qetl_completion_visit){put_name, out});
    fputs("'\n        [[ $cur == -* ]] || ", out);
    put_offer(command->operands.completes, command->operands.choices, out);
    fputs("\n        ;;\n", out);
}

void qetl_completion_bash(FILE *out)
{
    fputs(head, out);
    put_commands(out);
    fputs("    case $command in\n", out);
    for (size_t i = 0; qetl_commands[i]; i++)
        put_command(qetl_commands[i], out);
    fputs("    esac\n"
          "    [[ $cur != -* ]] || _qetl_offer -W \"$options\"\n"
          "}\n"
          "complete -F _qetl qetl\n",
          out);
}
