/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    EARLY_MS_MOST = 30000,
    USUAL_MS = 3600000,
    HIDDEN_FROM = 8,
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

static bool client_add(struct http_token *t)
{
    const char *id = qetl_option_text(t->env, "/auth/client_id"),
               *secret = qetl_option_text(t->env, "/auth/client_secret"),
               *by = qetl_option_text(t->env, "/auth/client_auth");
    if (t->grant == HTTP_GRANT_JWT) /* the claims say who asks */
        return true;
    if (secret && !(by && strcmp(by, "body") == 0))
        return basic_add(t, id, secret);
    return body_add(&t->fixed, "client_id", id) &&
           (!secret || body_add(&t->fixed, "client_secret", secret));
}

static int32_t no_memory(const struct http_token *t)
{
    return qetl_fail(t->env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for credentials");
}

int32_t http_token_read(struct http_token *t, struct qetl_env env, enum http_grant grant)
{
    static const char *const grants[] = {
        [HTTP_GRANT_CLIENT] = "client_credentials",
        [HTTP_GRANT_REFRESH] = "refresh_token",
        [HTTP_GRANT_JWT] = "urn:ietf:params:oauth:grant-type:jwt-bearer",
    };
    const char *scope = qetl_option_text(env, "/auth/scope"),
               *refresh = qetl_option_text(env, "/auth/refresh_token");
    t->env = env;
    t->grant = grant;
    t->url = qetl_option_text(env, "/auth/token_url");
    if (refresh && !(t->refresh = strdup(refresh)))
        return no_memory(t);
    bool fine = body_add(&t->fixed, "grant_type", grants[grant]) && client_add(t);
    if (fine && scope && grant != HTTP_GRANT_JWT)
        fine = body_add(&t->fixed, "scope", scope);
    if (!fine)
        return no_memory(t);
    return grant == HTTP_GRANT_JWT ? http_jwt_read(&t->jwt, env) : QETL_OK;
}

static void secret_free(char **secret)
{
    if (*secret)
        explicit_bzero(*secret, strlen(*secret));
    free(*secret);
    *secret = NULL;
}

void http_token_free(struct http_token *t)
{
    http_end(t->asking);
    secret_free(&t->header);
    secret_free(&t->refresh);
    secret_free(&t->fixed);
    secret_free(&t->body);
    http_jwt_free(&t->jwt);
    curl_slist_free_all(t->headers);
    *t = (struct http_token){0};
}

/* It is renewed when a tenth of its life is left, or half a minute. */
static int64_t life_ends(int64_t life_ms, int64_t now_ns)
{
    int64_t early_ms = life_ms / 10 < EARLY_MS_MOST ? life_ms / 10 : EARLY_MS_MOST;
    return now_ns + (life_ms - early_ms) * 1000000;
}

/* ---- asking ---- */

static bool assertion_add(struct http_token *t)
{
    char *claims = http_jwt_make(&t->jwt, (int64_t)time(NULL));
    bool fine = claims && body_add(&t->body, "assertion", claims);
    secret_free(&claims);
    return fine;
}

static bool body_make(struct http_token *t)
{
    secret_free(&t->body);
    t->body = strdup(t->fixed);
    if (t->body && t->grant == HTTP_GRANT_REFRESH)
        return body_add(&t->body, "refresh_token", t->refresh);
    if (t->body && t->grant == HTTP_GRANT_JWT)
        return assertion_add(t);
    return t->body;
}

/* The claims themselves go along. */
static bool claims_make(struct http_token *t, int64_t now_ns)
{
    char *claims = http_jwt_make(&t->jwt, (int64_t)time(NULL));
    secret_free(&t->header);
    if (claims && asprintf(&t->header, "Authorization: Bearer %s", claims) < 0)
        t->header = NULL;
    secret_free(&claims);
    t->until_ns = life_ends(t->jwt.lifetime_s * 1000, now_ns);
    t->number++;
    return t->header;
}

bool http_token_is_ready(struct http_client *c, int64_t now_ns)
{
    struct http_token *t = &c->token;
    if (!t->grant || (t->header && now_ns < t->until_ns))
        return true;
    if (!t->url)
        return claims_make(t, now_ns);
    if (t->asking || !body_make(t))
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

static int64_t renewal_ns(const struct scan_target *expires, int64_t now_ns)
{
    char digits[16] = "";
    if (expires->kind == SCAN_NUMBER && expires->size < (int64_t)sizeof digits)
        memcpy(digits, expires->at, (size_t)expires->size);
    return life_ends(*digits ? (int64_t)(strtod(digits, NULL) * 1000) : USUAL_MS, now_ns);
}

static bool is_header_text(const char *text)
{
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c <= 0x20 || *c == 0x7f)
            return false;
    return *text;
}

/* A server may give another refresh token with each answer, and take the former one no more. */
static int32_t refresh_take(struct http_token *t, const struct scan_target *given)
{
    if (t->grant != HTTP_GRANT_REFRESH || given->kind != SCAN_TEXT)
        return QETL_OK;
    char *refresh = scan_text(given);
    if (!refresh)
        return QETL_E_NO_MEMORY;
    if (strcmp(refresh, t->refresh) != 0)
        qetl_logf(t->env, QETL_LOG_WARN,
                  "%.300s: it has given another refresh token, which is good for this run, and is "
                  "kept nowhere: if it no longer takes the first one, the next run needs a new one",
                  t->url);
    secret_free(&t->refresh);
    t->refresh = refresh;
    return QETL_OK;
}

static int32_t answer_read(struct http_token *t, const struct http_exchange *e, int64_t now_ns)
{
    struct scan_target targets[] = {
        {.pointer = "/access_token"}, {.pointer = "/expires_in"}, {.pointer = "/refresh_token"}};
    struct scan_result result;
    if (!scan_json((const char *)e->body, e->size, targets, 3, &result) ||
        targets[0].kind != SCAN_TEXT)
        return QETL_E_AUTH;
    char *token = scan_text(&targets[0]);
    int32_t status = !token ? QETL_E_NO_MEMORY : is_header_text(token) ? QETL_OK : QETL_E_AUTH;
    secret_free(&t->header);
    if (!status && asprintf(&t->header, "Authorization: Bearer %s", token) < 0) {
        t->header = NULL;
        status = QETL_E_NO_MEMORY;
    }
    if (token)
        explicit_bzero(token, strlen(token));
    free(token);
    t->until_ns = renewal_ns(&targets[1], now_ns);
    t->number++;
    return status ? status : refresh_take(t, &targets[2]);
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

/* Also of one that is cut off: what stands there of it, if it begins like it. */
static void hide(const char *secret, char *text)
{
    char begin[HIDDEN_FROM + 1] = "";
    if (!secret || strlen(secret) < HIDDEN_FROM)
        return;
    memcpy(begin, secret, HIDDEN_FROM);
    for (char *at = text; (at = strstr(at, begin));)
        for (const char *c = secret; *c && *at == *c; c++)
            *at++ = '*';
}

void http_token_hide(const struct http_token *t, char *text)
{
    hide(t->header ? t->header + TOKEN_AT : NULL, text);
    hide(t->refresh, text);
}
