/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How rows become requests, from the options.
 *
 * Invariant: what does not fit together is refused before a request goes out.
 * Ownership: owns what it made; texts of options are the host's.
 * Threads:   immutable once read and bound.
 */
#ifndef REST_SINK_PLAN_H
#define REST_SINK_PLAN_H

#include "../../shared/rest/template.h"

#include <curl/curl.h>

enum plan_body { BODY_OBJECT, BODY_ARRAY, BODY_NDJSON, BODY_FORM, BODY_NONE };
enum plan_key { KEY_NONE, KEY_ROW, KEY_COLUMN };

struct plan {
    struct qetl_env env;
    json_t *config;
    const char *url, *method;
    char *origin; /* of url, up to its path */
    int32_t body; /* enum plan_body */
    int64_t rows_most, bytes_most, concurrency;
    const char *content_type; /* NULL: a header says it */
    struct curl_slist *headers;
    int32_t key; /* enum plan_key */
    const char *key_header;

    /* bound: */
    struct template address;
    struct template element, envelope; /* of no parts: the row itself, the list itself */
    int64_t key_column;
    int64_t *order; /* columns whose rows are sent one after the other */
    int64_t n_order;
};

/* OK, or a failure that was reported. config: as create got it. */
int32_t plan_read(struct plan *, struct qetl_env, const char *config);
/* For these columns. */
int32_t plan_bind(struct plan *, const struct ArrowSchema *);
void plan_free(struct plan *);

static inline bool plan_has_several(const struct plan *p)
{
    return p->body == BODY_ARRAY || p->body == BODY_NDJSON;
}
/* Of a status: the request is as good as done; the row is at fault. */
bool plan_accepts(const struct plan *, long status);
bool plan_rejects(const struct plan *, long status);

#endif
