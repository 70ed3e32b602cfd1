/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ways of looking at views apart, so that tests can hold them against each other.
 *
 * Invariant: what one calls plain is plain; how many they find is their own.
 * Ownership: constants.
 * Threads:   any; one runs only where usable() says so.
 */
#ifndef QETL_SDK_VIEWS_H
#define QETL_SDK_VIEWS_H

#include "internal.h"

struct qetl_sdk_views {
    const char *name;
    bool (*usable)(void);
    uint64_t (*texts)(const uint8_t *views, int64_t n);
    uint64_t (*numbers)(const uint8_t *views, int64_t n, int32_t whole, int32_t fraction);
};

/* Best first; the last is of every machine. */
enum { QETL_SDK_VIEWS_KINDS = 3 };
extern const struct qetl_sdk_views *const qetl_sdk_views_kinds[QETL_SDK_VIEWS_KINDS];
extern const struct qetl_sdk_views qetl_sdk_views_avx2, qetl_sdk_views_avx512;

#endif
