/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens of OAuth 2.0, by client credentials (RFC 6749, 4.4), a refresh token (6) or signed claims
 * (RFC 7523), or such claims themselves: made or asked for when they are needed, before they
 * expire, and when a server no longer takes one.
 *
 * Invariant: one request for a token at a time, whoever waits for it; a secret goes to `token_url`
 *            and nowhere else, through no redirect.
 * Ownership: owns token, body and header; its exchange while that is under way.
 * Threads:   one at a time, as its client.
 */
#ifndef HTTP_TOKEN_H
#define HTTP_TOKEN_H

#include "auth.h"
#include "jwt.h"

struct http_client;
struct http_exchange;
struct http_fault;

struct http_token {
    struct qetl_env env;
    enum http_grant grant; /* NONE: there are none */
    const char *url;       /* NULL: claims are the token */
    struct http_jwt jwt;
    char *refresh;              /* the refresh token at hand */
    char *fixed;                /* what each request for a token has in common … */
    char *body;                 /* … and the one under way */
    struct curl_slist *headers; /* that say who the client is */
    char *header;               /* "Authorization: Bearer …", or NULL */
    int64_t until_ns;           /* from then on another is needed */
    int64_t number;             /* of the token at hand: how many there were */
    struct http_exchange *asking;
};

/* From the option `auth`, whose words are right. OK, or a failure that was reported. */
int32_t http_token_read(struct http_token *, struct qetl_env, enum http_grant);
void http_token_free(struct http_token *);
/* Whether requests may go out. Else a token is asked for. */
bool http_token_is_ready(struct http_client *, int64_t now_ns);
/* What came of that; those that wait for it get its fault. */
void http_token_take(struct http_client *, int64_t now_ns);
/* A server did not take the token of that number. */
void http_token_refused(struct http_token *, int64_t number);
/* Out of what is going to be shown. */
void http_token_hide(const struct http_token *, char *text);

#endif
