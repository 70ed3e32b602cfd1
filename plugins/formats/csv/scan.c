/* SPDX-License-Identifier: Apache-2.0 */
/* Which structural scan this machine gets. */
#include "kernels.h"

const struct csv_kernel *const csv_kernels[] = {
#if defined(__x86_64__)
    &csv_kernel_avx512,
    &csv_kernel_avx2,
#endif
    &csv_kernel_portable,
};

const int csv_kernels_count = sizeof csv_kernels / sizeof csv_kernels[0];

const struct csv_kernel *csv_kernel_best(void)
{
    int i = 0;

    while (!csv_kernels[i]->usable())
        i++;
    return csv_kernels[i];
}
