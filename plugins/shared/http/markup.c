/* SPDX-License-Identifier: Apache-2.0 */
#include "markup.h"
#include "scan.h"

#include <string.h>
#include <strings.h>

static bool begins(const char *at, const char *end, const char *with)
{
    size_t n = strlen(with);
    return (size_t)(end - at) >= n && strncasecmp(at, with, n) == 0;
}

bool http_is_web_page(const char *type, const void *body, int64_t size)
{
    bool said =
        type && (!strcasecmp(type, "text/html") || !strcasecmp(type, "application/xhtml+xml"));
    if (!size)
        return false;
    const char *at = body, *end = at + size;
    at += scan_mark(at, size);
    while (at < end && *at && strchr(" \t\r\n", *at))
        at++;
    return (said && begins(at, end, "<")) || begins(at, end, "<!doctype html") ||
           begins(at, end, "<html");
}

void http_fault_web_page(struct http_fault *f, const char *what)
{
    http_fault_set(f, QETL_E_DATA, NULL,
                   "see `auth` and `url`: as a rule it is a login, or an error with status 200",
                   "%s: a web page (HTML) came, and no data", what);
}
