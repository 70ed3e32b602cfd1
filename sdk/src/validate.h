/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two halves of validation: an array's shape, and what its buffers hold.
 *
 * Invariant: values are looked at only after the shape was found right.
 * Ownership: the message is the caller's.
 * Threads:   any.
 */
#ifndef QETL_SDK_VALIDATE_H
#define QETL_SDK_VALIDATE_H

#include "internal.h"

enum { QETL_SDK_ALIGNMENT = 16 };

/* Where in the tree we are, and where the message goes. */
struct qetl_sdk_finding {
    char path[256];
    char *message;
    size_t size;
};

int32_t qetl_sdk_invalid(const struct qetl_sdk_finding *at, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int32_t qetl_sdk_validate_values(const struct qetl_column *c, const struct qetl_sdk_type *type,
                                 const struct qetl_sdk_finding *at);
int32_t qetl_sdk_validate_indices(const struct ArrowSchema *schema,
                                  const struct qetl_sdk_type *type, const struct ArrowArray *array,
                                  const struct qetl_sdk_finding *at);

#endif
