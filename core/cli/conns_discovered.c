/* SPDX-License-Identifier: Apache-2.0 */
#include "discovered.h"

#include <qetl/conns.h>

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static json_t *columns_json(const struct ArrowSchema *schema)
{
    json_t *columns = json_array();
    for (int64_t i = 0; schema && i < schema->n_children; i++) {
        char *type = qetl_type_text(schema->children[i]);
        json_array_append_new(
            columns, json_pack("{s:s, s:s*}", "name", schema->children[i]->name, "type", type));
        free(type);
    }
    return columns;
}

static json_t *keys_json(const struct qetl_discovered *what)
{
    json_t *keys = json_array();
    for (int64_t i = 0; what->schema && i < what->n_keys; i++)
        if (what->keys[i] >= 0 && what->keys[i] < what->schema->n_children)
            json_array_append_new(keys, json_string(what->schema->children[what->keys[i]]->name));
    return keys;
}

static json_t *count_json(int64_t count)
{
    return count < 0 ? json_null() : json_integer(count);
}

static int32_t found(void *stream, const struct qetl_discovered *what)
{
    struct qetl_discovery *d = stream;
    json_t *options = what->options ? json_loads(what->options, 0, NULL) : NULL;
    bool noted = what->struct_size > offsetof(struct qetl_discovered, notes);
    json_t *one = json_pack(
        "{s:s, s:s, s:s, s:s, s:o, s:b, s:o, s:o, s:o, s:o, s:s?, s:s?}", "source", d->node->id,
        "plugin", d->node->use.plugin->id, "name", what->name ? what->name : "", "kind",
        what->kind ? what->kind : "", "rows", count_json(what->rows), "estimated",
        (what->flags & QETL_DISCOVERED_ESTIMATED) != 0, "bytes", count_json(what->bytes), "keys",
        keys_json(what), "columns", columns_json(what->schema), "options",
        options ? options : json_object(), "trouble", what->trouble, "notes",
        noted ? what->notes : NULL);
    return json_array_append_new(d->streams, one) ? QETL_E_NO_MEMORY : QETL_OK;
}

int qetl_discovery_ask(struct qetl_discovery *d, const struct qetl_node *node,
                       struct qetl_findings *findings)
{
    struct qetl_asked asked;
    const void *extension;
    d->node = node;
    int bad = qetl_asked_begin(&asked, &d->conns, node, QETL_EXT_DISCOVER, &extension, findings);
    if (!bad && !extension)
        bad = -1;
    if (!bad &&
        ((const struct qetl_discover *)extension)->discover(asked.ctx->self, d, found) < 0) {
        qetl_asked_error(&asked, &d->conns, node, findings);
        bad = -1;
    }
    qetl_asked_end(&asked);
    return bad;
}
