/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By which proxy a host is asked.
 *
 * Invariant: what is answered is the option's, the environment's, or "".
 * Ownership: nothing is handed over.
 * Threads:   any that does not change the environment.
 */
#ifndef HTTP_PROXY_H
#define HTTP_PROXY_H

#include "url.h"

/* `option`: the user's, "none" or "" for what the environment says of such URLs. "": no proxy. */
const char *http_proxy_of(const char *option, const struct http_origin *);
/* By a list as NO_PROXY has it, which may be NULL: names, each with all below it ("example.com",
 * ".example.com", "*.example.com"), addresses and networks ("10.0.0.0/8", "fd00::/8"), or "*". */
bool http_proxy_bypassed(const char *list, const char *host);

#endif
