/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Some rows of a batch that go out as one request.
 *
 * Invariant: its request is made anew from the rows for each attempt, and is the same each time.
 * Ownership: owns its request and exchange.
 * Threads:   one at a time.
 */
#ifndef REST_SINK_PARCEL_H
#define REST_SINK_PARCEL_H

#include "sending.h"

enum { PARCEL_ANY_LANE = -1 };
enum parcel_state { PARCEL_WAITS, PARCEL_RUNS, PARCEL_FAILED };

struct parcel {
    struct parcel *next;
    enum parcel_state state;
    int lane;
    struct http_exchange *exchange;
    const char *method; /* as it was asked with */
    struct qetl_space url, body;
    struct curl_slist *headers;
    int64_t n;
    int32_t rows[];
};

struct parcel *parcel_new(int lane, const int32_t *rows, int64_t n); /* NULL: no memory */
void parcel_free(struct parcel *);                                   /* accepts NULL */
/* Takes its request back: it waits. */
void parcel_reset(struct parcel *);
struct reason { /* why a row cannot be sent */
    char code[24], message[200];
};
/* Sends it. Rows that are too many for a request go into *rest, behind it. OK; E_ROW: its only row
 * cannot be sent; or a failure that was reported. */
int32_t parcel_begin(struct parcel *, struct sending *, struct parcel **rest, struct reason *);

#endif
