/* SPDX-License-Identifier: Apache-2.0 */
/* Columns for keys that the sample did not have, from the chunk in which they appeared. */
#include "format.h"

#include <stdlib.h>

static int32_t chunk_infer(struct ndjson *n)
{
    const struct ndjson_decoder *d = &n->decoder;
    int32_t status = QETL_OK;
    ndjson_infer_free(&n->infer);
    n->infer = (struct ndjson_infer){.env = n->env, .flat = ndjson_option_flat(n->env)};
    n->infer.reader.across = n->across;
    for (int64_t i = 0; i < d->records && !status; i++) {
        const uint8_t *begin = d->data + d->offsets[i];
        status = ndjson_infer_record(&n->infer, begin, ndjson_record_behind(d, begin));
    }
    return status;
}

static int32_t field_add(struct ArrowSchema *out, const struct ArrowSchema *found)
{
    struct ArrowSchema field;
    int32_t status = qetl_schema_copy(found, &field);
    if (!status)
        status = qetl_schema_append(out, &field);
    qetl_schema_release(&field);
    return status;
}

int32_t ndjson_grow(struct ndjson *n, struct ArrowSchema *out)
{
    struct ArrowSchema found = {0};
    int32_t status = chunk_infer(n);
    if (!status)
        status = ndjson_infer_finish(&n->infer, &found);
    if (!status)
        status = qetl_schema_copy(&n->schema, out);
    for (int64_t i = 0; !status && i < found.n_children; i++) {
        const char *name = found.children[i]->name;
        int64_t size = (int64_t)strlen(name);
        if (ndjson_names_find(&n->decoder.names, (const uint8_t *)name, size) < 0)
            status = field_add(out, found.children[i]);
    }
    qetl_schema_release(&found);
    return status ? status : QETL_SCHEMA;
}
