/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Headers that the user names.
 *
 * Invariant: no header can begin another one.
 * Ownership: lists are the caller's.
 * Threads:   any.
 */
#ifndef HTTP_HEADERS_H
#define HTTP_HEADERS_H

#include <curl/curl.h>
#include <qetl/sdk.h>

/* Whether there may be such a header. OK, or a failure that was reported, at that option. */
int32_t http_header_check(struct qetl_env, const char *option, const char *name, const char *value);
/* Appends a header. CONFIG, NO_MEMORY: reported. */
int32_t http_header_add(struct qetl_env, const char *option, const char *name, const char *value,
                        struct curl_slist **);
/* Of an option that is a mapping. *has_type: one of them is Content-Type. */
int32_t http_headers_read(struct qetl_env, const char *option, struct curl_slist **,
                          bool *has_type);

#endif
