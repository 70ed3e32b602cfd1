/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From installed packages to plugins of a registry: each is verified again, but for its library,
 * which is when it is loaded.
 *
 * Invariant: a plugin that was offered has the manifest that was installed; what its signature is
 *            worth today is told, or refuses it, when it is loaded.
 * Ownership: the registry owns what it is offered.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_DEPOT_INSTALLED_H
#define QETL_CORE_DEPOT_INSTALLED_H

#include "depot.h"

#include "plugin/registry.h"
#include "trust/trust.h"

/* The depot at `path`, which may be missing. keys_known: none was left out of the trust; else what
 * nobody signed may not be loaded. What is wrong with a package, or with the depot, the registry
 * has for those that miss it (qetl_registry_missed). -1 without memory. */
int qetl_installed_offer(struct qetl_registry *, const char *path, bool is_system,
                         const struct package_trust *, bool keys_known, struct qetl_findings *);

#endif
