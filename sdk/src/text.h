/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ways of validating UTF-8 apart, so that tests can hold them against each other.
 *
 * Invariant: both answer the same for all input.
 * Ownership: nothing is kept.
 * Threads:   any.
 */
#ifndef QETL_SDK_TEXT_H
#define QETL_SDK_TEXT_H

#include "internal.h"

bool qetl_sdk_utf8_valid_portable(const uint8_t *data, int64_t size);
bool qetl_sdk_utf8_valid_avx2(const uint8_t *data, int64_t size);
bool qetl_sdk_has_avx2(void);

#endif
