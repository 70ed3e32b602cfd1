/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include <unistd.h>

static const struct qetl_option_field fields[] = {
    {"/connect_timeout_ms", QETL_OPTION_INT, offsetof(struct http_settings, connect_ms), "10000",
     "0.."},
    {"/first_byte_timeout_ms", QETL_OPTION_INT, offsetof(struct http_settings, first_byte_ms),
     "60000", "0.."},
    {"/idle_timeout_ms", QETL_OPTION_INT, offsetof(struct http_settings, idle_ms), "60000", "0.."},
    {"/compression", QETL_OPTION_BOOL, offsetof(struct http_settings, compression), "true", NULL},
    {"/tls_verify", QETL_OPTION_BOOL, offsetof(struct http_settings, tls_verify), "true", NULL},
    {"/tls_ca", QETL_OPTION_TEXT, offsetof(struct http_settings, tls_ca), "", NULL},
    {"/tls_cert", QETL_OPTION_TEXT, offsetof(struct http_settings, tls_cert), "", NULL},
    {"/tls_key", QETL_OPTION_TEXT, offsetof(struct http_settings, tls_key), "", NULL},
    {"/proxy", QETL_OPTION_TEXT, offsetof(struct http_settings, proxy), "", NULL},
    {"/user_agent", QETL_OPTION_TEXT, offsetof(struct http_settings, user_agent), "qetl", NULL},
};

static const struct qetl_option_field of_wholes[] = {
    {"/total_timeout_ms", QETL_OPTION_INT, offsetof(struct http_settings, total_ms), "0", "0.."},
    {"/max_page_bytes", QETL_OPTION_INT, offsetof(struct http_settings, max_bytes), "67108864",
     "1.."},
    {"/max_ratio", QETL_OPTION_INT, offsetof(struct http_settings, max_ratio), "1000", "0.."},
    {"/requests_per_second", QETL_OPTION_REAL, offsetof(struct http_settings, requests_per_second),
     "0", "0.."},
};

static int32_t file_check(struct qetl_env env, const char *option, const char *file)
{
    if (!*file || access(file, R_OK) == 0)
        return QETL_OK;
    return qetl_fail(env, QETL_E_ENVIRONMENT, option, NULL, "%s: it cannot be read: %m", file);
}

/* What comes beside a stream is whole: a token. */
enum { ASIDE_BYTES = 1 << 20, ASIDE_RATIO = 1000 };

int32_t http_settings_read(struct http_settings *s, struct qetl_env env, bool streams)
{
    s->max_bytes = ASIDE_BYTES;
    s->max_ratio = ASIDE_RATIO;
    int32_t status = qetl_options_read(env, fields, sizeof fields / sizeof *fields, s);
    if (!status && !streams)
        status = qetl_options_read(env, of_wholes, sizeof of_wholes / sizeof *of_wholes, s);
    if (!status)
        status = file_check(env, "/tls_ca", s->tls_ca);
    if (!status)
        status = file_check(env, "/tls_cert", s->tls_cert);
    if (!status)
        status = file_check(env, "/tls_key", s->tls_key);
    if (!status && !*s->tls_cert && *s->tls_key)
        status = qetl_fail(env, QETL_E_CONFIG, "/tls_key", "name its certificate as `tls_cert`",
                           "a key stands there without its certificate");
    return status;
}
