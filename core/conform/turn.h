/* SPDX-License-Identifier: Apache-2.0 */
/*
 * References of a loaded library to functions of others, pointed to functions of ours: in the
 * table where the loader put them, and in pointers that the library begins with.
 *
 * Invariant: nothing else of the library is changed. Ownership: the process'; there is no way back.
 * Threads:   one, while no other calls what is turned.
 */
#ifndef QETL_CORE_CONFORM_TURN_H
#define QETL_CORE_CONFORM_TURN_H

#include <link.h>
#include <stddef.h>

typedef void conform_function(void);

struct conform_turned {
    const char *name; /* as the library asks for it */
    conform_function *function;
};

void conform_turn(const struct link_map *, const struct conform_turned *, size_t n);
/* Those of all libraries that are loaded, and of the program. 0, or -1. */
int conform_turn_all(const struct conform_turned *, size_t n);

#endif
