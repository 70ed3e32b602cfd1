/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a plugin comes from, for people and for machines.
 *
 * Invariant: of a plugin that is of no package nothing is said.
 * Ownership: answers are the caller's.
 * Threads:   the main thread.
 */
#ifndef QETL_CORE_CLI_PACKAGE_FACTS_H
#define QETL_CORE_CLI_PACKAGE_FACTS_H

#include "plugin/registry.h"

/* Lines of two columns, to stdout. */
void qetl_cli_package_facts_print(const struct qetl_manifest *);
/* {"name", "version", "digest", "signed_by", "since", "from", "system", "used", "findings"}; null:
 * it is of no package. */
json_t *qetl_cli_package_facts(const struct qetl_manifest *);

#endif
