/* SPDX-License-Identifier: Apache-2.0 */
/* The format of a byte source or sink: as written, else by the names of its files. */
#include "config/pointer.h"
#include "config/schema_check.h"
#include "pipeline_draft.h"
#include "pipeline_schema.h"
#include "plugin/manifest.h"

#include <qetl/plugin.h>

#include <stdlib.h>
#include <string.h>

/* How the user at hand says a format. */
static const char *format_word(const struct qetl_drafts *drafts, const struct qetl_draft *draft)
{
    if (!qetl_document_is_oneliner(drafts->document))
        return "format: NAME ";
    return draft->node.kind == QETL_SOURCE ? "--from-format NAME " : "--to-format NAME ";
}

static void mend_format(struct qetl_drafts *drafts, const struct qetl_draft *draft,
                        struct qetl_finding *finding, const char *id)
{
    const char *near = id ? qetl_registry_suggest(drafts->registry, QETL_FORMAT, id) : NULL;
    char *list = qetl_registry_list(drafts->registry, QETL_FORMAT);
    const char *stray = id ? qetl_registry_stray(drafts->registry, id) : NULL;
    if (stray)
        qetl_finding_mend(finding,
                          "%s is there, without its manifest: qetl finds plugins by manifests, and "
                          "%s.qetl.json has to lie beside %s.so",
                          stray, id, id);
    else if (near)
        qetl_finding_mend(finding, "did you mean `%s`? Looked for in %s", near,
                          qetl_registry_searched(drafts->registry));
    else if (list && *list)
        qetl_finding_mend(finding, "%s%s%s: %s", id ? "" : "add  ",
                          id ? "" : format_word(drafts, draft), id ? "installed" : "with one of",
                          list);
    else
        qetl_finding_mend(finding,
                          "no format is installed: name a directory with --plugin-dir or "
                          "QETL_PLUGIN_PATH; looked for in %s",
                          qetl_registry_searched(drafts->registry));
    free(list);
}

static const struct qetl_manifest_component *format_named(struct qetl_drafts *drafts,
                                                          const struct qetl_draft *draft,
                                                          const char *below, const char *id)
{
    const struct qetl_manifest_component *format =
        qetl_registry_find(drafts->registry, QETL_FORMAT, id);
    if (!format && !qetl_draft_blame(drafts, draft, below, "format", id))
        mend_format(
            drafts, draft,
            qetl_draft_error(drafts, draft, below, "unknown_format", "there is no format `%s`", id),
            id);
    else if (format)
        qetl_draft_check_rival(drafts, draft, below, format, id);
    return format;
}

/* The names of the files, from the option that the plugin says; NULL ends. */
static const char *file_name(const struct qetl_draft *draft, size_t index)
{
    const json_t *names =
        qetl_pointer_get(draft->node.use.options, draft->node.use.plugin->format_from);
    if (json_is_array(names))
        return json_string_value(json_array_get(names, index));
    return index == 0 ? json_string_value(names) : NULL;
}

static void fail_untold(struct qetl_drafts *drafts, const struct qetl_draft *draft,
                        const char *name)
{
    const struct qetl_manifest_component *plugin = draft->node.use.plugin, *formats[2];
    struct qetl_finding *finding;
    if (name && qetl_registry_formats_for(drafts->registry, name, formats) > 1) {
        finding = qetl_draft_error(drafts, draft, plugin->format_from, "missing_format",
                                   "the name `%s` may mean the format `%s` of the plugin %s, or "
                                   "`%s` of %s",
                                   name, formats[0]->id, formats[0]->plugin->id, formats[1]->id,
                                   formats[1]->plugin->id);
        qetl_finding_mend(finding, "add  %swith `%s` or `%s`", format_word(drafts, draft),
                          formats[0]->id, formats[1]->id);
        return;
    }
    if (name)
        finding = qetl_draft_error(drafts, draft, plugin->format_from, "missing_format",
                                   "the name `%s` does not tell a format", name);
    else
        finding = qetl_draft_error(drafts, draft, "", "missing_format",
                                   "`%s` needs a format: %s `%s` has no file name that tells one",
                                   draft->node.id, qetl_kind_name(plugin->kind), plugin->id);
    mend_format(drafts, draft, finding, NULL);
}

