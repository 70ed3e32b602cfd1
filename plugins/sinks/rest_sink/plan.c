/* SPDX-License-Identifier: Apache-2.0 */
#include "plan.h"
#include "../../shared/http/headers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_USUAL = 500 };

static const char *const types[] = {
    [BODY_OBJECT] = "application/json",
    [BODY_ARRAY] = "application/json",
    [BODY_NDJSON] = "application/x-ndjson",
    [BODY_FORM] = "application/x-www-form-urlencoded",
    [BODY_NONE] = NULL,
};

static const struct qetl_option_field fields[] = {
    {"/url", QETL_OPTION_TEXT, offsetof(struct plan, url), NULL, NULL},
    {"/method", QETL_OPTION_TEXT, offsetof(struct plan, method), "POST", "POST|PUT|PATCH|DELETE"},
    {"/body", QETL_OPTION_WORD, offsetof(struct plan, body), "object",
     "object|array|ndjson|form|none"},
    {"/rows_per_request", QETL_OPTION_INT, offsetof(struct plan, rows_most), "0", "0..100000"},
    {"/max_request_bytes", QETL_OPTION_INT, offsetof(struct plan, bytes_most), "4194304", "1.."},
    {"/concurrency", QETL_OPTION_INT, offsetof(struct plan, concurrency), "1", "1..64"},
    {"/idempotency/key", QETL_OPTION_WORD, offsetof(struct plan, key), "none", "none|row|column"},
    {"/idempotency/header", QETL_OPTION_TEXT, offsetof(struct plan, key_header), "Idempotency-Key",
     NULL},
};

