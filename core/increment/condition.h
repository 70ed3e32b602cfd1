/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a window lets pass, as a condition on its source's rows.
 *
 * Invariant: no row that the window would let pass is left out.
 * Ownership: the text is the caller's.
 * Threads:   one at a time.
 */
#ifndef QETL_CORE_INCREMENT_CONDITION_H
#define QETL_CORE_INCREMENT_CONDITION_H

#include "window.h"

/* The lowest cursor that passes, as a cast reads it. NULL: none is too low, or no memory. */
char *window_bound(const struct window *);
/* A JSON syntax tree of qetl.expr/1; nulls: rows without a cursor shall come, too. NULL: all rows
 * pass, or no memory. */
char *window_condition(const struct window *, bool nulls);

#endif
