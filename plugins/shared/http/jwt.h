/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed claims of who asks (RFC 7519): JSON Web Tokens by RS256, ES256 or HS256.
 *
 * Invariant: each one is good for a short while, and no two are the same.
 * Ownership: owns its key.
 * Threads:   immutable once read.
 */
#ifndef HTTP_JWT_H
#define HTTP_JWT_H

#include "sign.h"

#include <qetl/sdk.h>

struct http_jwt {
    const char *algorithm, *secret, *issuer, *subject, *audience, *scope, *key_id;
    int64_t lifetime_s;
    struct sign_key *key; /* NULL: HS256 */
};

/* From the option `auth`, whose kind is jwt and whose words are right. OK, or a failure that was
 * reported. */
int32_t http_jwt_read(struct http_jwt *, struct qetl_env);
void http_jwt_free(struct http_jwt *);
/* To be freed. NULL: no memory. */
char *http_jwt_make(const struct http_jwt *, int64_t now_s);

#endif
