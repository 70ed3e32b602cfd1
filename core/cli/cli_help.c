/* SPDX-License-Identifier: Apache-2.0 */
/* qetl help: the pages of the commands. */
#include "cli.h"
#include "pages.h"
#include "show/style.h"

struct own {
    int format;
};

enum { TEXT, MAN, MARKDOWN };
static const char *const formats[] = {"text", "man", "markdown", NULL};

static int help(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    const struct qetl_command *command = NULL;
    size_t n_name = 0;
    if (cli->n_operands) {
        command = qetl_command_find(cli->n_operands, cli->operands, &n_name);
        if (!command || n_name < cli->n_operands) {
            qetl_command_unknown(cli->n_operands, cli->operands, findings);
            return qetl_cli_answer(cli, QETL_EXIT_CONFIG, NULL, NULL, findings);
        }
    }
    if (own->format == MAN)
        qetl_page_man(command, stdout);
    else if (own->format == MARKDOWN)
        qetl_page_markdown(command, stdout);
    else
        qetl_page_text(command, stdout, qetl_style_colour(stdout));
    return qetl_cli_answer(cli, QETL_EXIT_OK, NULL, NULL, findings);
}

static const struct qetl_option options[] = {
    {"format", .kind = QETL_ARG_CHOICE, .offset = offsetof(struct own, format), .value = "FORMAT",
     .choices = formats, .help = "what the page is written in (default: text)"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("Page", true, options);

const struct qetl_command qetl_command_help = {
    .name = "help",
    .section = "Help",
    .summary = "the page of a command",
    .synopses = (const char *const[]){"[COMMAND]", NULL},
    .description = "Shows what a command does, with its options, examples and exit codes: the same "
                   "as the command with --help. Without a COMMAND, what commands there are.",
    .operands = {.name = "COMMAND", .most = 2, .completes = QETL_COMPLETES_COMMAND},
    .groups = {&group, &qetl_options_help},
    .examples = (const struct qetl_example[]){{"qetl help run", "the options of run"},
                                              {"qetl help plugin info --format markdown",
                                               "a page for the documentation"},
                                              {NULL, NULL}},
    .exits = qetl_exits_show,
    .own_size = sizeof(struct own),
    .run = help,
};
