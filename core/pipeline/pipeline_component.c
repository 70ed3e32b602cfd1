/* SPDX-License-Identifier: Apache-2.0 */
/* One component of a pipeline file: its plugin, its options by the plugin's schema, its outputs. */
#include "config/pointer.h"
#include "config/schema_check.h"
#include "config/suggest.h"
#include "increment/increment.h"
#include "pipeline_draft.h"
#include "pipeline_schema.h"
#include "plugin/manifest.h"

#include <qetl/plugin.h>

#include <stdlib.h>
#include <string.h>

static void mend_plugin(struct qetl_drafts *drafts, struct qetl_finding *finding, uint32_t kind,
                        const char *id)
{
    static const uint32_t kinds[] = {QETL_SOURCE, QETL_TRANSFORM, QETL_SINK};
    const char *near = qetl_registry_suggest(drafts->registry, kind, id);
    const char *stray = qetl_registry_stray(drafts->registry, id);
    if (stray) {
        qetl_finding_mend(finding,
                          "%s is there, without its manifest: qetl finds plugins by manifests, and "
                          "%s.qetl.json has to lie beside %s.so",
                          stray, id, id);
        return;
    }
    if (near) {
        qetl_finding_mend(finding, "did you mean `%s`? Looked for in %s", near,
                          qetl_registry_searched(drafts->registry));
        return;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!qetl_registry_find(drafts->registry, kinds[i], id))
            continue;
        qetl_finding_mend(finding, "there is a %s of this name: it belongs under %ss:",
                          qetl_kind_name(kinds[i]), qetl_kind_name(kinds[i]));
        return;
    }
    char *list = qetl_registry_list(drafts->registry, kind);
    if (list && *list)
        qetl_finding_mend(finding,
                          "installed: %s; looked for in %s; --plugin-dir names further directories",
                          list, qetl_registry_searched(drafts->registry));
    else
        qetl_finding_mend(finding,
                          "no %s is installed: name a directory with --plugin-dir or "
                          "QETL_PLUGIN_PATH; looked for in %s",
                          qetl_kind_name(kind), qetl_registry_searched(drafts->registry));
    free(list);
}

void qetl_draft_check_rival(struct qetl_drafts *drafts, const struct qetl_draft *draft,
                            const char *below, const struct qetl_manifest_component *found,
                            const char *id)
{
    const struct qetl_manifest_component *rival = qetl_registry_rival(drafts->registry, found, id);
    if (!rival)
        return;
    struct qetl_finding *finding = qetl_draft_error(
        drafts, draft, below, "contested_component",
        "two plugins offer the %s `%s`: %s %s (%s) and %s %s (%s)", qetl_kind_name(found->kind), id,
        found->plugin->id, found->plugin->version, found->plugin->manifest_path, rival->plugin->id,
        rival->plugin->version, rival->plugin->manifest_path);
    qetl_registry_rival_mend(finding, found, rival);
    qetl_finding_environment(finding);
}

bool qetl_draft_blame(struct qetl_drafts *drafts, const struct qetl_draft *draft, const char *below,
                      const char *what, const char *id)
{
    const struct qetl_finding *fault = qetl_registry_missed(drafts->registry, id);
    if (!fault)
        return false;
    struct qetl_finding *finding = qetl_draft_error(
        drafts, draft, below, fault->code, "%s `%s` cannot be had: %s", what, id, fault->message);
    qetl_finding_environment(finding);
    if (fault->suggestion)
        qetl_finding_mend(finding, "%s", fault->suggestion);
    return true;
}

static const struct qetl_manifest_component *find_plugin(struct qetl_drafts *drafts,
                                                         const struct qetl_draft *draft)
{
    const json_t *name = json_object_get(draft->json, "plugin");
    const char *id = json_string_value(name);
    uint32_t kind = draft->node.kind;
    if (json_is_null(name))
        qetl_finding_mend(
            qetl_draft_error(drafts, draft, "/plugin", "missing_value", "`plugin` has no value"),
            "the plugin called null needs quotes:  plugin: \"null\"");
    if (!id)
        return NULL;
    const struct qetl_manifest_component *plugin = qetl_registry_find(drafts->registry, kind, id);
    if (!plugin && !qetl_draft_blame(drafts, draft, "/plugin", qetl_kind_name(kind), id)) {
        struct qetl_finding *finding =
            qetl_draft_error(drafts, draft, "/plugin", "unknown_plugin",
                             "there is no %s plugin `%s`", qetl_kind_name(kind), id);
        mend_plugin(drafts, finding, kind, id);
        if (qetl_registry_missed(drafts->registry, NULL))
            qetl_finding_environment(finding);
    } else if (plugin)
        qetl_draft_check_rival(drafts, draft, "/plugin", plugin, id);
    return plugin;
}

/* Words of the core that this component cannot have; told here, not as unknown ones. */
static void check_core_keys(struct qetl_drafts *drafts, struct qetl_draft *draft)
{
    const struct qetl_manifest_component *plugin = draft->node.use.plugin;
    if (draft->node.kind == QETL_SOURCE && json_object_get(draft->json, "input")) {
        qetl_finding_mend(
            qetl_draft_error(drafts, draft, "/input", "source_with_input", "a source has no input"),
            "remove it, or move the component to transforms: or sinks:");
        qetl_draft_mark(drafts, json_object_get(draft->json, "input"));
        json_object_del(draft->json, "input");
    }
    if (plugin && !plugin->takes_format && json_object_get(draft->json, "format")) {
        qetl_finding_mend(qetl_draft_error(drafts, draft, "/format", "format_not_taken",
                                           "%s `%s` takes no format", qetl_kind_name(plugin->kind),
                                           plugin->id),
                          "remove it: only sources and sinks of bytes have one");
        json_object_del(draft->json, "format");
    }
}

