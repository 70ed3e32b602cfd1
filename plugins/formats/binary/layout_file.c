/* SPDX-License-Identifier: Apache-2.0 */
#include "layout.h"

int32_t binary_layout_load(struct qetl_env env, const char *path, struct binary_layout *out)
{
    (void)out;
    return qetl_fail(env, QETL_E_CONFIG, "/layout", NULL, "cannot read %s", path);
}
