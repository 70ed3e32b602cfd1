/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One JSON Schema of a whole pipeline file, for editors: the core's words and the options of every
 * installed plugin, chosen by the value of `plugin` or `type`. Whatever is no free text may also be
 * a placeholder, as in a file before its placeholders are replaced.
 */
#include "pipeline_schema.h"

#include "plugin/manifest.h"

#include <qetl/plugin.h>

#include <stdlib.h>
#include <string.h>

static const uint32_t kinds[] = {QETL_SOURCE, QETL_TRANSFORM, QETL_SINK, QETL_FORMAT};

static const char placeholder[] =
    "{\"type\":\"string\",\"pattern\":\"\\\\$\\\\{\",\"description\":\"${NAME}, ${NAME:-default} "
    "or ${secret:NAME}\"}";

static json_t *reference(const char *to)
{
    return json_pack("{s:o}", "$ref", json_sprintf("#/$defs/%s", to));
}

/* ---- placeholders ---- */

static int takes_any_text(const json_t *schema)
{
    static const char *const limits[] = {"enum",    "const", "minLength", "maxLength",
                                         "pattern", "anyOf", "oneOf"};
    const json_t *type = json_object_get(schema, "type");
    int text = json_is_string(type) && strcmp(json_string_value(type), "string") == 0;
    for (size_t i = 0; i < json_array_size(type); i++)
        text |= strcmp(json_string_value(json_array_get(type, i)), "string") == 0;
    for (size_t i = 0; text && i < sizeof limits / sizeof *limits; i++)
        if (json_object_get(schema, limits[i]) &&
            !(strcmp(limits[i], "minLength") == 0 &&
              json_integer_value(json_object_get(schema, limits[i])) <= 4))
            return 0;
    return text;
}

static int is_container(const json_t *schema)
{
    const char *type = json_string_value(json_object_get(schema, "type"));
    return type && (strcmp(type, "object") == 0 || strcmp(type, "array") == 0);
}

static int open_below(json_t *schema);

/* What stays beside the alternatives, for an editor to show. */
static int is_said(const char *word)
{
    return strcmp(word, "description") == 0 || strcmp(word, "default") == 0 ||
           strcmp(word, "examples") == 0 || strcmp(word, "title") == 0;
}

/* The schema, or a placeholder. NULL without memory. */
static json_t *opened(json_t *schema)
{
    json_t *outer = json_object(), *inner = json_object(), *word;
    const char *name;
    int bad = !outer || !inner;
    json_object_foreach (schema, name, word)
        bad = bad || json_object_set(is_said(name) ? outer : inner, name, word);
    bad = bad ||
          json_object_set_new(outer, "anyOf", json_pack("[O, o]", inner, reference("placeholder")));
    json_decref(inner);
    if (!bad)
        return outer;
    json_decref(outer);
    return NULL;
}

/* A text that is a size, which qetl reads by its own rules. */
static int size_form(json_t *schema)
{
    static const char form[] = "^[0-9]+ *([bB]|[kKmMgGtT]([iI]?[bB])?)?$";
    const char *unit = json_string_value(json_object_get(schema, "x-unit"));
    if (!unit || strcmp(unit, "bytes") != 0 || !takes_any_text(schema))
        return 0;
    return json_object_set_new(schema, "pattern", json_string(form));
}

/* Opens what stands under a word of a schema. */
static int open_child(json_t *holder, const char *word)
{
    json_t *schema = json_object_get(holder, word);
    if (!json_is_object(schema))
        return 0;
    if (open_below(schema) || size_form(schema))
        return -1;
    if (takes_any_text(schema) || is_container(schema) || json_object_size(schema) == 0 ||
        json_object_get(schema, "$ref"))
        return 0;
    return json_object_set_new(holder, word, opened(schema));
}

static int open_members(json_t *properties)
{
    const char *name;
    json_t *schema;
    void *next;
    json_object_foreach_safe(properties, next, name,
                             schema) if (open_child(properties, name)) return -1;
    return 0;
}

static int open_below(json_t *schema)
{
    static const char *const lists[] = {"anyOf", "oneOf"};
    int bad = open_members(json_object_get(schema, "properties")) || open_child(schema, "items") ||
              open_child(schema, "additionalProperties");
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const json_t *list = json_object_get(schema, lists[i]);
        for (size_t k = 0; !bad && k < json_array_size(list); k++)
            bad = open_below(json_array_get(list, k));
    }
    return bad ? -1 : 0;
}

/* ---- components ---- */

static json_t *component_definition(const struct qetl_manifest_component *plugin)
{
    json_t *words = plugin->kind == QETL_FORMAT ? qetl_format_schema(plugin)
                                                : qetl_component_schema(plugin->kind, plugin);
    json_t *schema = json_deep_copy(words); /* what it is made of is the manifest's */
    json_decref(words);
    json_t *properties = json_object_get(schema, "properties");
    int bad = !schema || open_below(schema);
    if (!bad && json_object_get(properties, "format"))
        bad = json_object_set_new(properties, "format", reference("format"));
    if (!bad && json_object_get(properties, "plugin"))
        bad = json_object_set_new(json_object_get(properties, "plugin"), "const",
                                  json_string(plugin->id)) ||
              json_object_del(json_object_get(properties, "plugin"), "type");
    if (!bad && (plugin->kind == QETL_TRANSFORM || plugin->kind == QETL_SINK))
        bad = json_array_append_new(json_object_get(schema, "required"), json_string("input"));
    if (!bad)
        bad =
            json_object_set_new(schema, "title",
                                json_sprintf("%s %s", qetl_kind_name(plugin->kind), plugin->id)) ||
            json_object_set_new(schema, "description", json_string(plugin->summary));
    if (!bad)
        return schema;
    json_decref(schema);
    return NULL;
}

