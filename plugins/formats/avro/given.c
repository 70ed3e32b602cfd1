/* SPDX-License-Identifier: Apache-2.0 */
/* A schema that is given: which column each of its fields is, and how its values are written. */
#include "encoder.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum { PATH_TEXT = 400 };

struct matcher {
    struct avro_encoder *e;
    char path[PATH_TEXT]; /* of the field at hand */
};

static int32_t part_match(struct matcher *m, const struct avro_type *type,
                          const struct ArrowSchema *field, struct avro_part *part);

/* ---- the option ---- */

static int32_t others_check(const struct avro_encoder *e)
{
    bool named = strcmp(e->record_name, "row") != 0;
    if (!named && !*e->space && !e->rename)
        return QETL_OK;
    return qetl_fail(e->env, QETL_E_CONFIG,
                     named       ? "/record_name"
                     : *e->space ? "/namespace"
                                 : "/names",
                     "leave it out", "the names stand in the schema that is given");
}

int32_t avro_given_read(struct avro_encoder *e)
{
    const char *path = qetl_option_text(e->env, "/schema");
    char fault[AVRO_FAULT_TEXT];
    json_error_t error;
    int32_t status = others_check(e);
    if (status)
        return status;
    json_t *json = json_load_file(path, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!json && error.line < 0)
        return qetl_fail(e->env, QETL_E_ENVIRONMENT, "/schema", "name a file with a schema in JSON",
                         "%s: cannot be read: %s", path, strerrordesc_np(errno));
    if (!json)
        return qetl_fail(e->env, QETL_E_CONFIG, "/schema", "check it with jq", "%s:%d:%d: %s", path,
                         error.line, error.column, error.text);
    e->given_json = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(json);
    if (!e->given_json)
        return QETL_E_NO_MEMORY;
    status = avro_schema_parse(e->given_json, strlen(e->given_json), &e->given, fault);
    if (status == QETL_E_NO_MEMORY)
        return status;
    if (status)
        return qetl_fail(e->env, QETL_E_CONFIG, "/schema", NULL, "%s: %s", path, fault);
    if (e->given.kind != AVRO_RECORD)
        return qetl_fail(e->env, QETL_E_CONFIG, "/schema", "make it a record, a field for a column",
                         "%s: rows are records, and the schema is of none", path);
    return QETL_OK;
}

/* ---- parts ---- */

static int32_t children_new(struct avro_part *part, int64_t n)
{
    part->children = calloc((size_t)n + 1, sizeof *part->children);
    part->n = part->children ? n : 0;
    return part->children ? QETL_OK : QETL_E_NO_MEMORY;
}

static const char *kind_name(const struct avro_type *type)
{
    static const char *const kinds[] = {"null",   "boolean", "int",    "long",  "float",
                                        "double", "bytes",   "string", "fixed", "enum",
                                        "record", "array",   "map",    "union"};
    static const char *const logicals[] = {"",
                                           "decimal",
                                           "uuid",
                                           "duration",
                                           "JSON",
                                           "date",
                                           "time-millis",
                                           "time-micros",
                                           "timestamp-millis",
                                           "timestamp-micros",
                                           "timestamp-nanos",
                                           "local-timestamp-millis",
                                           "local-timestamp-micros",
                                           "local-timestamp-nanos"};
    return type->logical ? logicals[type->logical] : kinds[type->kind];
}

static bool is_text(const char *format)
{
    return !strcmp(format, "u") || !strcmp(format, "U") || !strcmp(format, "vu");
}

static bool is_bytes(const char *format)
{
    return !strcmp(format, "z") || !strcmp(format, "Z") || !strcmp(format, "vz");
}

static bool is_integer(const char *format)
{
    return strchr("cCsSiIlL", *format) && !format[1];
}

static bool decimal_match(const struct avro_type *type, const char *format, struct avro_part *part)
{
    int32_t precision = 0, scale = 0;
    bool decimal = qetl_type_decimal(format, &precision, &scale);
    part->out = AVRO_OUT_DECIMAL;
    part->digits = type->scale - scale;
    return (decimal || is_integer(format)) && scale >= 0 && scale <= type->scale;
}

