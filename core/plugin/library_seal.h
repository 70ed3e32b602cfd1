/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was verified of a library, by its package or by a pipeline's lock, becomes what is loaded.
 *
 * Invariant: what qetl_sealed_image answers behind this has the bytes that were demanded; but for a
 *            library that has to be loaded where it lies, which is compared before and behind.
 * Ownership: nothing changes hands.
 * Threads:   one control thread at a time.
 */
#ifndef QETL_CORE_LIBRARY_SEAL_H
#define QETL_CORE_LIBRARY_SEAL_H

#include "registry.h"

/* Tells what has to be said of an installed package. 0, or -1 with findings. */
int qetl_library_seal(const struct qetl_manifest *, struct qetl_findings *);
/* The library has to be loaded once more, for what the lock of this pipeline demands. */
int qetl_library_is_to_be_copied(const struct qetl_manifest *);
/* What is loaded where it lies is still the file that was hashed: 0, or -1 with a finding. */
int qetl_library_check_place(const struct qetl_manifest *, struct qetl_findings *);

#endif