struct choice {      /* what a component of a kind may be */
    const char *key; /* "plugin", or "type" of a format */
    json_t *definitions;
    json_t *names, *says, *branches;
    int bad;
};

static void choice_add(struct choice *c, const struct qetl_manifest_component *plugin)
{
    char *name;
    if (asprintf(&name, "%s.%s", qetl_kind_name(plugin->kind), plugin->id) < 0) {
        c->bad = 1;
        return;
    }
    c->bad |=
        json_array_append_new(c->names, json_string(plugin->id)) ||
        json_object_set_new(c->definitions, name, component_definition(plugin)) ||
        json_array_append_new(c->branches, json_pack("{s:{s:{s:{s:s}}, s:[s]}, s:o}", "if",
                                                     "properties", c->key, "const", plugin->id,
                                                     "required", c->key, "then", reference(name)));
    if (c->says)
        c->bad |= json_array_append_new(c->says, json_string(plugin->summary));
    free(name);
}

static void choice_fill(struct choice *c, const struct qetl_registry *registry, uint32_t kind)
{
    for (size_t i = 0; i < qetl_registry_count(registry); i++) {
        const struct qetl_manifest *manifest = qetl_registry_at(registry, i);
        for (size_t k = 0; k < manifest->n_components; k++)
            if (manifest->components[k].kind == kind)
                choice_add(c, &manifest->components[k]);
    }
}

/* The word that chooses: one of the names, or a placeholder. */
static json_t *chooser(const struct choice *c, const char *description)
{
    return json_pack("{s:s, s:[{s:O, s:O}, o]}", "description", description, "anyOf", "enum",
                     c->names, "markdownEnumDescriptions", c->says, reference("placeholder"));
}

static json_t *kind_definition(const struct choice *c)
{
    return json_pack("{s:s, s:[s], s:{s:o}, s:O}", "type", "object", "required", c->key,
                     "properties", c->key, chooser(c, "The plugin that does it"), "allOf",
                     c->branches);
}

/* A format is a name, or a mapping with its options. */
static json_t *format_definition(const struct choice *c)
{
    return json_pack("{s:s, s:[o, {s:s, s:{s:o}, s:O}]}", "description",
                     "The format of the bytes, with its options; left out: by the file's name",
                     "anyOf", chooser(c, "The format"), "type", "object", "properties", c->key,
                     chooser(c, "The format; left out: by the file's name"), "allOf", c->branches);
}

static int add_kind(json_t *definitions, const struct qetl_registry *registry, uint32_t kind)
{
    struct choice c = {.key = kind == QETL_FORMAT ? "type" : "plugin",
                       .definitions = definitions,
                       .names = json_array(),
                       .says = json_array(),
                       .branches = json_array()};
    choice_fill(&c, registry, kind);
    json_t *definition = c.bad || !c.names || !c.says || !c.branches ? NULL
                         : kind == QETL_FORMAT                       ? format_definition(&c)
                                                                     : kind_definition(&c);
    json_decref(c.names);
    json_decref(c.says);
    json_decref(c.branches);
    return json_object_set_new(definitions, qetl_kind_name(kind), definition);
}

/* ---- the file ---- */

static int add_section(json_t *properties, const char *section, uint32_t kind)
{
    static const char names[] = "^[A-Za-z0-9_-]{1,100}$";
    json_t *schema = json_object_get(properties, section);
    int bad = !schema ||
              json_object_set_new(schema, "propertyNames", json_pack("{s:s}", "pattern", names)) ||
              json_object_set_new(schema, "additionalProperties", reference(qetl_kind_name(kind)));
    if (!bad && kind != QETL_TRANSFORM)
        bad = json_object_set_new(schema, "minProperties", json_integer(1));
    return bad;
}

json_t *qetl_file_schema(const struct qetl_registry *registry)
{
    json_t *schema = qetl_pipeline_schema();
    json_t *properties = json_object_get(schema, "properties");
    json_t *definitions = json_pack("{s:o}", "placeholder", json_loads(placeholder, 0, NULL));
    int bad = !schema || !definitions || open_members(properties) ||
              add_section(properties, "sources", QETL_SOURCE) ||
              add_section(properties, "transforms", QETL_TRANSFORM) ||
              add_section(properties, "sinks", QETL_SINK) ||
              json_object_set_new(schema, "required", json_pack("[s, s]", "sources", "sinks"));
    for (size_t i = 0; !bad && i < sizeof kinds / sizeof *kinds; i++)
        bad = add_kind(definitions, registry, kinds[i]);
    if (!bad)
        bad = json_object_set(schema, "$defs", definitions);
    json_decref(definitions);
    if (!bad)
        return schema;
    json_decref(schema);
    return NULL;
}
