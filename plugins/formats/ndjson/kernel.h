/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done once per instruction set: reading records, writing rows, looking for what must be
 * escaped.
 *
 * Invariant: every kernel answers what the portable one answers.
 * Ownership: constants.
 * Threads:   any; a kernel runs only where usable() says so.
 */
#ifndef NDJSON_KERNEL_H
#define NDJSON_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

struct ndjson_decoder;
struct ndjson_encoder;

struct ndjson_kernel {
    const char *name;
    bool (*usable)(void);
    /* Reads all records of the decoder's chunk. A QETL_ status. */
    int32_t (*walk)(struct ndjson_decoder *d);
    /* Line feeds; *ascii: no byte is over 127. */
    int64_t (*lines)(const uint8_t *data, int64_t size, bool *ascii);
    /* Copies text, escaped, to out, which has room for 6 * size + 64 bytes; nothing at or behind
     * limit is read, and size bytes are readable. Answers the end of what was written. */
    uint8_t *(*quote)(uint8_t *out, const uint8_t *data, int64_t size, const uint8_t *limit);
    /* Writes the first n rows of the encoder's batch behind its pen. After a failure the pen stands
     * behind the last whole row. A QETL_ status. */
    int32_t (*rows)(struct ndjson_encoder *e, int64_t n);
};

extern const struct ndjson_kernel ndjson_kernel_portable;
extern const struct ndjson_kernel ndjson_kernel_avx2;
extern const struct ndjson_kernel ndjson_kernel_avx512;

/* Those of this build, best first, the portable one last. */
enum { NDJSON_KERNELS_MAX = 3 };
extern const struct ndjson_kernel *const ndjson_kernels[];
extern const int ndjson_kernels_count;
const struct ndjson_kernel *ndjson_kernel_best(void);

#endif
