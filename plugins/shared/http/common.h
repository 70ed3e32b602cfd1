/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What clients of one process have in common, as the streams of one source do: found by a key that
 * says in what they agree.
 *
 * Invariant: there is one for each key, as long as somebody uses it, or it is worth keeping.
 * Ownership: whoever joins leaves again; the last one frees it.
 * Threads:   join and leave any; what it is embedded in has the lock.
 */
#ifndef HTTP_COMMON_H
#define HTTP_COMMON_H

#include "sign.h"

#include <qetl/sdk.h>

#include <pthread.h>
#include <stdio.h>

struct http_common;

struct http_common_class {
    size_t size; /* of what begins with the struct below; it is zeroed */
    int32_t (*make)(struct http_common *, struct qetl_env, const void *arg);
    /* Nobody uses it any more. Whether it is kept all the same, until the library goes. NULL: no */
    bool (*rest)(struct http_common *);
    void (*clear)(struct http_common *); /* also of what `make` could not finish */
};

struct http_common {
    const struct http_common_class *class;
    struct http_common *next;
    pthread_mutex_t lock;
    char key[SIGN_HEX];
    int64_t users;
};

/* What a key is made of: options, at any depth. */
struct http_key {
    FILE *out;
    char *text;
    size_t size;
};
/* false: no memory; else to be ended by one of the two below, which frees it. */
bool http_key_begin(struct http_key *, const char *what);
void http_key_option(struct http_key *, struct qetl_env, const char *pointer);

/* OK, or a failure that was reported. It joins the one with this key, or makes it. */
int32_t http_common_join(struct http_key *, const struct http_common_class *, struct qetl_env,
                         const void *arg, struct http_common **out);
void http_common_leave(struct http_common *); /* accepts NULL */

#endif
