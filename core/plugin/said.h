/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a manifest says of a source or sink with the options at hand: how it delivers, whether it
 * comes to an end, who decides its epochs. What `describe` answers of an instance is the same, or
 * worse where the surroundings are (a path that is a pipe).
 *
 * Invariant: of the rules in `delivery_if`, later ones take the place of earlier ones.
 * Ownership: nothing is kept.
 * Threads:   any.
 */
#ifndef QETL_CORE_PLUGIN_SAID_H
#define QETL_CORE_PLUGIN_SAID_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct qetl_said {
    uint32_t delivery; /* QETL_REPLAYABLE …, QETL_TRANSACTIONAL …; 0: it does not say */
    uint32_t commit;   /* QETL_COMMIT_…; NONE: it does not say */
    bool endless, moves;
};

/* kind: QETL_SOURCE or QETL_SINK. component, options: NULL is one that says nothing. */
struct qetl_said qetl_said_of(uint32_t kind, const json_t *component, const json_t *options);

/* The word of manifests for it, "?" if there is none; and back, 0 if there is none. */
const char *qetl_delivery_word(uint32_t kind, uint32_t delivery);
uint32_t qetl_delivery_of(uint32_t kind, const char *word);

#endif
