/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every request of a component has in common: method, URL, headers and body, from the options.
 *
 * Invariant: no header can begin another one.
 * Ownership: owns what it made of the options.
 * Threads:   immutable once read.
 */
#ifndef HTTP_ASKING_H
#define HTTP_ASKING_H

#include "client.h"

struct asking {
    const char *method;
    char *url; /* of the option, with the parameters of `query` */
    struct curl_slist *headers;
    char *body; /* NULL: none */
    size_t body_size;
    const char *content_type;
};

/* OK, or a failure that was reported. config: as create got it. */
int32_t asking_read(struct asking *, struct qetl_env, const char *config);
void asking_free(struct asking *);
/* For this URL, which is lent as everything is. */
struct http_request asking_request(const struct asking *, const char *url);

/* Parameters whose names begin with a slash are JSON pointers into the body. */
bool asking_in_body(const char *param);
/* OK, or CONFIG, reported: such a value stands nowhere in the body. */
int32_t asking_body_check(const struct asking *, struct qetl_env, const char *option,
                          const char *param);
/* The body with that value replaced by another, as JSON; to be freed. NULL: no memory. */
char *asking_body_set(const char *body, const char *param, const char *json);

#endif
