/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What sources say that they offer, gathered and shown.
 *
 * Invariant: streams stand in the order in which they were told. Ownership: all is borrowed but
 * `streams`. Threads: the main thread.
 */
#ifndef QETL_CORE_DISCOVERED_H
#define QETL_CORE_DISCOVERED_H

#include "conns.h"

struct qetl_discovery {
    struct qetl_conns conns;
    /* {"source", "plugin", "name", "kind", "rows", "estimated", "bytes", "keys": [], "columns":
     * [{"name", "type"}], "options": {}, "trouble"} */
    json_t *streams;
    const struct qetl_node *node; /* that is being asked */
};

/* conns_discovered.c. 0, or -1: it cannot be asked, or (with an error) failed. */
int qetl_discovery_ask(struct qetl_discovery *, const struct qetl_node *, struct qetl_findings *);
/* discovered_show.c, on stdout. Nonzero without memory. */
int qetl_discovery_print(const struct qetl_discovery *, bool yaml);

#endif
