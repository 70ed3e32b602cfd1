/* SPDX-License-Identifier: Apache-2.0 */
#include "doc.h"

#include <string.h>

/* A new group is one line here. */
static const struct expr_doc_group *const groups[] = {
    &qetl_expr_doc_operator, &qetl_expr_doc_choice, &qetl_expr_doc_number, &qetl_expr_doc_text,
    &qetl_expr_doc_patterns, &qetl_expr_doc_time,   &qetl_expr_doc_json,   &qetl_expr_doc_codes,
};

enum { GROUPS = sizeof groups / sizeof groups[0] };

const struct expr_doc_group *qetl_expr_doc_group(size_t index)
{
    return index < GROUPS ? groups[index] : NULL;
}

const struct expr_doc *qetl_expr_doc_find(const char *name)
{
    for (size_t g = 0; g < GROUPS; g++)
        for (size_t i = 0; i < groups[g]->count; i++)
            if (!strcmp(groups[g]->docs[i].name, name))
                return &groups[g]->docs[i];
    return NULL;
}
