/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who asks: what is added to a request so that the server knows.
 *
 * Invariant: a secret stands in the request that goes out and nowhere else: no text that is made
 *            here is ever shown.
 * Ownership: what was made belongs to the struct; texts of options are the host's.
 * Threads:   one at a time.
 */
#ifndef HTTP_AUTH_H
#define HTTP_AUTH_H

#include "sigv4.h"

enum http_grant { HTTP_GRANT_NONE, HTTP_GRANT_CLIENT, HTTP_GRANT_REFRESH, HTTP_GRANT_JWT };

struct http_auth {
    char *header;           /* "Authorization: …", or NULL */
    const char *name, *key; /* a parameter of the query, or NULL */
    enum http_grant grant;  /* token.h says who asks, with tokens that it gets so */
    struct http_sigv4 sigv4;
};

/* From the option `auth`: OK, or a failure that was reported. */
int32_t http_auth_read(struct http_auth *, struct qetl_env);
/* What is sent of the credentials, also where that is made of secrets, becomes *** in the text. */
void http_auth_hide(const struct http_auth *, char *text);
void http_auth_free(struct http_auth *);
/* The header of a name and a password, to be freed. NULL: no memory. */
char *http_auth_basic(const char *user, const char *password);
/* The URL as it goes out, to be freed. NULL: no memory. */
char *http_auth_url(const struct http_auth *, const char *url);

#endif
