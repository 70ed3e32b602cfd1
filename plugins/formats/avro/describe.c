/* SPDX-License-Identifier: Apache-2.0 */
/* The schema that is written: a record of the columns, each of which may be null. */
#include "encoder.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAME_MAX_TEXT = 400, DIGITS_UINT64 = 20, DURATION_BYTES = 12 };

struct describer {
    struct avro_encoder *e;
    json_t *names;    /* of types that are taken */
    json_t *duration; /* the name of the type of durations, once it is defined; else NULL */
    char path[NAME_MAX_TEXT];
};

static json_t *part_describe(struct describer *d, const struct ArrowSchema *field,
                             struct avro_part *part, int32_t *status);

/* ---- names ---- */

static bool name_is_plain(const char *name)
{
    const char *at = name;
    for (; *at; at++) {
        bool letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || *at == '_';
        if (!letter && (at == name || *at < '0' || *at > '9'))
            return false;
    }
    return at > name;
}

static void name_mend(const char *name, char out[NAME_MAX_TEXT])
{
    size_t n = 0;
    if (!*name || (*name >= '0' && *name <= '9'))
        out[n++] = '_';
    for (; *name && n < NAME_MAX_TEXT - 8; name++) {
        bool plain = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
                     (*name >= '0' && *name <= '9') || *name == '_';
        if (plain || ((uint8_t)*name & 0xc0) != 0x80)
            out[n++] = plain ? *name : '_';
    }
    out[n] = 0;
}

/* Takes the name, with a number behind it where it is taken. 0, or no memory. */
static int name_take(json_t *taken, char name[NAME_MAX_TEXT])
{
    size_t size = strlen(name);
    for (int i = 2; json_object_get(taken, name); i++)
        snprintf(name + size, NAME_MAX_TEXT - size, "_%d", i);
    return json_object_set_new(taken, name, json_true());
}

static int32_t name_choose(struct describer *d, json_t *taken, const char *name,
                           char out[NAME_MAX_TEXT])
{
    bool plain = name_is_plain(name) && strlen(name) < NAME_MAX_TEXT - 8;
    if (!plain && !d->e->rename)
        return qetl_fail(d->e->env, QETL_E_UNSUPPORTED, "/names",
                         "rename it with a select, or set names: replace",
                         "\"%s\" is no name for Avro, which has letters of ASCII, digits and _",
                         name);
    if (plain)
        snprintf(out, NAME_MAX_TEXT, "%s", name);
    else
        name_mend(name, out);
    return name_take(taken, out) ? QETL_E_NO_MEMORY : QETL_OK;
}

/* The name of a record at the path. */
static int32_t type_name(struct describer *d, const char *last, char out[NAME_MAX_TEXT])
{
    snprintf(out, NAME_MAX_TEXT - 8, "%.300s%s%.80s", d->path, *last ? "_" : "", last);
    return name_take(d->names, out) ? QETL_E_NO_MEMORY : QETL_OK;
}

/* ---- types ---- */

static json_t *logical(const char *type, const char *name)
{
    return json_pack("{s:s, s:s}", "type", type, "logicalType", name);
}

static json_t *decimal(int32_t precision, int32_t scale)
{
    return json_pack("{s:s, s:s, s:i, s:i}", "type", "bytes", "logicalType", "decimal", "precision",
                     precision, "scale", scale);
}

static json_t *duration(struct describer *d, int32_t *status)
{
    char name[NAME_MAX_TEXT];
    if (d->duration)
        return json_incref(d->duration);
    *status = type_name(d, "duration", name);
    d->duration = *status ? NULL : json_string(name);
    return json_pack("{s:s, s:s, s:i, s:s}", "type", "fixed", "name", name, "size", DURATION_BYTES,
                     "logicalType", "duration");
}

static json_t *integer(char layout, struct avro_part *part)
{
    part->out = AVRO_OUT_INT;
    if (layout != 'L')
        return json_string(strchr("Il", layout) ? "long" : "int");
    part->out = AVRO_OUT_UNSIGNED;
    return decimal(DIGITS_UINT64, 0);
}

static json_t *moment(const char *format, struct avro_part *part)
{
    bool zone = format[3] == ':' && format[4], nanos = format[2] == 'n';
    part->out = AVRO_OUT_MOMENT;
    part->digits = nanos ? 9 : 6;
    return logical("long", nanos  ? zone ? "timestamp-nanos" : "local-timestamp-nanos"
                           : zone ? "timestamp-micros"
                                  : "local-timestamp-micros");
}

static json_t *timely(struct describer *d, const char *format, struct avro_part *part,
                      int32_t *status)
{
    switch (format[1]) {
    case 'd':
        part->out = AVRO_OUT_INT;
        return strcmp(format, "tdD") ? NULL : logical("int", "date");
    case 't':
        part->out = AVRO_OUT_MOMENT;
        part->digits = 6;
        return logical("long", "time-micros");
    case 's':
        return moment(format, part);
    case 'i':
        part->out = AVRO_OUT_DURATION;
        return duration(d, status);
    default:
        return NULL;
    }
}

static json_t *text(const struct ArrowSchema *field, struct avro_part *part)
{
    part->out = AVRO_OUT_BYTES;
    return qetl_schema_is_json(field) ? json_pack("{s:s, s:s}", "type", "string", "sqlType", "JSON")
                                      : json_string("string");
}

