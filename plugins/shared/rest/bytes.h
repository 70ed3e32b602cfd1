/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that grow: what a request is made of.
 *
 * Invariant: zeroed but for reserve, it is empty.
 * Ownership: owns its memory.
 * Threads:   one at a time.
 */
#ifndef SHARED_REST_BYTES_H
#define SHARED_REST_BYTES_H

#include <qetl/sdk.h>

int32_t bytes_reserve(struct qetl_space *, int64_t n);
static inline struct qetl_space bytes_none(void)
{
    return (struct qetl_space){.reserve = bytes_reserve};
}
void bytes_free(struct qetl_space *);

int32_t bytes_put(struct qetl_space *, const char *text);
/* As what stands within the quotes of a JSON text. */
int32_t bytes_put_escaped(struct qetl_space *, const uint8_t *data, int64_t size);
/* As a part of a URL: all but letters, digits and - . _ ~ is percent-encoded. */
int32_t bytes_put_encoded(struct qetl_space *, const uint8_t *data, int64_t size);
/* A NUL behind it, which does not count: its text. NULL: no memory. */
const char *bytes_text(struct qetl_space *);

#endif
