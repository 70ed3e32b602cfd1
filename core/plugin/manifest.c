/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest.h"

#include "config/document.h"
#include "config/pointer.h"
#include "config/schema_check.h"
#include "config/schema_lint.h"
#include "loader.h"
#include "manifest_keys.h"
#include "sealed.h"

#include <qetl/plugin.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Keys that are not named here are left to later versions: manifest_keys.h. */
static const char manifest_schema[] =
    "{\"type\":\"object\",\"required\":[\"id\",\"version\",\"abi\",\"components\"],\"properties\":{"
    "\"id\":{\"type\":\"string\",\"pattern\":\"^[a-z][a-z0-9_-]*$\",\"maxLength\":64,"
    "\"examples\":[\"csv\"]},"
    "\"version\":{\"type\":\"string\",\"pattern\":\"^[0-9]+\\\\.[0-9]+\\\\.[0-9]+([-+].*)?$\","
    "\"examples\":[\"0.1.0\"]},"
    "\"summary\":{\"type\":\"string\"},"
    "\"permissions\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
    "\"abi\":{\"type\":\"object\",\"required\":[\"min\",\"max\"],\"properties\":{"
    "\"min\":{\"type\":\"string\",\"pattern\":\"^[0-9]{1,4}\\\\.[0-9]{1,4}$\",\"examples\":[\"1."
    "0\"]},"
    "\"max\":{\"type\":\"string\",\"pattern\":\"^[0-9]{1,4}\\\\.[0-9]{1,4}$\",\"examples\":[\"1."
    "0\"]}}},"
    "\"components\":{\"type\":\"array\",\"minItems\":1,\"items\":{\"type\":\"object\","
    "\"required\":[\"kind\",\"id\",\"options\"],\"properties\":{"
    "\"kind\":{\"type\":\"string\",\"enum\":[\"source\",\"transform\",\"sink\",\"format\"]},"
    "\"id\":{\"type\":\"string\",\"pattern\":\"^[a-z][a-z0-9_-]*$\",\"maxLength\":64,"
    "\"examples\":[\"csv\"]},"
    "\"summary\":{\"type\":\"string\"},\"notes\":{\"type\":\"array\"},\"examples\":{\"type\":"
    "\"array\"},"
    "\"check\":{\"type\":[\"object\",\"array\"]},"
    "\"extensions\":{\"type\":\"array\",\"items\":{\"type\":\"string\","
    "\"pattern\":\"^(\\\\.[a-z0-9_-]+)+$\",\"examples\":[\".csv\"]}},"
    "\"encode\":{\"type\":\"string\",\"enum\":[\"concatenable\",\"closed\"]},"
    "\"reads\":{\"type\":\"boolean\"},\"writes\":{\"type\":\"boolean\"},"
    "\"bytes\":{\"type\":\"boolean\"},"
    "\"delivery\":{\"type\":\"string\"},"
    "\"delivery_if\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
    "\"required\":[\"option\",\"is\"],\"properties\":{"
    "\"option\":{\"type\":\"string\",\"pattern\":\"^/\",\"examples\":[\"/path\"]},"
    "\"is\":{\"type\":\"array\",\"minItems\":1},"
    "\"delivery\":{\"type\":\"string\"},\"endless\":{\"type\":\"boolean\"}}}},"
    "\"commit\":{\"type\":\"string\",\"enum\":[\"one-phase\",\"two-phase\"]},"
    "\"inputs\":{\"type\":\"integer\",\"minimum\":-1},"
    "\"default_format\":{\"type\":\"string\"},\"uses_stdout\":{\"type\":\"boolean\"},"
    "\"format_from\":{\"type\":\"string\",\"pattern\":\"^/\",\"examples\":[\"/path\"]},"
    "\"instead_of\":{\"type\":\"object\",\"required\":[\"source\",\"format\"],\"properties\":{"
    "\"source\":{\"type\":\"string\",\"examples\":[\"file\"]},"
    "\"format\":{\"type\":\"string\",\"examples\":[\"csv\"]}}},"
    "\"outputs\":{\"type\":\"object\",\"required\":[\"from_option\"],\"properties\":{"
    "\"from_option\":{\"type\":\"string\",\"pattern\":\"^/\",\"examples\":[\"/outputs\"]},"
    "\"and_option\":{\"type\":\"string\",\"pattern\":\"^/\",\"examples\":[\"/default\"]}}},"
    "\"options\":{\"type\":\"object\"}}}}}}";

const char *qetl_kind_name(uint32_t kind)
{
    static const char *const names[] = {"?", "source", "transform", "sink", "format"};
    return names[kind <= QETL_FORMAT ? kind : 0];
}

