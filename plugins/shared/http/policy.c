/* SPDX-License-Identifier: Apache-2.0 */
#include "policy.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What no host can be called is a URL, or a pattern of another kind. */
static int32_t list_check(struct qetl_env env, const char *list)
{
    int64_t count = qetl_option_count(env, list);
    for (int64_t i = 0; i < count; i++) {
        char pointer[80];
        snprintf(pointer, sizeof pointer, "%s/%lld", list, (long long)i);
        const char *pattern = qetl_option_text(env, pointer);
        const char *name = pattern && strncmp(pattern, "*.", 2) == 0 ? pattern + 2 : pattern;
        if (!name || !*name || strpbrk(name, "*/@?# "))
            return qetl_fail(env, QETL_E_CONFIG, pointer,
                             "write the name alone: files.example.com, or *.example.com for all "
                             "below it",
                             "no host is called %.100s", pattern ? pattern : "so");
    }
    return QETL_OK;
}

int32_t http_policy_init(struct http_policy *p, struct qetl_env env, const char *url,
                         const char *option)
{
    const char *why = NULL;
    *p = (struct http_policy){.env = env, .hosts = "/hosts", .private_hosts = "/private_hosts"};
    int32_t status = http_origin_of(url, &p->home, &why);
    if (status == QETL_E_NO_MEMORY)
        return qetl_fail(env, status, NULL, NULL, "no memory for a URL");
    if (status)
        return qetl_fail(env, QETL_E_CONFIG, option, "write it as https://HOST/PATH",
                         "the URL cannot be asked: %s", why);
    status = list_check(env, p->hosts);
    return status ? status : list_check(env, p->private_hosts);
}

void http_policy_free(struct http_policy *p)
{
    http_origin_free(&p->home);
}

bool http_policy_matches(const char *pattern, const char *host)
{
    size_t size = strlen(host), wanted;
    if (strncmp(pattern, "*.", 2) != 0)
        return strcasecmp(pattern, host) == 0;
    wanted = strlen(pattern) - 1;
    return size > wanted && strcasecmp(host + size - wanted, pattern + 1) == 0;
}

static bool is_listed(const struct http_policy *p, const char *list, const char *host)
{
    int64_t count = qetl_option_count(p->env, list);
    for (int64_t i = 0; i < count; i++) {
        char pointer[80];
        snprintf(pointer, sizeof pointer, "%s/%lld", list, (long long)i);
        const char *pattern = qetl_option_text(p->env, pointer);
        if (pattern && http_policy_matches(pattern, host))
            return true;
    }
    return false;
}

bool http_policy_is_home(const struct http_policy *p, const struct http_origin *origin)
{
    return origin->tls == p->home.tls && origin->port == p->home.port &&
           strcasecmp(origin->host, p->home.host) == 0;
}

bool http_policy_private(const struct http_policy *p, const char *host)
{
    return is_listed(p, p->private_hosts, host);
}

const char *http_policy_refuses(const struct http_policy *p, const struct http_origin *origin)
{
    if (p->home.tls && !origin->tls)
        return "it has no TLS, which `url` has";
    if (http_policy_is_home(p, origin) || is_listed(p, p->hosts, origin->host))
        return NULL;
    return strcasecmp(origin->host, p->home.host) == 0
               ? "it is another port than that of `url`, and `hosts` does not name its host"
               : "it is another host than that of `url`, and `hosts` does not name it";
}
