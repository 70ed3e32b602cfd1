/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many connections more the server has for this role.
 *
 * Invariant: it is what the limits of the role, the database and the server leave now; others may
 *            take them meanwhile.
 * Ownership: nothing is kept.
 * Threads:   [control].
 */
#ifndef POSTGRES_SOURCE_ROOM_H
#define POSTGRES_SOURCE_ROOM_H

#include "../../shared/postgres/session.h"

/* *limit: which of them leaves the least. */
int32_t room_read(struct pg_session *, int64_t *more, char *limit, size_t size);

#endif
