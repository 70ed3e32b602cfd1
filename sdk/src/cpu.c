/* SPDX-License-Identifier: Apache-2.0 */
#include <qetl/sdk.h>
#include <stdlib.h>
#include <string.h>

int qetl_cpu_allows(enum qetl_cpu level)
{
    static const char *const levels[] = {"portable", "avx2", "avx512"};
    const char *most = getenv("QETL_CPU");
    for (int i = QETL_CPU_PORTABLE; most && i < (int)level; i++)
        if (strcmp(most, levels[i]) == 0)
            return 0;
    return 1;
}