uint32_t qetl_kind_of(const char *name)
{
    uint32_t kind = QETL_SOURCE;
    while (kind <= QETL_FORMAT && strcmp(name, qetl_kind_name(kind)) != 0)
        kind++;
    return kind <= QETL_FORMAT ? kind : 0;
}

/* ---- checks beyond what the schema says ---- */

struct component_check {
    const json_t *json;
    const char *pointer;
    const struct qetl_document *document;
    struct qetl_findings *findings;
    uint32_t kind;
};

static void component_fail(const struct component_check *c, const char *key, const char *message)
{
    char *place = qetl_pointer_key(c->pointer, key);
    qetl_document_error(c->document, place ? place : "", QETL_AT_KEY, c->findings, "bad_manifest",
                        "`%s` %s", key, message);
    free(place);
}

static void check_kind_words(const struct component_check *c)
{
    enum {
        SOURCE = 1 << QETL_SOURCE,
        TRANSFORM = 1 << QETL_TRANSFORM,
        SINK = 1 << QETL_SINK,
        FORMAT = 1 << QETL_FORMAT
    };
    static const struct {
        const char *key;
        unsigned kinds;
    } words[] = {{"extensions", FORMAT},
                 {"encode", FORMAT},
                 {"reads", FORMAT},
                 {"writes", FORMAT},
                 {"bytes", SOURCE | SINK},
                 {"delivery", SOURCE | SINK},
                 {"delivery_if", SOURCE | SINK},
                 {"commit", SINK},
                 {"inputs", TRANSFORM | SINK},
                 {"default_format", SOURCE | SINK},
                 {"uses_stdout", SINK},
                 {"format_from", SOURCE | SINK},
                 {"instead_of", SOURCE},
                 {"outputs", TRANSFORM}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (json_object_get(c->json, words[i].key) && !(words[i].kinds & 1u << c->kind))
            component_fail(c, words[i].key, "means nothing for a component of this kind");
}

static void check_delivery_word(const struct component_check *c, const json_t *word)
{
    static const char *const words[2][3] = {{"replayable", "ackable", "lossy"},
                                            {"transactional", "idempotent", "append"}};
    const char *delivery = json_string_value(word);
    const char *const *known = words[c->kind == QETL_SINK];
    for (int i = 0; i < 3; i++)
        if (!delivery || strcmp(delivery, known[i]) == 0)
            return;
    component_fail(c, "delivery",
                   c->kind == QETL_SINK ? "of a sink is transactional, idempotent or append"
                                        : "of a source is replayable, ackable or lossy");
}

static void check_delivery(const struct component_check *c)
{
    size_t i;
    json_t *rule;
    if (c->kind != QETL_SOURCE && c->kind != QETL_SINK)
        return;
    check_delivery_word(c, json_object_get(c->json, "delivery"));
    json_array_foreach (json_object_get(c->json, "delivery_if"), i, rule)
        check_delivery_word(c, json_object_get(rule, "delivery"));
}

/* The keys of a component in a pipeline file that are the core's own. */
static void check_reserved(const struct component_check *c, const char *pointer)
{
    static const char *const names[] = {"plugin", "input", "inputs", "format", "type"};
    const json_t *properties = json_object_get(json_object_get(c->json, "options"), "properties");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int is_formats = strcmp(names[i], "type") == 0;
        if (!json_object_get(properties, names[i]) || is_formats != (c->kind == QETL_FORMAT))
            continue;
        qetl_finding_mend(qetl_document_error(c->document, pointer, QETL_AT_VALUE, c->findings,
                                              "bad_manifest", "no option can be named `%s`",
                                              names[i]),
                          "the word belongs to qetl itself: choose another");
    }
}

static void check_described(const struct component_check *c, const char *pointer)
{
    const char *key;
    json_t *option;
    json_object_foreach (json_object_get(json_object_get(c->json, "options"), "properties"), key,
                         option) {
        if (json_object_get(option, "description"))
            continue;
        char *properties = qetl_pointer_key(pointer, "properties");
        char *place = properties ? qetl_pointer_key(properties, key) : NULL;
        qetl_finding_mend(qetl_document_error(c->document, place ? place : "", QETL_AT_KEY,
                                              c->findings, "bad_manifest",
                                              "option `%s` has no description", key),
                          "say in one sentence what it does: users see it in `qetl plugin info`");
        free(place);
        free(properties);
    }
}

static void check_options(const struct component_check *c)
{
    const json_t *options = json_object_get(c->json, "options");
    const char *type = json_string_value(json_object_get(options, "type"));
    char *pointer = qetl_pointer_key(c->pointer, "options");
    if (!type || strcmp(type, "object") != 0)
        component_fail(c, "options", "is a schema of type object");
    if (!json_is_false(json_object_get(options, "additionalProperties")))
        component_fail(c, "options", "has additionalProperties: false, or typing errors go unseen");
    if (!pointer)
        qetl_findings_no_memory(c->findings);
    else if (qetl_schema_lint(options, c->document, pointer, c->findings) == 0) {
        check_reserved(c, pointer);
        check_described(c, pointer);
    }
    free(pointer);
}

