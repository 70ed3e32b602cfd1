/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bind of a watched transform: the binder that it is given tells what it says.
 *
 * Invariant: each call reaches the host's own binder, with the same answer.
 * Ownership: as plugin.h says of bind.
 * Threads:   [control]
 */
#ifndef QETL_CORE_BORDER_BINDER_H
#define QETL_CORE_BORDER_BINDER_H

#include "border_internal.h"

int32_t qetl_border_bind(void *self, uint32_t n_inputs, const struct ArrowSchema *const *inputs,
                         struct qetl_binder *);

#endif