static json_t *scalar_describe(struct describer *d, const struct ArrowSchema *field,
                               struct avro_part *part, int32_t *status)
{
    const char *format = field->dictionary ? field->dictionary->format : field->format;
    int32_t precision, scale;
    part->out = AVRO_OUT_NULL;
    switch (*format) {
    case 'n':
        return json_string("null");
    case 'b':
        part->out = AVRO_OUT_BOOL;
        return json_string("boolean");
    case 'f':
        part->out = AVRO_OUT_FLOAT;
        return json_string("float");
    case 'g':
        part->out = AVRO_OUT_DOUBLE;
        return json_string("double");
    case 'u':
    case 'U':
        return text(field, part);
    case 'v':
        if (format[1] == 'u')
            return text(field, part);
        /* fall through */
    case 'z':
    case 'Z':
        part->out = AVRO_OUT_BYTES;
        return json_string("bytes");
    case 'd':
        part->out = AVRO_OUT_DECIMAL;
        return qetl_type_decimal(format, &precision, &scale) && scale >= 0 && scale <= precision
                   ? decimal(precision, scale)
                   : NULL;
    case 't':
        return timely(d, format, part, status);
    default:
        return strchr("cCsSiIlL", *format) ? integer(*format, part) : NULL;
    }
}

/* ---- parts ---- */

static int32_t children_new(struct avro_part *part, int64_t n)
{
    part->children = calloc((size_t)n + 1, sizeof *part->children);
    part->n = part->children ? n : 0;
    for (int64_t i = 0; i < part->n; i++) {
        part->children[i].source = i;
        part->children[i].if_value = 1;
    }
    return part->children ? QETL_OK : QETL_E_NO_MEMORY;
}

/* The type, or null. */
static json_t *nullable(json_t *type)
{
    if (!type || (json_is_string(type) && !strcmp(json_string_value(type), "null")))
        return type;
    return json_pack("[s, o]", "null", type);
}

static json_t *field_describe(struct describer *d, json_t *taken, const struct ArrowSchema *field,
                              struct avro_part *part, int32_t *status)
{
    char name[NAME_MAX_TEXT];
    size_t around = strlen(d->path);
    *status = name_choose(d, taken, field->name, name);
    if (*status)
        return NULL;
    snprintf(d->path + around, sizeof d->path - around, "_%.80s", name);
    json_t *type = nullable(part_describe(d, field, part, status));
    if (part->out == AVRO_OUT_NULL)
        part->if_null = part->if_value = -1;
    d->path[around] = 0;
    return type ? json_pack("{s:s, s:o, s:n}", "name", name, "type", type, "default") : NULL;
}

static json_t *record_describe(struct describer *d, const struct ArrowSchema *field,
                               struct avro_part *part, int32_t *status)
{
    char name[NAME_MAX_TEXT];
    json_t *fields = json_array(), *taken = json_object();
    part->out = AVRO_OUT_RECORD;
    *status = type_name(d, "", name);
    if (!*status)
        *status = fields && taken ? children_new(part, field->n_children) : QETL_E_NO_MEMORY;
    for (int64_t i = 0; !*status && i < field->n_children; i++) {
        json_t *one = field_describe(d, taken, field->children[i], &part->children[i], status);
        if (json_array_append_new(fields, one) && !*status)
            *status = QETL_E_NO_MEMORY;
    }
    json_decref(taken);
    if (!*status)
        return json_pack("{s:s, s:s, s:o}", "type", "record", "name", name, "fields", fields);
    json_decref(fields);
    return NULL;
}

static json_t *array_describe(struct describer *d, const struct ArrowSchema *field,
                              struct avro_part *part, int32_t *status)
{
    part->out = AVRO_OUT_ARRAY;
    *status = children_new(part, 1);
    json_t *items =
        *status ? NULL : nullable(part_describe(d, field->children[0], part->children, status));
    if (!*status && part->children->out == AVRO_OUT_NULL)
        part->children->if_null = part->children->if_value = -1;
    return items ? json_pack("{s:s, s:o}", "type", "array", "items", items) : NULL;
}

static json_t *part_describe(struct describer *d, const struct ArrowSchema *field,
                             struct avro_part *part, int32_t *status)
{
    char type[200];
    json_t *made = !strcmp(field->format, "+s")   ? record_describe(d, field, part, status)
                   : !strcmp(field->format, "+l") ? array_describe(d, field, part, status)
                                                  : scalar_describe(d, field, part, status);
    if (!made && !*status)
        *status = qetl_fail(d->e->env, QETL_E_UNSUPPORTED, NULL,
                            "cast it to another type, or leave it out",
                            "column \"%s\": Avro has no type for %s", field->name,
                            qetl_type_name(field, type, sizeof type));
    return made;
}

int32_t avro_describe(struct avro_encoder *e, char **json)
{
    struct describer d = {.e = e, .names = json_object()};
    int32_t status = d.names ? QETL_OK : QETL_E_NO_MEMORY;
    snprintf(d.path, sizeof d.path, "%s", e->record_name);
    json_t *root = status ? NULL : record_describe(&d, &e->schema, &e->root, &status);
    if (root && *e->space)
        status = json_object_set_new(root, "namespace", json_string(e->space)) ? QETL_E_NO_MEMORY
                                                                               : status;
    *json = status ? NULL : json_dumps(root, JSON_COMPACT);
    json_decref(root);
    json_decref(d.names);
    json_decref(d.duration);
    return status || *json ? status : QETL_E_NO_MEMORY;
}
