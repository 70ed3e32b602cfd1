/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types of which one holds every value of another, and more.
 *
 * Invariant: what is widened needs no rounding, and means the same.
 * Ownership: nothing is kept.
 * Threads:   any.
 */
#ifndef POSTGRES_SINK_WIDEN_H
#define POSTGRES_SINK_WIDEN_H

#include <stdbool.h>

/* As the server's format_type writes both. false: also where they are the same. */
bool widens(const char *from, const char *to);

#endif
