/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a package, unpacked piece by piece: one Zstandard frame with a checksum, and nothing
 * behind it.
 *
 * Invariant: no more is unpacked than the limits allow for the size that came in; what is refused
 *            stays refused.
 * Ownership: the packed bytes are the caller's, and stay; a piece is valid until the next one.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_PACKAGE_UNPACK_H
#define QETL_CORE_PACKAGE_UNPACK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct package_unpack;

/* NULL without memory. */
struct package_unpack *qetl_package_unpack_new(const void *bytes, size_t size);
void qetl_package_unpack_free(struct package_unpack *);

/* The next piece: its size, 0 behind the last one, -1: it is refused. */
ssize_t qetl_package_unpack_next(struct package_unpack *, const void **piece);
/* How much has come out. */
uint64_t qetl_package_unpack_total(const struct package_unpack *);
/* Why it was refused, with a stable word for it in *code; NULL: it was not. */
const char *qetl_package_unpack_fault(const struct package_unpack *, const char **code);

/* The other way: *packed is the caller's. 0, or -1 without memory. */
int qetl_package_compress(const void *bytes, size_t size, void **packed, size_t *packed_size);

#endif
