/* SPDX-License-Identifier: Apache-2.0 */
#include "pace.h"
#include "url.h"

static const int64_t BURST_NS = 50000000; /* what one may make up for who was called too late */

void http_pace_init(struct http_pace *pace, double per_second)
{
    pace->step_ns = per_second > 0 ? (int64_t)(1e9 / per_second) : 0;
    pace->due_ns = INT64_MIN;
}

static int32_t pace_make(struct http_common *common, struct qetl_env env, const void *per_second)
{
    (void)env;
    http_pace_init((struct http_pace *)common, *(const double *)per_second);
    return QETL_OK;
}

static void pace_clear(struct http_common *common)
{
    (void)common;
}

int32_t http_pace_join(struct http_pace **out, struct qetl_env env,
                       const struct http_origin *origin, double per_second)
{
    static const struct http_common_class class = {
        .size = sizeof(struct http_pace), .make = pace_make, .clear = pace_clear};
    struct http_common *common = NULL;
    struct http_key key;
    *out = NULL;
    if (per_second <= 0)
        return QETL_OK;
    if (!http_key_begin(&key, "pace"))
        return qetl_fail(env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for requests over HTTP");
    fprintf(key.out, "%s %d %d %.17g\n", origin->host, origin->port, origin->tls, per_second);
    http_key_option(&key, env, "/auth");
    int32_t status = http_common_join(&key, &class, env, &per_second, &common);
    *out = (struct http_pace *)common;
    return status;
}

void http_pace_leave(struct http_pace *pace)
{
    http_common_leave(pace ? &pace->common : NULL);
}

static int64_t take(struct http_pace *pace, int64_t now_ns)
{
    if (pace->due_ns == INT64_MIN) /* the first: there is nothing to make up for */
        pace->due_ns = now_ns;
    if (pace->due_ns > now_ns)
        return pace->due_ns - now_ns;
    if (pace->due_ns < now_ns - BURST_NS)
        pace->due_ns = now_ns - BURST_NS;
    pace->due_ns += pace->step_ns;
    return 0;
}

int64_t http_pace_take(struct http_pace *pace, int64_t now_ns)
{
    if (!pace || !pace->step_ns)
        return 0;
    pthread_mutex_lock(&pace->common.lock);
    int64_t wait = take(pace, now_ns);
    pthread_mutex_unlock(&pace->common.lock);
    return wait;
}
