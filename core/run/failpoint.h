/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places at which the tests of recovery kill the process.
 *
 * Invariant: without -DQETL_FAILPOINTS they leave no code.
 * Ownership: none.
 * Threads:   any.
 */
#ifndef QETL_CORE_FAILPOINT_H
#define QETL_CORE_FAILPOINT_H

#ifdef QETL_FAILPOINTS
void qetl_failpoint(const char *name); /* tests/shim/failpoint.c */
#define QETL_FAILPOINT(name) qetl_failpoint(name)
#else
#define QETL_FAILPOINT(name) ((void)0)
#endif

#endif
