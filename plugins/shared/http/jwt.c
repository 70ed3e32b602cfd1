/* SPDX-License-Identifier: Apache-2.0 */
#include "jwt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static const struct qetl_option_field fields[] = {
    {"/auth/algorithm", QETL_OPTION_TEXT, offsetof(struct http_jwt, algorithm), "RS256",
     "RS256|ES256|HS256"},
    {"/auth/signing_key", QETL_OPTION_TEXT, offsetof(struct http_jwt, secret), NULL, NULL},
    {"/auth/issuer", QETL_OPTION_TEXT, offsetof(struct http_jwt, issuer), NULL, NULL},
    {"/auth/subject", QETL_OPTION_TEXT, offsetof(struct http_jwt, subject), "", NULL},
    {"/auth/audience", QETL_OPTION_TEXT, offsetof(struct http_jwt, audience), "", NULL},
    {"/auth/scope", QETL_OPTION_TEXT, offsetof(struct http_jwt, scope), "", NULL},
    {"/auth/key_id", QETL_OPTION_TEXT, offsetof(struct http_jwt, key_id), "", NULL},
    {"/auth/lifetime_s", QETL_OPTION_INT, offsetof(struct http_jwt, lifetime_s), "300", "1..86400"},
};

int32_t http_jwt_read(struct http_jwt *j, struct qetl_env env)
{
    int32_t status = qetl_options_read(env, fields, sizeof fields / sizeof *fields, j);
    const char *url = qetl_option_text(env, "/auth/token_url");
    if (status)
        return status;
    if (!*j->audience && url)
        j->audience = url;
    if (strcmp(j->algorithm, "HS256") == 0)
        return QETL_OK;
    size_t size;
    j->key = sign_key_read(j->secret);
    uint8_t *trial = j->key ? sign_with_key(j->key, j->algorithm, "", 0, &size) : NULL;
    free(trial);
    if (trial)
        return QETL_OK;
    return qetl_fail(env, QETL_E_CONFIG, "/auth/signing_key",
                     "it is a private key in PEM, without a passphrase", "%s: %s", j->algorithm,
                     j->key ? "the key is of another kind, which cannot sign by it"
                            : "it cannot be read as a private key");
}

void http_jwt_free(struct http_jwt *j)
{
    sign_key_free(j->key);
    *j = (struct http_jwt){0};
}

/* Texts of options have no control characters. */
static void claim_put(FILE *out, const char *name, const char *text)
{
    if (!*text)
        return;
    fprintf(out, "\"%s\":\"", name);
    for (; *text; text++)
        fprintf(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    fputs("\",", out);
}

/* base64url of what was written, and a dot. Closes and takes in. */
static bool part_put(FILE *out, FILE *in, char **text, size_t *size)
{
    bool fine = in && !fclose(in);
    char *coded = fine ? sign_base64url(*text, *size) : NULL;
    fine = coded && fputs(coded, out) >= 0;
    free(coded);
    free(*text);
    *text = NULL;
    return fine;
}

static bool head_put(const struct http_jwt *j, FILE *out)
{
    char *text = NULL;
    size_t size = 0;
    FILE *in = open_memstream(&text, &size);
    if (in) {
        fputs("{", in);
        claim_put(in, "kid", j->key_id);
        fprintf(in, "\"alg\":\"%s\",\"typ\":\"JWT\"}", j->algorithm);
    }
    return part_put(out, in, &text, &size);
}

static bool claims_put(const struct http_jwt *j, int64_t now_s, FILE *out)
{
    char *text = NULL;
    size_t size = 0;
    uint64_t drawn[2] = {0};
    FILE *in = open_memstream(&text, &size);
    if (in && getrandom(drawn, sizeof drawn, 0) == sizeof drawn) {
        fputs("{", in);
        claim_put(in, "iss", j->issuer);
        claim_put(in, "sub", j->subject);
        claim_put(in, "aud", j->audience);
        claim_put(in, "scope", j->scope);
        fprintf(in, "\"jti\":\"%016llx%016llx\",\"iat\":%lld,\"exp\":%lld}",
                (unsigned long long)drawn[0], (unsigned long long)drawn[1], (long long)now_s,
                (long long)(now_s + j->lifetime_s));
    }
    return part_put(out, in, &text, &size);
}

static char *signature_of(const struct http_jwt *j, const char *data, size_t size)
{
    uint8_t digest[SIGN_DIGEST], *signature;
    if (!j->key) {
        sign_hmac(j->secret, strlen(j->secret), data, size, digest);
        return sign_base64url(digest, sizeof digest);
    }
    size_t signature_size = 0;
    signature = sign_with_key(j->key, j->algorithm, data, size, &signature_size);
    char *text = signature ? sign_base64url(signature, signature_size) : NULL;
    free(signature);
    return text;
}

char *http_jwt_make(const struct http_jwt *j, int64_t now_s)
{
    char *text = NULL, *token = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    bool fine = head_put(j, out) && fputc('.', out) >= 0 && claims_put(j, now_s, out);
    fine = !fclose(out) && fine;
    char *signature = fine ? signature_of(j, text, size) : NULL;
    if (signature && asprintf(&token, "%s.%s", text, signature) < 0)
        token = NULL;
    free(signature);
    free(text);
    return token;
}