/* The plugin's options: all but the core's words, defaults filled in. */
static void take_options(struct qetl_drafts *drafts, struct qetl_draft *draft)
{
    static const char *const words[] = {"plugin",       "input",       "format",
                                        "retry",        "breaker",     "rate_limit",
                                        "call_timeout", "incremental", "streams"};
    json_t *options = json_deep_copy(draft->json);
    if (!options)
        qetl_drafts_no_memory(drafts);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        json_object_del(options, words[i]);
    draft->node.use.options = options;
    draft->node.use.place = qetl_document_key_place(drafts->document, draft->pointer);
}

/* How the host treats its failures, and how hard it drives it. */
static void take_limits(struct qetl_drafts *drafts, struct qetl_draft *draft)
{
    char pointer[64];
    const char *mend;
    const char *wrong = qetl_limits_read(draft->json, &draft->node.limits, pointer, &mend);
    if (wrong)
        qetl_finding_mend(qetl_draft_error(drafts, draft, pointer, "bad_limit", "%s", wrong), "%s",
                          mend);
}

static void take_incremental(struct qetl_drafts *drafts, struct qetl_draft *draft)
{
    const char *pointer, *mend;
    json_t *incremental = json_object_get(draft->json, "incremental");
    if (!incremental || draft->node.kind != QETL_SOURCE)
        return;
    const char *wrong = qetl_increment_check(incremental, &pointer, &mend);
    if (wrong)
        qetl_finding_mend(qetl_draft_error(drafts, draft, pointer, "bad_time", "%s", wrong), "%s",
                          mend);
    draft->node.incremental = json_incref(incremental);
}

static void output_add(struct qetl_drafts *drafts, struct qetl_draft *draft, const char *name)
{
    draft->node.outputs[draft->node.n_outputs] = strdup(name);
    if (!draft->node.outputs[draft->node.n_outputs++])
        qetl_drafts_no_memory(drafts);
}

/* Keys of the option that the manifest names are the outputs' names. */
static void take_outputs(struct qetl_drafts *drafts, struct qetl_draft *draft)
{
    const struct qetl_manifest_component *plugin = draft->node.use.plugin;
    const json_t *named = plugin->outputs_from
                              ? qetl_pointer_get(draft->node.use.options, plugin->outputs_from)
                              : NULL;
    const json_t *more =
        plugin->outputs_and ? qetl_pointer_get(draft->node.use.options, plugin->outputs_and) : NULL;
    size_t count = json_object_size(named) + json_is_string(more);
    const char *name;
    json_t *value;
    if (count == 0)
        return;
    draft->node.outputs = calloc(count, sizeof *draft->node.outputs);
    draft->ports_used = calloc(count, 1);
    if (!draft->node.outputs || !draft->ports_used) {
        qetl_drafts_no_memory(drafts);
        return;
    }
    json_object_foreach ((json_t *)named, name, value)
        output_add(drafts, draft, name);
    if (!json_is_string(more))
        return;
    if (json_object_get(named, json_string_value(more)))
        qetl_finding_mend(qetl_draft_error(drafts, draft, plugin->outputs_and, "duplicate_output",
                                           "two outputs have the name `%s`",
                                           json_string_value(more)),
                          "give one of them another name");
    else
        output_add(drafts, draft, json_string_value(more));
}

/* `Plugin`, `plguin`: told as that, and nothing else, since nothing else can be known. */
static int plugin_misspelt(struct qetl_drafts *drafts, const struct qetl_draft *draft)
{
    struct qetl_suggest suggest;
    const char *key;
    json_t *value;
    qetl_suggest_init(&suggest, "plugin");
    json_object_foreach (draft->json, key, value)
        qetl_suggest_offer(&suggest, key);
    if (!suggest.best || json_object_get(draft->json, "plugin"))
        return 0;
    char *pointer = qetl_pointer_key(draft->pointer, suggest.best);
    if (pointer)
        qetl_finding_mend(qetl_document_error(drafts->document, pointer, QETL_AT_KEY,
                                              drafts->findings, "unknown_key",
                                              "`%s` is not known here", suggest.best),
                          "did you mean `plugin`?");
    else
        qetl_drafts_no_memory(drafts);
    free(pointer);
    return 1;
}

void qetl_draft_fill(struct qetl_drafts *drafts, struct qetl_draft *draft)
{
    if (!draft->json || plugin_misspelt(drafts, draft))
        return;
    const struct qetl_manifest_component *plugin =
        qetl_draft_instead(drafts, draft, find_plugin(drafts, draft));
    draft->node.use.plugin = plugin;
    check_core_keys(drafts, draft);
    json_t *schema = qetl_component_schema(draft->node.kind, plugin);
    if (!schema) {
        qetl_drafts_no_memory(drafts);
        return;
    }
    size_t errors =
        qetl_schema_check(schema, draft->json, drafts->document, draft->pointer, drafts->findings);
    qetl_draft_texts(drafts, draft, schema, draft->json, draft->pointer);
    json_decref(schema);
    if (!plugin)
        return;
    take_options(drafts, draft);
    take_limits(drafts, draft);
    take_incremental(drafts, draft);
    draft->sound = errors == 0;
    if (plugin->takes_format)
        qetl_draft_format(drafts, draft);
    if (draft->sound && draft->node.use.options)
        take_outputs(drafts, draft);
}
