/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Syncs that do nothing but be noted: a check makes thousands of runs, and nobody cuts its power.
 *
 * Invariant: a descriptor that there is not is refused as ever.
 * Ownership: the process'; there is no way back.
 * Threads:   once, before instances.
 */
#ifndef QETL_CORE_CONFORM_SYNC_H
#define QETL_CORE_CONFORM_SYNC_H

/* Of all libraries that are loaded by now. */
void conform_sync_never(void);
/* Also the ends of descriptors that are synced by each write. */
void conform_sync_watch(void);

#endif
