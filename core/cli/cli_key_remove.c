/* SPDX-License-Identifier: Apache-2.0 */
/* qetl key remove: a key is trusted no more. */
#include "cli.h"
#include "package/durable.h"
#include "packages.h"

#include <qetl/plugin.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct own {
    bool system;
};

static int key_remove(const char *name, bool system, struct qetl_findings *findings)
{
    char *folder = system ? strdup(QETL_KEY_DIR) : qetl_cli_keys_folder(), *path = NULL;
    if (!folder || asprintf(&path, "%s/%s%s", folder, name, QETL_KEY_SUFFIX) < 0) {
        free(folder);
        qetl_findings_no_memory(findings);
        return -1;
    }
    int error = !qetl_is_key_name(name) ? ENOENT : unlink(path) ? errno : qetl_durable_sync(folder);
    if (error == ENOENT)
        qetl_finding_mend(qetl_finding_add(findings, QETL_ERROR, "unknown_key",
                                           "no key is called '%s' here", name),
                          "qetl key list shows those that are there");
    else if (error)
        qetl_finding_environment(qetl_finding_add(findings, QETL_ERROR, "cannot_write",
                                                  "%s cannot be removed: %s", path,
                                                  strerror(error)));
    free(path);
    free(folder);
    return error ? -1 : 0;
}

static int trust_remove(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    int bad = 0;
    for (size_t i = 0; !bad && i < cli->n_operands; i++) {
        bad = key_remove(cli->operands[i], own->system, findings);
        if (!bad && !cli->json && !cli->quiet)
            printf("%s is trusted no more\n", cli->operands[i]);
    }
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL, NULL, findings);
}

#define AT(field) .offset = offsetof(struct own, field)

static const struct qetl_option options[] = {
    {"system", .kind = QETL_ARG_FLAG, AT(system), .help = "one that all users trust"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("Trusting", true, options);

static const struct qetl_exit exits[] = {
    {"0", "it is gone"},
    {"2", "the command line is wrong, or names a key that is not there"},
    {"3", "it cannot be removed"},
    {NULL, NULL},
};

const struct qetl_command qetl_command_key_remove = {
    .name = "key remove",
    .section = "Plugins",
    .summary = "trust a key no more",
    .synopses = (const char *const[]){"NAME...", NULL},
    .description = "What the key signed is not installed any more, and what is installed of it is "
                   "refused by the next run: that is what to do with a key that was stolen.",
    .operands = {.name = "NAME", .least = 1, .most = 1000},
    .groups = {&group, &qetl_options_json, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){{"qetl key remove acme", "from now on"}, {NULL, NULL}},
    .exits = exits,
    .own_size = sizeof(struct own),
    .run = trust_remove,
};
