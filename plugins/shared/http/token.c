/* SPDX-License-Identifier: Apache-2.0 */
#include "desk.h"
#include "scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

enum {
    EARLY_MS_MOST = 30000,
    USUAL_MS = 3600000,
    LEAST_MS = 1000, /* one that says it has expired is tried, too */
    TOKEN_AT = 22    /* behind "Authorization: Bearer " */
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
    const char *scope = qetl_option_text(env, "/auth/scope");
    t->env = env;
    t->grant = grant;
    t->url = qetl_option_text(env, "/auth/token_url");
    bool fine = body_add(&t->fixed, "grant_type", grants[grant]) && client_add(t);
    if (fine && scope && grant != HTTP_GRANT_JWT)
        fine = body_add(&t->fixed, "scope", scope);
    if (!fine)
        return no_memory(t);
    int32_t status = grant == HTTP_GRANT_JWT ? http_jwt_read(&t->jwt, env) : QETL_OK;
    return status ? status : http_desk_join(&t->desk, env);
}

/* It is renewed when a tenth of its life is left, or half a minute. */
static int64_t life_ends(int64_t life_ms, int64_t now_ns)
{
    int64_t early_ms = life_ms / 10 < EARLY_MS_MOST ? life_ms / 10 : EARLY_MS_MOST;
    return now_ns + (life_ms - early_ms) * 1000000;
}

/* ---- asking ---- */

static bool assertion_add(const struct http_token *t, char **body)
{
    char *claims = http_jwt_make(&t->jwt, (int64_t)time(NULL));
    bool fine = claims && body_add(body, "assertion", claims);
    http_secret_free(&claims);
    return fine;
}

/* NULL: no memory. */
static char *body_make(const struct http_token *t)
{
    char *body = strdup(t->fixed);
    bool fine = body;
    if (fine && t->grant == HTTP_GRANT_REFRESH)
        fine = body_add(&body, "refresh_token", t->desk->refresh);
    if (fine && t->grant == HTTP_GRANT_JWT)
        fine = assertion_add(t, &body);
    if (!fine)
        http_secret_free(&body);
    return body;
}

/* The claims themselves go along. */
static int32_t claims_make(const struct http_token *t, int64_t now_ns)
{
    struct http_desk *d = t->desk;
    char *claims = http_jwt_make(&t->jwt, (int64_t)time(NULL));
    http_secret_free(&d->header);
    if (claims && asprintf(&d->header, "Authorization: Bearer %s", claims) < 0)
        d->header = NULL;
    http_secret_free(&claims);
    d->until_ns = life_ends(t->jwt.lifetime_s * 1000, now_ns);
    d->number++;
    return d->header ? QETL_OK : QETL_E_NO_MEMORY;
}

/* ---- the answer ---- */

static int64_t renewal_ns(const struct scan_target *expires, int64_t asked_ns)
{
    char digits[16] = "";
    if (expires->kind == SCAN_NUMBER && expires->size < (int64_t)sizeof digits)
        memcpy(digits, expires->at, (size_t)expires->size);
    int64_t life_ms = *digits ? (int64_t)(strtod(digits, NULL) * 1000) : USUAL_MS;
    return life_ends(life_ms > LEAST_MS ? life_ms : LEAST_MS, asked_ns);
}

static bool is_header_text(const char *text)
{
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c <= 0x20 || *c == 0x7f)
            return false;
    return *text;
}

/* A server may give another refresh token with each answer, and take the former one no more. */
static int32_t refresh_take(const struct http_token *t, const struct scan_target *given)
{
    struct http_desk *d = t->desk;
    if (t->grant != HTTP_GRANT_REFRESH || given->kind != SCAN_TEXT)
        return QETL_OK;
    char *refresh = scan_text(given);
    if (!refresh)
        return QETL_E_NO_MEMORY;
    bool other = strcmp(refresh, d->refresh) != 0;
    if (other && !d->rotated)
        qetl_logf(t->env, QETL_LOG_WARN,
                  "%.300s: it has given another refresh token, which is good for this run, and is "
                  "kept nowhere: if it no longer takes the first one, the next run needs a new one",
                  t->url);
    d->rotated |= other;
    http_secret_free(&d->refresh);
    d->refresh = refresh;
    return QETL_OK;
}

static int32_t answer_read(const struct http_token *t)
{
    struct scan_target targets[] = {
        {.pointer = "/access_token"}, {.pointer = "/expires_in"}, {.pointer = "/refresh_token"}};
    struct scan_result result;
    struct http_desk *d = t->desk;
    if (!scan_json((const char *)d->asking->body, d->asking->size, targets, 3, &result) ||
        targets[0].kind != SCAN_TEXT)
        return QETL_E_AUTH;
    char *token = scan_text(&targets[0]);
    int32_t status = !token ? QETL_E_NO_MEMORY : is_header_text(token) ? QETL_OK : QETL_E_AUTH;
    http_secret_free(&d->header);
    if (!status && asprintf(&d->header, "Authorization: Bearer %s", token) < 0) {
        d->header = NULL;
        status = QETL_E_NO_MEMORY;
    }
    http_secret_free(&token);
    d->until_ns = renewal_ns(&targets[1], d->asking->began_ns); /* it may have been on its way */
    d->number++;
    return status ? status : refresh_take(t, &targets[2]);
}

