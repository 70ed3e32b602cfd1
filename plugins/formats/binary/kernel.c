/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels of this build, and the one that this machine runs best. */
#include "kernel.h"

const struct binary_kernel *const binary_kernels[] = {
#if defined(__x86_64__)
    &binary_kernel_avx512,
    &binary_kernel_avx2,
#endif
    &binary_kernel_portable,
};
const int binary_kernels_count = (int)(sizeof binary_kernels / sizeof *binary_kernels);

const struct binary_kernel *binary_kernel_best(void)
{
    int i = 0;

    while (!binary_kernels[i]->usable())
        i++;
    return binary_kernels[i];
}
