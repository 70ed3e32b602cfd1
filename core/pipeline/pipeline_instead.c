/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Formats that cannot be read front to back (their index stands at the end) have a source of their
 * own, which opens the files itself. Where a byte source names such a format, that source takes its
 * place: users write `path` and perhaps `format`, whatever the format needs.
 */
#include "pipeline_draft.h"
#include "plugin/manifest.h"

#include <qetl/plugin.h>

#include <string.h>

static const char *format_written(const json_t *component)
{
    const json_t *format = json_object_get(component, "format");
    return json_string_value(json_is_object(format) ? json_object_get(format, "type") : format);
}

static const char *format_of_name(const struct qetl_drafts *drafts, const json_t *name)
{
    const struct qetl_manifest_component *format =
        json_is_string(name) ? qetl_registry_format_for(drafts->registry, json_string_value(name))
                             : NULL;
    return format ? format->id : NULL;
}

/* The format that all names tell; NULL: none, or several. */
static const char *format_of_names(const struct qetl_drafts *drafts, const json_t *names)
{
    size_t i;
    json_t *name;
    if (!json_is_array(names))
        return format_of_name(drafts, names);
    const char *first = format_of_name(drafts, json_array_get(names, 0));
    json_array_foreach (names, i, name) {
        const char *one = format_of_name(drafts, name);
        if (!first || !one || strcmp(first, one) != 0)
            return NULL;
    }
    return first;
}

static int stands_for(const struct qetl_manifest_component *component, const char *source,
                      const char *format)
{
    const json_t *of = json_object_get(component->json, "instead_of");
    const char *named = json_string_value(json_object_get(of, "source"));
    const char *read = json_string_value(json_object_get(of, "format"));
    return named && read && strcmp(named, source) == 0 && strcmp(read, format) == 0;
}

static int has_format(const struct qetl_manifest *manifest, const char *format)
{
    for (size_t c = 0; c < manifest->n_components; c++)
        if (manifest->components[c].kind == QETL_FORMAT &&
            strcmp(manifest->components[c].id, format) == 0)
            return 1;
    return 0;
}

/* A plugin stands in where its own format is read: nobody who writes `csv` asked for the code of
 * another one. */
static const struct qetl_manifest_component *find(const struct qetl_registry *registry,
                                                  const char *source, const char *format)
{
    for (size_t m = 0; m < qetl_registry_count(registry); m++) {
        const struct qetl_manifest *manifest = qetl_registry_at(registry, m);
        if (manifest->hidden || !has_format(manifest, format))
            continue;
        for (size_t c = 0; c < manifest->n_components; c++)
            if (manifest->components[c].kind == QETL_SOURCE &&
                stands_for(&manifest->components[c], source, format))
                return &manifest->components[c];
    }
    return NULL;
}

/* The options of `format` become the source's own. */
static void take_over(struct qetl_drafts *drafts, json_t *component)
{
    json_t *format = json_incref(json_object_get(component, "format"));
    json_object_del(component, "format");
    if (json_is_object(format)) {
        json_object_del(format, "type");
        if (json_object_update_missing(component, format))
            qetl_drafts_no_memory(drafts);
    }
    json_decref(format);
}

const struct qetl_manifest_component *
qetl_draft_instead(struct qetl_drafts *drafts, struct qetl_draft *draft,
                   const struct qetl_manifest_component *plugin)
{
    if (!plugin || plugin->kind != QETL_SOURCE || !plugin->takes_format)
        return plugin;
    const char *format = format_written(draft->json);
    if (!format && !json_object_get(draft->json, "format"))
        format = format_of_names(drafts, json_object_get(draft->json, "path"));
    const struct qetl_manifest_component *instead =
        format ? find(drafts->registry, plugin->id, format) : NULL;
    if (!instead)
        return plugin;
    take_over(drafts, draft->json);
    return instead;
}
