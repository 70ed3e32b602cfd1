/* SPDX-License-Identifier: Apache-2.0 */
#include "probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Up to the folder in which a row's value stands; to be freed. */
static char *url_fixed(const char *url)
{
    const char *host = strstr(url, "://"), *value = strchr(url, '{'), *from, *end = value;
    from = host ? host + 3 : url;
    from += strcspn(from, "/?#");
    if (!value)
        return strdup(url);
    while (end > from && end[-1] != '/' && end[-1] != '?')
        end--;
    end -= end > from && end[-1] == '?';
    return strndup(url, (size_t)(end - url));
}

/* What a HEAD that is no request of a run says all the same: somebody is there, and does not mind
 * who asks. */
static bool is_there(const struct http_exchange *e)
{
    return e->status >= 400 && e->status < 500 && e->status != 401 && e->status != 403 &&
           e->status != 407 && e->status != 408 && e->status != 429;
}

static int32_t wait_for(struct http_client *c, const struct http_exchange *e)
{
    int32_t status = http_client_drive(c);
    while (!status && e->state != HTTP_DONE) {
        http_client_wait(c, http_now_ns() + INT64_C(1000000000));
        status = http_client_drive(c);
    }
    return status;
}

static int32_t judge(struct http_client *c, const struct http_exchange *e, void *stream,
                     int32_t (*tell)(void *stream, const char *line))
{
    char line[400];
    if (e->fault.code && !is_there(e))
        return http_fault_report(&e->fault, c->env);
    snprintf(line, sizeof line, "%s is reached%s", c->policy.home.host,
             c->token.grant                       ? ", and gives tokens"
             : qetl_option_given(c->env, "/auth") ? ", and refused no credentials"
                                                  : "");
    return tell(stream, line);
}

int32_t http_probe(struct http_client *c, const char *url, const struct curl_slist *headers,
                   void *stream, int32_t (*tell)(void *stream, const char *line))
{
    if (c->token.grant == HTTP_GRANT_REFRESH)
        return tell(stream,
                    "not asked: a refresh token may be good for one use, which a run needs");
    char *fixed = url_fixed(url);
    const struct http_request request = {.method = "HEAD", .url = fixed, .headers = headers};
    struct http_exchange *e = fixed ? http_begin(c, &request) : NULL;
    int32_t status = e ? wait_for(c, e)
                       : qetl_fail(c->env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for a request");
    if (!status)
        status = judge(c, e, stream, tell);
    http_end(e);
    free(fixed);
    return status;
}
