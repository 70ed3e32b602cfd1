/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shortest decimals of binary floating-point numbers.
 *
 * Invariant: strtod reads the same number; no shorter decimal does; no equally short one is nearer.
 * Ownership: the caller's buffer.
 * Threads:   any.
 */
#ifndef QETL_SDK_REAL_H
#define QETL_SDK_REAL_H

#include "internal.h"

enum { QETL_SDK_POWER_MIN = -292, QETL_SDK_POWER_MAX = 324, QETL_SDK_REAL_MAX = 32 };

struct qetl_sdk_u128 {
    uint64_t high, low;
};
extern const struct qetl_sdk_u128 qetl_sdk_powers[QETL_SDK_POWER_MAX - QETL_SDK_POWER_MIN + 1];

/* Neither terminates its text; both answer the place behind it. */
char *qetl_sdk_real_write(double value, char out[QETL_SDK_REAL_MAX]);
char *qetl_sdk_float_write(float value, char out[QETL_SDK_REAL_MAX]);

#endif
