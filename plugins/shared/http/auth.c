/* SPDX-License-Identifier: Apache-2.0 */
#include "auth.h"
#include "fault.h"
#include "sign.h"
#include "url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NONE, BASIC, BEARER, KEY_HEADER, KEY_QUERY, OAUTH2, REFRESH, JWT, SIGV4, NEEDS = 4 };

struct kind {
    const char *word;
    const char *needs[NEEDS]; /* options, besides `kind` */
    const char *takes;        /* others that may be there */
};

static const struct kind kinds[] = {
    [NONE] = {"none", {NULL}, NULL},
    [BASIC] = {"basic", {"user", "password", NULL}, NULL},
    [BEARER] = {"bearer", {"token", NULL}, NULL},
    [KEY_HEADER] = {"header", {"name", "key", NULL}, NULL},
    [KEY_QUERY] = {"query", {"name", "key", NULL}, NULL},
    [OAUTH2] = {"oauth2", {"token_url", "client_id", "client_secret"}, " scope client_auth "},
    [REFRESH] = {"oauth2_refresh",
                 {"token_url", "client_id", "refresh_token"},
                 " client_secret scope client_auth "},
    [JWT] = {"jwt",
             {"issuer", "signing_key"},
             " algorithm token_url subject audience scope key_id lifetime_s "},
    [SIGV4] = {"aws_sigv4", {"access_key", "secret_key", "region", "service"}, " session_token "},
};

static bool is_needed(const struct kind *kind, const char *word)
{
    char padded[64];
    for (int i = 0; i < NEEDS && kind->needs[i]; i++)
        if (strcmp(kind->needs[i], word) == 0)
            return true;
    snprintf(padded, sizeof padded, " %s ", word);
    return strcmp(word, "kind") == 0 || (kind->takes && strstr(kind->takes, padded));
}

/* What the kind needs has to be there, and nothing else. */
static int32_t words_check(struct qetl_env env, const struct kind *kind)
{
    char pointer[64];
    const char *word;
    for (int i = 0; i < NEEDS && kind->needs[i]; i++) {
        snprintf(pointer, sizeof pointer, "/auth/%s", kind->needs[i]);
        if (!qetl_option_given(env, pointer))
            return qetl_fail(env, QETL_E_CONFIG, "/auth", NULL, "kind `%s` needs `%s`", kind->word,
                             kind->needs[i]);
    }
    for (int64_t i = 0; (word = qetl_option_key(env, "/auth", i)); i++) {
        snprintf(pointer, sizeof pointer, "/auth/%s", word);
        if (!is_needed(kind, word) && qetl_option_given(env, pointer))
            return qetl_fail(env, QETL_E_CONFIG, pointer, NULL, "kind `%s` has no `%s`", kind->word,
                             word);
    }
    return QETL_OK;
}

/* A line end would begin another header. */
static int32_t text_check(struct qetl_env env, const char *pointer)
{
    const char *text = qetl_option_text(env, pointer);
    for (const char *c = text; c && *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return qetl_fail(env, QETL_E_CONFIG, pointer, NULL,
                             "a control character stands in it, which no header can hold");
    return QETL_OK;
}

static char *join(const char *a, const char *between, const char *b)
{
    char *text;
    return asprintf(&text, "%s%s%s", a, between, b) < 0 ? NULL : text;
}

char *http_auth_basic(const char *user, const char *password)
{
    char *pair = join(user, ":", password);
    char *code = pair ? sign_base64(pair, strlen(pair)) : NULL;
    char *header = code ? join("Authorization: Basic", " ", code) : NULL;
    free(pair);
    free(code);
    return header;
}

static int32_t basic_make(struct http_auth *a, struct qetl_env env)
{
    const char *user = qetl_option_text(env, "/auth/user");
    if (strchr(user, ':'))
        return qetl_fail(env, QETL_E_CONFIG, "/auth/user", NULL,
                         "a colon stands in it, which ends the name of a user");
    a->header = http_auth_basic(user, qetl_option_text(env, "/auth/password"));
    return a->header ? QETL_OK : QETL_E_NO_MEMORY;
}

static int32_t kind_make(struct http_auth *a, struct qetl_env env, size_t kind)
{
    a->grant = kind == OAUTH2    ? HTTP_GRANT_CLIENT
               : kind == REFRESH ? HTTP_GRANT_REFRESH
               : kind == JWT     ? HTTP_GRANT_JWT
                                 : HTTP_GRANT_NONE;
    switch (kind) {
    case NONE:
    case OAUTH2:
    case REFRESH:
    case JWT:
        return QETL_OK;
    case SIGV4:
        http_sigv4_read(&a->sigv4, env);
        return QETL_OK;
    case BASIC:
        return basic_make(a, env);
    case BEARER:
        a->header = join("Authorization: Bearer", " ", qetl_option_text(env, "/auth/token"));
        return a->header ? QETL_OK : QETL_E_NO_MEMORY;
    case KEY_HEADER:
        a->header =
            join(qetl_option_text(env, "/auth/name"), ": ", qetl_option_text(env, "/auth/key"));
        return a->header ? QETL_OK : QETL_E_NO_MEMORY;
    default:
        a->name = qetl_option_text(env, "/auth/name");
        a->key = qetl_option_text(env, "/auth/key");
        return QETL_OK;
    }
}

int32_t http_auth_read(struct http_auth *a, struct qetl_env env)
{
    static const char *const texts[] = {"user",   "password",   "token",         "name",   "key",
                                        "issuer", "subject",    "audience",      "scope",  "key_id",
                                        "region", "access_key", "session_token", "service"};
    const char *word = qetl_option_text(env, "/auth/kind");
    size_t kind = NONE, n = sizeof kinds / sizeof *kinds;
    *a = (struct http_auth){0};
    while (word && kind < n && strcmp(word, kinds[kind].word) != 0)
        kind++;
    if (kind == n)
        return qetl_fail(env, QETL_E_CONFIG, "/auth/kind", NULL, "`%s` is no kind of auth", word);
    int32_t status = qetl_option_given(env, "/auth") ? words_check(env, &kinds[kind]) : QETL_OK;
    for (size_t i = 0; !status && i < sizeof texts / sizeof *texts; i++) {
        char pointer[64];
        snprintf(pointer, sizeof pointer, "/auth/%s", texts[i]);
        status = text_check(env, pointer);
    }
    if (status)
        return status;
    status = kind_make(a, env, kind);
    return status == QETL_E_NO_MEMORY
               ? qetl_fail(env, status, NULL, NULL, "no memory for credentials")
               : status;
}

void http_auth_free(struct http_auth *a)
{
    if (a->header)
        explicit_bzero(a->header, strlen(a->header));
    free(a->header);
    *a = (struct http_auth){0};
}

void http_auth_hide(const struct http_auth *a, char *text)
{
    const char *value = a->header ? strchr(a->header, ':') + 2 : NULL;
    const char *behind = value ? strchr(value, ' ') : NULL; /* of "Basic" or "Bearer" */
    http_text_hide(behind ? behind + 1 : value, text);
    http_text_hide(a->key, text);
    http_text_hide(a->sigv4.session_token, text);
}

char *http_auth_url(const struct http_auth *a, const char *url)
{
    return a->name ? http_url_set(url, a->name, a->key) : strdup(url);
}
