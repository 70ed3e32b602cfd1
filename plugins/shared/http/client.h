/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests over HTTP for a component that must not wait: they get on while its calls last, and the
 * host is asked to call again once there is something to do (qetl.poll/1). There is no thread.
 *
 * Invariant: each hop of a request passes the policy, and each connection's address too; a reply is
 *            whole, or the exchange has a fault. Credentials go to the policy's home alone.
 * Ownership: the client owns its exchanges' connections; an exchange belongs to who began it.
 * Threads:   one at a time; only http_client_ring is for any.
 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include "auth.h"
#include "fault.h"
#include "pace.h"
#include "policy.h"
#include "settings.h"
#include "token.h"

struct http_client {
    struct qetl_env env;
    struct http_settings settings;
    struct http_policy policy;
    struct http_auth auth;
    struct http_token token;
    struct http_pace *pace; /* NULL: without limit */
    CURLM *multi;
    struct http_exchange *first, *last; /* that were begun, and are not done */
    int events_fd;                      /* epoll: everything that is waited for */
    int timer_fd, alarm_fd;             /* curl's time, and ours */
    int bell_fd;                        /* rung by interrupt */
    bool due;                           /* curl's time is now */
    bool open;                          /* the descriptors are -1 or open; else nothing is */
    bool reached;                       /* it has answered once */
    bool awaits;                        /* what passes now is the server's time */
    int64_t alarm_ns;                   /* the caller wants to be called again then; 0: no */
    int64_t left_ns, away_ns;           /* when the last drive ended; time that was not its */
};

/* Reads the options of settings.h, policy.h and auth.h. OK, or a failure that was reported. To be
 * freed in either case; zeroed is freed. */
int32_t http_client_init(struct http_client *, struct qetl_env, const char *url,
                         const char *option);
/* The same for requests that stream. */
int32_t http_client_init_streams(struct http_client *, struct qetl_env, const char *url,
                                 const char *option);
/* Without options, which its owner lends before each drive: for exchanges for a token. */
int32_t http_client_init_bare(struct http_client *, struct qetl_env);
void http_client_free(struct http_client *);
void http_client_ring(struct http_client *); /* [any] a waiting call ends */

/* Gets all exchanges on, without waiting. OK, CANCELLED or a failure that was reported. */
int32_t http_client_drive(struct http_client *);
/* Waits until there is something to do, or until then (CLOCK_MONOTONIC): false if it is that late.
 */
bool http_client_wait(struct http_client *, int64_t until_ns);
/* Before IDLE: has the host call again. */
int32_t http_client_await(struct http_client *);
/* Whoever waits for its descriptor next hears of what curl has to do at once. */
void http_client_arm(struct http_client *);

struct http_request {
    const char *method;
    const char *url;
    const struct curl_slist *headers; /* lent until the exchange ends, as is the body; for the
                                         policy's home alone, as the user may put secrets there */
    const char *content_type;         /* of the body; NULL: what stands in headers, if anything */
    const char *body;                 /* NULL: none */
    size_t body_size;
    const char *wants; /* a header of the response; NULL: none beside those below */
    bool streams;      /* what comes of the body is taken while more comes: http_taken */
};

enum http_state { HTTP_WAITS, HTTP_RUNS, HTTP_DONE };

struct http_exchange {
    struct http_exchange *next, *previous;
    struct http_client *client;
    struct http_request request;
    char *url; /* of this hop, as it may be shown */
    enum http_state state;
    int hops;
    CURL *easy;
    struct curl_slist *headers;
    char detail[CURL_ERROR_SIZE];
    bool proxied;
    bool for_token;       /* it asks for one */
    bool renewed;         /* it was refused once for its token … */
    int64_t token_number; /* … of this number */
    char refused[160];    /* why the address that it leads to is refused */
    int64_t began_ns, heard_ns, away_ns;
    bool heard;   /* something of the response came */
    bool held;    /* a stream that is not read on before some of it is taken */
    int64_t said; /* bytes that came with a status that is none of success */

    /* Once it is done: */
    struct http_fault fault; /* code 0: there is a reply */
    /* Of a stream from the moment on in which it is open: */
    bool open; /* the head of a success came */
    long status;
    char *type;    /* of the content, without parameters; NULL: it does not say */
    char *link;    /* the header Link; all of them, joined by commas */
    char *wanted;  /* the header that the request wants, likewise */
    uint8_t *body; /* of a stream: what was not taken */
    int64_t size, capacity;
    int64_t taken; /* bytes that came over the wire */
};

/* NULL: no memory. It begins when the pace allows. */
struct http_exchange *http_begin(struct http_client *, const struct http_request *);
void http_end(struct http_exchange *); /* accepts NULL; one that still runs is given up */
/* So many bytes at the beginning of a stream's body are done with. */
void http_taken(struct http_exchange *, int64_t bytes);

/* transfer.c: for the client. Hands the exchange's hop to curl. */
void http_transfer_start(struct http_exchange *, int64_t now_ns);
/* curl is done with the hop: a reply, a fault, or another hop. */
void http_transfer_finish(struct http_exchange *, CURLcode);
/* Gives the hop up with a fault that stands. */
void http_transfer_drop(struct http_exchange *);
int64_t http_now_ns(void);

#endif
