/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas: made, composed, copied, searched. */
#include "internal.h"

static void schema_release_owned(struct ArrowSchema *schema)
{
    for (int64_t i = 0; i < schema->n_children; i++) {
        qetl_schema_release(schema->children[i]);
        free(schema->children[i]);
    }
    if (schema->dictionary) {
        qetl_schema_release(schema->dictionary);
        free(schema->dictionary);
    }
    free(schema->children);
    free((char *)schema->format);
    free((char *)schema->name);
    free((char *)schema->metadata);
    memset(schema, 0, sizeof *schema);
}

void qetl_schema_release(struct ArrowSchema *schema)
{
    if (schema && schema->release)
        schema->release(schema);
}

int32_t qetl_schema_init_field(struct ArrowSchema *out, const char *name, const char *format)
{
    memset(out, 0, sizeof *out);
    out->format = strdup(format);
    out->name = strdup(name ? name : "");
    out->flags = ARROW_FLAG_NULLABLE;
    out->release = schema_release_owned;
    if (out->format && out->name)
        return QETL_OK;
    schema_release_owned(out);
    return QETL_E_NO_MEMORY;
}

int32_t qetl_schema_init_struct(struct ArrowSchema *out)
{
    int32_t status = qetl_schema_init_field(out, "", "+s");
    if (!status)
        out->flags = 0;
    return status;
}

static int32_t room_for_one(struct ArrowSchema *parent, struct ArrowSchema **child)
{
    if (parent->release != schema_release_owned)
        return QETL_E_UNSUPPORTED;
    size_t n = (size_t)parent->n_children + 1;
    struct ArrowSchema **children = realloc(parent->children, n * sizeof(struct ArrowSchema *));
    if (children)
        parent->children = children;
    *child = children ? malloc(sizeof **child) : NULL;
    return *child ? QETL_OK : QETL_E_NO_MEMORY;
}

int32_t qetl_schema_append(struct ArrowSchema *parent, struct ArrowSchema *field)
{
    struct ArrowSchema *child;
    int32_t status = room_for_one(parent, &child);
    if (status) {
        qetl_schema_release(field);
        return status;
    }
    *child = *field;
    field->release = NULL;
    parent->children[parent->n_children++] = child;
    return QETL_OK;
}

int32_t qetl_schema_add(struct ArrowSchema *parent, const char *name, const char *format)
{
    struct ArrowSchema field;
    int32_t status = qetl_schema_init_field(&field, name, format);
    return status ? status : qetl_schema_append(parent, &field);
}

int32_t qetl_schema_set_name(struct ArrowSchema *schema, const char *name)
{
    if (schema->release != schema_release_owned)
        return QETL_E_UNSUPPORTED;
    char *copy = strdup(name ? name : "");
    if (!copy)
        return QETL_E_NO_MEMORY;
    free((char *)schema->name);
    schema->name = copy;
    return QETL_OK;
}

static int32_t schema_copy_children(const struct ArrowSchema *from, struct ArrowSchema *out)
{
    for (int64_t i = 0; i < from->n_children; i++) {
        struct ArrowSchema child;
        int32_t status = qetl_schema_copy(from->children[i], &child);
        if (status)
            return status;
        status = qetl_schema_append(out, &child);
        if (status) {
            qetl_schema_release(&child);
            return status;
        }
    }
    if (!from->dictionary)
        return QETL_OK;
    out->dictionary = calloc(1, sizeof *out->dictionary);
    return out->dictionary ? qetl_schema_copy(from->dictionary, out->dictionary) : QETL_E_NO_MEMORY;
}

int32_t qetl_schema_copy(const struct ArrowSchema *from, struct ArrowSchema *out)
{
    int32_t status = qetl_schema_init_field(out, from->name, from->format);
    if (status)
        return status;
    out->flags = from->flags;
    if (from->metadata) {
        size_t size = qetl_sdk_metadata_size(from->metadata);
        char *metadata = malloc(size);
        if (metadata)
            out->metadata = memcpy(metadata, from->metadata, size);
        else
            status = QETL_E_NO_MEMORY;
    }
    if (!status)
        status = schema_copy_children(from, out);
    if (status)
        qetl_schema_release(out);
    return status;
}

int32_t qetl_schema_set_metadata(struct ArrowSchema *schema, const char *key, const char *value)
{
    if (schema->release != schema_release_owned)
        return QETL_E_UNSUPPORTED;
    char *metadata = qetl_sdk_metadata_with(schema->metadata, key, value);
    if (!metadata)
        return QETL_E_NO_MEMORY;
    free((char *)schema->metadata);
    schema->metadata = metadata;
    return QETL_OK;
}

int64_t qetl_schema_find(const struct ArrowSchema *schema, const char *name)
{
    for (int64_t i = 0; i < schema->n_children; i++) {
        const char *other = schema->children[i]->name;
        if (!strcmp(other ? other : "", name))
            return i;
    }
    return -1;
}

bool qetl_schema_is_lexical(const struct ArrowSchema *field)
{
    size_t size;
    return qetl_schema_metadata(field, "qetl:lexical", &size) != NULL;
}

bool qetl_schema_is_json(const struct ArrowSchema *field)
{
    size_t size;
    const char *type = qetl_schema_metadata(field, "qetl:type", &size);
    return type && size == 4 && !memcmp(type, "json", 4);
}
