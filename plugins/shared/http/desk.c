/* SPDX-License-Identifier: Apache-2.0 */
#include "desk.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

void http_secret_free(char **secret)
{
    if (*secret)
        explicit_bzero(*secret, strlen(*secret));
    free(*secret);
    *secret = NULL;
}

/* ---- life ---- */

static int32_t desk_make(struct http_common *common, struct qetl_env env, const void *arg)
{
    struct http_desk *d = (struct http_desk *)common;
    const char *refresh = qetl_option_text(env, "/auth/refresh_token");
    (void)arg;
    d->done_fd = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
    if (d->done_fd < 0)
        return qetl_fail(env, QETL_E_ENVIRONMENT, NULL, NULL,
                         "no descriptors for requests over HTTP: %m");
    if (refresh && !(d->refresh = strdup(refresh)))
        return qetl_fail(env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for credentials");
    return http_client_init_bare(&d->client, env);
}

/* A refresh token that was exchanged is good for those that come later, and the first is not. */
static bool desk_rest(struct http_common *common)
{
    struct http_desk *d = (struct http_desk *)common;
    http_end(d->asking);
    d->asking = NULL;
    return d->rotated;
}

static void desk_clear(struct http_common *common)
{
    struct http_desk *d = (struct http_desk *)common;
    http_end(d->asking);
    http_client_free(&d->client);
    if (d->done_fd >= 0)
        close(d->done_fd);
    http_secret_free(&d->refresh);
    http_secret_free(&d->body);
    http_secret_free(&d->header);
}

int32_t http_desk_join(struct http_desk **out, struct qetl_env env)
{
    static const struct http_common_class class = {.size = sizeof(struct http_desk),
                                                   .make = desk_make,
                                                   .rest = desk_rest,
                                                   .clear = desk_clear};
    static const char *const options[] = {"/auth",   "/private_hosts", "/proxy",  "/tls_verify",
                                          "/tls_ca", "/tls_cert",      "/tls_key"};
    struct http_common *common = NULL;
    struct http_key key;
    *out = NULL;
    if (!http_key_begin(&key, "tokens"))
        return qetl_fail(env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for credentials");
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        http_key_option(&key, env, options[i]);
    int32_t status = http_common_join(&key, &class, env, NULL, &common);
    *out = (struct http_desk *)common;
    return status;
}

void http_desk_leave(struct http_desk *d)
{
    http_common_leave(d ? &d->common : NULL);
}

/* ---- asking ---- */

bool http_desk_has_token(const struct http_desk *d, int64_t now_ns)
{
    return d->header && now_ns < d->until_ns;
}

/* How its server is reached is the same for all who have joined; the texts are the caller's. */
static void lend(struct http_desk *d, const struct http_client *c)
{
    d->client.env = c->env;
    d->client.settings = c->settings;
    d->client.policy.env = c->env;
    d->client.policy.hosts = c->policy.hosts;
    d->client.policy.private_hosts = c->policy.private_hosts;
}

int32_t http_desk_ask(struct http_desk *d, const struct http_client *c, char *body)
{
    const struct http_token *t = &c->token;
    uint64_t times;
    http_secret_free(&d->body);
    d->body = body;
    lend(d, c);
    struct http_request request = {.method = "POST",
                                   .url = t->url,
                                   .headers = t->headers,
                                   .content_type = "application/x-www-form-urlencoded",
                                   .body = body,
                                   .body_size = body ? strlen(body) : 0};
    d->asking = body ? http_begin(&d->client, &request) : NULL;
    if (!d->asking)
        return QETL_E_NO_MEMORY;
    d->asking->for_token = true;
    d->round++;
    ssize_t taken = read(d->done_fd, &times, sizeof times);
    (void)taken; /* nobody asked before: it was readable */
    return QETL_OK;
}

bool http_desk_drive(struct http_desk *d, const struct http_client *c)
{
    if (!d->asking)
        return false;
    lend(d, c);
    d->client.awaits = true; /* whoever could have read did */
    http_client_drive(&d->client);
    http_client_arm(&d->client);
    return d->asking->state == HTTP_DONE;
}

void http_desk_end(struct http_desk *d)
{
    uint64_t one = 1;
    http_end(d->asking);
    d->asking = NULL;
    http_secret_free(&d->body);
    ssize_t written = write(d->done_fd, &one, sizeof one);
    (void)written; /* it cannot be full */
}
