/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the instances of a run have left for one another, plugin by plugin: qetl.board.
 *
 * Invariant: no text goes before the board does.
 * Ownership: the board owns all texts.
 * Threads:   the control thread.
 */
#ifndef QETL_CORE_BOARD_H
#define QETL_CORE_BOARD_H

#include <qetl/board.h>

struct qetl_notes; /* of one attempt of a run */

struct qetl_notes *qetl_notes_new(void);
void qetl_notes_free(struct qetl_notes *); /* accepts NULL */

extern const struct qetl_board qetl_host_board; /* of instances whose run has notes */

#endif
