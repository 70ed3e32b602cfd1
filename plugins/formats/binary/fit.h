/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How well a layout fits a file: by bytes that must be there, by its size, by what its fields hold.
 *
 * Invariant: 0 says that it does not fit; more bits of evidence give a higher figure.
 * Ownership: none.
 * Threads:   pure.
 */
#ifndef QETL_BINARY_FIT_H
#define QETL_BINARY_FIT_H

#include "layout.h"

double binary_layout_fit(const struct binary_layout *layout, const struct qetl_sample *sample);

#endif
