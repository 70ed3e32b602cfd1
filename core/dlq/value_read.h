/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of dead letters read back: what data/letter_value.h wrote, or what somebody typed.
 *
 * Invariant: what was written by letter_value is read as the same value.
 * Ownership: the builder is the caller's.
 * Threads:   any.
 */
#ifndef QETL_CORE_VALUE_READ_H
#define QETL_CORE_VALUE_READ_H

#include <jansson.h>
#include <qetl/sdk.h>

/* Appends the value to a builder of the field's type. DATA: it is none of that type. */
int32_t qetl_value_read(const json_t *value, const struct ArrowSchema *field,
                        struct qetl_builder *out);

#endif
