/* SPDX-License-Identifier: Apache-2.0 */
#include "parcel.h"
#include "../../shared/http/headers.h"
#include "../../shared/rest/bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct parcel *parcel_new(int lane, const int32_t *rows, int64_t n)
{
    struct parcel *p = calloc(1, sizeof *p + (size_t)n * sizeof *p->rows);
    if (!p)
        return NULL;
    p->lane = lane;
    p->n = n;
    p->url = p->body = bytes_none();
    memcpy(p->rows, rows, (size_t)n * sizeof *rows);
    return p;
}

void parcel_reset(struct parcel *p)
{
    http_end(p->exchange);
    p->exchange = NULL;
    curl_slist_free_all(p->headers);
    p->headers = NULL;
    bytes_free(&p->url);
    bytes_free(&p->body);
    p->state = PARCEL_WAITS;
}

void parcel_free(struct parcel *p)
{
    if (!p)
        return;
    parcel_reset(p);
    free(p);
}

static int32_t no_memory(const struct sending *s)
{
    return qetl_fail(s->env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for a request");
}

/* ---- the body ---- */

/* NDJSON is a line each; a column that holds JSON may have line ends between its words. */
static void lines_join(struct qetl_space *out, int64_t begin)
{
    for (int64_t i = begin; i < out->size; i++)
        if (out->data[i] == '\n' || out->data[i] == '\r')
            out->data[i] = ' ';
}

static int32_t element_put(const struct sending *s, int64_t row, struct qetl_space *out)
{
    const struct template *t = &s->plan->element;
    int64_t begin = out->size, lacks;
    bool lines = s->plan->body == BODY_NDJSON;
    int32_t status = QETL_OK;
    if (!t->n)
        status = rows_put(s->rows, row, out);
    for (size_t i = 0; i < t->n && !status; i++) {
        struct template part = {.parts = &t->parts[i], .n = 1};
        begin = out->size;
        status = template_fill(&part, s->rows, row, NULL, out, &lacks);
        if (!status && lines && t->parts[i].kind != PART_LITERAL)
            lines_join(out, begin);
    }
    if (!t->n && lines && !status)
        lines_join(out, begin);
    return status;
}

static int32_t form_put(const struct sending *s, int64_t row, struct qetl_space *out)
{
    const struct rows *r = s->rows;
    struct qetl_space text = bytes_none();
    int32_t status = QETL_OK;
    for (int64_t c = 0; c < r->chosen.n_children && !status; c++) {
        const char *name = r->chosen.children[c]->name;
        if (rows_is_null(r, row, r->places[c]))
            continue;
        text.size = 0;
        status = bytes_put(out, out->size ? "&" : "");
        if (!status)
            status = bytes_put_encoded(out, (const uint8_t *)name, (int64_t)strlen(name));
        if (!status)
            status = bytes_put(out, "=");
        if (!status)
            status = rows_put_text(r, row, r->places[c], &text);
        if (!status)
            status = bytes_put_encoded(out, text.data, text.size);
    }
    bytes_free(&text);
    return status;
}

static const char *separator(const struct plan *plan, int64_t i)
{
    return plan->body == BODY_ARRAY ? (i ? "," : "[") : "";
}

/* Rows until there are enough bytes; *n: how many. */
static int32_t list_put(const struct parcel *p, const struct sending *s, struct qetl_space *out,
                        int64_t *n)
{
    int32_t status = QETL_OK;
    for (*n = 0; *n < p->n && !status; ++*n) {
        int64_t before = out->size;
        status = bytes_put(out, separator(s->plan, *n));
        if (!status)
            status = element_put(s, p->rows[*n], out);
        if (!status && s->plan->body == BODY_NDJSON)
            status = bytes_put(out, "\n");
        if (!status && *n && out->size > s->plan->bytes_most) {
            out->size = before;
            break;
        }
    }
    return !status && s->plan->body == BODY_ARRAY ? bytes_put(out, "]") : status;
}

static int32_t several_put(struct parcel *p, const struct sending *s, int64_t *n)
{
    const struct template *envelope = &s->plan->envelope;
    if (!envelope->n)
        return list_put(p, s, &p->body, n);
    struct qetl_space list = bytes_none();
    int64_t lacks;
    int32_t status = list_put(p, s, &list, n);
    if (!status)
        status = template_fill(envelope, s->rows, 0, &list, &p->body, &lacks);
    bytes_free(&list);
    return status;
}

static int32_t body_make(struct parcel *p, const struct sending *s, int64_t *n)
{
    *n = 1;
    switch (s->plan->body) {
    case BODY_OBJECT:
        return element_put(s, p->rows[0], &p->body);
    case BODY_FORM:
        return form_put(s, p->rows[0], &p->body);
    case BODY_NONE:
        return QETL_OK;
    default:
        return several_put(p, s, n);
    }
}

/* ---- headers ---- */

static int32_t header_copy(struct parcel *p, const struct sending *s, const char *header)
{
    struct curl_slist *longer = curl_slist_append(p->headers, header);
    if (!longer)
        return no_memory(s);
    p->headers = longer;
    return QETL_OK;
}

/* The row's number in the run, and what it holds: should rows come in another order the next time,
 * none is taken for another. */
static int32_t key_make(const struct parcel *p, struct sending *s, struct qetl_space *key)
{
    char text[96];
    uint64_t hash = 0;
    if (s->plan->key == KEY_COLUMN)
        return rows_put_text(s->rows, p->rows[0], s->plan->key_column, key);
    for (int64_t i = 0; i < p->n; i++)
        hash = hash * UINT64_C(0x9e3779b97f4a7c15) + rows_hash(s->rows, p->rows[i], &s->scratch);
    snprintf(text, sizeof text, "%s-%" PRId64 "-%" PRId64 "-%016" PRIx64, s->run,
             s->first_row + p->rows[0], p->n, hash);
    return bytes_put(key, text);
}

static int32_t headers_make(struct parcel *p, struct sending *s, struct reason *why)
{
    int32_t status = QETL_OK;
    struct qetl_space key = bytes_none();
    for (const struct curl_slist *h = s->plan->headers; h && !status; h = h->next)
        status = header_copy(p, s, h->data);
    if (status || s->plan->key == KEY_NONE)
        return status;
    const char *text = key_make(p, s, &key) ? NULL : bytes_text(&key);
    bool fits = text && key.size && key.size <= 255;
    for (const char *c = text; fits && *c; c++)
        fits = (unsigned char)*c > 0x20 && (unsigned char)*c < 0x7f;
    if (!text) {
        status = no_memory(s);
    } else if (!fits) {
        *why = (struct reason){"bad_key", "what it has as its idempotency key can be no header"};
        status = QETL_E_ROW;
    } else {
        status = http_header_add(s->env, "/idempotency", s->plan->key_header, text, &p->headers);
    }
    bytes_free(&key);
    return status;
}

/* ---- the request ---- */

static int32_t url_make(struct parcel *p, struct sending *s, struct reason *why)
{
    int64_t lacks;
    int32_t status = template_fill(&s->plan->address, s->rows, p->rows[0], NULL, &p->url, &lacks);
    if (status == QETL_E_ROW && lacks >= 0) {
        *why = (struct reason){.code = "no_value"};
        snprintf(why->message, sizeof why->message,
                 "the URL needs a value of `%.100s`, which it has none of",
                 s->rows->all.children[lacks]->name);
    } else if (status == QETL_E_ROW) {
        *why = (struct reason){"bad_url",
                               "its URL would have . or .. for a name, which leads elsewhere"};
    }
    return status == QETL_OK && !bytes_text(&p->url) ? QETL_E_NO_MEMORY : status;
}

int32_t parcel_begin(struct parcel *p, struct sending *s, struct parcel **rest, struct reason *why)
{
    int64_t n = p->n;
    *rest = NULL;
    parcel_reset(p);
    int32_t status = url_make(p, s, why);
    if (!status)
        status = body_make(p, s, &n);
    if (!status && n < p->n) {
        *rest = parcel_new(p->lane, p->rows + n, p->n - n);
        status = *rest ? QETL_OK : QETL_E_NO_MEMORY;
        p->n = *rest ? n : p->n;
    }
    if (status == QETL_E_NO_MEMORY || status == QETL_E_ROW)
        return status == QETL_E_ROW ? status : no_memory(s);
    if (status)
        return qetl_fail(s->env, status, NULL, NULL, "a row cannot be written as JSON");
    status = headers_make(p, s, why);
    if (status)
        return status;
    bool none = s->plan->body == BODY_NONE && strcmp(s->plan->method, "DELETE") == 0;
    struct http_request request = {.method = s->plan->method,
                                   .url = (const char *)p->url.data,
                                   .headers = p->headers,
                                   .content_type = s->plan->content_type,
                                   .body = none           ? NULL
                                           : p->body.size ? (char *)p->body.data
                                                          : "",
                                   .body_size = (size_t)p->body.size};
    p->exchange = http_begin(s->client, &request);
    if (!p->exchange)
        return no_memory(s);
    p->state = PARCEL_RUNS;
    return QETL_OK;
}
