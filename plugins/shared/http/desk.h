/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where tokens of the same credentials are asked for: one for all clients of the process that have
 * them, as the streams of one source do. Nobody's request depends on another client: whoever waits
 * drives it.
 *
 * Invariant: one request for a token at a time. A refresh token that was exchanged for another one
 *            is never sent again, also not by clients that come when all others are gone.
 * Ownership: joined and left, as common.h has it; owns what the server gave.
 * Threads:   any, under common.lock. What the one who drives it lends is used during the call.
 */
#ifndef HTTP_DESK_H
#define HTTP_DESK_H

#include "client.h"
#include "common.h"

struct http_desk {
    struct http_common common;
    struct http_client client; /* that asks; its descriptors may be watched without the lock */
    int done_fd;               /* an eventfd: readable while nobody asks, likewise */
    struct http_exchange *asking;
    struct http_fault fault; /* of the last request; code 0: it gave a token */
    int64_t round;           /* how many there were, the one under way among them */
    char *refresh;           /* the refresh token at hand, or NULL */
    bool rotated;            /* it is none of the options' */
    char *body;              /* of the request under way */
    char *header;            /* "Authorization: Bearer …", or NULL */
    int64_t until_ns;        /* from then on another is needed */
    int64_t number;          /* of the token at hand: how many there were */
};

/* By the options `auth` and those that say how its server is reached. OK, or a failure that was
 * reported. */
int32_t http_desk_join(struct http_desk **out, struct qetl_env);
void http_desk_leave(struct http_desk *); /* accepts NULL */

/* With the lock: */
bool http_desk_has_token(const struct http_desk *, int64_t now_ns);
/* Moves body; NULL: no memory. OK, or NO_MEMORY, which is not reported. */
int32_t http_desk_ask(struct http_desk *, const struct http_client *, char *body);
/* Gets it on, without waiting. True: an answer or a fault stands in `asking`. */
bool http_desk_drive(struct http_desk *, const struct http_client *);
/* It was looked at, and fault and header say what came of it. */
void http_desk_end(struct http_desk *);

void http_secret_free(char **secret);

#endif
