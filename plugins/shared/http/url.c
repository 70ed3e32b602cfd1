/* SPDX-License-Identifier: Apache-2.0 */
#include "url.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int32_t fail(CURLUcode code, const char **why)
{
    if (code == CURLUE_OUT_OF_MEMORY)
        return QETL_E_NO_MEMORY;
    *why = code == CURLUE_OK ? "it is neither http nor https" : curl_url_strerror(code);
    return QETL_E_CONFIG;
}

static void host_unwrap(char *host)
{
    size_t size = strlen(host);
    if (size < 2 || *host != '[')
        return;
    memmove(host, host + 1, size - 2);
    host[size - 2] = 0;
}

int32_t http_origin_of(const char *url, struct http_origin *out, const char **why)
{
    char *scheme = NULL, *host = NULL, *port = NULL, *user = NULL;
    CURLU *parts = curl_url();
    CURLUcode code = parts ? curl_url_set(parts, CURLUPART_URL, url, 0) : CURLUE_OUT_OF_MEMORY;
    *out = (struct http_origin){0};
    if (!code)
        code = curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0);
    bool known = !code && (!strcmp(scheme, "http") || !strcmp(scheme, "https"));
    if (known)
        code = curl_url_get(parts, CURLUPART_HOST, &host, 0);
    if (known && !code)
        code = curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
    bool named = !code && curl_url_get(parts, CURLUPART_USER, &user, 0) == CURLUE_OK;
    int32_t status = code || !known ? fail(code, why) : QETL_OK;
    if (!status && named) {
        *why = "a name or password stands in it: that is what `auth` is for";
        status = QETL_E_CONFIG;
    }
    if (!status) {
        *out = (struct http_origin){strdup(host), atoi(port), !strcmp(scheme, "https")};
        if (out->host)
            host_unwrap(out->host);
        else
            status = QETL_E_NO_MEMORY;
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_free(user);
    curl_url_cleanup(parts);
    return status;
}

void http_origin_free(struct http_origin *origin)
{
    free(origin->host);
    *origin = (struct http_origin){0};
}

/* Handed out as a text of malloc's. */
static char *url_text(CURLU *parts)
{
    char *text = NULL, *copy;
    if (curl_url_get(parts, CURLUPART_URL, &text, 0))
        return NULL;
    copy = strdup(text);
    curl_free(text);
    return copy;
}

char *http_url_join(const char *base, const char *reference)
{
    CURLU *parts = curl_url();
    char *url = NULL;
    if (parts && !curl_url_set(parts, CURLUPART_URL, base, 0) &&
        !curl_url_set(parts, CURLUPART_URL, reference, 0) &&
        !curl_url_set(parts, CURLUPART_FRAGMENT, NULL, 0))
        url = url_text(parts);
    curl_url_cleanup(parts);
    return url;
}

/* However it is spelled: "a[]" and "a%5b%5D" are one. */
static bool is_named(const char *part, size_t size, const char *name)
{
    int length;
    char *plain = curl_easy_unescape(NULL, part, (int)size, &length);
    bool same = plain && strcmp(plain, name) == 0 && (size_t)length == strlen(name);
    curl_free(plain);
    return same;
}

/* Leaves out the parameters of that name: in place. */
static void query_drop(char *query, const char *name)
{
    char *to = query;
    for (char *at = query; *at;) {
        size_t part = strcspn(at, "&"), named = strcspn(at, "=&");
        bool last = !at[part], same = named && is_named(at, named, name);
        char *next = at + part + !last;
        if (!same) {
            if (to > query)
                *to++ = '&';
            memmove(to, at, part);
            to += part;
        }
        at = next;
    }
    *to = 0;
}

static char *query_text(const char *name, const char *value)
{

    char *n = curl_easy_escape(NULL, name, 0), *v = curl_easy_escape(NULL, value, 0), *text = NULL;
    if (n && v && asprintf(&text, "%s=%s", n, v) < 0)
        text = NULL;
    curl_free(n);
    curl_free(v);
    return text;
}

/* The former query without parameters of that name; NULL: none, or no memory. */
static char *query_without(CURLU *parts, const char *name)
{
    char *query = NULL, *rest = NULL;
    if (!curl_url_get(parts, CURLUPART_QUERY, &query, 0)) {
        query_drop(query, name);
        rest = strdup(query);
    }
    curl_free(query);
    return rest;
}

/* parameter NULL: none comes in its place. */
static CURLUcode query_replace(CURLU *parts, const char *name, const char *parameter)
{
    char *rest = query_without(parts, name), *joined = NULL;
    bool both = rest && *rest && parameter;
    if (asprintf(&joined, "%s%s%s", rest ? rest : "", both ? "&" : "", parameter ? parameter : "") <
        0)
        joined = NULL;
    CURLUcode code = joined ? curl_url_set(parts, CURLUPART_QUERY, *joined ? joined : NULL, 0)
                            : CURLUE_OUT_OF_MEMORY;
    free(joined);
    free(rest);
    return code;
}

char *http_url_set(const char *url, const char *name, const char *value)
{
    CURLU *parts = curl_url();
    char *parameter = value ? query_text(name, value) : NULL, *out = NULL;
    if (parts && (parameter || !value) && !curl_url_set(parts, CURLUPART_URL, url, 0) &&
        !query_replace(parts, name, parameter))
        out = url_text(parts);
    free(parameter);
    curl_url_cleanup(parts);
    return out;
}
