/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a declaration says of a column's type.
 *
 * Invariant: where it says too little (SQLite minds few words), the answer is no, and values have
 * to tell. Ownership: the caller's field. Threads: any.
 */
#ifndef SQLITE_SOURCE_DECLARED_H
#define SQLITE_SOURCE_DECLARED_H

#include <qetl/sdk.h>

/* declared NULL: nothing was. UNSUPPORTED: values have to tell. */
int32_t declared_field(const char *declared, const char *name, struct ArrowSchema *out);

#endif