static int32_t no_memory(const struct plan *p)
{
    return qetl_fail(p->env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for requests");
}

/* ---- reading ---- */

/* A value of a row chooses a path or a parameter, never whom it goes to. */
static int32_t origin_read(struct plan *p)
{
    const char *host = strstr(p->url, "://");
    size_t size = host ? (size_t)(host + 3 - p->url) : 0;
    size += strcspn(p->url + size, "/?#");
    if (memchr(p->url, '{', size))
        return qetl_fail(p->env, QETL_E_CONFIG, "/url", "put {column} behind the host",
                         "a row cannot say which host it goes to");
    p->origin = strndup(p->url, size);
    return p->origin ? QETL_OK : no_memory(p);
}

static int32_t several_check(struct plan *p)
{
    bool several = plan_has_several(p);
    if (!p->rows_most)
        p->rows_most = several ? ROWS_USUAL : 1;
    if (p->rows_most > 1 && !several)
        return qetl_fail(p->env, QETL_E_CONFIG, "/rows_per_request",
                         "set body to array or ndjson, which hold several",
                         "a body of this kind holds one row");
    if (qetl_option_given(p->env, "/envelope") && p->body != BODY_ARRAY)
        return qetl_fail(p->env, QETL_E_CONFIG, "/envelope", "set body to array",
                         "an envelope is around an array of rows");
    if (qetl_option_given(p->env, "/answer") && !several)
        return qetl_fail(p->env, QETL_E_CONFIG, "/answer", "leave it out",
                         "one row has the status of its request");
    if (qetl_option_given(p->env, "/template") && (p->body == BODY_FORM || p->body == BODY_NONE))
        return qetl_fail(p->env, QETL_E_CONFIG, "/template", "set body to object, array or ndjson",
                         "a template is JSON, which this body is not");
    return QETL_OK;
}

static int32_t key_check(const struct plan *p)
{
    if (p->key == KEY_COLUMN && !qetl_option_given(p->env, "/idempotency/column"))
        return qetl_fail(p->env, QETL_E_CONFIG, "/idempotency", "name it as `column`",
                         "it does not say which column has the key");
    if (p->key != KEY_COLUMN && qetl_option_given(p->env, "/idempotency/column"))
        return qetl_fail(p->env, QETL_E_CONFIG, "/idempotency/column", "set key: column",
                         "a column stands there which is not the key");
    if (p->key == KEY_COLUMN && p->rows_most > 1)
        return qetl_fail(p->env, QETL_E_CONFIG, "/idempotency/key",
                         "send one row at a time, or set key: row",
                         "a request of several rows has no one column's value");
    return http_header_check(p->env, "/idempotency/header", p->key_header, "");
}

int32_t plan_read(struct plan *p, struct qetl_env env, const char *config)
{
    *p = (struct plan){.env = env, .key_column = -1};
    int32_t status = qetl_options_read(env, fields, sizeof fields / sizeof *fields, p);
    bool has_type = false;
    if (!status)
        status = origin_read(p);
    if (!status)
        status = several_check(p);
    if (!status)
        status = key_check(p);
    if (!status)
        status = http_headers_read(env, "/headers", &p->headers, &has_type);
    p->content_type = has_type ? NULL : types[p->body];
    if (!status && !(p->config = json_loads(config, 0, NULL)))
        status = no_memory(p);
    return status;
}

void plan_free(struct plan *p)
{
    template_free(&p->address);
    template_free(&p->element);
    template_free(&p->envelope);
    curl_slist_free_all(p->headers);
    json_decref(p->config);
    free(p->origin);
    free(p->order);
    *p = (struct plan){0};
}

/* ---- binding ---- */

static int32_t column_named(const struct plan *p, const struct ArrowSchema *schema,
                            const char *pointer, int64_t *column)
{
    *column = qetl_schema_require(p->env, schema, pointer, qetl_option_text(p->env, pointer));
    return *column < 0 ? (int32_t)*column : QETL_OK;
}

/* order_by; or else the columns in the URL, as rows with one URL are about one thing. */
static int32_t order_bind(struct plan *p, const struct ArrowSchema *schema)
{
    int64_t n = qetl_option_count(p->env, "/order_by");
    int32_t status = QETL_OK;
    p->order = calloc((size_t)(n > 0 ? n : 1) + p->address.n, sizeof *p->order);
    p->n_order = 0;
    if (!p->order)
        return no_memory(p);
    if (qetl_option_text(p->env, "/order_by"))
        return column_named(p, schema, "/order_by", &p->order[p->n_order++]);
    for (int64_t i = 0; i < n && !status; i++) {
        char pointer[40];
        snprintf(pointer, sizeof pointer, "/order_by/%lld", (long long)i);
        status = column_named(p, schema, pointer, &p->order[p->n_order++]);
    }
    for (size_t i = 0; i < p->address.n && n < 0; i++)
        if (p->address.parts[i].kind == PART_URL)
            p->order[p->n_order++] = p->address.parts[i].column;
    return status;
}

/* A list is several lines of NDJSON; whatever else stands there is one. */
static int32_t element_bind(struct plan *p, const struct ArrowSchema *schema)
{
    const json_t *value = json_object_get(p->config, "template"), *line;
    size_t i;
    int32_t status = QETL_OK;
    if (!value || json_is_null(value))
        return QETL_OK;
    if (p->body != BODY_NDJSON || !json_is_array(value))
        return template_json(&p->element, p->env, schema, "/template", value, "row");
    json_array_foreach (value, i, line) {
        if (!status && i)
            status = template_literal(&p->element, p->env, "\n");
        if (!status)
            status = template_json(&p->element, p->env, schema, "/template", line, "row");
    }
    return status;
}

static int32_t envelope_bind(struct plan *p)
{
    const struct ArrowSchema none = {.format = "+s"};
    const json_t *value = json_object_get(p->config, "envelope");
    if (!value || json_is_null(value))
        return QETL_OK;
    int32_t status = template_json(&p->envelope, p->env, &none, "/envelope", value, "rows");
    for (size_t i = 0; i < p->envelope.n && !status; i++)
        if (p->envelope.parts[i].kind == PART_ROWS)
            return QETL_OK;
    return status ? status
                  : qetl_fail(p->env, QETL_E_CONFIG, "/envelope",
                              "write {records: \"{rows}\"}, say", "{rows} does not stand in it");
}

int32_t plan_bind(struct plan *p, const struct ArrowSchema *schema)
{
    template_free(&p->address);
    template_free(&p->element);
    template_free(&p->envelope);
    free(p->order);
    p->order = NULL;
    int32_t status = template_url(&p->address, p->env, schema, "/url");
    if (!status && p->address.has_columns && p->rows_most > 1)
        status = qetl_fail(p->env, QETL_E_CONFIG, "/url",
                           "leave the columns out of it, or send one row at a time",
                           "rows of one request cannot have a URL each");
    if (!status)
        status = element_bind(p, schema);
    if (!status)
        status = envelope_bind(p);
    if (!status && p->key == KEY_COLUMN)
        status = column_named(p, schema, "/idempotency/column", &p->key_column);
    return status ? status : order_bind(p, schema);
}

/* ---- statuses ---- */

static bool is_listed(const struct plan *p, const char *list, long status)
{
    int64_t n = qetl_option_count(p->env, list);
    for (int64_t i = 0; i < n; i++) {
        char pointer[40];
        snprintf(pointer, sizeof pointer, "%s/%lld", list, (long long)i);
        if (qetl_option_int(p->env, pointer) == status)
            return true;
    }
    return false;
}

bool plan_accepts(const struct plan *p, long status)
{
    return is_listed(p, "/accept", status);
}

bool plan_rejects(const struct plan *p, long status)
{
    static const long usual[] = {400, 409, 410, 412, 413, 414, 422, 424};
    if (qetl_option_given(p->env, "/reject"))
        return is_listed(p, "/reject", status);
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (usual[i] == status)
            return true;
    return status == 404 && p->address.has_columns; /* what this row is about is not there */
}
