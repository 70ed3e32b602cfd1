/* SPDX-License-Identifier: Apache-2.0 */
/* Which commands there are. A new one is a file cli_NAME.c and a line here, in the order of the
 * lists. */
#include "command.h"
#include "config/finding.h"
#include "config/suggest.h"

#include <stdio.h>
#include <string.h>

#define COMMANDS(X)   \
    X(run)            \
    X(validate)       \
    X(lint)           \
    X(preview)        \
    X(conns_test)     \
    X(conns_discover) \
    X(rest_import)    \
    X(test)           \
    X(top)            \
    X(tap)            \
    X(graph)          \
    X(expr)           \
    X(state_list)     \
    X(state_show)     \
    X(state_get)      \
    X(state_set)      \
    X(state_export)   \
    X(state_import)   \
    X(state_clear)    \
    X(doctor)         \
    X(schema)         \
    X(plugin_list)    \
    X(plugin_info)    \
    X(plugin_new)     \
    X(plugin_check)   \
    X(plugin_replay)  \
    X(plugin_pack)    \
    X(plugin_keygen)  \
    X(plugin_sign)    \
    X(plugin_verify)  \
    X(plugin_install) \
    X(plugin_search)  \
    X(plugin_upgrade) \
    X(plugin_remove)  \
    X(plugin_forget)  \
    X(plugin_lock)    \
    X(plugin_audit)   \
    X(plugin_index)   \
    X(key_add)        \
    X(key_list)       \
    X(key_remove)     \
    X(dlq_list)       \
    X(dlq_show)       \
    X(dlq_edit)       \
    X(dlq_replay)     \
    X(dlq_drop)       \
    X(dlq_export)     \
    X(completion)     \
    X(help)           \
    X(version)

#define DECLARE(name) extern const struct qetl_command qetl_command_##name;
COMMANDS(DECLARE)

#define POINT_TO(name) &qetl_command_##name,
const struct qetl_command *const qetl_commands[] = {COMMANDS(POINT_TO) NULL};

static bool names(const char *name, size_t n, char *const *words, size_t *n_name)
{
    for (*n_name = 0; *n_name < n; name++) {
        size_t size = strcspn(name, " ");
        const char *word = words[(*n_name)++];
        if (strlen(word) != size || strncmp(name, word, size) != 0)
            return false;
        name += size;
        if (!*name)
            return true;
    }
    return false;
}

const struct qetl_command *qetl_command_find(size_t n, char *const *words, size_t *n_name)
{
    for (size_t i = 0; qetl_commands[i]; i++)
        if (names(qetl_commands[i]->name, n, words, n_name))
            return qetl_commands[i];
    return NULL;
}

/* "plugin" is the beginning of commands: then those are what can be meant. */
static void offer_subcommands(const char *word, struct qetl_finding *finding)
{
    char list[256] = "";
    size_t size = strlen(word);
    for (size_t i = 0; qetl_commands[i]; i++) {
        const char *name = qetl_commands[i]->name;
        if (strncmp(name, word, size) != 0 || name[size] != ' ')
            continue;
        size_t at = strlen(list);
        snprintf(list + at, sizeof list - at, "%sqetl %s", at ? ", " : "", name);
    }
    qetl_finding_mend(finding, "one of: %s", list);
}

static bool is_beginning(const char *word)
{
    size_t size = strlen(word);
    for (size_t i = 0; qetl_commands[i]; i++)
        if (strncmp(qetl_commands[i]->name, word, size) == 0 && qetl_commands[i]->name[size] == ' ')
            return true;
    return false;
}

void qetl_command_unknown(size_t n, char *const *words, struct qetl_findings *findings)
{
    char given[128];
    bool beginning = is_beginning(words[0]);
    bool two = beginning && n > 1 && words[1][0] != '-';
    snprintf(given, sizeof given, "%s%s%s", words[0], two ? " " : "", two ? words[1] : "");
    struct qetl_finding *finding = beginning && !two
                                       ? qetl_finding_add(findings, QETL_ERROR, "unknown_command",
                                                          "'qetl %s' is half a command", given)
                                       : qetl_finding_add(findings, QETL_ERROR, "unknown_command",
                                                          "there is no command '%s'", given);
    struct qetl_suggest suggest;
    qetl_suggest_init(&suggest, given);
    for (size_t i = 0; qetl_commands[i]; i++)
        qetl_suggest_offer(&suggest, qetl_commands[i]->name);
    if (words[0][0] == '-')
        qetl_finding_mend(finding, "options stand after the command: qetl run %s ...", words[0]);
    else if (suggest.best && (two || !beginning))
        qetl_finding_mend(finding, "did you mean qetl %s?", suggest.best);
    else if (beginning)
        offer_subcommands(words[0], finding);
    else
        qetl_finding_mend(finding, "see qetl --help");
}

const struct qetl_option *qetl_command_option(const struct qetl_command *command, const char *name)
{
    for (size_t g = 0; command->groups[g]; g++)
        for (size_t o = 0; o < command->groups[g]->n_options; o++)
            if (strcmp(command->groups[g]->options[o].name, name) == 0)
                return &command->groups[g]->options[o];
    return NULL;
}
