/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done for every record of a chunk with a fixed stride, once per instruction set.
 *
 * Invariant: every kernel answers what the portable one answers. Nothing is read before `from` nor
 * 64 bytes or more behind the last value. Ownership: constants. Threads:   any.
 */
#ifndef QETL_BINARY_KERNEL_H
#define QETL_BINARY_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

struct binary_strip {
    const uint8_t *from; /* of the first value */
    int64_t stride, n;
};

struct binary_kernel {
    const char *name;
    bool (*usable)(void);
    /* Values of 2, 4 and 8 bytes in the machine's order. */
    void (*gather)(struct binary_strip in, int32_t width, void *out);
    /* Whether all bytes of all values, of `width` bytes each, are below 128. */
    bool (*ascii)(struct binary_strip in, int64_t width);
    /* Arrow views of texts of `width` bytes without the NULs at their ends; `offset` is that of the
     * first in the array's only data buffer. */
    void (*views)(struct binary_strip in, int64_t width, int32_t offset, uint64_t *out);
};

extern const struct binary_kernel binary_kernel_portable, binary_kernel_avx2, binary_kernel_avx512;

/* Those of this build, best first, the portable one last. */
extern const struct binary_kernel *const binary_kernels[];
extern const int binary_kernels_count;
const struct binary_kernel *binary_kernel_best(void);

#endif
