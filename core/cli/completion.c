/* SPDX-License-Identifier: Apache-2.0 */
#include "completion.h"

#include <string.h>

void qetl_completion_options(const struct qetl_command *command,
                             const struct qetl_completion_visit *visit)
{
    for (size_t g = 0; command->groups[g]; g++)
        for (size_t o = 0; o < command->groups[g]->n_options; o++)
            visit->option(visit->arg, command, &command->groups[g]->options[o]);
}

const char *qetl_completion_query(enum qetl_completes completes)
{
    if (completes == QETL_COMPLETES_PLUGIN)
        return "plugin list --names";
    if (completes == QETL_COMPLETES_FORMAT)
        return "plugin list --names --kind format";
    return NULL;
}

bool qetl_completion_first_word(const char *name, char *word, size_t size)
{
    size_t length = strcspn(name, " ");
    snprintf(word, size, "%.*s", (int)length, name);
    return name[length] == ' ';
}

bool qetl_completion_is_first(size_t command)
{
    char word[64], before[64];
    qetl_completion_first_word(qetl_commands[command]->name, word, sizeof word);
    for (size_t i = 0; i < command; i++) {
        qetl_completion_first_word(qetl_commands[i]->name, before, sizeof before);
        if (strcmp(word, before) == 0)
            return false;
    }
    return true;
}
