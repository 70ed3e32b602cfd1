/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the toy components of random pipelines share.
 *
 * Invariant: one state serves all kinds.
 * Ownership: the state owns map, held and schemas.
 * Threads:   as plugin.h says.
 */
#ifndef QETL_TOY_STRESS_PART_H
#define QETL_TOY_STRESS_PART_H

#include "sdk_random.h"
#include "toy_stress.h"

#include <qetl/sdk.h>

enum { TOY_STREAMS_MOST = 4 };
enum { TOY_ID = 1, TOY_TEXT = 2, TOY_D = 4 }; /* columns of a batch */

struct toy_member {
    struct qetl_env env;
    struct toy_part *part;
    uint64_t random;
    int64_t done, within; /* sources: rows, and bytes of the record under way */
    struct ArrowSchema streams[TOY_STREAMS_MOST]; /* sinks: as opened */
    struct ArrowSchema schema;                    /* transforms: what is read */

    /* transforms: the batch at hand, as output rows in order, port by port */
    int64_t *ids;
    int32_t *map;
    int64_t n_out, sent;
    int64_t port_end[4];
    int64_t filtered, added; /* to be told with the next output */
    bool blocked;

    int64_t *held; /* stateful: ids that wait */
    int64_t n_held, held_room, to_send;
};

int32_t toy_member_create(void *self, const struct qetl_host *, struct qetl_ctx *,
                          const char *config);
void toy_member_destroy(void *self);
int32_t toy_batch_make(struct qetl_env, const int64_t *ids, int64_t rows, int columns,
                       struct ArrowArray *out);

#endif
