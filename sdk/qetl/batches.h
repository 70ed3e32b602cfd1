/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a sink of batches wishes their size and order to be.
 *
 * A draft: no part of the ABI yet (docs/abi.md). A host that does not know it cuts batches as it
 * does for all, and a sink has to take whatever comes.
 *
 * A sink that waits for an answer to each write wants few of them: where the pipeline does not say
 * itself how many bytes make a batch, its sources read as many at a time as the sink that wishes
 * for most of them, within what the memory allows. Rows that a source brings as batches come as
 * they are.
 *
 * Invariant: it is the same whenever it is asked for. Ownership: static. Threads:   [control]
 */
#ifndef QETL_BATCHES_H
#define QETL_BATCHES_H

#include <qetl/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The order in which a source has its rows serves it better than any mix of them, and it takes
 * longer for a row than reading does: where nobody asked for several instances of a source, one
 * reads. */
enum { QETL_BATCHES_IN_ORDER = 1 };

#define QETL_EXT_BATCHES "qetl.batches/draft-1"
struct qetl_batches {
    uint32_t struct_size;
    uint32_t flags;      /* QETL_BATCHES_ */
    int64_t input_bytes; /* that make a batch; 0: as many as for all */
};

#ifdef __cplusplus
}
#endif

#endif
