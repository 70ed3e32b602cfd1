/* SPDX-License-Identifier: Apache-2.0 */
#include "scope.h"

#include "refuse.h"

#include "plugin/manifest.h"

#include <string.h>

/* The word with which `longer` goes on behind `name`; NULL: it does not. */
static const char *word_behind(const char *longer, const char *name)
{
    size_t size = strlen(name);
    return strncmp(longer, name, size) == 0 && (longer[size] == '_' || longer[size] == '-')
               ? longer + size + 1
               : NULL;
}

/* `tally` and `tally_rows` of the plugin tally; `file` of file_source, where it is a source. */
static int is_own(const struct qetl_manifest_component *component)
{
    const char *plugin = component->plugin->id, *kind = word_behind(plugin, component->id);
    return strcmp(component->id, plugin) == 0 || word_behind(component->id, plugin) ||
           (kind && strcmp(kind, qetl_kind_name(component->kind)) == 0);
}

int qetl_scope_check(const struct package_trust *trust, const struct package_signature *signature,
                     const struct qetl_manifest *manifest, const char *file,
                     struct qetl_findings *findings)
{
    int bad = 0;
    for (size_t i = 0; i < manifest->n_components; i++) {
        const struct qetl_manifest_component *component = &manifest->components[i];
        const struct key_file *key;
        if (is_own(component) || qetl_trust_signs(trust, &signature->key, component->id, &key))
            continue;
        struct qetl_finding *finding = qetl_package_refuse(
            findings, file, NULL, "key_out_of_scope",
            "the plugin %s brings the %s `%s`, with whose name the key `%s` that signed it is not "
            "trusted",
            manifest->id, qetl_kind_name(component->kind), component->id, key ? key->name : "?");
        if (key)
            qetl_finding_mend(finding, "if it should be, add `%s` to what it may sign (%s)",
                              component->id, key->path);
        bad = -1;
    }
    return bad;
}