static void check_component(const struct component_check *c)
{
    const json_t *inputs = json_object_get(c->json, "inputs");
    check_kind_words(c);
    check_delivery(c);
    check_options(c);
    if (inputs && json_integer_value(inputs) == 0)
        component_fail(c, "inputs", "is 1 or more, or -1 for any number");
}

static void check_components(const json_t *schema, const json_t *components,
                             const struct qetl_manifest_keys *keys)
{
    const json_t *items = json_object_get(
        json_object_get(json_object_get(schema, "properties"), "components"), "items");
    size_t i;
    json_t *component;
    json_array_foreach (components, i, component) {
        char *pointer = qetl_pointer_index("/components", i);
        const char *kind = json_string_value(json_object_get(component, "kind"));
        struct component_check check = {component, pointer, keys->document, keys->mistakes,
                                        qetl_kind_of(kind)};
        if (pointer) {
            qetl_manifest_keys_check(keys, items, component, pointer);
            check_component(&check);
        } else
            qetl_findings_no_memory(keys->mistakes);
        free(pointer);
    }
}

static uint32_t abi_of(const json_t *abi, const char *key)
{
    char *end;
    unsigned long major = strtoul(json_string_value(json_object_get(abi, key)), &end, 10);
    return QETL_ABI_MAKE(major, strtoul(end + 1, NULL, 10));
}

static void check_range(const json_t *abi, const struct qetl_document *document,
                        struct qetl_findings *findings)
{
    if (abi_of(abi, "max") < abi_of(abi, "min"))
        qetl_finding_mend(qetl_document_error(document, "/abi/max", QETL_AT_VALUE, findings,
                                              "bad_manifest", "`max` is lower than `min`"),
                          "min is the oldest ABI that the plugin runs with, max the newest");
}

static int check_shape(const struct qetl_document *document, json_t *json,
                       struct qetl_findings *findings, struct qetl_findings *passed_over)
{
    size_t before = findings->errors;
    json_t *schema = json_loads(manifest_schema, 0, NULL);
    if (!schema) {
        qetl_findings_no_memory(findings);
        return -1;
    }
    if (qetl_schema_check(schema, json, document, "", findings) == 0) {
        const json_t *abi = json_object_get(json, "abi");
        struct qetl_manifest_keys keys = {document, abi_of(abi, "max") > QETL_ABI_VERSION, findings,
                                          passed_over};
        qetl_manifest_keys_check(&keys, schema, json, "");
        check_range(abi, document, findings);
        check_components(schema, json_object_get(json, "components"), &keys);
    }
    json_decref(schema);
    return findings->errors > before ? -1 : 0;
}

/* Of a manifest that needs a later host, nothing can be said but that. */
static void refuse_later(const struct qetl_document *document, const json_t *json, size_t first,
                         struct qetl_findings *findings)
{
    unsigned major, minor;
    char more;
    const char *min = json_string_value(json_object_get(json_object_get(json, "abi"), "min"));
    const char *id = json_string_value(json_object_get(json, "id"));
    if (!min || sscanf(min, "%4u.%4u%c", &major, &minor, &more) != 2 ||
        QETL_ABI_MAKE(major, minor) <= QETL_ABI_VERSION)
        return;
    qetl_findings_truncate(findings, first);
    struct qetl_finding *finding = qetl_document_error(
        document, "/abi/min", QETL_AT_VALUE, findings, "abi_mismatch",
        "plugin %s: it needs ABI %u.%u or later, this qetl has %u.%u, and does not understand it",
        id ? id : "?", major, minor, QETL_ABI_VERSION >> 16, QETL_ABI_VERSION & 0xffff);
    qetl_finding_mend(finding, "install a newer qetl, or an older version of the plugin");
    qetl_finding_environment(finding);
}

/* ---- from a checked manifest to the structs ---- */

static const char *text_of(const json_t *object, const char *key, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : otherwise;
}

static void fill_component(struct qetl_manifest_component *component,
                           const struct qetl_manifest *manifest, json_t *json)
{
    const json_t *inputs = json_object_get(json, "inputs");
    component->plugin = manifest;
    component->kind = qetl_kind_of(json_string_value(json_object_get(json, "kind")));
    component->id = json_string_value(json_object_get(json, "id"));
    component->summary = text_of(json, "summary", "");
    component->options = json_object_get(json, "options");
    component->json = json;
    component->takes_format = json_is_true(json_object_get(json, "bytes"));
    component->inputs_max = inputs ? (int)json_integer_value(inputs) : 1;
    component->format_from = text_of(json, "format_from", "/path");
    component->default_format = text_of(json, "default_format", NULL);
    component->outputs_from = text_of(json_object_get(json, "outputs"), "from_option", NULL);
    component->outputs_and = text_of(json_object_get(json, "outputs"), "and_option", NULL);
    component->reads = !json_is_false(json_object_get(json, "reads"));
    component->writes = !json_is_false(json_object_get(json, "writes"));
}

