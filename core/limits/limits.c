/* SPDX-License-Identifier: Apache-2.0 */
#include "limits.h"

#include "config/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char words[] =
    "{\"retry\":{\"description\":\"How often a call that fails for the moment (a connection that "
    "is cut, a server that is busy) is made again; false: never\",\"examples\":[{\"attempts\":10,"
    "\"budget\":\"10m\"}],\"anyOf\":[{\"const\":false},{\"type\":\"object\","
    "\"additionalProperties\":false,\"properties\":{"
    "\"attempts\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000000,\"description\":"
    "\"How often a call is made at most; left out: as long as the budget lasts\"},"
    "\"budget\":{\"type\":\"string\",\"default\":\"5m\",\"description\":\"How long after its first "
    "failure a call is made again\"},"
    "\"first\":{\"type\":\"string\",\"default\":\"200ms\",\"description\":\"The longest first "
    "wait; each next one is up to twice as long\"},"
    "\"most\":{\"type\":\"string\",\"default\":\"30s\",\"description\":\"The longest wait\"}}}]},"
    "\"breaker\":{\"description\":\"After how many failures in a row nobody calls for a while; "
    "false: never\",\"examples\":[{\"failures\":5,\"pause\":\"30s\"}],\"anyOf\":[{\"const\":false},"
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
    "\"failures\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000000,\"default\":8},"
    "\"pause\":{\"type\":\"string\",\"default\":\"30s\",\"description\":\"How long; twice as long "
    "each time that it was in vain\"},"
    "\"most\":{\"type\":\"string\",\"default\":\"5m\",\"description\":\"The longest pause\"}}}]},"
    "\"call_timeout\":{\"type\":\"string\",\"description\":\"A call into the component that takes "
    "longer is interrupted, and its epoch is repeated, as `retry` allows; left out: it may take "
    "any time\",\"examples\":[\"30s\"]},"
    "\"rate_limit\":{\"description\":\"No more than so many rows a second; or rows, bytes and "
    "calls\",\"examples\":[\"1000/s\",{\"calls\":\"10/s\",\"bytes\":\"5MiB/s\"}],\"anyOf\":["
    "{\"type\":\"string\"},{\"type\":\"object\",\"additionalProperties\":false,\"minProperties\":1,"
    "\"properties\":{\"rows\":{\"type\":\"string\"},\"bytes\":{\"type\":\"string\"},"
    "\"calls\":{\"type\":\"string\"}}}]}}";

static const int64_t SECOND_NS = 1000000000;

void qetl_limits_default(struct qetl_limits *limits)
{
    *limits = (struct qetl_limits){
        .retry = {.budget_ns = 300 * SECOND_NS,
                  .first_ns = SECOND_NS / 5,
                  .most_ns = 30 * SECOND_NS},
        .breaker = {.failures = 8, .pause_ns = 30 * SECOND_NS, .most_ns = 300 * SECOND_NS},
    };
}

json_t *qetl_limits_schema(void)
{
    return json_loads(words, 0, NULL);
}

/* ---- reading ---- */

struct reader {
    const char *wrong, *mend;
    char *pointer;
};

static void fail(struct reader *r, const char *word, const char *key, const char *wrong,
                 const char *mend)
{
    if (r->wrong)
        return;
    r->wrong = wrong;
    r->mend = mend;
    snprintf(r->pointer, 64, "%s%s%s%s", word ? "/" : "", word ? word : "", key ? "/" : "",
             key ? key : "");
}

static void take_time(struct reader *r, const json_t *in, const char *word, const char *key,
                      int64_t *ns)
{
    const json_t *value = json_object_get(in, key);
    if (!json_is_string(value))
        return;
    if (qetl_units_ns(json_string_value(value), ns))
        fail(r, word, key, "this is no length of time", "a number and its unit: 250ms, 30s, 5m");
    else if (*ns <= 0 || *ns > 365 * 86400 * SECOND_NS)
        fail(r, word, key, "it must be more than 0, and at most 365d", "for example  30s");
}

/* "1000/s", "10/m", "5MiB/s" */
static bool rate_read(const char *text, bool bytes, double *per_second)
{
    char amount[32];
    const char *slash = strchr(text, '/');
    static const char *const units = "smhd";
    static const double seconds[] = {1, 60, 3600, 86400};
    const char *unit = slash && slash[1] && !slash[2] ? strchr(units, slash[1]) : NULL;
    int64_t n;
    if (!unit || slash - text >= (ptrdiff_t)sizeof amount)
        return false;
    memcpy(amount, text, (size_t)(slash - text));
    amount[slash - text] = '\0';
    if (!bytes && strspn(amount, "0123456789") != (size_t)(slash - text))
        return false;
    if (qetl_units_bytes(amount, &n) || n <= 0)
        return false;
    *per_second = (double)n / seconds[unit - units];
    return true;
}

static void take_rate(struct reader *r, const json_t *value, const char *key, bool bytes,
                      double *per_second)
{
    if (json_is_string(value) && !rate_read(json_string_value(value), bytes, per_second))
        fail(r, "rate_limit", key, "this is no rate",
             bytes ? "bytes in a time: 5MiB/s"
                   : "a number in a second, minute, hour or day: 100/s");
}

static void take_retry(struct reader *r, const json_t *value, struct qetl_retry_policy *retry)
{
    if (json_is_false(value))
        retry->budget_ns = 0;
    if (json_is_integer(json_object_get(value, "attempts")))
        retry->attempts = (int)json_integer_value(json_object_get(value, "attempts"));
    take_time(r, value, "retry", "budget", &retry->budget_ns);
    take_time(r, value, "retry", "first", &retry->first_ns);
    take_time(r, value, "retry", "most", &retry->most_ns);
}

static void take_breaker(struct reader *r, const json_t *value, struct qetl_breaker_policy *breaker)
{
    if (json_is_false(value))
        breaker->failures = 0;
    if (json_is_integer(json_object_get(value, "failures")))
        breaker->failures = (int)json_integer_value(json_object_get(value, "failures"));
    take_time(r, value, "breaker", "pause", &breaker->pause_ns);
    take_time(r, value, "breaker", "most", &breaker->most_ns);
    if (breaker->most_ns < breaker->pause_ns)
        fail(r, "breaker", "most", "`most` must not be less than `pause`",
             "it is the longest that a pause becomes");
}

const char *qetl_limits_read(const json_t *component, struct qetl_limits *limits, char pointer[64],
                             const char **mend)
{
    struct reader r = {.pointer = pointer};
    const json_t *rate = json_object_get(component, "rate_limit");
    qetl_limits_default(limits);
    take_retry(&r, json_object_get(component, "retry"), &limits->retry);
    take_breaker(&r, json_object_get(component, "breaker"), &limits->breaker);
    take_time(&r, component, NULL, "call_timeout", &limits->call_timeout_ns);
    take_rate(&r, rate, NULL, false, &limits->rows_per_second);
    take_rate(&r, json_object_get(rate, "rows"), "rows", false, &limits->rows_per_second);
    take_rate(&r, json_object_get(rate, "bytes"), "bytes", true, &limits->bytes_per_second);
    take_rate(&r, json_object_get(rate, "calls"), "calls", false, &limits->calls_per_second);
    *mend = r.mend;
    return r.wrong;
}
