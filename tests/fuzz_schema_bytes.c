/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as a schema: what is accepted is written again as it was read, and printed. */
#include "state/schema_bytes.h"

#include <qetl/sdk.h>
#include <stdlib.h>
#include <string.h>

static int64_t fields(const struct ArrowSchema *schema)
{
    int64_t n = strlen(schema->format) + strlen(schema->name) ? 1 : 0;
    for (int64_t i = 0; i < schema->n_children; i++)
        n += fields(schema->children[i]);
    return schema->dictionary ? n + fields(schema->dictionary) : n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qetl_unpack unpack = qetl_unpack_from(data, size);
    struct ArrowSchema schema = {0};
    struct qetl_pack pack = {0};
    if (qetl_unpack_schema(&unpack, &schema)) {
        if (schema.release)
            abort();
        return 0;
    }
    size_t read = (size_t)(unpack.at - data);
    qetl_pack_schema(&pack, &schema);
    if (unpack.failed || pack.failed || fields(&schema) < 0)
        abort();
    if (pack.size != read || memcmp(pack.data, data, read) != 0)
        abort();
    qetl_pack_free(&pack);
    qetl_schema_release(&schema);
    return 0;
}
