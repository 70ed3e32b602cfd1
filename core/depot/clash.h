/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a package brings a component that another plugin has already: later, nobody could say
 * which of them a pipeline means.
 *
 * Invariant: a package that passed can be found by all of its names.
 * Ownership: all is lent for the call.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_DEPOT_CLASH_H
#define QETL_CORE_DEPOT_CLASH_H

#include "plugin/registry.h"

#include <stdbool.h>

/* manifest: the package's; file: how messages call it; registry: what pipelines have without it;
 * again: it is installed, and pipelines have it, so that a component which another plugin has as
 * well is a warning. An older version of the same plugin gives way, and is no clash. What files'
 * names will not mean its formats is a warning. 0, or -1 with findings. */
int qetl_package_clash_check(const struct qetl_manifest *, const char *file,
                             const struct qetl_registry *registry, bool again,
                             struct qetl_findings *);

#endif
