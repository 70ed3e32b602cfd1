/* SPDX-License-Identifier: Apache-2.0 */
#include "clash.h"

#include "disk/refuse.h"
#include "plugin/manifest.h"
#include "plugin/sealed.h"

#include <qetl/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *whose(const struct qetl_manifest *plugin)
{
    return !plugin->sealed             ? ""
           : plugin->sealed->is_system ? ", a package of all users"
                                       : ", a package of yours";
}

static void tell_clash(const char *file, const struct qetl_manifest_component *own,
                       const struct qetl_manifest *other, bool again,
                       struct qetl_findings *findings)
{
    struct qetl_finding *finding = qetl_finding_add(
        findings, again ? QETL_WARNING : QETL_ERROR, "component_clash",
        again ? "it brings the %s `%s`, which the plugin %s %s has as well (%s%s): a pipeline that "
                "uses it is refused"
              : "it brings the %s `%s`, which the plugin %s %s has already (%s%s)",
        qetl_kind_name(own->kind), own->id, other->id, other->version, other->manifest_path,
        whose(other));
    qetl_finding_at(finding, file, 0, 0, NULL);
    if (!again)
        qetl_finding_environment(finding);
    if (other->sealed)
        qetl_finding_mend(finding,
                          "keep one of the two: qetl plugin remove %s%s; or ask its author for "
                          "another name",
                          other->id, other->sealed->is_system ? " --system" : "");
    else
        qetl_finding_mend(finding, "ask its author to give `%s` another name", own->id);
}

static int is_same(const struct qetl_manifest_component *one,
                   const struct qetl_manifest_component *other)
{
    return one->kind == other->kind && strcmp(one->id, other->id) == 0;
}

/* Whose it is by now; NULL: nobody's. */
static const struct qetl_manifest *holder_of(const struct qetl_registry *registry,
                                             const struct qetl_manifest_component *own)
{
    for (size_t i = 0; i < qetl_registry_count(registry); i++) {
        const struct qetl_manifest *at = qetl_registry_at(registry, i);
        if (at->hidden || strcmp(at->id, own->plugin->id) == 0)
            continue;
        for (size_t c = 0; c < at->n_components; c++)
            if (is_same(&at->components[c], own))
                return at;
    }
    return NULL;
}

static int is_twice(const struct qetl_manifest *manifest, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (is_same(&manifest->components[i], &manifest->components[at]))
            return 1;
    return 0;
}

/* Its extensions that mean another format, or none as long as both are there. */
static void tell_extensions(const struct qetl_manifest_component *own, const char *file,
                            const struct qetl_registry *registry, struct qetl_findings *findings)
{
    const json_t *extensions = json_object_get(own->json, "extensions");
    for (size_t i = 0; own->kind == QETL_FORMAT && i < json_array_size(extensions); i++) {
        const struct qetl_manifest_component *others[2];
        const char *extension = json_string_value(json_array_get(extensions, i));
        char *name = NULL;
        if (asprintf(&name, "x%s", extension) < 0) {
            qetl_findings_no_memory(findings);
            return;
        }
        size_t count = qetl_registry_formats_for(registry, name, others);
        free(name);
        if (!count || strcmp(others[0]->plugin->id, own->plugin->id) == 0)
            continue;
        struct qetl_finding *finding = qetl_finding_add(
            findings, QETL_WARNING, "format_extension",
            others[0]->plugin->sealed
                ? "files called *%s may mean the format `%s` or `%s` of the plugin %s from now on: "
                  "pipelines have to say which"
                : "files called *%s do not mean the format `%s`: they are those of `%s`, of the "
                  "plugin %s",
            extension, own->id, others[0]->id, others[0]->plugin->id);
        qetl_finding_at(finding, file, 0, 0, NULL);
        qetl_finding_mend(finding, "in pipelines that mean it:  format: %s", own->id);
    }
}

int qetl_package_clash_check(const struct qetl_manifest *manifest, const char *file,
                             const struct qetl_registry *registry, bool again,
                             struct qetl_findings *findings)
{
    size_t before = findings->errors;
    for (size_t i = 0; i < manifest->n_components; i++) {
        const struct qetl_manifest_component *own = &manifest->components[i];
        const struct qetl_manifest *other = holder_of(registry, own);
        if (other)
            tell_clash(file, own, other, again, findings);
        else if (is_twice(manifest, i))
            qetl_refuse(findings, file, NULL, "component_clash", "it brings the %s `%s` twice",
                        qetl_kind_name(own->kind), own->id);
        else
            tell_extensions(own, file, registry, findings);
    }
    return findings->errors > before ? -1 : 0;
}
