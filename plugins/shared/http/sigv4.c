/* SPDX-License-Identifier: Apache-2.0 */
#include "sigv4.h"
#include "sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PARAMETERS_MOST = 256 };

struct signing {
    const struct http_sigv4 *keys;
    char *host, *path, *query;
    char stamp[20], day[12];
    char digest[SIGN_HEX]; /* of the body */
    const char *names;     /* of the headers that are signed */
};

void http_sigv4_read(struct http_sigv4 *v, struct qetl_env env)
{
    v->access_key = qetl_option_text(env, "/auth/access_key");
    v->secret_key = qetl_option_text(env, "/auth/secret_key");
    v->session_token = qetl_option_text(env, "/auth/session_token");
    v->region = qetl_option_text(env, "/auth/region");
    v->service = qetl_option_text(env, "/auth/service");
}

/* ---- the URL ---- */

/* The host as curl's header has it. */
static bool url_take(struct signing *s, const char *url)
{
    char *host = NULL, *port = NULL;
    CURLU *parts = curl_url();
    bool fine = parts && !curl_url_set(parts, CURLUPART_URL, url, 0) &&
                !curl_url_get(parts, CURLUPART_HOST, &host, 0) &&
                !curl_url_get(parts, CURLUPART_PATH, &s->path, 0);
    if (fine && curl_url_get(parts, CURLUPART_PORT, &port, CURLU_NO_DEFAULT_PORT))
        port = NULL;
    if (fine && curl_url_get(parts, CURLUPART_QUERY, &s->query, 0))
        s->query = NULL;
    if (fine && asprintf(&s->host, "%s%s%s", host, port ? ":" : "", port ? port : "") < 0)
        s->host = NULL;
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parts);
    return fine && s->host;
}

/* Every part encoded once more, and of slashes side by side one; but for S3, which takes it as it
 * stands. curl has taken the dots out. */
static bool path_put(const struct signing *s, FILE *out)
{
    if (strcmp(s->keys->service, "s3") == 0)
        return fputs(s->path, out) >= 0;
    fputc('/', out);
    for (const char *at = s->path + strspn(s->path, "/"); *at;) {
        size_t size = strcspn(at, "/"), slashes = strspn(at + size, "/");
        char *coded = curl_easy_escape(NULL, at, (int)size);
        if (!coded)
            return false;
        fprintf(out, "%s%s", coded, slashes ? "/" : "");
        curl_free(coded);
        at += size + slashes;
    }
    return true;
}

/* Encoded in the one way that there is. To curl it is "all of the text" where a size is 0. */
static char *recoded(const char *text, size_t size)
{
    int n = 0;
    char *plain = size ? curl_easy_unescape(NULL, text, (int)size, &n) : NULL;
    char *coded = plain || !size ? curl_easy_escape(NULL, plain ? plain : "", n) : NULL;
    curl_free(plain);
    return coded;
}

/* "name=value"; either may be empty. */
static char *parameter_of(const char *part, size_t size)
{
    size_t name = strcspn(part, "=&");
    bool valued = name < size;
    char *first = recoded(part, valued ? name : size);
    char *second = recoded(part + name + valued, valued ? size - name - 1 : 0);
    char *text = NULL;
    if (first && second && asprintf(&text, "%s=%s", first, second) < 0)
        text = NULL;
    curl_free(first);
    curl_free(second);
    return text;
}

/* By name, then by value: "=" comes before all that stands in a name but "-" and ".". */
static int parameter_compare(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    size_t n = strcspn(x, "="), m = strcspn(y, "=");
    int order = memcmp(x, y, n < m ? n : m);
    return order ? order : n != m ? (n > m) - (n < m) : strcmp(x + n, y + m);
}

static bool query_put(const struct signing *s, FILE *out)
{
    char *parameters[PARAMETERS_MOST];
    int n = 0;
    bool fine = true;
    for (const char *at = s->query; at && *at && fine;) {
        size_t size = strcspn(at, "&");
        fine = n < PARAMETERS_MOST;
        if (fine && size)
            fine = (parameters[n++] = parameter_of(at, size));
        at += size + (at[size] != 0);
    }
    if (fine)
        qsort(parameters, (size_t)n, sizeof *parameters, parameter_compare);
    for (int i = 0; i < n; i++) {
        if (fine)
            fprintf(out, "%s%s", i ? "&" : "", parameters[i]);
        free(parameters[i]);
    }
    return fine;
}

