/* SPDX-License-Identifier: Apache-2.0 */
/* Which kernels this machine gets. */
#include "encoder.h"
#include "kernels.h"

const struct csv_kernel *const csv_kernels[] = {
#if defined(__x86_64__)
    &csv_kernel_avx512,
    &csv_kernel_avx2,
#endif
    &csv_kernel_portable,
};

const struct csv_rows_kernel *const csv_rows_kernels[] = {
#if defined(__x86_64__)
    &csv_rows_avx512,
#endif
    &csv_rows_portable,
};

const int csv_rows_kernels_count = sizeof csv_rows_kernels / sizeof csv_rows_kernels[0];

const int csv_kernels_count = sizeof csv_kernels / sizeof csv_kernels[0];

const struct csv_kernel *csv_kernel_best(void)
{
    int i = 0;

    while (!csv_kernels[i]->usable())
        i++;
    return csv_kernels[i];
}
