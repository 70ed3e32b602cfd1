/* SPDX-License-Identifier: Apache-2.0 */
#include "rules.h"

#include <string.h>

const struct conform_rule conform_rules[CONFORM_N_RULES] = {
#define RULE(name, id, kinds, holds, mend) {id, kinds, holds, mend},
#include "rule_list.h"
#undef RULE
};

enum conform_rule_id conform_rule_find(const char *id)
{
    int rule = 0;
    while (rule < CONFORM_N_RULES && strcmp(conform_rules[rule].id, id) != 0)
        rule++;
    return (enum conform_rule_id)rule;
}
