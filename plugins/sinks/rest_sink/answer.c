/* SPDX-License-Identifier: Apache-2.0 */
#include "answer.h"
#include "../../shared/rest/pointer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct qetl_option_field fields[] = {
    {"/answer/rows", QETL_OPTION_TEXT, offsetof(struct answer, rows), "", NULL},
    {"/answer/index", QETL_OPTION_TEXT, offsetof(struct answer, index), "", NULL},
    {"/answer/status", QETL_OPTION_TEXT, offsetof(struct answer, status), "", NULL},
    {"/answer/error", QETL_OPTION_TEXT, offsetof(struct answer, error), "", NULL},
};

struct reading {
    const struct answer *answer;
    const struct plan *plan;
    const char *url;
};

int32_t answer_options(struct answer *a, struct qetl_env env)
{
    int32_t status = qetl_options_read(env, fields, sizeof fields / sizeof *fields, a);
    if (!status && qetl_option_given(env, "/answer") && !*a->status && !*a->error)
        status = qetl_fail(env, QETL_E_CONFIG, "/answer", "name `status`, or `error`",
                           "it does not say how a row that was refused is known");
    return status;
}

/* ---- verdicts ---- */

static bool is_nothing(const json_t *value)
{
    return !value || json_is_null(value) || json_is_false(value) ||
           (json_is_string(value) && !*json_string_value(value)) ||
           (json_is_array(value) && !json_array_size(value)) ||
           (json_is_object(value) && !json_object_size(value));
}

static long number_of(const json_t *value)
{
    if (json_is_string(value)) /* "201", or "201 Created" */
        return strtol(json_string_value(value), NULL, 10);
    return json_is_number(value) ? (long)json_number_value(value) : 0;
}

static int32_t fail(const struct reading *r, const char *option, const char *format,
                    const char *pointer, long long a, long long b)
{
    char why[200];
    snprintf(why, sizeof why, format, pointer, a, b);
    return qetl_fail(r->plan->env, QETL_E_DATA, option, "see what the server answers with curl",
                     "%s %.300s: %s", r->plan->method, r->url, why);
}

static int32_t no_memory(const struct reading *r)
{
    return qetl_fail(r->plan->env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for an answer");
}

static enum verdict_kind kind_of(const struct plan *plan, long status)
{
    if ((status >= 200 && status < 300) || plan_accepts(plan, status))
        return VERDICT_DONE;
    return status == 408 || status == 429 || status >= 500 ? VERDICT_AGAIN : VERDICT_REFUSED;
}

/* listed: that it stands there at all says that it was refused, unless its status says otherwise.
 */
static int32_t verdict_read(const struct reading *r, const json_t *element, bool listed,
                            struct verdict *v)
{
    const struct answer *a = r->answer;
    const json_t *error = *a->error ? rest_value_at(element, a->error) : NULL;
    v->status = *a->status ? number_of(rest_value_at(element, a->status)) : 0;
    bool bad = listed || !is_nothing(error);
    v->kind = v->status ? kind_of(r->plan, v->status) : bad ? VERDICT_REFUSED : VERDICT_DONE;
    if (!v->status && !bad && *a->status)
        return fail(r, "/answer/status", "no status stands at %s of an element", a->status, 0, 0);
    if (v->kind == VERDICT_DONE || is_nothing(error))
        return QETL_OK;
    free(v->message);
    v->message = json_is_string(error) ? strdup(json_string_value(error))
                                       : json_dumps(error, JSON_ENCODE_ANY | JSON_COMPACT);
    return v->message ? QETL_OK : no_memory(r);
}

static int32_t list_read(const struct reading *r, const json_t *list, int64_t n,
                         struct verdict *verdicts)
{
    const struct answer *a = r->answer;
    size_t i;
    const json_t *element;
    int32_t status = QETL_OK;
    if (!*a->index && (int64_t)json_array_size(list) != n)
        return fail(r, "/answer/rows", "%s has %lld elements for %lld rows", a->rows,
                    (long long)json_array_size(list), (long long)n);
    json_array_foreach (list, i, element) {
        const json_t *index = *a->index ? rest_value_at(element, a->index) : NULL;
        int64_t row = *a->index ? json_integer_value(index) : (int64_t)i;
        if (*a->index && (!json_is_integer(index) || row < 0 || row >= n))
            return fail(r, "/answer/index", "no number of a row stands at %s of an element",
                        a->index, 0, 0);
        status = verdict_read(r, element, *a->index, &verdicts[row]);
        if (status)
            return status;
    }
    return status;
}

int32_t answer_read(const struct answer *a, const struct plan *plan, const char *url,
                    const uint8_t *body, int64_t size, int64_t n, struct verdict *verdicts)
{
    struct reading r = {a, plan, url};
    if (!qetl_option_given(plan->env, "/answer"))
        return QETL_OK;
    json_t *json = json_loadb((const char *)body, (size_t)size, JSON_DECODE_ANY, NULL);
    if (!json)
        return fail(&r, "/answer", "the answer is no JSON%s", "", 0, 0);
    const json_t *list = rest_value_at(json, a->rows);
    int32_t status = QETL_OK;
    if (json_is_array(list))
        status = list_read(&r, list, n, verdicts);
    else if (!*a->index || !is_nothing(list)) /* of those that were refused, there may be none */
        status = fail(&r, "/answer/rows", "no list stands at \"%s\"", a->rows, 0, 0);
    json_decref(json);
    return status;
}
