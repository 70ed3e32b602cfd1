/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source whose splits several instances may read at a time.
 *
 * A draft: no part of the ABI yet (docs/abi.md). A host that does not know it asks plan_splits for
 * one split, and has a single instance open in turn whatever it writes.
 *
 * The host makes further instances with the same options: create, start, describe and negotiate are
 * called as they were of the first, and have to answer the same. Then each opens its share, in
 * turn: of n instances, number i has the splits i, i + n, i + 2n … Those of one kind of cost make
 * the shares alike.
 *
 * Invariant: each row is in one split. The rows of a split come in its order; those of several in
 * any. Ownership: nothing is handed over. Threads:   [control]
 */
#ifndef QETL_SPLITS_H
#define QETL_SPLITS_H

#include <qetl/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The splits are parts of something that only the instances of this run can see, and only while it
 * lasts: nobody can go on in one of them later. The host decides no epoch from the beginning of the
 * first split to the end of the last, and a run that was cut short in between begins the source
 * anew, with plan_splits. */
enum { QETL_SPLITS_TOGETHER = 1 };

#define QETL_EXT_SPLITS "qetl.splits/draft-1"
struct qetl_splits {
    uint32_t struct_size;
    uint32_t reserved;
    /* [control] Behind plan_splits: how many instances may read at a time, this one included; at
     * least 1. *flags (0 before): QETL_SPLITS_. */
    int32_t (*readers)(void *self, uint32_t *flags);
    /* [control] Before plan_splits: not 0: the user named how many. 0: it is for the host and the
     * source to choose, and the host asks for one split where order serves a sink
     * (QETL_BATCHES_IN_ORDER). May be missing, or NULL: as many as it wants. */
    int32_t (*asked)(void *self);
};

#ifdef __cplusplus
}
#endif

#endif
