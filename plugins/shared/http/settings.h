/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options that every plugin over HTTP has, by the same names.
 *
 * Invariant: after OK every number is within its bounds.
 * Ownership: texts are the host's and live as long as the instance.
 * Threads:   immutable once read.
 */
#ifndef HTTP_SETTINGS_H
#define HTTP_SETTINGS_H

#include <qetl/sdk.h>

struct http_settings {
    int64_t connect_ms, first_byte_ms, idle_ms; /* 0: without limit */
    /* Of responses that are taken as a whole: */
    int64_t total_ms;           /* 0: without limit */
    int64_t max_bytes;          /* of one response, unpacked */
    int64_t max_ratio;          /* of unpacked to packed bytes; 0: without limit */
    double requests_per_second; /* 0: without limit */
    bool compression, tls_verify;
    const char *tls_ca, *tls_cert, *tls_key, *proxy, *user_agent; /* "": none */
};

/* OK, or a failure that was reported. streams: responses have no end, and no limits as a whole. */
int32_t http_settings_read(struct http_settings *, struct qetl_env, bool streams);

#endif