/* With the lock: the request is over. */
static void answer_take(const struct http_token *t)
{
    struct http_desk *d = t->desk;
    struct http_fault *fault = &d->fault;
    *fault = d->asking->fault;
    int32_t status = fault->code ? fault->code : answer_read(t);
    if (fault->code == QETL_E_CONFIG || fault->code == QETL_E_DATA)
        fault->code = QETL_E_AUTH; /* RFC 6749, 5.2: who is not known is told so with 400, too */
    if (status && !fault->code)
        http_fault_set(fault, status, "/auth/token_url", NULL,
                       "POST %.300s: no token is in what it answered", t->url);
    http_text_hide(d->refresh, fault->message);
    http_desk_end(d);
}

static void fail_waiting(struct http_client *c, const struct http_fault *fault)
{
    for (struct http_exchange *e = c->first, *next; e; e = next) {
        next = e->next;
        if (e->state != HTTP_WAITS)
            continue;
        e->fault = *fault;
        http_transfer_drop(e);
    }
}

/* ---- waiting for it ---- */

static void desk_watch(struct http_client *c, int how)
{
    struct http_token *t = &c->token;
    int fds[] = {t->desk->client.events_fd, t->desk->done_fd};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fds[i]};
        epoll_ctl(c->events_fd, how, fds[i], &event);
    }
    t->watching = how == EPOLL_CTL_ADD;
}

bool http_token_heard(struct http_client *c, int fd)
{
    const struct http_token *t = &c->token;
    if (!t->watching || (fd != t->desk->client.events_fd && fd != t->desk->done_fd))
        return false;
    desk_watch(c, EPOLL_CTL_DEL);
    return true;
}

/* With the lock: OK where the token at hand is the desk's; IDLE where one is waited for. */
static int32_t token_want(struct http_client *c, int64_t now_ns)
{
    struct http_token *t = &c->token;
    struct http_desk *d = t->desk;
    int32_t status = QETL_OK;
    if (!http_desk_has_token(d, now_ns) && !t->url)
        status = claims_make(t, now_ns);
    else if (!http_desk_has_token(d, now_ns) && !d->asking)
        status = http_desk_ask(d, c, body_make(t));
    if (!status && d->asking && http_desk_drive(d, c))
        answer_take(t);
    if (status)
        return status;
    if (!http_desk_has_token(d, now_ns)) {
        t->waits = d->round;
        return QETL_IDLE;
    }
    t->waits = 0;
    if (t->header && t->number == d->number)
        return QETL_OK;
    http_secret_free(&t->header);
    t->header = strdup(d->header);
    t->number = d->number;
    return t->header ? QETL_OK : QETL_E_NO_MEMORY;
}

bool http_token_is_ready(struct http_client *c, int64_t now_ns)
{
    struct http_token *t = &c->token;
    if (!t->grant)
        return true;
    pthread_mutex_lock(&t->desk->common.lock);
    int32_t status = token_want(c, now_ns);
    pthread_mutex_unlock(&t->desk->common.lock);
    if (status == QETL_IDLE && !t->watching)
        desk_watch(c, EPOLL_CTL_ADD);
    if (status == QETL_E_NO_MEMORY) {
        struct http_fault fault = {0};
        http_fault_set(&fault, status, NULL, NULL, "no memory for a request");
        fail_waiting(c, &fault);
    }
    return status == QETL_OK;
}

void http_token_take(struct http_client *c)
{
    struct http_token *t = &c->token;
    struct http_fault fault = {0};
    if (!t->waits)
        return;
    pthread_mutex_lock(&t->desk->common.lock);
    if (http_desk_drive(t->desk, c))
        answer_take(t);
    bool over = !t->desk->asking;
    if (over)
        fault = t->desk->fault;
    pthread_mutex_unlock(&t->desk->common.lock);
    if (!over)
        return;
    t->waits = 0;
    if (fault.code)
        fail_waiting(c, &fault);
}

void http_token_refused(struct http_token *t, int64_t number)
{
    pthread_mutex_lock(&t->desk->common.lock);
    if (number == t->desk->number)
        t->desk->until_ns = 0;
    pthread_mutex_unlock(&t->desk->common.lock);
}

void http_token_hide(const struct http_token *t, char *text)
{
    http_text_hide(t->header ? t->header + TOKEN_AT : NULL, text);
    if (!t->desk)
        return;
    pthread_mutex_lock(&t->desk->common.lock);
    http_text_hide(t->desk->refresh, text);
    pthread_mutex_unlock(&t->desk->common.lock);
}

void http_token_free(struct http_client *c)
{
    struct http_token *t = &c->token;
    if (t->watching)
        desk_watch(c, EPOLL_CTL_DEL);
    http_desk_leave(t->desk);
    http_secret_free(&t->header);
    http_secret_free(&t->fixed);
    http_jwt_free(&t->jwt);
    curl_slist_free_all(t->headers);
    *t = (struct http_token){0};
}
