/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A board on which the instances of one plugin leave texts for one another, within one run: what
 * the first of them has settled (the moment at which a database is read), the others find.
 *
 * A draft: no part of the ABI yet (docs/abi.md). Hosts that do not know it, or run nothing, answer
 * NULL for it: each instance then settles things for itself.
 *
 * Invariant: a run that goes back, or goes on in another process, begins with an empty board, as do
 *            its instances; other plugins and other runs have boards of their own.
 * Ownership: texts are copied; what is read stays until the instances of the run are gone.
 * Threads:   [control]: create, bind, start and the like.
 */
#ifndef QETL_BOARD_H
#define QETL_BOARD_H

#include <qetl/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define QETL_EXT_BOARD "qetl.board/draft-1"
struct qetl_board {
    uint32_t struct_size;
    uint32_t reserved;
    /* [control] What stands under the name; NULL: nothing does. */
    const char *(*read)(struct qetl_ctx *ctx, const char *name);
    /* [control] Puts the text there, in place of what stood there. NO_MEMORY, reported. */
    int32_t (*write)(struct qetl_ctx *ctx, const char *name, const char *text);
};

#ifdef __cplusplus
}
#endif

#endif
