/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a process came to its end: the nearest caller that is the plugin's.
 *
 * Invariant: what is found is an offset in a file, which holds in the next process, too.
 * Ownership: the caller's.
 * Threads:   ready once; find in the thread that crashed; print in any.
 */
#ifndef QETL_CORE_CONFORM_PLACE_H
#define QETL_CORE_CONFORM_PLACE_H

#include "record.h"

/* So that find needs no memory. */
void conform_place_ready(void);
/* context: what the handler of a signal was given. */
void conform_place_find(const void *context, struct conform_crash *);

enum { CONFORM_PLACE = 200 };
/* " at bad.so+0x1234 (row_take, bad.c:12)", as far as it can be had; or "". */
void conform_place_print(const struct conform_crash *, char out[CONFORM_PLACE]);

#endif
