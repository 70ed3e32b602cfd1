/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packages come to a depot and go from it, each by one rename.
 *
 * Invariant: the depot is open to be changed; whoever is killed on the way leaves it as it was, or
 * as it was to be. Ownership: nothing changes hands. Threads:   none of its own.
 */
#ifndef QETL_CORE_DEPOT_INSTALL_H
#define QETL_CORE_DEPOT_INSTALL_H

#include "depot.h"

enum package_installed { QETL_INSTALLED, QETL_INSTALLED_BEFORE, QETL_INSTALLED_NOT };

/* Whether its version is free there, or its own: 0 or -1 with findings. */
int qetl_package_install_check(const struct depot *, const struct package *,
                               struct qetl_findings *);
/* A package whose signature, machine and plugin were found good, and which may follow what is there
 * (succession.h). 0 or -1 with findings. */
int qetl_package_install(struct depot *, const struct package *, enum package_installed *,
                         struct qetl_findings *);
/* version NULL: all of them. How many went in *count. */
int qetl_package_remove(struct depot *, const char *name, const char *version, size_t *count,
                        struct qetl_findings *);

#endif
