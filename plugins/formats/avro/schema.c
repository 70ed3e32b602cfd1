/* SPDX-License-Identifier: Apache-2.0 */
/* JSON to a tree. A name's definition is read again wherever the name stands. */
#include "schema.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAME_MAX_TEXT = 512 };

struct definition {
    char *name; /* with its namespace */
    const json_t *json;
    bool open; /* we are inside it */
};

struct schema_reader {
    json_t *names; /* of definitions: their indices */
    struct definition *definitions;
    int64_t n_definitions, capacity;
    int64_t n_nodes;
    int32_t depth;
    char *fault;
};

/* Where a type stands: names without a dot belong to this namespace. */
struct scope {
    const char *space;
};

static int32_t fault_set(struct schema_reader *r, int32_t status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int32_t fault_set(struct schema_reader *r, int32_t status, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(r->fault, AVRO_FAULT_TEXT, format, list);
    va_end(list);
    return status;
}

static int32_t type_read(struct schema_reader *r, const json_t *json, struct scope scope,
                         struct avro_type *out);

/* ---- names ---- */

static const char *text_of(const json_t *json, const char *key)
{
    return json_string_value(json_object_get(json, key));
}

/* The full name of what is called so in the scope; DATA: it is too long. */
static int32_t name_resolve(struct schema_reader *r, const char *name, struct scope scope,
                            char out[NAME_MAX_TEXT])
{
    bool full = strchr(name, '.') || !scope.space || !*scope.space;
    int n = full ? snprintf(out, NAME_MAX_TEXT, "%s", name)
                 : snprintf(out, NAME_MAX_TEXT, "%s.%s", scope.space, name);
    return n < NAME_MAX_TEXT ? QETL_OK
                             : fault_set(r, QETL_E_DATA, "a name is longer than %d characters",
                                         NAME_MAX_TEXT - 1);
}

static struct definition *definition_find(const struct schema_reader *r, const char *name)
{
    const json_t *index = json_object_get(r->names, name);
    return index ? &r->definitions[json_integer_value(index)] : NULL;
}

static int32_t definition_add(struct schema_reader *r, const char *name, const json_t *json)
{
    if (r->n_definitions == r->capacity) {
        int64_t capacity = r->capacity ? r->capacity * 2 : 16;
        void *grown = realloc(r->definitions, (size_t)capacity * sizeof *r->definitions);
        if (!grown)
            return QETL_E_NO_MEMORY;
        r->definitions = grown;
        r->capacity = capacity;
    }
    char *copy = strdup(name);
    if (!copy || json_object_set_new(r->names, name, json_integer(r->n_definitions))) {
        free(copy);
        return QETL_E_NO_MEMORY;
    }
    r->definitions[r->n_definitions++] = (struct definition){.name = copy, .json = json};
    return QETL_OK;
}

/* The full name of a definition, and its namespace, which is that of all inside. */
static int32_t definition_name(struct schema_reader *r, const json_t *json, struct scope scope,
                               char name[NAME_MAX_TEXT], char space[NAME_MAX_TEXT])
{
    const char *own = text_of(json, "name"), *given = text_of(json, "namespace");
    if (!own || !*own)
        return fault_set(r, QETL_E_DATA, "a %s has no name", text_of(json, "type"));
    if (given)
        scope.space = given;
    int32_t status = name_resolve(r, own, scope, name);
    if (status)
        return status;
    const char *dot = strrchr(name, '.');
    snprintf(space, NAME_MAX_TEXT, "%.*s", dot ? (int)(dot - name) : 0, name);
    return QETL_OK;
}

/* Notes that the definition is being read; *index is where. */
static int32_t definition_enter(struct schema_reader *r, const json_t *json, const char *name,
                                int64_t *index)
{
    struct definition *known = definition_find(r, name);
    int32_t status = QETL_OK;
    if (known && known->json != json)
        return fault_set(r, QETL_E_DATA, "the name %.200s is defined twice", name);
    if (!known)
        status = definition_add(r, name, json);
    if (status)
        return status;
    *index = known ? known - r->definitions : r->n_definitions - 1;
    r->definitions[*index].open = true;
    return QETL_OK;
}

/* ---- definitions ---- */

static int32_t children_new(struct avro_type *type, int64_t n)
{
    type->children = calloc((size_t)n + 1, sizeof *type->children);
    type->n = type->children ? n : 0;
    return type->children ? QETL_OK : QETL_E_NO_MEMORY;
}

static int names_order(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int32_t fields_check(struct schema_reader *r, const struct avro_type *type)
{
    const char **names = calloc((size_t)type->n + 1, sizeof *names);
    int32_t status = names ? QETL_OK : QETL_E_NO_MEMORY;
    for (int64_t i = 0; names && i < type->n; i++)
        names[i] = type->children[i].name;
    if (names)
        qsort(names, (size_t)type->n, sizeof *names, names_order);
    for (int64_t i = 1; !status && i < type->n; i++)
        if (!strcmp(names[i - 1], names[i]))
            status = fault_set(r, QETL_E_DATA, "a record has the field \"%.200s\" twice", names[i]);
    free(names);
    return status;
}

static int32_t record_read(struct schema_reader *r, const json_t *json, struct scope scope,
                           struct avro_type *out)
{
    const json_t *fields = json_object_get(json, "fields");
    out->kind = AVRO_RECORD;
    if (!json_is_array(fields))
        return fault_set(r, QETL_E_DATA, "the record \"%.200s\" has no list of fields",
                         text_of(json, "name"));
    if (json_array_size(fields) > AVRO_NODES_MAX)
        return fault_set(r, QETL_E_UNSUPPORTED, "a record has %zu fields; at most %d are read",
                         json_array_size(fields), AVRO_NODES_MAX);
    int32_t status = children_new(out, (int64_t)json_array_size(fields));
    for (int64_t i = 0; !status && i < out->n; i++) {
        const json_t *field = json_array_get(fields, (size_t)i);
        const char *name = text_of(field, "name");
        if (!name || !*name)
            return fault_set(r, QETL_E_DATA, "field %lld of the record \"%.200s\" has no name",
                             (long long)i + 1, text_of(json, "name"));
        out->children[i].name = strdup(name);
        status = out->children[i].name
                     ? type_read(r, json_object_get(field, "type"), scope, &out->children[i])
                     : QETL_E_NO_MEMORY;
    }
    return status ? status : fields_check(r, out);
}

static int32_t enum_read(struct schema_reader *r, const json_t *json, struct avro_type *out)
{
    const json_t *symbols = json_object_get(json, "symbols");
    size_t n = json_array_size(symbols);
    out->kind = AVRO_ENUM;
    if (!n || n > AVRO_NODES_MAX)
        return fault_set(r, QETL_E_DATA, "the enum \"%.200s\" has %zu symbols",
                         text_of(json, "name"), n);
    r->n_nodes += (int64_t)n;
    out->symbols = calloc(n, sizeof *out->symbols);
    if (!out->symbols)
        return QETL_E_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        const char *symbol = json_string_value(json_array_get(symbols, i));
        if (!symbol)
            return fault_set(r, QETL_E_DATA, "symbol %zu of the enum \"%.200s\" is no text", i + 1,
                             text_of(json, "name"));
        out->symbols[i] = strdup(symbol);
        if (!out->symbols[i])
            return QETL_E_NO_MEMORY;
        out->n_symbols++;
    }
    return QETL_OK;
}

static int32_t fixed_read(struct schema_reader *r, const json_t *json, struct avro_type *out)
{
    const json_t *size = json_object_get(json, "size");
    out->kind = AVRO_FIXED;
    out->size = json_is_integer(size) ? json_integer_value(size) : -1;
    return out->size >= 0 && out->size <= INT32_MAX
               ? QETL_OK
               : fault_set(r, QETL_E_DATA, "the fixed type \"%.200s\" has no size from 0 to %d",
                           text_of(json, "name"), INT32_MAX);
}

/* A record, an enum, a fixed. */
static int32_t named_read(struct schema_reader *r, const json_t *json, const char *kind,
                          struct scope scope, struct avro_type *out)
{
    char name[NAME_MAX_TEXT], space[NAME_MAX_TEXT];
    int64_t index = 0;
    int32_t status = definition_name(r, json, scope, name, space);
    if (!status)
        status = definition_enter(r, json, name, &index);
    if (status)
        return status;
    if (!strcmp(kind, "enum"))
        status = enum_read(r, json, out);
    else if (!strcmp(kind, "fixed"))
        status = fixed_read(r, json, out);
    else
        status = record_read(r, json, (struct scope){space}, out);
    r->definitions[index].open = false;
    return status;
}

/* ---- types ---- */

static const char *const primitives[] = {"null",  "boolean", "int",   "long",
                                         "float", "double",  "bytes", "string"};

static int32_t name_read(struct schema_reader *r, const char *name, struct scope scope,
                         struct avro_type *out)
{
    char full[NAME_MAX_TEXT];
    for (size_t i = 0; i < sizeof primitives / sizeof *primitives; i++)
        if (!strcmp(primitives[i], name)) {
            out->kind = (enum avro_kind)i;
            return QETL_OK;
        }
    int32_t status = name_resolve(r, name, scope, full);
    if (status)
        return status;
    const struct definition *known = definition_find(r, full);
    if (!known && scope.space && *scope.space)
        known = definition_find(r, name);
    if (!known)
        return fault_set(r, QETL_E_DATA, "the type \"%.200s\" is not defined", name);
    if (known->open)
        return fault_set(r, QETL_E_UNSUPPORTED,
                         "the type %.200s contains itself, and columns cannot be nested without "
                         "end",
                         known->name);
    /* The name in full, so that it is found whatever namespace it is read in. */
    char space[NAME_MAX_TEXT];
    const char *dot = strrchr(known->name, '.');
    snprintf(space, sizeof space, "%.*s", dot ? (int)(dot - known->name) : 0, known->name);
    return type_read(r, known->json, (struct scope){space}, out);
}

/* Of a named type its name without the namespace, of any other its kind. */
static int32_t branch_name(const json_t *json, struct avro_type *branch)
{
    static const char *const kinds[] = {
        [AVRO_FIXED] = "fixed", [AVRO_ENUM] = "enum", [AVRO_RECORD] = "record",
        [AVRO_ARRAY] = "array", [AVRO_MAP] = "map",   [AVRO_UNION] = "union"};
    while (json_is_object(json_object_get(json, "type")))
        json = json_object_get(json, "type");
    const char *name = branch->kind < AVRO_FIXED ? primitives[branch->kind] : kinds[branch->kind];
    if (branch->kind >= AVRO_FIXED && branch->kind <= AVRO_RECORD)
        name = json_is_string(json)                            ? json_string_value(json)
               : json_is_string(json_object_get(json, "name")) ? text_of(json, "name")
                                                               : text_of(json, "type");
    const char *dot = strrchr(name, '.');
    branch->name = strdup(dot ? dot + 1 : name);
    return branch->name ? QETL_OK : QETL_E_NO_MEMORY;
}

static int32_t union_read(struct schema_reader *r, const json_t *json, struct scope scope,
                          struct avro_type *out)
{
    size_t n = json_array_size(json);
    out->kind = AVRO_UNION;
    if (!n || n > AVRO_NODES_MAX)
        return fault_set(r, QETL_E_DATA, "a union has %zu branches", n);
    int32_t status = children_new(out, (int64_t)n);
    for (size_t i = 0; !status && i < n; i++) {
        const json_t *branch = json_array_get(json, i);
        if (json_is_array(branch))
            return fault_set(r, QETL_E_DATA, "a union stands directly in a union");
        status = type_read(r, branch, scope, &out->children[i]);
        if (!status)
            status = branch_name(branch, &out->children[i]);
    }
    return status ? status : fields_check(r, out);
}

static int32_t object_read(struct schema_reader *r, const json_t *json, struct scope scope,
                           struct avro_type *out)
{
    const json_t *type = json_object_get(json, "type");
    const char *kind = json_string_value(type);
    bool array = kind && !strcmp(kind, "array"), map = kind && !strcmp(kind, "map");
    if (!kind)
        return json_is_object(type) || json_is_array(type)
                   ? type_read(r, type, scope, out)
                   : fault_set(r, QETL_E_DATA, "a type is neither a name, an object nor a list");
    if (!strcmp(kind, "record") || !strcmp(kind, "error") || !strcmp(kind, "enum") ||
        !strcmp(kind, "fixed"))
        return named_read(r, json, kind, scope, out);
    if (!array && !map)
        return name_read(r, kind, scope, out);
    int32_t status = children_new(out, 1);
    out->kind = array ? AVRO_ARRAY : AVRO_MAP;
    return status ? status
                  : type_read(r, json_object_get(json, array ? "items" : "values"), scope,
                              out->children);
}

static int32_t type_read(struct schema_reader *r, const json_t *json, struct scope scope,
                         struct avro_type *out)
{
    int32_t status;
    if (++r->n_nodes > AVRO_NODES_MAX)
        return fault_set(r, QETL_E_UNSUPPORTED,
                         "the schema has more than %d types, names spelled out", AVRO_NODES_MAX);
    if (r->depth >= AVRO_DEPTH_MAX)
        return fault_set(r, QETL_E_UNSUPPORTED, "types are nested more than %d levels deep",
                         AVRO_DEPTH_MAX);
    r->depth++;
    if (json_is_string(json))
        status = name_read(r, json_string_value(json), scope, out);
    else if (json_is_array(json))
        status = union_read(r, json, scope, out);
    else if (json_is_object(json))
        status = object_read(r, json, scope, out);
    else
        status = fault_set(r, QETL_E_DATA, "a type is neither a name, an object nor a list");
    r->depth--;
    if (!status && json_is_object(json))
        status = avro_logical_read(json, out, r->fault);
    return status;
}

int32_t avro_schema_parse(const char *json, size_t size, struct avro_type *out,
                          char fault[AVRO_FAULT_TEXT])
{
    struct schema_reader r = {.fault = fault, .names = json_object()};
    json_error_t error;
    *out = (struct avro_type){0};
    *fault = 0;
    if (!r.names)
        return QETL_E_NO_MEMORY;
    json_t *root = json_loadb(json, size, JSON_DECODE_ANY, &error);
    int32_t status = root ? type_read(&r, root, (struct scope){""}, out)
                          : fault_set(&r, QETL_E_DATA, "%s (line %d, column %d)", error.text,
                                      error.line, error.column);
    json_decref(root);
    json_decref(r.names);
    for (int64_t i = 0; i < r.n_definitions; i++)
        free(r.definitions[i].name);
    free(r.definitions);
    if (status)
        avro_type_free(out);
    return status;
}

void avro_type_free(struct avro_type *type)
{
    for (int64_t i = 0; i < type->n; i++)
        avro_type_free(&type->children[i]);
    for (int64_t i = 0; i < type->n_symbols; i++)
        free(type->symbols[i]);
    free(type->children);
    free(type->symbols);
    free(type->name);
    *type = (struct avro_type){0};
}
