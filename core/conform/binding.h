/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bind, with what it says of the origin of derived columns, which the host's own binder forgets.
 *
 * Invariant: derived[port][k] is the k-th derived column of a port. Ownership: the binding's.
 * Threads:   one binds at a time on a thread.
 */
#ifndef QETL_CORE_CONFORM_BINDING_H
#define QETL_CORE_CONFORM_BINDING_H

#include "bench.h"
#include "run/bind.h"

enum { CONFORM_DERIVED = 32 };

struct conform_origin {
    bool opaque;
    uint64_t inputs; /* bits of the columns of port 0 */
};

struct conform_binding {
    struct qetl_binding host;
    struct conform_origin derived[CONFORM_OUTS][CONFORM_DERIVED];
    uint32_t n_derived[CONFORM_OUTS];
    uint64_t reads[CONFORM_INPUTS]; /* bits of the columns of each port */
    uint64_t keys;                  /* HASH: bits of the columns of port 0 */
};

int32_t conform_bind(struct conform_bench *, struct conform_binding *);
void conform_binding_free(struct conform_binding *);
/* How many outputs the options name. */
uint32_t conform_outputs(const struct conform_bench *);

#endif