static char *library_of(const char *path)
{
    size_t stem = strlen(path) - (sizeof QETL_MANIFEST_SUFFIX - 1);
    char *library;
    return asprintf(&library, "%.*s.so", (int)stem, path) < 0 ? NULL : library;
}

static struct qetl_manifest *manifest_make(const char *path, json_t *json)
{
    const json_t *components = json_object_get(json, "components");
    const json_t *abi = json_object_get(json, "abi");
    struct qetl_manifest *manifest = calloc(1, sizeof *manifest);
    if (!manifest)
        return NULL;
    manifest->json = json_incref(json);
    manifest->id = strdup(json_string_value(json_object_get(json, "id")));
    manifest->version = strdup(json_string_value(json_object_get(json, "version")));
    manifest->summary = strdup(text_of(json, "summary", ""));
    manifest->manifest_path = strdup(path);
    manifest->library_path = library_of(path);
    manifest->library = qetl_library_new();
    manifest->passed_over = calloc(1, sizeof *manifest->passed_over);
    manifest->abi_min = abi_of(abi, "min");
    manifest->abi_max = abi_of(abi, "max");
    manifest->n_components = json_array_size(components);
    manifest->components = calloc(manifest->n_components, sizeof *manifest->components);
    if (!manifest->id || !manifest->version || !manifest->summary || !manifest->manifest_path ||
        !manifest->library_path || !manifest->library || !manifest->passed_over ||
        !manifest->components) {
        qetl_manifest_free(manifest);
        return NULL;
    }
    for (size_t i = 0; i < manifest->n_components; i++)
        fill_component(&manifest->components[i], manifest, json_array_get(components, i));
    return manifest;
}

static int check_mode(const char *path, struct qetl_findings *findings)
{
    struct stat status;
    if (stat(path, &status) || !(status.st_mode & S_IWOTH))
        return 0;
    struct qetl_finding *finding =
        qetl_finding_add(findings, QETL_ERROR, "world_writable_file",
                         "anyone on this machine may change this plugin's manifest");
    qetl_finding_at(finding, path, 0, 0, NULL);
    qetl_finding_mend(finding, "chmod o-w '%s'", path);
    qetl_finding_environment(finding);
    return -1;
}

/* What there was before the text was read. */
struct before {
    size_t errors, count;
};

/* Takes the document over; NULL was told. */
static struct qetl_manifest *manifest_of(struct qetl_document *document, const char *path,
                                         struct before before, struct qetl_findings *findings)
{
    struct qetl_manifest *manifest = NULL;
    struct qetl_findings passed_over = {0};
    if (!document)
        return NULL;
    json_t *json = json_deep_copy(qetl_document_root(document));
    if (findings->errors == before.errors && json &&
        check_shape(document, json, findings, &passed_over) == 0)
        manifest = manifest_make(path, json);
    if (manifest)
        qetl_findings_move(manifest->passed_over, &passed_over);
    else if (findings->errors > before.errors)
        refuse_later(document, json, before.count, findings);
    if (findings->errors == before.errors && !manifest)
        qetl_finding_add(findings, QETL_ERROR, "no_memory", "out of memory while reading %s", path);
    qetl_findings_free(&passed_over);
    json_decref(json);
    qetl_document_free(document);
    return manifest;
}

struct qetl_manifest *qetl_manifest_load(const char *path, struct qetl_findings *findings)
{
    struct before before = {findings->errors, findings->count};
    if (check_mode(path, findings))
        return NULL;
    return manifest_of(qetl_document_load(path, findings), path, before, findings);
}

struct qetl_manifest *qetl_manifest_parse(const char *text, size_t size, const char *path,
                                          struct qetl_findings *findings)
{
    struct before before = {findings->errors, findings->count};
    return manifest_of(qetl_document_parse(text, size, path, findings), path, before, findings);
}

void qetl_manifest_free(struct qetl_manifest *manifest)
{
    if (!manifest)
        return;
    qetl_library_free(manifest->library);
    qetl_sealed_free(manifest->sealed);
    if (manifest->passed_over)
        qetl_findings_free(manifest->passed_over);
    free(manifest->passed_over);
    free(manifest->components);
    json_decref(manifest->json);
    free(manifest->library_path);
    free(manifest->manifest_path);
    free(manifest->summary);
    free(manifest->version);
    free(manifest->id);
    free(manifest);
}
