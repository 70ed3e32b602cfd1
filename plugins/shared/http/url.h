/* SPDX-License-Identifier: Apache-2.0 */
/*
 * URLs: taken apart, joined, and given parameters.
 *
 * Invariant: only http and https; no URL with a name and password in it passes.
 * Ownership: what is made is the caller's, to be freed.
 * Threads:   any.
 */
#ifndef HTTP_URL_H
#define HTTP_URL_H

#include <qetl/sdk.h>

struct http_origin {
    char *host; /* without the brackets of an address */
    int port;
    bool tls;
};

/* OK, NO_MEMORY, or CONFIG with *why, a static text. */
int32_t http_origin_of(const char *url, struct http_origin *out, const char **why);
void http_origin_free(struct http_origin *);

/* What `reference` means on a page of `base`. NULL: no memory, or it is no URL. */
char *http_url_join(const char *base, const char *reference);
/* The URL with the parameter set to value; where it has one of that name, it is replaced; value
 * NULL: it is left out. NULL: no memory, or no URL. */
char *http_url_set(const char *url, const char *name, const char *value);

#endif
