/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules that a plugin is held to, each with the words that people and machines know it by.
 *
 * Invariant: an id never changes its meaning; a rule that is retired leaves its id unused.
 * Ownership: constant.
 * Threads:   any.
 */
#ifndef QETL_CORE_CONFORM_RULES_H
#define QETL_CORE_CONFORM_RULES_H

#include <stdint.h>

/* Bits of a rule's kinds; LIBRARY: of the file, once. */
enum {
    CONFORM_LIBRARY = 1,
    CONFORM_SOURCE = 2,
    CONFORM_TRANSFORM = 4,
    CONFORM_SINK = 8,
    CONFORM_FORMAT = 16,
    CONFORM_EACH = 30,
    CONFORM_MAKES = CONFORM_SOURCE | CONFORM_TRANSFORM | CONFORM_FORMAT
};

enum conform_rule_id {
#define RULE(name, id, kinds, holds, mend) CONFORM_##name##_RULE,
#include "rule_list.h"
#undef RULE
    CONFORM_N_RULES
};

struct conform_rule {
    const char *id;
    uint32_t kinds;
    const char *holds; /* what must */
    const char *mend;  /* what an author does where it does not */
};
extern const struct conform_rule conform_rules[CONFORM_N_RULES];

/* CONFORM_N_RULES: there is none of that id. */
enum conform_rule_id conform_rule_find(const char *id);

#endif
