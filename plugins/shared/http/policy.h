/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which hosts may be asked, and who is told the credentials.
 *
 * Invariant: what is not allowed by name is refused: another host than that of the pipeline's own
 *            URL, less than its TLS, and an address that is not of the world. The address is looked
 *            at when it is connected to, so that no other answer of a name server comes between.
 * Ownership: texts are borrowed from the options.
 * Threads:   immutable once made.
 */
#ifndef HTTP_POLICY_H
#define HTTP_POLICY_H

#include "url.h"

struct http_policy {
    struct qetl_env env;
    struct http_origin home; /* of the pipeline's own URL: credentials go there alone */
    const char *hosts;       /* JSON pointers of options: lists of names, "*.example.com" */
    const char *private_hosts;
};

/* OK, or a failure that was reported. option: whose URL it is. */
int32_t http_policy_init(struct http_policy *, struct qetl_env, const char *url,
                         const char *option);
void http_policy_free(struct http_policy *);
/* Whether the URL may be asked at all. NULL: yes. Else why not, of static text. */
const char *http_policy_refuses(const struct http_policy *, const struct http_origin *);
/* Whether addresses that are not of the world will do. */
bool http_policy_private(const struct http_policy *, const char *host);
bool http_policy_is_home(const struct http_policy *, const struct http_origin *);
/* A name against one of a list: the same, or below "*.example.com". */
bool http_policy_matches(const char *pattern, const char *host);

#endif
