/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The border between core and plugins, watched: each component that is loaded is exchanged for one
 * whose callbacks tell what crosses, then call the plugin's own.
 *
 * Invariant: without a border a component is the plugin's own table, so that nothing costs
 * anything; with one, the plugin and the core see what they would see without it. Ownership: the
 * border owns its tables; it is freed behind the last run over the registry. Threads:   made and
 * freed by one; watchers are told from any.
 */
#ifndef QETL_CORE_BORDER_H
#define QETL_CORE_BORDER_H

#include "crossing.h"
#include "plugin/registry.h"

struct qetl_border;
struct qetl_ctx;

/* Watches what is loaded from the registry from now on. NULL without memory. */
struct qetl_border *qetl_border_new(const struct qetl_registry *);
/* Before anything is loaded, at most QETL_WATCHERS_MOST. */
enum { QETL_WATCHERS_MOST = 2 };
void qetl_border_watch(struct qetl_border *, const struct qetl_border_watcher *);
void qetl_border_free(struct qetl_border *); /* accepts NULL */

/* The exchange: a component whose calls are watched; NULL without memory. The same for the same. */
const struct qetl_component *qetl_border_exchange(struct qetl_border *,
                                                  const struct qetl_component *);

/* Whose call it is. */
const struct qetl_ctx *qetl_guest_ctx(const struct qetl_border_guest *);
uint32_t qetl_guest_number(const struct qetl_border_guest *); /* from 1, in the order of making */
const char *qetl_guest_component(const struct qetl_border_guest *); /* the id in the pipeline */
const struct qetl_component *qetl_guest_plugin(const struct qetl_border_guest *);

#endif
