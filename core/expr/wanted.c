/* SPDX-License-Identifier: Apache-2.0 */
/* A text where a number is wanted: what the column holds, and how to read it as a number. */
#include "bind.h"

#include <qetl/sdk.h>
#include <stdio.h>
#include <string.h>

static bool is_plain(const char *name)
{
    bool plain = *name && !(*name >= '0' && *name <= '9');

    for (; *name; name++)
        plain &= (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
                 (*name >= '0' && *name <= '9') || *name == '_';
    return plain;
}

bool qetl_expr_is_wordy(const struct expr_type *type)
{
    return type->id == EXPR_TEXT || type->id == EXPR_JSON;
}

void qetl_expr_wanted_number(const struct expr_binder *b, const struct expr_node *node,
                             struct expr_wanted *out)
{
    static const char type[] = "decimal(12,2)";
    bool json = node->type.id == EXPR_JSON;
    const char *name, *seen;
    const struct ArrowSchema *field;
    size_t size = 0;

    out->what[0] = '\0';
    if (node->kind != EXPR_NODE_COLUMN) {
        snprintf(
            out->mend, sizeof out->mend,
            "read it as a number with CAST(…%s AS %s), or declare the column under `types:` of "
            "the source's format",
            json ? "::text" : "", type);
        return;
    }
    field = b->source->schema->children[node->column];
    name = field->name ? field->name : "";
    seen = qetl_schema_metadata(field, "qetl:seen", &size);
    snprintf(out->what, sizeof out->what, ": column \"%.80s\" is %s%s%.*s%s", name,
             json ? "json" : "text", seen ? " (" : "", (int)(size < 120 ? size : 120),
             seen ? seen : "", seen ? ")" : "");
    snprintf(out->mend, sizeof out->mend,
             is_plain(name) ? "write CAST(%.80s%s AS %s), or declare types: {%.80s: %s} in the "
                              "source's format"
                            : "write CAST(\"%.80s\"%s AS %s), or declare types: {\"%.80s\": %s} "
                              "in the source's format",
             name, json ? "::text" : "", type, name, type);
}
