/* SPDX-License-Identifier: Apache-2.0 */
#include "asking.h"
#include "headers.h"
#include "scan.h"
#include "url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int32_t no_memory(struct qetl_env env)
{
    return qetl_fail(env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for a request");
}

/* Text, number or boolean, as it stands in a URL. false: it is neither. */
static bool scalar_text(struct qetl_env env, const char *pointer, char *digits, size_t size,
                        const char **out)
{
    *out = digits;
    switch (qetl_option_kind(env, pointer)) {
    case QETL_OPTION_TEXT:
        *out = qetl_option_text(env, pointer);
        return true;
    case QETL_OPTION_INT:
        snprintf(digits, size, "%lld", (long long)qetl_option_int(env, pointer));
        return true;
    case QETL_OPTION_REAL:
        snprintf(digits, size, "%.17g", qetl_option_real(env, pointer));
        return true;
    case QETL_OPTION_BOOL:
        *out = qetl_option_bool(env, pointer) ? "true" : "false";
        return true;
    default:
        return false;
    }
}

static int32_t query_read(struct asking *a, struct qetl_env env)
{
    const char *name, *value;
    a->url = strdup(qetl_option_text(env, "/url"));
    for (int64_t i = 0; a->url && (name = qetl_option_key(env, "/query", i)); i++) {
        char pointer[400], digits[40];
        if (qetl_option_pointer(pointer, sizeof pointer, "/query", name) ||
            !scalar_text(env, pointer, digits, sizeof digits, &value))
            return qetl_fail(env, QETL_E_CONFIG, "/query", NULL,
                             "`%.200s` is neither text nor number nor boolean", name);
        char *url = http_url_set(a->url, name, value);
        free(a->url);
        a->url = url;
    }
    return a->url ? QETL_OK : no_memory(env);
}

static int32_t headers_read(struct asking *a, struct qetl_env env)
{
    bool has_type = false;
    int32_t status = http_headers_read(env, "/headers", &a->headers, &has_type);
    if (has_type)
        a->content_type = NULL;
    return status;
}

/* A mapping goes out as JSON, as the host spells it. */
static int32_t body_read(struct asking *a, struct qetl_env env, const char *config)
{
    const char *text = qetl_option_text(env, "/body");
    struct scan_target body = {.pointer = "/body"};
    struct scan_result result;
    if (!qetl_option_given(env, "/body"))
        return QETL_OK;
    if (text) {
        a->body = strdup(text);
        a->content_type = "text/plain; charset=utf-8";
    } else if (scan_json(config, (int64_t)strlen(config), &body, 1, &result) && body.at) {
        a->body = strndup(body.at, (size_t)body.size);
        a->content_type = "application/json";
    }
    if (!a->body)
        return no_memory(env);
    a->body_size = strlen(a->body);
    return QETL_OK;
}

int32_t asking_read(struct asking *a, struct qetl_env env, const char *config)
{
    *a = (struct asking){.method = qetl_option_text(env, "/method")};
    int32_t status = body_read(a, env, config);
    if (!status)
        status = headers_read(a, env);
    if (!status)
        status = query_read(a, env);
    if (!a->method)
        a->method = a->body ? "POST" : "GET";
    if (!status && a->body && (!strcmp(a->method, "GET") || !strcmp(a->method, "HEAD")))
        status = qetl_fail(env, QETL_E_CONFIG, "/body", "leave `method` out: it is POST then",
                           "%s has no body", a->method);
    return status;
}

void asking_free(struct asking *a)
{
    free(a->url);
    free(a->body);
    curl_slist_free_all(a->headers);
    *a = (struct asking){0};
}

struct http_request asking_request(const struct asking *a, const char *url)
{
    return (struct http_request){.method = a->method,
                                 .url = url,
                                 .headers = a->headers,
                                 .content_type = a->content_type,
                                 .body = a->body,
                                 .body_size = a->body_size};
}

/* ---- places in the body ---- */

bool asking_in_body(const char *param)
{
    return param && *param == '/';
}

static bool body_find(const char *body, const char *param, struct scan_target *out)
{
    struct scan_result result;
    *out = (struct scan_target){.pointer = param};
    return body && scan_json(body, (int64_t)strlen(body), out, 1, &result) && out->at;
}

int32_t asking_body_check(const struct asking *a, struct qetl_env env, const char *option,
                          const char *param)
{
    struct scan_target place;
    if (!scan_pointer_good(param))
        return qetl_fail(env, QETL_E_CONFIG, option,
                         "write it as /variables/after; a slash in a key is ~1",
                         "`%.200s` is no JSON pointer", param);
    if (body_find(a->body, param, &place))
        return QETL_OK;
    return qetl_fail(env, QETL_E_CONFIG, option,
                     "write into `body` what the first request has there, null for nothing; a "
                     "parameter of the query begins with no slash",
                     "nothing stands at %.200s of the body", param);
}

char *asking_body_set(const char *body, const char *param, const char *json)
{
    struct scan_target place;
    char *changed = NULL;
    if (!body_find(body, param, &place) || asprintf(&changed, "%.*s%s%s", (int)(place.at - body),
                                                    body, json, place.at + place.size) < 0)
        return NULL;
    return changed;
}
