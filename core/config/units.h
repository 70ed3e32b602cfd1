/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sizes as people write them: 16MiB, 64 KiB, 100kB, 4096.
 *
 * Invariant: KiB, MiB, GiB, TiB and K, M, G, T count by 1024; kB, MB, GB, TB by 1000.
 * Ownership: none.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_UNITS_H
#define QETL_CORE_UNITS_H

#include <stddef.h>
#include <stdint.h>

/* 0, or -1 if text is no size or beyond 63 bits. */
int qetl_units_bytes(const char *text, int64_t *bytes);

#endif
