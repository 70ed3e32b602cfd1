/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a pipeline is, so that a run does not go on from the state of another: a digest of each
 * component's plugin, options and inputs. A secret counts as such, whatever its value.
 */
#include "config/mask.h"
#include "recover.h"
#include "run_internal.h"

#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>

enum { DIGEST_SHOWN = 16 }; /* bytes: enough to tell options apart */

static const char *version_of(const struct qetl_manifest_component *component)
{
    const struct qetl_manifest *plugin = component->plugin;
    return plugin && plugin->version ? plugin->version : "";
}

static json_t *use_json(const struct qetl_pipeline *pipeline, const struct qetl_plugin_use *use)
{
    if (!use->plugin)
        return json_null();
    json_t *options = json_deep_copy(use->options);
    qetl_mask_json(pipeline->mask, options);
    return json_pack("{s:s, s:s, s:o}", "plugin", use->plugin->id, "version",
                     version_of(use->plugin), "options", options ? options : json_object());
}

static json_t *inputs_json(const struct qetl_pipeline *pipeline, const struct qetl_node *node)
{
    json_t *inputs = json_array();
    for (size_t i = 0; i < node->n_inputs; i++) {
        const struct qetl_input *input = &node->inputs[i];
        json_array_append_new(
            inputs, json_pack("[s, s?]", pipeline->nodes[input->component].id, input->port));
    }
    return inputs;
}

static json_t *digest(json_t *what)
{
    struct sha256_ctx hash;
    uint8_t bytes[SHA256_DIGEST_SIZE];
    char shown[2 * DIGEST_SHOWN + 1];
    char *text = what ? json_dumps(what, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(what);
    if (!text)
        return NULL;
    sha256_init(&hash);
    sha256_update(&hash, strlen(text), (const uint8_t *)text);
    sha256_digest(&hash, sizeof bytes, bytes);
    free(text);
    for (size_t i = 0; i < DIGEST_SHOWN; i++)
        snprintf(shown + 2 * i, 3, "%02x", bytes[i]);
    return json_string(shown);
}

static int node_add(const struct qetl_pipeline *pipeline, const struct qetl_node *node,
                    json_t *identity)
{
    json_t *what =
        json_pack("{s:i, s:o, s:o, s:o, s:s?, s:I}", "kind", (int)node->kind, "use",
                  use_json(pipeline, &node->use), "format", use_json(pipeline, &node->format),
                  "inputs", inputs_json(pipeline, node), "timezone", pipeline->timezone,
                  "max_record", (json_int_t)pipeline->max_record);
    json_t *value = digest(what);
    return value ? json_object_set_new(identity, node->id, value) : -1;
}

char *qetl_run_identity(const struct qetl_pipeline *pipeline)
{
    json_t *identity = json_object();
    int failed = !identity;
    for (size_t n = 0; !failed && n < pipeline->n_nodes; n++)
        failed = node_add(pipeline, &pipeline->nodes[n], identity);
    char *text = failed ? NULL : json_dumps(identity, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(identity);
    return text;
}
