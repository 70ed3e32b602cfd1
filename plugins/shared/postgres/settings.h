/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom to connect to, and how: options into what libpq is told.
 *
 * Invariant: a server that is not on this machine is spoken to over TLS with its certificate
 *            verified, unless `sslmode` says otherwise.
 * Ownership: texts are the host's.
 * Threads:   none of its own; read in create.
 */
#ifndef PG_SETTINGS_H
#define PG_SETTINGS_H

#include <qetl/sdk.h>

enum { PG_SETTINGS_MAX = 24 };

struct pg_settings {
    const char *host, *database, *user, *password, *service, *passfile;
    const char *sslmode, *sslrootcert, *sslcert, *sslkey, *application_name;
    int64_t port, connect_timeout_ms, statement_timeout_ms, lock_timeout_ms;
};

int32_t pg_settings_read(struct pg_settings *, struct qetl_env);

/* What PQconnectStartParams takes; rows of both end with NULL. */
struct pg_keywords {
    const char *names[PG_SETTINGS_MAX], *values[PG_SETTINGS_MAX];
    char port[24];
};
/* false: no memory. What the options leave open is the service's, then the environment's. */
bool pg_settings_keywords(const struct pg_settings *, struct pg_keywords *);

#endif
