/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What bytes are, by how they begin; names do not count.
 *
 * Invariant: a text file is never taken for anything else: tar needs a right checksum, and formats
 *            without a signature are not looked for.
 * Ownership: nothing is kept.
 * Threads:   any.
 */
#ifndef FILE_SOURCE_MAGIC_H
#define FILE_SOURCE_MAGIC_H

#include <stdbool.h>
#include <stdint.h>

enum magic {
    MAGIC_PLAIN,
    MAGIC_GZIP,
    MAGIC_BZIP2,
    MAGIC_XZ,
    MAGIC_ZSTD,
    MAGIC_LZ4,
    MAGIC_ZIP,
    MAGIC_TAR
};

enum { MAGIC_BYTES = 512 }; /* that many are always enough */

enum magic magic_of(const uint8_t *head, int64_t size);
/* More bytes could change the answer: to be asked of a head that is shorter than MAGIC_BYTES
 * because no more has arrived yet. Text settles it with its first bytes. */
bool magic_open(const uint8_t *head, int64_t size);
const char *magic_name(enum magic magic);

#endif
