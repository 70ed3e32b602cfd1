/* SPDX-License-Identifier: Apache-2.0 */
/* The answer of a plugin's entry: the highest ABI version that both sides know. */
#include "internal.h"

int32_t qetl_plugin_answer(const struct qetl_plugin *plugin, uint32_t *abi_inout,
                           const struct qetl_plugin **out)
{
    if (*abi_inout >> 16 != plugin->abi >> 16)
        return QETL_E_UNSUPPORTED;
    if (*abi_inout > plugin->abi)
        *abi_inout = plugin->abi;
    *out = plugin;
    return QETL_OK;
}
