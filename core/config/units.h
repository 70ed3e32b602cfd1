/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sizes and times as people write them: 16MiB, 64 KiB, 100kB, 4096; 250ms, 1.5s, 5m, 1h30m, 7d.
 *
 * Invariant: KiB, MiB, GiB, TiB and K, M, G, T count by 1024; kB, MB, GB, TB by 1000. A time has a
 *            unit, but for 0; a day is 24 hours.
 * Ownership: none.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_UNITS_H
#define QETL_CORE_UNITS_H

#include <stddef.h>
#include <stdint.h>

/* 0, or -1 if text is no size or beyond 63 bits. */
int qetl_units_bytes(const char *text, int64_t *bytes);
/* As that: no time, negative, or not a whole number of nanoseconds in 63 bits. Units: ns, us, ms,
 * s, m, h, d, each once at most, the larger first; the last one's number may have decimals. */
int qetl_units_ns(const char *text, int64_t *ns);

#endif
