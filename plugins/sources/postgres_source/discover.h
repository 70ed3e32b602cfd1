/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a database offers: tables, views, and what is read like them.
 *
 * Invariant: nothing is changed; what this user may not read is told with the reason.
 * Ownership: what is told is lent.
 * Threads:   control.
 */
#ifndef POSTGRES_SOURCE_DISCOVER_H
#define POSTGRES_SOURCE_DISCOVER_H

#include "../../shared/postgres/session.h"

#include <qetl/conns.h>

typedef int32_t discover_found(void *stream, const struct qetl_discovered *);

/* Of the schema that the options name, else of all. The session is closed then. */
int32_t discover(struct pg_session *, void *stream, discover_found *found);

#endif