/* Nothing to do with zones where the type has none, and the other way round. */
static bool moment_match(const struct avro_type *type, const char *format, struct avro_part *part)
{
    static const int32_t digits[] = {
        [AVRO_TIME_MILLIS] = 3,    [AVRO_TIME_MICROS] = 6,   [AVRO_INSTANT_MILLIS] = 3,
        [AVRO_INSTANT_MICROS] = 6, [AVRO_INSTANT_NANOS] = 9, [AVRO_LOCAL_MILLIS] = 3,
        [AVRO_LOCAL_MICROS] = 6,   [AVRO_LOCAL_NANOS] = 9};
    bool time = type->logical == AVRO_TIME_MILLIS || type->logical == AVRO_TIME_MICROS;
    bool zone = type->logical >= AVRO_INSTANT_MILLIS && type->logical <= AVRO_INSTANT_NANOS;
    part->out = AVRO_OUT_MOMENT;
    part->digits = digits[type->logical];
    if (time)
        return !strncmp(format, "tt", 2);
    return !strncmp(format, "ts", 2) && format[2] && (format[3] == ':' && format[4]) == zone;
}

static bool logical_match(const struct avro_type *type, const char *format, struct avro_part *part)
{
    switch (type->logical) {
    case AVRO_DECIMAL:
        return decimal_match(type, format, part);
    case AVRO_UUID:
        part->out = AVRO_OUT_UUID;
        return is_text(format);
    case AVRO_DURATION:
        part->out = AVRO_OUT_DURATION;
        return !strcmp(format, "tin");
    case AVRO_JSON:
        part->out = AVRO_OUT_BYTES;
        return is_text(format);
    case AVRO_DATE:
        part->out = AVRO_OUT_INT;
        return !strcmp(format, "tdD");
    default:
        return moment_match(type, format, part);
    }
}

static bool scalar_match(const struct avro_type *type, const char *format, struct avro_part *part)
{
    static const enum avro_out outs[] = {
        [AVRO_NULL] = AVRO_OUT_NULL,     [AVRO_BOOLEAN] = AVRO_OUT_BOOL,
        [AVRO_INT] = AVRO_OUT_NARROW,    [AVRO_LONG] = AVRO_OUT_NARROW,
        [AVRO_FLOAT] = AVRO_OUT_FLOAT,   [AVRO_DOUBLE] = AVRO_OUT_DOUBLE,
        [AVRO_BYTES] = AVRO_OUT_BYTES,   [AVRO_STRING] = AVRO_OUT_BYTES,
        [AVRO_FIXED] = AVRO_OUT_FIXED,   [AVRO_ENUM] = AVRO_OUT_ENUM,
        [AVRO_RECORD] = AVRO_OUT_RECORD, [AVRO_ARRAY] = AVRO_OUT_ARRAY,
        [AVRO_MAP] = AVRO_OUT_ARRAY};
    if (type->logical)
        return logical_match(type, format, part);
    part->out = outs[type->kind];
    switch (type->kind) {
    case AVRO_NULL:
        return true;
    case AVRO_BOOLEAN:
        return *format == 'b';
    case AVRO_INT:
    case AVRO_LONG:
        return is_integer(format);
    case AVRO_FLOAT:
        return *format == 'f';
    case AVRO_DOUBLE:
        return *format == 'f' || *format == 'g' || is_integer(format);
    case AVRO_BYTES:
    case AVRO_FIXED:
        return is_bytes(format);
    default:
        return is_text(format);
    }
}

/* ---- what holds others ---- */

static int32_t child_match(struct matcher *m, const struct avro_type *type, const char *name,
                           const struct ArrowSchema *field, struct avro_part *part)
{
    size_t around = strlen(m->path);
    snprintf(m->path + around, sizeof m->path - around, "%s%.100s", around ? "." : "", name);
    int32_t status = part_match(m, type, field, part);
    m->path[around] = 0;
    return status;
}

static int32_t fields_used(struct matcher *m, const struct avro_type *type,
                           const struct ArrowSchema *field)
{
    for (int64_t c = 0; c < field->n_children; c++) {
        int64_t i = 0;
        while (i < type->n && strcmp(type->children[i].name, field->children[c]->name) != 0)
            i++;
        if (i == type->n)
            return qetl_fail(m->e->env, QETL_E_CONFIG, "/schema",
                             "leave it out with a select, or add a field to the schema",
                             "column \"%s%s%s\": the schema has no such field", m->path,
                             *m->path ? "." : "", field->children[c]->name);
    }
    return QETL_OK;
}

