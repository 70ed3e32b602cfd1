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

#include <stdio.h>

struct qetl_discovery {
    struct qetl_conns conns;
    /* {"source", "plugin", "name", "kind", "rows", "estimated", "bytes", "keys": [], "columns":
     * [{"name", "type"}], "options": {}, "trouble", "notes"} */
    json_t *streams;
    const struct qetl_node *node; /* that is being asked */
};

/* conns_discovered.c. 0, or -1: it cannot be asked, or (with an error) failed. */
int qetl_discovery_ask(struct qetl_discovery *, const struct qetl_node *, struct qetl_findings *);
/* discovered_show.c, on stdout. Nonzero without memory. */
int qetl_discovery_print(const struct qetl_discovery *, bool yaml);

/* discovered_yaml.c: pieces of a pipeline file. */
/* What the source of a stream is called there, unlike all others; to be freed. */
char *qetl_discovery_id(const json_t *streams, size_t at);
/* `sources:` with those that can be read. */
void qetl_discovery_sources(const struct qetl_discovery *, FILE *);
/* On stdout, without what has to stay hidden. Nonzero without memory. */
int qetl_discovery_flush(const struct qetl_discovery *, FILE *, char **text, size_t *size);

#endif
