/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include <stdlib.h>

static int order(const void *a, const void *b)
{
    return strcmp(((const struct avro_name *)a)->text, ((const struct avro_name *)b)->text);
}

struct avro_name *avro_names_sort(const struct ArrowSchema *schema)
{
    struct avro_name *names = calloc((size_t)schema->n_children + 1, sizeof *names);
    for (int64_t i = 0; names && i < schema->n_children; i++)
        names[i] = (struct avro_name){schema->children[i]->name, i};
    if (names)
        qsort(names, (size_t)schema->n_children, sizeof *names, order);
    return names;
}

int64_t avro_names_find(const struct avro_name *names, int64_t n, const char *text)
{
    struct avro_name wanted = {text, 0};
    const struct avro_name *found = bsearch(&wanted, names, (size_t)n, sizeof *names, order);
    return found ? found->index : -1;
}
