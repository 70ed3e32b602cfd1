/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Base64 (RFC 4648, with padding) of bytes that are no text.
 *
 * Invariant: none.
 * Ownership: the caller frees the answer; NULL without memory.
 * Threads:   any.
 */
#ifndef QETL_CORE_BASE64_H
#define QETL_CORE_BASE64_H

#include <stddef.h>
#include <stdint.h>

char *qetl_base64(const uint8_t *bytes, size_t size);

#endif
