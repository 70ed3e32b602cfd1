/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a database has to be read: its tables and views.
 *
 * Invariant: it is opened for reading alone. Ownership: none. Threads: control.
 */
#ifndef SQLITE_SOURCE_DISCOVER_H
#define SQLITE_SOURCE_DISCOVER_H

#include "database.h"

#include <qetl/conns.h>

typedef int32_t discover_found(void *stream, const struct qetl_discovered *);

int32_t discover(struct database *, void *stream, discover_found *found);

#endif
