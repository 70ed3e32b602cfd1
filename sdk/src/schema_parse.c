/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of a batch, as SQL writes them. */
#include "internal.h"

#include <stdio.h>

int32_t qetl_schema_parse(const char *columns, struct ArrowSchema *out)
{
    char *type = NULL;
    int32_t status;
    if (asprintf(&type, "struct(%s)", columns) < 0)
        return QETL_E_NO_MEMORY;
    status = qetl_type_field(type, "", out);
    free(type);
    if (!status)
        out->flags &= ~ARROW_FLAG_NULLABLE;
    return status;
}
