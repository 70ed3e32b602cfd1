/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a pipeline is still the one that was cut short, and what about it changed.
 *
 * Invariant: the order of members does not count.
 * Ownership: *changes is the caller's to free.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_STATE_IDENTITY_H
#define QETL_CORE_STATE_IDENTITY_H

/* Two JSON objects, a member for each component: 0, and *changes NULL if they are the same, else a
 * text ("sinks.out (options), sinks.more (new)"); ENOMEM. */
int qetl_state_identity_compare(const char *before, const char *now, char **changes);

#endif