static const struct qetl_manifest_component *format_by_name(struct qetl_drafts *drafts,
                                                            const struct qetl_draft *draft)
{
    const struct qetl_manifest_component *format = NULL;
    const char *first = file_name(draft, 0), *name;
    const char *otherwise = draft->node.use.plugin->default_format;
    for (size_t i = 0; (name = file_name(draft, i)); i++) {
        const struct qetl_manifest_component *one =
            qetl_registry_format_for(drafts->registry, name);
        if (!one) {
            if (!otherwise)
                fail_untold(drafts, draft, name);
            format = NULL;
            break;
        }
        if (format && one != format) {
            qetl_finding_mend(qetl_draft_error(drafts, draft, draft->node.use.plugin->format_from,
                                               "several_formats",
                                               "`%s` is of format %s by its name, `%s` of %s",
                                               first, format->id, name, one->id),
                              "make a source of each, or say  format:  for all of them");
            return NULL;
        }
        format = one;
    }
    if (!format && otherwise)
        return format_named(drafts, draft, "", otherwise);
    if (!format && !first && draft->sound) /* else the name itself is what is wrong */
        fail_untold(drafts, draft, NULL);
    return format;
}

static int check_direction(struct qetl_drafts *drafts, const struct qetl_draft *draft,
                           const struct qetl_manifest_component *format)
{
    int reads = draft->node.kind == QETL_SOURCE;
    if (reads ? format->reads : format->writes)
        return 0;
    const char *below =
        json_object_get(draft->json, "format") ? "/format" : draft->node.use.plugin->format_from;
    qetl_finding_mend(qetl_draft_error(drafts, draft, below, "format_cannot",
                                       "format `%s` cannot %s", format->id,
                                       reads ? "read" : "write"),
                      "choose another; `qetl plugin list` shows them");
    return -1;
}

/* Options under `format` against the format's schema; a short form has none. */
static json_t *format_options(struct qetl_drafts *drafts, const struct qetl_draft *draft,
                              const struct qetl_manifest_component *format, const json_t *written)
{
    char *pointer = qetl_pointer_key(draft->pointer, "format");
    json_t *schema = qetl_format_schema(format);
    json_t *options = json_is_object(written) ? json_deep_copy(written) : json_object();
    if (pointer && schema && options) {
        qetl_schema_check(schema, options, drafts->document, pointer, drafts->findings);
        qetl_draft_texts(drafts, draft, schema, options, pointer);
    } else
        qetl_drafts_no_memory(drafts);
    json_object_del(options, "type");
    json_decref(schema);
    free(pointer);
    return options;
}

/* An option of the format that stands beside it: told as unknown, but not yet where it belongs. */
static void mend_beside(struct qetl_drafts *drafts, const struct qetl_draft *draft,
                        const struct qetl_manifest_component *format)
{
    const char *key;
    json_t *value;
    json_object_foreach (draft->json, key, value) {
        if (!json_object_get(json_object_get(format->options, "properties"), key))
            continue;
        for (size_t i = 0; i < drafts->findings->count; i++) {
            struct qetl_finding *finding = &drafts->findings->items[i];
            size_t size = strlen(draft->node.path);
            if (strcmp(finding->code, "unknown_key") == 0 && finding->path &&
                strncmp(finding->path, draft->node.path, size) == 0 && finding->path[size] == '.' &&
                strcmp(finding->path + size + 1, key) == 0)
                qetl_finding_mend(finding,
                                  "it is an option of the format:  format: {type: %s, %s: …}",
                                  format->id, key);
        }
    }
}

void qetl_draft_format(struct qetl_drafts *drafts, struct qetl_draft *draft)
{
    const json_t *written = json_object_get(draft->json, "format");
    const json_t *type = json_object_get(written, "type");
    const struct qetl_manifest_component *format = NULL;
    if (written && !json_is_string(written) && !json_is_object(written))
        return; /* the schema has said so */
    if (type && !json_is_string(type)) {
        qetl_finding_mend(qetl_draft_error(drafts, draft, "/format/type", "wrong_type",
                                           "`type` must be the name of a format"),
                          "for example  type: csv");
        return;
    }
    if (json_is_string(written))
        format = format_named(drafts, draft, "/format", json_string_value(written));
    else if (type)
        format = format_named(drafts, draft, "/format/type", json_string_value(type));
    else
        format = format_by_name(drafts, draft);
    if (format)
        mend_beside(drafts, draft, format);
    if (!format || check_direction(drafts, draft, format))
        return;
    draft->node.format.plugin = format;
    draft->node.format.options = format_options(drafts, draft, format, written);
    draft->node.format.place = qetl_document_place(drafts->document, draft->pointer);
}
