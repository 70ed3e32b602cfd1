/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures of AWS, version 4: of each request, over its method, URL and body.
 *
 * Invariant: the secret key signs, and is never sent.
 * Ownership: texts are the options'.
 * Threads:   immutable once read.
 */
#ifndef HTTP_SIGV4_H
#define HTTP_SIGV4_H

#include <curl/curl.h>
#include <qetl/sdk.h>

struct http_sigv4 {
    const char *access_key, *secret_key, *session_token, *region, *service; /* NULL: not signed */
};

void http_sigv4_read(struct http_sigv4 *, struct qetl_env);
/* Appends the headers that sign it. false: no memory. */
bool http_sigv4_sign(const struct http_sigv4 *, const char *method, const char *url,
                     const void *body, size_t size, int64_t now_s, struct curl_slist **headers);

#endif
