/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where plugins are looked for: --plugin-dir, then QETL_PLUGIN_PATH, then the installed directory.
 *
 * Invariant: every directory in the list existed, and stands in it once, under whatever names it
 * goes. Ownership: the list owns copies. Threads:   none of its own.
 */
#ifndef QETL_CORE_PLUGIN_DIRS_H
#define QETL_CORE_PLUGIN_DIRS_H

#include "config/finding.h"

/* The directory of `make install`; the build knows better. */
#ifndef QETL_PLUGIN_DIR
#define QETL_PLUGIN_DIR "/usr/local/lib/qetl/plugins"
#endif

/* given: --plugin-dir's, ended by NULL, or NULL; one that does not exist is a finding. path: as in
 * QETL_PLUGIN_PATH, or NULL; installed: one directory, or NULL. What is missing of these two is
 * passed over. Answers a list for qetl_registry_new, ended by NULL; NULL without memory. */
char **qetl_plugin_dirs_new(const char *const *given, const char *path, const char *installed,
                            struct qetl_findings *findings);
void qetl_plugin_dirs_free(char **dirs);

#endif
