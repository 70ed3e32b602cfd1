/* SPDX-License-Identifier: Apache-2.0 */
/* Full validation of arrays by Arrow's rules and the ABI's: shapes first, then what the buffers
 * hold. */
#include "validate.h"

#include <stdio.h>

int32_t qetl_sdk_invalid(const struct qetl_sdk_finding *at, const char *format, ...)
{
    char reason[256];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    if (at->message && at->size)
        snprintf(at->message, at->size, "%s: %s", at->path[0] ? at->path : "array", reason);
    return QETL_E_DATA;
}

/* The place of child k: "a.b" for fields, "a[]" for a list's elements, "a{}" for a dictionary's
 * values. */
static void finding_descend(struct qetl_sdk_finding *at, const char *suffix, bool dotted)
{
    size_t size = strlen(at->path);
    snprintf(at->path + size, sizeof at->path - size, "%s%s", dotted && size ? "." : "", suffix);
}

static int32_t validate_header(const struct ArrowArray *array, const struct qetl_sdk_finding *at)
{
    if (!array->release)
        return qetl_sdk_invalid(at, "the array is released");
    if (array->length < 0 || array->offset < 0)
        return qetl_sdk_invalid(at, "length %lld and offset %lld must not be negative",
                                (long long)array->length, (long long)array->offset);
    if (array->length > INT64_MAX - array->offset)
        return qetl_sdk_invalid(at, "length and offset are beyond 63 bits");
    if (array->n_buffers < 0 || (array->n_buffers && !array->buffers))
        return qetl_sdk_invalid(at, "%lld buffers without an array of them",
                                (long long)array->n_buffers);
    if (array->n_children < 0 || (array->n_children && !array->children))
        return qetl_sdk_invalid(at, "%lld children without an array of them",
                                (long long)array->n_children);
    return QETL_OK;
}

static int32_t validate_buffers(const struct qetl_sdk_type *type, const struct ArrowArray *array,
                                const struct qetl_sdk_finding *at)
{
    bool text = type->kind == QETL_KIND_TEXT || type->kind == QETL_KIND_BINARY;
    int64_t expected = type->kind == QETL_KIND_NULL     ? 0
                       : type->kind == QETL_KIND_STRUCT ? 1
                       : text                           ? 3
                                                        : 2;
    if (type->layout == 'v' ? array->n_buffers < expected : array->n_buffers != expected)
        return qetl_sdk_invalid(at, "%lld buffers where the type has %lld",
                                (long long)array->n_buffers, (long long)expected);
    for (int64_t i = 0; i < array->n_buffers; i++)
        if ((uintptr_t)array->buffers[i] % QETL_SDK_ALIGNMENT)
            return qetl_sdk_invalid(at, "buffer %lld at %p is not aligned to %d bytes",
                                    (long long)i, array->buffers[i], QETL_SDK_ALIGNMENT);
    if (expected >= 2 && array->length + array->offset && !array->buffers[1])
        return qetl_sdk_invalid(at, "buffer 1 is missing");
    return QETL_OK;
}

static int32_t validate_nulls(const struct qetl_sdk_type *type, const struct ArrowArray *array,
                              const struct qetl_sdk_finding *at)
{
    int64_t count = 0;
    const uint8_t *validity = array->n_buffers ? array->buffers[0] : NULL;
    if (type->kind == QETL_KIND_NULL)
        count = array->length;
    for (int64_t i = 0; validity && i < array->length; i++)
        count += !qetl_sdk_bit(validity, i + array->offset);
    if (array->null_count != -1 && array->null_count != count)
        return qetl_sdk_invalid(at, "null_count is %lld, but %lld values are null",
                                (long long)array->null_count, (long long)count);
    return QETL_OK;
}

