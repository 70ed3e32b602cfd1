/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernels that a machine may offer; scan.c chooses.
 *
 * Invariant: a kernel is called only where its usable() said so.
 * Ownership: constants.
 * Threads:   any.
 */
#ifndef QETL_CSV_KERNELS_H
#define QETL_CSV_KERNELS_H

#include "scan.h"

extern const struct csv_kernel csv_kernel_portable;
extern const struct csv_kernel csv_kernel_avx2;
extern const struct csv_kernel csv_kernel_avx512;

#endif
