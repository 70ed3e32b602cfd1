/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the plugin in a package is what the package says, and whether this machine can run it;
 * from its bytes alone.
 *
 * Invariant: nothing is loaded. What passes both has one name, version, ABI and platform, wherever
 * it says them: in the list, the manifest, the library's note, the library itself. Ownership:
 * nothing changes hands. Threads:   none of its own.
 */
#ifndef QETL_CORE_PACKAGE_PLUGIN_CHECK_H
#define QETL_CORE_PACKAGE_PLUGIN_CHECK_H

#include "package.h"

struct qetl_manifest;

/* As it stands in the package; the caller's (plugin/manifest.h). NULL with findings. */
struct qetl_manifest *qetl_package_manifest(const struct package *, struct qetl_findings *);
/* Each 0, or -1 with findings. */
int qetl_package_plugin_check(const struct package *, struct qetl_findings *);
int qetl_package_machine_check(const struct package_contents *, const char *file,
                               struct qetl_findings *);

#endif
