/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lets something happen in the midst of a plugin's calls: at its references to functions of the C
 * library, and of the host, which are its places.
 *
 * Invariant: the functions do what they do; other threads than the one that counts are let through.
 * Ownership: the process'; there is no way back.
 * Threads:   ready once, before instances; the others by each thread for itself.
 */
#ifndef QETL_CORE_CONFORM_MIDST_H
#define QETL_CORE_CONFORM_MIDST_H

#include <qetl/plugin.h>

/* The library that the component lies in. 0, or -1: it was not found. */
int conform_midst_ready(const struct qetl_component *);
/* From now on this thread's places count; at the n-th of them it happens, once. 0: nowhere. */
void conform_midst_begin(int64_t nth, void (*happen)(void *), void *arg);
int64_t conform_midst_end(void); /* how many places there were */
void conform_midst_pass(void);   /* a place */

#endif
