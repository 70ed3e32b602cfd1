/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to do where a file of a plugin cannot be read, or copied into memory to be loaded from
 * there.
 *
 * Invariant: it is a mend of this machine's state: what is damaged is told by whoever knows what it
 *            should be.
 * Ownership: answers are constant.
 * Threads:   any.
 */
#ifndef QETL_CORE_PLUGIN_UNREADABLE_H
#define QETL_CORE_PLUGIN_UNREADABLE_H

const char *qetl_unreadable_mend(int error); /* an errno */

#endif