/* ---- signing ---- */

static bool request_digest(const struct signing *s, const char *method, char digest[SIGN_HEX])
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return false;
    fprintf(out, "%s\n", method);
    bool fine = path_put(s, out) && fputc('\n', out) >= 0 && query_put(s, out);
    fprintf(out, "\nhost:%s\nx-amz-content-sha256:%s\nx-amz-date:%s\n", s->host, s->digest,
            s->stamp);
    if (s->keys->session_token)
        fprintf(out, "x-amz-security-token:%s\n", s->keys->session_token);
    fprintf(out, "\n%s\n%s", s->names, s->digest);
    fine = !fclose(out) && fine;
    if (fine)
        sign_sha256_hex(text, size, digest);
    free(text);
    return fine;
}

static bool signature_of(const struct signing *s, const char *request, char out[SIGN_HEX])
{
    const char *steps[] = {s->day, s->keys->region, s->keys->service, "aws4_request"};
    uint8_t key[SIGN_DIGEST], next[SIGN_DIGEST];
    char *first, *text;
    if (asprintf(&first, "AWS4%s", s->keys->secret_key) < 0)
        return false;
    sign_hmac(first, strlen(first), steps[0], strlen(steps[0]), key);
    explicit_bzero(first, strlen(first));
    free(first);
    for (int i = 1; i < 4; i++) {
        sign_hmac(key, sizeof key, steps[i], strlen(steps[i]), next);
        memcpy(key, next, sizeof key);
    }
    int size = asprintf(&text, "AWS4-HMAC-SHA256\n%s\n%s/%s/%s/aws4_request\n%s", s->stamp, s->day,
                        s->keys->region, s->keys->service, request);
    if (size < 0)
        return false;
    sign_hmac(key, sizeof key, text, (size_t)size, next);
    free(text);
    explicit_bzero(key, sizeof key);
    sign_hex(next, out);
    return true;
}

static bool header_put(struct curl_slist **headers, const char *name, const char *value)
{
    char *line;
    if (asprintf(&line, "%s: %s", name, value) < 0)
        return false;
    struct curl_slist *longer = curl_slist_append(*headers, line);
    free(line);
    if (longer)
        *headers = longer;
    return longer;
}

static bool headers_put(const struct signing *s, const char *signature, struct curl_slist **headers)
{
    char *text;
    if (asprintf(&text,
                 "AWS4-HMAC-SHA256 Credential=%s/%s/%s/%s/aws4_request, SignedHeaders=%s, "
                 "Signature=%s",
                 s->keys->access_key, s->day, s->keys->region, s->keys->service, s->names,
                 signature) < 0)
        return false;
    bool fine = header_put(headers, "x-amz-content-sha256", s->digest) &&
                header_put(headers, "x-amz-date", s->stamp) &&
                (!s->keys->session_token ||
                 header_put(headers, "x-amz-security-token", s->keys->session_token)) &&
                header_put(headers, "Authorization", text);
    free(text);
    return fine;
}

bool http_sigv4_sign(const struct http_sigv4 *v, const char *method, const char *url,
                     const void *body, size_t size, int64_t now_s, struct curl_slist **headers)
{
    struct signing s = {.keys = v,
                        .names = v->session_token
                                     ? "host;x-amz-content-sha256;x-amz-date;x-amz-security-token"
                                     : "host;x-amz-content-sha256;x-amz-date"};
    char request[SIGN_HEX], signature[SIGN_HEX];
    struct tm at;
    time_t now = (time_t)now_s;
    gmtime_r(&now, &at);
    strftime(s.stamp, sizeof s.stamp, "%Y%m%dT%H%M%SZ", &at);
    strftime(s.day, sizeof s.day, "%Y%m%d", &at);
    sign_sha256_hex(body ? body : "", size, s.digest);
    bool fine = url_take(&s, url) && request_digest(&s, method, request) &&
                signature_of(&s, request, signature) && headers_put(&s, signature, headers);
    free(s.host);
    curl_free(s.path);
    curl_free(s.query);
    return fine;
}
