/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    EARLY_MS_MOST = 30000,
    USUAL_MS = 3600000,
    TOKEN_AT = 22 /* behind "Authorization: Bearer " */
};

static bool body_add(char **body, const char *name, const char *value)
{
    char *escaped = curl_easy_escape(NULL, value, 0), *longer = NULL;
    if (!escaped ||
        asprintf(&longer, "%s%s%s=%s", *body ? *body : "", *body ? "&" : "", name, escaped) < 0)
        longer = NULL;
    curl_free(escaped);
    free(*body);
    *body = longer;
    return longer;
}

/* RFC 6749, 2.3.1: both are spelled as in a form before they are a name and a password. */
static bool basic_add(struct http_token *t, const char *id, const char *secret)
{
    char *user = curl_easy_escape(NULL, id, 0), *password = curl_easy_escape(NULL, secret, 0);
    char *header = user && password ? http_auth_basic(user, password) : NULL;
    struct curl_slist *headers = header ? curl_slist_append(NULL, header) : NULL;
    t->headers = headers;
    curl_free(user);
    curl_free(password);
    free(header);
    return headers;
}

int32_t http_token_read(struct http_token *t, struct qetl_env env)
{
    const char *id = qetl_option_text(env, "/auth/client_id"),
               *secret = qetl_option_text(env, "/auth/client_secret"),
               *scope = qetl_option_text(env, "/auth/scope"),
               *by = qetl_option_text(env, "/auth/client_auth");
    bool fine = body_add(&t->body, "grant_type", "client_credentials");
    t->url = qetl_option_text(env, "/auth/token_url");
    if (fine && scope)
        fine = body_add(&t->body, "scope", scope);
    if (fine && by && strcmp(by, "body") == 0)
        fine = body_add(&t->body, "client_id", id) && body_add(&t->body, "client_secret", secret);
    else if (fine)
        fine = basic_add(t, id, secret);
    return fine ? QETL_OK : QETL_E_NO_MEMORY;
}

static void header_free(struct http_token *t)
{
    if (t->header)
        explicit_bzero(t->header, strlen(t->header));
    free(t->header);
    t->header = NULL;
}

void http_token_free(struct http_token *t)
{
    http_end(t->asking);
    header_free(t);
    free(t->body);
    curl_slist_free_all(t->headers);
    *t = (struct http_token){0};
}

bool http_token_is_ready(struct http_client *c, int64_t now_ns)
{
    struct http_token *t = &c->token;
    if (!t->url || (t->header && now_ns < t->until_ns))
        return true;
    if (t->asking)
        return false;
    struct http_request request = {.method = "POST",
                                   .url = t->url,
                                   .headers = t->headers,
                                   .content_type = "application/x-www-form-urlencoded",
                                   .body = t->body,
                                   .body_size = strlen(t->body)};
    t->asking = http_begin(c, &request);
    if (t->asking)
        t->asking->for_token = true;
    return false;
}

/* ---- the answer ---- */

/* It is renewed when a tenth of its life is left, or half a minute. */
static int64_t renewal_ns(const struct scan_target *expires, int64_t now_ns)
{
    char digits[16] = "";
    if (expires->kind == SCAN_NUMBER && expires->size < (int64_t)sizeof digits)
        memcpy(digits, expires->at, (size_t)expires->size);
    int64_t life_ms = *digits ? (int64_t)(strtod(digits, NULL) * 1000) : USUAL_MS;
    int64_t early_ms = life_ms / 10 < EARLY_MS_MOST ? life_ms / 10 : EARLY_MS_MOST;
    return now_ns + (life_ms - early_ms) * 1000000;
}

static bool is_header_text(const char *text)
{
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c <= 0x20 || *c == 0x7f)
            return false;
    return *text;
}

static int32_t answer_read(struct http_token *t, const struct http_exchange *e, int64_t now_ns)
{
    struct scan_target targets[] = {{.pointer = "/access_token"}, {.pointer = "/expires_in"}};
    struct scan_result result;
    if (!scan_json((const char *)e->body, e->size, targets, 2, &result) ||
        targets[0].kind != SCAN_TEXT)
        return QETL_E_AUTH;
    char *token = scan_text(&targets[0]);
    int32_t status = !token ? QETL_E_NO_MEMORY : is_header_text(token) ? QETL_OK : QETL_E_AUTH;
    header_free(t);
    if (!status && asprintf(&t->header, "Authorization: Bearer %s", token) < 0) {
        t->header = NULL;
        status = QETL_E_NO_MEMORY;
    }
    if (token)
        explicit_bzero(token, strlen(token));
    free(token);
    t->until_ns = renewal_ns(&targets[1], now_ns);
    t->number++;
    return status;
}

static void fail_waiting(struct http_client *c, const struct http_fault *fault)
{
    for (struct http_exchange *e = c->first, *next; e; e = next) {
        next = e->next;
        if (e->state != HTTP_WAITS || e->for_token)
            continue;
        e->fault = *fault;
        http_transfer_drop(e);
    }
}

void http_token_take(struct http_client *c, int64_t now_ns)
{
    struct http_token *t = &c->token;
    struct http_exchange *e = t->asking;
    if (!e || e->state != HTTP_DONE)
        return;
    struct http_fault fault = e->fault;
    int32_t status = fault.code ? fault.code : answer_read(t, e, now_ns);
    if (fault.code == QETL_E_CONFIG || fault.code == QETL_E_DATA)
        fault.code = QETL_E_AUTH; /* RFC 6749, 5.2: who is not known is told so with 400, too */
    if (status && !fault.code)
        http_fault_set(&fault, status, "/auth/token_url", NULL,
                       "POST %.300s: no token is in what it answered", t->url);
    if (fault.code)
        fail_waiting(c, &fault);
    http_end(e);
    t->asking = NULL;
}

void http_token_refused(struct http_token *t, int64_t number)
{
    if (number == t->number)
        t->until_ns = 0;
}

void http_token_hide(const struct http_token *t, char *text)
{
    size_t size = t->header ? strlen(t->header + TOKEN_AT) : 0;
    for (char *at = text; size && (at = strstr(at, t->header + TOKEN_AT)); at += size)
        memset(at, '*', size);
}