/* Fields by name. One that no column has is null. */
static int32_t record_match(struct matcher *m, const struct avro_type *type,
                            const struct ArrowSchema *field, struct avro_part *part)
{
    int32_t status = fields_used(m, type, field);
    if (!status)
        status = children_new(part, type->n);
    for (int64_t i = 0; !status && i < type->n; i++) {
        const struct avro_type *child = &type->children[i];
        int64_t source = qetl_schema_find(field, child->name);
        part->children[i].source = source;
        status = child_match(m, child, child->name, source < 0 ? NULL : field->children[source],
                             &part->children[i]);
    }
    return status;
}

/* A list of key and value, as a map is read. */
static int32_t map_match(struct matcher *m, const struct avro_type *type,
                         const struct ArrowSchema *entry, struct avro_part *part)
{
    static const struct avro_type key = {.kind = AVRO_STRING};
    const struct avro_type *types[] = {&key, type->children};
    static const char *const names[] = {"key", "value"};
    int32_t status = children_new(part, 2);
    part->out = AVRO_OUT_RECORD;
    part->if_null = part->if_value = -1;
    part->as = type;
    for (int64_t i = 0; !status && i < 2; i++) {
        part->children[i].source = qetl_schema_find(entry, names[i]);
        status = child_match(
            m, types[i], names[i],
            part->children[i].source < 0 ? NULL : entry->children[part->children[i].source],
            &part->children[i]);
    }
    return status;
}

static int32_t misfit(struct matcher *m, const struct avro_type *type,
                      const struct ArrowSchema *field)
{
    char name[200];
    if (!field)
        return qetl_fail(m->e->env, QETL_E_CONFIG, "/schema",
                         "add the column, or let the schema's field be null",
                         "the schema's field \"%s\" may not be null, and no column has its name",
                         m->path);
    return qetl_fail(m->e->env, QETL_E_CONFIG, "/schema",
                     "cast it with a compute to a type that fits, or change the schema",
                     "column \"%s\" is %s, which the schema's %s does not hold", m->path,
                     qetl_type_name(field, name, sizeof name), kind_name(type));
}

static int32_t value_match(struct matcher *m, const struct avro_type *type,
                           const struct ArrowSchema *field, struct avro_part *part)
{
    part->as = type;
    if (type->kind == AVRO_RECORD) {
        part->out = AVRO_OUT_RECORD;
        return strcmp(field->format, "+s") ? misfit(m, type, field)
                                           : record_match(m, type, field, part);
    }
    if (type->kind != AVRO_ARRAY && type->kind != AVRO_MAP)
        return scalar_match(type, field->dictionary ? field->dictionary->format : field->format,
                            part)
                   ? QETL_OK
                   : misfit(m, type, field);
    bool map = type->kind == AVRO_MAP;
    if (strcmp(field->format, "+l") || (map && strcmp(field->children[0]->format, "+s")))
        return misfit(m, type, field);
    part->out = AVRO_OUT_ARRAY;
    int32_t status = children_new(part, 1);
    if (status)
        return status;
    return map ? map_match(m, type, field->children[0], part->children)
               : child_match(m, type->children, "items", field->children[0], part->children);
}

static int32_t part_match(struct matcher *m, const struct avro_type *type,
                          const struct ArrowSchema *field, struct avro_part *part)
{
    const struct avro_type *value = type->kind == AVRO_UNION ? NULL : type;
    part->if_null = part->if_value = -1;
    for (int64_t i = 0; type->kind == AVRO_UNION && i < type->n; i++) {
        bool null = type->children[i].kind == AVRO_NULL;
        if (i > INT8_MAX || (!null && value))
            return qetl_fail(m->e->env, QETL_E_CONFIG, "/schema",
                             "give the field one type, beside null",
                             "the schema's field \"%s\" is a union of several types, which is read "
                             "but not written",
                             m->path);
        *(null ? &part->if_null : &part->if_value) = (int8_t)i;
        value = null ? value : &type->children[i];
    }
    part->as = value ? value : type;
    bool nothing = !value || value->kind == AVRO_NULL;
    if (nothing || (!field && part->if_null >= 0)) {
        part->out = AVRO_OUT_NULL;
        return QETL_OK;
    }
    return field ? value_match(m, value, field, part) : misfit(m, value, NULL);
}

int32_t avro_given_match(struct avro_encoder *e)
{
    struct matcher m = {.e = e};
    e->root.out = AVRO_OUT_RECORD;
    return record_match(&m, &e->given, &e->schema, &e->root);
}
