/* SPDX-License-Identifier: Apache-2.0 */
/* qetl version, and --version. */
#include "cli.h"

#include "plugin/plugin_dirs.h"

#include <qetl/plugin.h>

#ifndef QETL_VERSION
#define QETL_VERSION "0.1.0"
#endif

static int version(struct qetl_cli *cli, struct qetl_findings *findings)
{
    char abi[32];
    snprintf(abi, sizeof abi, "%u.%u", QETL_ABI_VERSION >> 16, QETL_ABI_VERSION & 0xffff);
    if (!cli->json)
        printf("qetl %s (plugin ABI %s)\n", QETL_VERSION, abi);
    return qetl_cli_answer(cli, QETL_EXIT_OK, NULL,
                           json_pack("{s:s, s:s, s:s}", "version", QETL_VERSION, "abi", abi,
                                     "plugins", QETL_PLUGIN_DIR),
                           findings);
}

const struct qetl_command qetl_command_version = {
    .name = "version",
    .section = "Help",
    .summary = "which qetl this is",
    .synopses = (const char *const[]){"", NULL},
    .description = "Says the version of the program and of the plugin ABI; with --json also where "
                   "plugins are installed. Also qetl --version.",
    .groups = {&qetl_options_json, &qetl_options_help},
    .examples = (const struct qetl_example[]){{"qetl version", "for people"},
                                              {"qetl --version --json | jq -r .result.version",
                                               "for a script"},
                                              {NULL, NULL}},
    .exits = qetl_exits_show,
    .run = version,
};
