/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes malloc fail, or give what it likes, for a plugin and for nobody else: its own references to
 * the functions of memory are pointed to ones that count, in the table where the loader put them.
 *
 * Invariant: libraries that the plugin uses, and the checker, allocate as ever.
 * Ownership: the process'; there is no way back.
 * Threads:   ready once, before instances; the others by any.
 */
#ifndef QETL_CORE_CONFORM_STARVE_H
#define QETL_CORE_CONFORM_STARVE_H

#include <qetl/plugin.h>

/* The library that the component lies in. NULL, or why it cannot be done. */
const char *conform_starve_ready(const struct qetl_component *);
void conform_starve_fill(int byte);  /* what new memory holds from now on; -1: as it comes */
int64_t conform_starve_count(void);  /* allocations so far */
void conform_starve_at(int64_t nth); /* from now: this one fails; 0: none does */

#endif
