/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens of OAuth 2.0 by client credentials (RFC 6749, 4.4): asked for when they are needed, before
 * they expire, and when a server no longer takes one.
 *
 * Invariant: one request for a token at a time, whoever waits for it; a secret goes to `token_url`
 *            and nowhere else, through no redirect.
 * Ownership: owns token, body and header; its exchange while that is under way.
 * Threads:   one at a time, as its client.
 */
#ifndef HTTP_TOKEN_H
#define HTTP_TOKEN_H

#include <curl/curl.h>
#include <qetl/sdk.h>

struct http_client;
struct http_exchange;
struct http_fault;

struct http_token {
    const char *url; /* NULL: there are none */
    char *body;
    struct curl_slist *headers; /* that say who the client is */
    char *header;               /* "Authorization: Bearer …", or NULL */
    int64_t until_ns;           /* from then on another is needed */
    int64_t number;             /* of the token at hand: how many there were */
    struct http_exchange *asking;
};

/* From the option `auth`, whose kind is oauth2 and whose words are right. NO_MEMORY or OK. */
int32_t http_token_read(struct http_token *, struct qetl_env);
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
