/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels of this build, and the one that this machine runs best. */
#include "kernel.h"

const struct ndjson_kernel *const ndjson_kernels[] = {
#if defined(__x86_64__)
    &ndjson_kernel_avx512,
    &ndjson_kernel_avx2,
#endif
    &ndjson_kernel_portable,
};
const int ndjson_kernels_count = (int)(sizeof ndjson_kernels / sizeof *ndjson_kernels);

const struct ndjson_kernel *ndjson_kernel_best(void)
{
    int i = 0;
    while (!ndjson_kernels[i]->usable())
        i++;
    return ndjson_kernels[i];
}
