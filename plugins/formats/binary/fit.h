/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How well a layout fits a file: by bytes that must be there, by its size, by what its fields hold.
 *
 * Invariant: zeros say that it does not fit; more bits of evidence give higher figures.
 * Ownership: none.
 * Threads:   pure.
 */
#ifndef QETL_BINARY_FIT_H
#define QETL_BINARY_FIT_H

#include "layout.h"

struct binary_fit {
    double sure; /* bits that the header alone tells; 0: too few to go by */
    double bits; /* all of them */
};

struct binary_fit binary_layout_fit(const struct binary_layout *layout,
                                    const struct qetl_sample *sample);

#endif
