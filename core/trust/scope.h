/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether whoever signed a plugin may give its components their names: pipelines name those, and
 * not the plugin.
 *
 * Invariant: a component that passed has the plugin's name, or goes on behind it, or the key that
 *            signed it is trusted with its name; neither it nor its plugin has a name that another
 *            trusted key is there for, and the signer's is not; nor what nobody signed one that any
 *            is there for.
 * Ownership: all is lent for the call.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_TRUST_SCOPE_H
#define QETL_CORE_TRUST_SCOPE_H

#include "trust.h"

#include "plugin/registry.h"

/* Of a package whose key may sign the plugin itself, or, without a signature (NULL), that is taken
 * on trust. file: how messages call it. is_installed: what expired is a warning. 0, or -1 with
 * findings. */
int qetl_scope_check(const struct package_trust *, const struct package_signature *,
                     const struct qetl_manifest *, const char *file, bool is_installed,
                     struct qetl_findings *);

#endif
