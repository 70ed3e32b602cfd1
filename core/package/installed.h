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
#ifndef QETL_CORE_PACKAGE_INSTALLED_H
#define QETL_CORE_PACKAGE_INSTALLED_H

#include "depot.h"
#include "trust.h"

#include "plugin/registry.h"

/* The depot at `path`, which may be missing. -1 without memory; what is wrong with a package is
 * told, and it is left out. */
int qetl_installed_offer(struct qetl_registry *, const char *path, bool is_system,
                         const struct package_trust *, struct qetl_findings *);

#endif
