/* SPDX-License-Identifier: Apache-2.0 */
#include "fault.h"

#include <openssl/x509_vfy.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { EXCERPT = 160, HIDDEN_FROM = 8 };

void http_text_hide(const char *secret, char *text)
{
    char begin[HIDDEN_FROM + 1] = "";
    if (!secret || strlen(secret) < HIDDEN_FROM)
        return;
    memcpy(begin, secret, HIDDEN_FROM);
    for (char *at = text; (at = strstr(at, begin));)
        for (const char *c = secret; *c && *at == *c; c++)
            *at++ = '*';
}

void http_fault_set(struct http_fault *f, int32_t code, const char *option, const char *suggestion,
                    const char *format, ...)
{
    va_list args;
    *f = (struct http_fault){.code = code, .option = option, .suggestion = suggestion};
    va_start(args, format);
    vsnprintf(f->message, sizeof f->message, format, args);
    va_end(args);
}

/* The beginning of a body on one line. */
static void excerpt(char *out, const uint8_t *body, int64_t size)
{
    size_t n = 0;
    bool blank = true;
    for (int64_t i = 0; i < size && n < EXCERPT; i++) {
        bool is_blank = body[i] <= ' ' || body[i] == 0x7f;
        if (!is_blank || !blank)
            out[n++] = is_blank ? ' ' : (char)body[i];
        blank = is_blank;
    }
    while (n && ((uint8_t)out[n - 1] & 0xc0) == 0x80)
        n--; /* half a character, perhaps */
    if (n && (uint8_t)out[n - 1] >= 0xc0)
        n--;
    out[n] = 0;
}

static const char *phrase(long status)
{
    static const struct {
        long status;
        const char *phrase;
    } phrases[] = {{301, "moved"},
                   {302, "moved"},
                   {304, "not modified"},
                   {400, "bad request"},
                   {401, "unauthorized"},
                   {403, "forbidden"},
                   {404, "not found"},
                   {405, "method not allowed"},
                   {406, "not acceptable"},
                   {407, "the proxy wants credentials"},
                   {408, "timeout"},
                   {410, "gone"},
                   {415, "unsupported media type"},
                   {422, "not understood"},
                   {429, "too many requests"},
                   {500, "server error"},
                   {502, "bad gateway"},
                   {503, "unavailable"},
                   {504, "gateway timeout"}};
    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "";
}

static int32_t class_of(long status, const char **suggestion)
{
    *suggestion = NULL;
    if (status == 429)
        return QETL_E_THROTTLED;
    if (status == 408 || status >= 500)
        return QETL_E_RETRY_CALL;
    if (status == 401 || status == 403 || status == 407) {
        *suggestion = "see `auth`, and whether its secret is still good";
        return QETL_E_AUTH;
    }
    if (status >= 400) {
        *suggestion = "see `url`, `query` and `pagination`: asking again would not help";
        return QETL_E_CONFIG;
    }
    return QETL_E_DATA;
}

void http_fault_status(struct http_fault *f, const char *what, long status, int64_t retry_after_s,
                       const uint8_t *body, int64_t size)
{
    char text[EXCERPT + 1] = "";
    const char *suggestion, *words = phrase(status);
    int32_t code = class_of(status, &suggestion);
    if (body)
        excerpt(text, body, size);
    bool again = code == QETL_E_RETRY_CALL || code == QETL_E_THROTTLED;
    if (again && retry_after_s > 0)
        code = QETL_E_THROTTLED;
    http_fault_set(f, code, code == QETL_E_CONFIG ? "/url" : NULL, suggestion, "%s: %ld%s%s%s%s",
                   what, status, *words ? " " : "", words, *text ? ": " : "", text);
    snprintf(f->vendor, sizeof f->vendor, "%ld", status);
    f->retry_after_ms = again && retry_after_s > 0 ? retry_after_s * 1000 : 0;
}

/* Where the chain is good and the host another one, curl leaves UNSPECIFIED. */
static const char *certificate_mend(long verdict)
{
    switch (verdict) {
    case X509_V_ERR_UNSPECIFIED:
        return "ask for the server by a name that its certificate is for";
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "whoever runs the server has to renew its certificate; or the clock here is wrong";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "the clock here is slow, or the server's certificate is for later";
    default:
        return "if its certificate is signed by an authority of your own, name that as `tls_ca`";
    }
}

static int32_t curl_class(CURLcode code, bool reached, const char **option, const char **mend)
{
    *option = *mend = NULL;
    switch (code) {
    case CURLE_OUT_OF_MEMORY:
        *mend = "its response may have a header of more than 100 kB, for which curl has no room";
        return QETL_E_NO_MEMORY;
    case CURLE_URL_MALFORMAT:
        *option = "/url";
        return QETL_E_CONFIG;
    case CURLE_UNSUPPORTED_PROTOCOL: /* also for bytes that an answer left behind */
        *option = reached ? NULL : "/url";
        return reached ? QETL_E_RETRY_CALL : QETL_E_CONFIG;
    case CURLE_PEER_FAILED_VERIFICATION:
        return QETL_E_ENVIRONMENT; /* its mend depends on what is wrong with the certificate */
    case CURLE_SSL_CERTPROBLEM:
        *option = "/tls_cert";
        return QETL_E_ENVIRONMENT;
    case CURLE_SSL_CACERT_BADFILE:
        *option = "/tls_ca";
        return QETL_E_ENVIRONMENT;
    case CURLE_COULDNT_RESOLVE_HOST:
        *option = reached ? NULL : "/url";
        return reached ? QETL_E_RETRY_CALL : QETL_E_ENVIRONMENT;
    case CURLE_COULDNT_RESOLVE_PROXY:
        *option = "/proxy";
        return reached ? QETL_E_RETRY_CALL : QETL_E_ENVIRONMENT;
    case CURLE_SSL_CONNECT_ERROR:
        return reached ? QETL_E_RETRY_CALL : QETL_E_ENVIRONMENT;
    default:
        return QETL_E_RETRY_CALL;
    }
}

void http_fault_curl(struct http_fault *f, const char *what, CURLcode code, const char *detail,
                     bool reached, long verdict)
{
    const char *option, *mend;
    int32_t class = curl_class(code, reached, &option, &mend);
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        mend = certificate_mend(verdict);
    http_fault_set(f, class, option, mend, "%s: %s", what,
                   *detail ? detail : curl_easy_strerror(code));
    snprintf(f->vendor, sizeof f->vendor, "curl-%d", (int)code);
}

int32_t http_fault_report(const struct http_fault *f, struct qetl_env env)
{
    struct qetl_error_info info = {.struct_size = sizeof info,
                                   .code = f->code,
                                   .message = f->message,
                                   .suggestion = f->suggestion,
                                   .option = f->option,
                                   .vendor_code = *f->vendor ? f->vendor : NULL,
                                   .retry_after_ms = f->retry_after_ms};
    return env.host->error(env.ctx, &info);
}
