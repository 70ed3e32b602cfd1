/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of one batch on their way: cut into parcels, each of which is one request.
 *
 * Invariant: each row of the batch ends as done or refused, once; what a server took is never sent
 *            again, as far as it has said so. Rows of one lane are sent one parcel after the other,
 *            in order.
 * Ownership: owns its parcels and what was said of refused rows; the batch is lent per call.
 * Threads:   one at a time.
 */
#ifndef REST_SINK_SENDING_H
#define REST_SINK_SENDING_H

#include "../../shared/http/client.h"
#include "answer.h"

struct parcel;

struct refusal {
    int64_t row;
    char code[24];
    char *message;
};

struct sending {
    struct qetl_env env;
    struct http_client *client;
    const struct plan *plan;
    const struct answer *answer;
    struct rows *rows;
    char run[24]; /* the beginning of each idempotency key that is made */

    bool begun; /* of this batch, parcels are made */
    int64_t n_rows;
    int64_t first_row; /* number of the batch's first row in the run */
    struct parcel *first;
    int running, failures;   /* failures: without a success in between */
    struct http_fault fault; /* the first of those */
    struct refusal *refusals;
    int64_t n_refusals, refusals_room;
    struct qetl_space scratch;
};

/* Cuts the batch, which rows was opened for. NO_MEMORY, reported. */
int32_t sending_begin(struct sending *, int64_t n_rows);
/* OK: every row is done or refused; IDLE: answers are awaited; or a failure that was reported:
 * transient ones are tried again by the next call. */
int32_t sending_go_on(struct sending *);
/* Forgets the batch; what runs is given up. */
void sending_clear(struct sending *);
void sending_free(struct sending *);

#endif
