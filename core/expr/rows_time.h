/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.h for dates, times, intervals and zones.
 *
 * Invariant: as rows.h.
 * Ownership: as rows.h.
 * Threads:   as op.h.
 */
#ifndef QETL_EXPR_ROWS_TIME_H
#define QETL_EXPR_ROWS_TIME_H

#include "bind.h"
#include "rows.h"
#include "time/moment.h"

static inline struct expr_interval row_interval(const struct expr_instr *in, uint32_t k, int64_t i)
{
    return ((const struct expr_interval *)in->args[k]->data)[i];
}

static inline int32_t row_put_interval(const struct expr_instr *in, int64_t i,
                                       struct expr_interval value)
{
    ((struct expr_interval *)in->dst->data)[i] = value;
    return QETL_OK;
}

/* What constant arguments come to: call->state, or NULL. */
struct expr_time_state {
    enum expr_field field;
    const struct expr_zone *zone;
};

/* The state, made if there is none yet; NULL: no memory, reported. */
struct expr_time_state *qetl_expr_time_state(struct expr_binder *b, struct expr_node *call);
/* Looks up the zone that args[k] names, if it is constant. False: there is none; reported. */
bool qetl_expr_prepare_zone(struct expr_binder *b, struct expr_node *call, uint32_t k);
/* The zone that args[k] names; NULL: the row has failed. */
const struct expr_zone *qetl_expr_row_zone(struct expr_frame *f, const struct expr_instr *in,
                                           uint32_t k, int64_t i);
/* The row fails as out of the range of dates and times. */
int32_t qetl_expr_row_beyond(struct expr_frame *f, const struct expr_instr *in, int64_t i);

#endif