static int32_t validate_children(const struct ArrowSchema *schema, const struct qetl_sdk_type *type,
                                 const struct ArrowArray *array, const struct qetl_sdk_finding *at)
{
    if (array->n_children != schema->n_children)
        return qetl_sdk_invalid(at, "%lld children where the schema has %lld",
                                (long long)array->n_children, (long long)schema->n_children);
    if (type->kind != QETL_KIND_STRUCT && schema->n_children != (type->kind == QETL_KIND_LIST))
        return qetl_sdk_invalid(at, "the type %s cannot have %lld children", schema->format,
                                (long long)schema->n_children);
    int64_t needed = array->length + array->offset;
    for (int64_t i = 0; i < array->n_children; i++) {
        if (!array->children[i] || !schema->children[i])
            return qetl_sdk_invalid(at, "child %lld is missing", (long long)i);
        if (type->kind == QETL_KIND_STRUCT && array->children[i]->length < needed)
            return qetl_sdk_invalid(at, "child %lld has %lld rows where %lld are needed",
                                    (long long)i, (long long)array->children[i]->length,
                                    (long long)needed);
    }
    if (!schema->dictionary != !array->dictionary)
        return qetl_sdk_invalid(at, "a dictionary is in only one of schema and array");
    return QETL_OK;
}

static int32_t validate_lexical(const struct ArrowSchema *schema, const struct qetl_sdk_finding *at)
{
    size_t size;
    if (!qetl_schema_is_lexical(schema))
        return QETL_OK;
    if (strcmp(schema->format, "vu") != 0)
        return qetl_sdk_invalid(at, "a lexical column has the format %s instead of vu",
                                schema->format);
    if (!qetl_schema_metadata(schema, "qetl:type", &size))
        return qetl_sdk_invalid(at, "a lexical column's metadata does not name its qetl:type");
    return QETL_OK;
}

static int32_t validate_level(const struct ArrowSchema *schema, const struct ArrowArray *array,
                              const struct qetl_sdk_finding *at)
{
    struct qetl_sdk_type type;
    struct qetl_column column;
    int32_t status = validate_header(array, at);
    if (status)
        return status;
    if (qetl_sdk_type_of(schema->format, &type))
        return qetl_sdk_invalid(at, "the Arrow format %s is not in use here",
                                schema->format ? schema->format : "(none)");
    if ((status = validate_buffers(&type, array, at)) ||
        (status = validate_nulls(&type, array, at)) ||
        (status = validate_children(schema, &type, array, at)) ||
        (status = validate_lexical(schema, at)))
        return status;
    if (schema->dictionary)
        return qetl_sdk_validate_indices(schema, &type, array, at);
    if (qetl_column_open(&column, schema, array))
        return qetl_sdk_invalid(at, "the column cannot be read");
    return qetl_sdk_validate_values(&column, &type, at);
}

static int32_t validate_tree(const struct ArrowSchema *schema, const struct ArrowArray *array,
                             struct qetl_sdk_finding *at, int depth)
{
    size_t path_size = strlen(at->path);
    bool list = schema->format && !strcmp(schema->format, "+l");
    if (depth > QETL_SDK_DEPTH_MAX)
        return qetl_sdk_invalid(at, "nested deeper than %d levels", QETL_SDK_DEPTH_MAX);
    int32_t status = validate_level(schema, array, at);
    for (int64_t i = 0; !status && i < array->n_children; i++) {
        const char *name = schema->children[i]->name ? schema->children[i]->name : "";
        finding_descend(at, list ? "[]" : name, !list);
        status = validate_tree(schema->children[i], array->children[i], at, depth + 1);
        at->path[path_size] = 0;
    }
    if (!status && schema->dictionary) {
        finding_descend(at, "{}", false);
        status = validate_tree(schema->dictionary, array->dictionary, at, depth + 1);
        at->path[path_size] = 0;
    }
    return status;
}

int32_t qetl_array_validate(const struct ArrowSchema *schema, const struct ArrowArray *array,
                            char *message, size_t size)
{
    struct qetl_sdk_finding at = {.message = message, .size = size};
    if (size)
        message[0] = 0;
    if (!schema->release)
        return qetl_sdk_invalid(&at, "the schema is released");
    return validate_tree(schema, array, &at, 0);
}
