/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens of OAuth 2.0, by client credentials (RFC 6749, 4.4), a refresh token (6) or signed claims
 * (RFC 7523), or such claims themselves: made or asked for when they are needed, before they
 * expire, and when a server no longer takes one. They are had in common with all who have the same
 * credentials (desk.h).
 *
 * Invariant: a secret goes to `token_url` and nowhere else, through no redirect.
 * Ownership: owns what it made of the options, and a copy of the token.
 * Threads:   one at a time, as its client.
 */
#ifndef HTTP_TOKEN_H
#define HTTP_TOKEN_H

#include "auth.h"
#include "jwt.h"

struct http_client;
struct http_desk;

struct http_token {
    struct qetl_env env;
    enum http_grant grant; /* NONE: there are none */
    const char *url;       /* NULL: claims are the token */
    struct http_jwt jwt;
    char *fixed;                /* what each request for a token has in common */
    struct curl_slist *headers; /* that say who the client is */
    struct http_desk *desk;
    char *header;   /* of the desk, as it was last seen, or NULL */
    int64_t number; /* of that token */
    int64_t waits;  /* for the desk's round of this number; 0: for none */
    bool watching;  /* the desk's descriptors */
};

/* From the option `auth`, whose words are right. OK, or a failure that was reported. */
int32_t http_token_read(struct http_token *, struct qetl_env, enum http_grant);
void http_token_free(struct http_client *);
/* Whether requests may go out. Else a token is asked for, and waited for; or, where there is no
 * memory for that, those that wait have their fault. */
bool http_token_is_ready(struct http_client *, int64_t now_ns);
/* What came of that: those that wait for it get its fault. */
void http_token_take(struct http_client *);
/* Whether a descriptor that is ready was watched for the token's sake: it no longer is, until
 * another call waits. */
bool http_token_heard(struct http_client *, int fd);
/* A server did not take the token of that number. */
void http_token_refused(struct http_token *, int64_t number);
/* Out of what is going to be shown. */
void http_token_hide(const struct http_token *, char *text);

#endif
