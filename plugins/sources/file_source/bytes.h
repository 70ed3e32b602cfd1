/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers and names in a row of bytes, as splits and positions are written.
 *
 * Invariant: integers are little-endian, so that another machine reads them; a name is its length
 *            and its bytes. Ownership: names that are got point into the bytes.
 * Threads:   none of its own.
 */
#ifndef FILE_SOURCE_BYTES_H
#define FILE_SOURCE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
    uint8_t *data;
    size_t size, capacity;
};

/* false: out of memory. */
bool bytes_put_data(struct bytes *, const void *data, size_t size);
bool bytes_put_number(struct bytes *, int64_t value);
bool bytes_put_name(struct bytes *, const char *name, size_t size);
void bytes_free(struct bytes *);

struct cursor {
    const uint8_t *at, *end;
};

/* false: there are too few. */
bool cursor_number(struct cursor *, int64_t *value);
bool cursor_tag(struct cursor *, uint64_t tag); /* also false: it is another */
bool cursor_name(struct cursor *, const char **name, size_t *size);

/* Of some bytes: FNV-1a. */
enum { DIGEST_BYTES = 64 };
uint64_t digest_of(const void *data, size_t size);

#endif
