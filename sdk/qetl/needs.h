/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a transform needs of the rows that come in, so that a source need not read the others.
 *
 * A draft: no part of the ABI yet (docs/abi.md). A host that does not know it does not ask; a
 * transform does its work all the same, and is called for every row that comes.
 *
 * Invariant: whoever judges the rows, here or in the source, the same ones go on.
 * Ownership: what is answered is lent, until the next call into the instance.
 * Threads:   [control], behind bind.
 */
#ifndef QETL_NEEDS_H
#define QETL_NEEDS_H

#include <qetl/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define QETL_EXT_NEEDS "qetl.needs/draft-1"
/* A transform of one input and one output, all of whose columns are COPY. */
struct qetl_needs {
    uint32_t struct_size;
    uint32_t reserved;
    /* (opt) The condition, in the words of qetl.expr/1, over the columns that bind was told: rows
     * for which it is TRUE go on, those for which it cannot be computed are rejected, all others
     * are filtered. Where the source has judged by it, process is not called. NULL: none. */
    const char *(*condition)(void *self);
    /* (opt) How many rows from the first on are looked at; those behind are filtered. -1: all. */
    int64_t (*rows)(void *self);
};

#ifdef __cplusplus
}
#endif

#endif
