/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What became of a request that failed, in the host's classes of errors.
 *
 * Invariant: what may pass (no connection, 408, 429, 5xx, a response that was cut off) is told as
 *            such, so that the host tries again; nothing else is.
 * Ownership: a fault holds its texts itself.
 * Threads:   one at a time.
 */
#ifndef HTTP_FAULT_H
#define HTTP_FAULT_H

#include <curl/curl.h>
#include <qetl/sdk.h>

struct http_fault {
    int32_t code; /* QETL_E_; 0: none */
    char message[600];
    const char *suggestion, *option; /* static texts, or NULL */
    char vendor[24];
    int64_t retry_after_ms;
};

void http_fault_set(struct http_fault *, int32_t code, const char *option, const char *suggestion,
                    const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Where it stands in the text, also cut off, stars take its place; not of a short one, which is in
 * many words. NULL: none. */
void http_text_hide(const char *secret, char *text);
/* A status that is none of success. what: the request, for people; body: what came with it. */
void http_fault_status(struct http_fault *, const char *what, long status, int64_t retry_after_s,
                       const uint8_t *body, int64_t size);
/* reached: the server has answered before. verdict: OpenSSL's of its certificate (X509_V_…). */
void http_fault_curl(struct http_fault *, const char *what, CURLcode code, const char *detail,
                     bool reached, long verdict);
/* Through host->error: answers its code. */
int32_t http_fault_report(const struct http_fault *, struct qetl_env);

#endif
