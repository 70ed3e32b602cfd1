/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl, opened when something is to be fetched: what it needs would make each start of qetl five
 * times as long.
 *
 * Invariant: once it is open it stays so.
 * Ownership: nothing changes hands.
 * Threads:   the main thread.
 */
#ifndef QETL_CORE_FETCH_CURL_H
#define QETL_CORE_FETCH_CURL_H

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "config/finding.h"

struct curl_library {
    CURL *(*easy_init)(void);
    CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
    CURLcode (*easy_perform)(CURL *);
    CURLcode (*easy_getinfo)(CURL *, CURLINFO, ...);
    const char *(*easy_strerror)(CURLcode);
    void (*easy_cleanup)(CURL *);
    CURLU *(*url)(void);
    CURLUcode (*url_set)(CURLU *, CURLUPart, const char *, unsigned);
    CURLUcode (*url_get)(const CURLU *, CURLUPart, char **, unsigned);
    void (*url_cleanup)(CURLU *);
    void (*free)(void *);
};

/* NULL with a finding. */
const struct curl_library *qetl_curl(struct qetl_findings *);

#endif
