/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What install and upgrade share: packages are fetched and judged, then put into the depot.
 *
 * Invariant: the depot's lock is held while it is changed, and not while a server is waited for.
 * Ownership: ended by whoever began it.
 * Threads:   the main thread.
 */
#ifndef QETL_CORE_CLI_INSTALLING_H
#define QETL_CORE_CLI_INSTALLING_H

#include "depot/install.h"
#include "indexes.h"

struct qetl_installing {
    const struct qetl_cli *cli;
    bool system, allow_unsigned, change_signer;
    const struct qetl_texts *named; /* indexes; none: the configured ones */
    char *folder;                   /* of the depot */
    struct package_trust *trust;
    struct qetl_indexes indexes; /* once something was looked for in them */
    bool looked;
    json_t *done; /* of each package: what it is, and "installed" */
    struct qetl_findings *findings;
};

/* cli, system, allow_unsigned, change_signer, named and findings are set. Each 0, or -1 with
 * findings. */
int qetl_installing_begin(struct qetl_installing *);
void qetl_installing_end(struct qetl_installing *); /* done stays */

/* All that is looked at before anything is written. anywhere: whether it could be installed on this
 * machine, among what is installed, is not asked. *key: whose it is; or NULL. */
int qetl_installing_verify(const struct qetl_installing *, const struct package *, bool downgrade,
                           bool anywhere, const struct key_file **key);
/* The package is freed in any case; NULL fails. onward: only if it is newer than what pipelines get
 * by then. */
int qetl_installing_put(struct qetl_installing *, struct package *, bool downgrade, bool onward);
/* The indexes, opened. */
int qetl_installing_look(struct qetl_installing *);
/* The newest package of that name in the range, from the index that decides about the name. */
int qetl_installing_named(struct qetl_installing *, const char *name, const char *range,
                          bool downgrade);

#endif
