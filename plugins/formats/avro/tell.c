/* SPDX-License-Identifier: Apache-2.0 */
/* What a file has that the first does not, and the other way round. */
#include "avro.h"

#include "names.h"

#include <stdio.h>
#include <stdlib.h>

enum { SHOWN_MAX = 5, LIST_TEXT = 320 };

/* "a, b and 3 more", of those that the other lacks; false: it lacks none. */
static bool lacking_show(const struct ArrowSchema *all, const struct avro_name *other,
                         int64_t n_other, char out[LIST_TEXT])
{
    int64_t n = 0;
    size_t used = 0;
    for (int64_t i = 0; i < all->n_children; i++) {
        const char *name = all->children[i]->name;
        if (avro_names_find(other, n_other, name) >= 0)
            continue;
        if (n++ < SHOWN_MAX)
            used +=
                (size_t)snprintf(out + used, LIST_TEXT - used, "%s%.40s", n > 1 ? ", " : "", name);
    }
    if (n > SHOWN_MAX)
        snprintf(out + used, LIST_TEXT - used, " and %lld more", (long long)(n - SHOWN_MAX));
    return n > 0;
}

static int32_t difference_log(const struct avro *a, const struct ArrowSchema *own,
                              const char *object)
{
    static const char *const becomes[] = {
        [AVRO_NEW_REJECT] = "its rows are rejected",
        [AVRO_NEW_DROP] = "they are dropped",
        [AVRO_NEW_EVOLVE] = "they are taken in",
    };
    const struct ArrowSchema *columns = &a->decoder.schema;
    char list[LIST_TEXT];
    struct avro_name *old = avro_names_sort(columns), *new = avro_names_sort(own);
    bool known = old && new;
    if (known && lacking_show(columns, new, own->n_children, list))
        qetl_logf(a->env, QETL_LOG_WARN, "%s has no columns %s: they are NULL", object, list);
    if (known && lacking_show(own, old, columns->n_children, list))
        qetl_logf(a->env, QETL_LOG_WARN, "%s has columns that were not there before, %s: %s",
                  object, list, becomes[a->policy]);
    free(old);
    free(new);
    return known ? QETL_OK : QETL_E_NO_MEMORY;
}

int32_t avro_difference_tell(const struct avro *a, const struct avro_header *header,
                             const char *object)
{
    struct avro_type type;
    struct ArrowSchema own;
    enum avro_codec codec;
    int32_t status = avro_header_open(a->env, header, object, &codec, &type);
    if (status)
        return status;
    status = avro_shape_columns(&type, &own);
    avro_type_free(&type);
    if (status)
        return status;
    status = difference_log(a, &own, object ? object : "input");
    qetl_schema_release(&own);
    return status;
}
