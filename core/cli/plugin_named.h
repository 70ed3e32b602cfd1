/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plugin that an operand names: by its library or manifest, or by its name where it is
 * installed.
 *
 * Invariant: `manifest` is there after 0. Ownership: the struct owns what it was loaded from; free
 * it after a failure, too. Threads:   one.
 */
#ifndef QETL_CORE_CLI_PLUGIN_NAMED_H
#define QETL_CORE_CLI_PLUGIN_NAMED_H

#include "cli.h"

struct qetl_plugin_named {
    const struct qetl_manifest *manifest;
    struct qetl_manifest *of_file;  /* or NULL */
    struct qetl_registry *registry; /* or NULL */
};

/* 0, or -1 with findings: the file is not there or its manifest wrong. Of installed plugins by name
 * or by that of a component; none: as of a command line that is wrong. */
int qetl_plugin_named_find(struct qetl_cli *, const char *name, struct qetl_plugin_named *out,
                           struct qetl_findings *);
void qetl_plugin_named_free(struct qetl_plugin_named *);

#endif
