/* SPDX-License-Identifier: Apache-2.0 */
/* qetl completion: the script that a shell completes qetl's command lines with. */
#include "cli.h"
#include "completion.h"
#include "config/suggest.h"

#include <string.h>

static const char *const shells[] = {"bash", "zsh", "fish", NULL};
static void (*const write_script[])(FILE *) = {qetl_completion_bash, qetl_completion_zsh,
                                               qetl_completion_fish};

static int completion(struct qetl_cli *cli, struct qetl_findings *findings)
{
    struct qetl_suggest suggest;
    qetl_suggest_init(&suggest, cli->operands[0]);
    for (size_t i = 0; shells[i]; i++) {
        if (strcmp(shells[i], cli->operands[0]) == 0) {
            write_script[i](stdout);
            return QETL_EXIT_OK;
        }
        qetl_suggest_offer(&suggest, shells[i]);
    }
    struct qetl_finding *finding =
        qetl_finding_add(findings, QETL_ERROR, "unknown_shell", "'%s' is no shell that qetl knows",
                         cli->operands[0]);
    if (suggest.best)
        qetl_finding_mend(finding, "did you mean %s?", suggest.best);
    else
        qetl_finding_mend(finding, "name bash, zsh or fish");
    return qetl_cli_answer(cli, QETL_EXIT_CONFIG, NULL, NULL, findings);
}

const struct qetl_command qetl_command_completion = {
    .name = "completion",
    .section = "Help",
    .summary = "a completion script for your shell",
    .synopses = (const char *const[]){"bash|zsh|fish", NULL},
    .description =
        "Writes a script with which the shell completes commands, options, their values, files and "
        "the names of installed plugins. make install puts it where the shells look; where qetl "
        "came otherwise, put it there yourself:\n\n"
        "  bash  ~/.local/share/bash-completion/completions/qetl\n"
        "  zsh   _qetl, in a folder of $fpath\n"
        "  fish  ~/.config/fish/completions/qetl.fish",
    .operands = {.name = "SHELL", .least = 1, .most = 1, .choices = shells},
    .groups = {&qetl_options_help},
    .examples = (const struct qetl_example[]){{"qetl completion bash >qetl.bash && . ./qetl.bash",
                                               "for this shell alone"},
                                              {"qetl completion fish >qetl.fish", "a file to keep"},
                                              {NULL, NULL}},
    .exits = qetl_exits_show,
    .run = completion,
};
