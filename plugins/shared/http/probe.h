/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a service can be reached, before there is a row for it (sdk/qetl/conns.h).
 *
 * Invariant: HEAD is all that is asked, which changes nothing (RFC 9110, 9.2.1); a token that can
 * be used once is not used. Ownership: nothing is kept. Threads:   control.
 */
#ifndef HTTP_PROBE_H
#define HTTP_PROBE_H

#include "client.h"

/* url: its part before the first {column} is asked. Tells what was seen, in one line. OK, or a
 * failure that was reported: it is not reached, is another, or wants to know somebody else. */
int32_t http_probe(struct http_client *, const char *url, const struct curl_slist *headers,
                   void *stream, int32_t (*tell)(void *stream, const char *line));

#endif
