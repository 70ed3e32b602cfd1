/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether whoever signed a plugin may give its components their names: pipelines name those, and
 * not the plugin.
 *
 * Invariant: a component that passed has the plugin's name, or begins so, or the key that signed it
 *            is trusted with its name.
 * Ownership: all is lent for the call.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_PACKAGE_SCOPE_H
#define QETL_CORE_PACKAGE_SCOPE_H

#include "trust.h"

#include "plugin/registry.h"

/* Of a package whose key may sign the plugin itself. file: how messages call it. 0, or -1 with
 * findings. */
int qetl_scope_check(const struct package_trust *, const struct package_signature *,
                     const struct qetl_manifest *, const char *file, struct qetl_findings *);

#endif
