/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin_named.h"

#include "plugin/manifest.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *beside(const char *path, const char *suffix)
{
    size_t size = strlen(path);
    char *manifest;
    if (size > 3 && strcmp(path + size - 3, ".so") == 0)
        size -= 3;
    return asprintf(&manifest, "%.*s%s", (int)size, path, suffix) < 0 ? NULL : manifest;
}

/* FILE.so, or its manifest: both lie in one folder. */
static struct qetl_manifest *of_file(const char *path, struct qetl_findings *findings)
{
    char real[PATH_MAX];
    if (!realpath(path, real)) {
        struct qetl_finding *finding = qetl_finding_add(findings, QETL_ERROR, "unreadable_file",
                                                        "'%s': %s", path, strerror(errno));
        qetl_finding_environment(finding);
        qetl_finding_mend(finding, "name a plugin's NAME.so, or the id of one that is installed");
        return NULL;
    }
    char *file = beside(real, QETL_MANIFEST_SUFFIX);
    struct qetl_manifest *manifest = NULL;
    if (file && access(file, F_OK)) {
        struct qetl_finding *finding = qetl_finding_add(findings, QETL_ERROR, "missing_manifest",
                                                        "'%s' has no manifest beside it", path);
        qetl_finding_environment(finding);
        qetl_finding_mend(finding, "put it there, as %s", file);
    } else if (file) {
        manifest = qetl_manifest_load(file, findings);
    }
    free(file);
    return manifest;
}

static const struct qetl_manifest *by_name(const struct qetl_registry *registry, const char *name)
{
    for (size_t i = 0; i < qetl_registry_count(registry); i++)
        if (strcmp(qetl_registry_at(registry, i)->id, name) == 0)
            return qetl_registry_at(registry, i);
    for (size_t i = 0; i < qetl_registry_count(registry); i++)
        for (size_t c = 0; c < qetl_registry_at(registry, i)->n_components; c++)
            if (strcmp(qetl_registry_at(registry, i)->components[c].id, name) == 0)
                return qetl_registry_at(registry, i);
    return NULL;
}

int qetl_plugin_named_find(struct qetl_cli *cli, const char *name, struct qetl_plugin_named *out,
                           struct qetl_findings *findings)
{
    *out = (struct qetl_plugin_named){0};
    if (strchr(name, '/') || strstr(name, ".so")) {
        out->manifest = out->of_file = of_file(name, findings);
        return out->manifest ? 0 : -1;
    }
    out->registry = qetl_cli_registry(cli, findings);
    out->manifest = out->registry ? by_name(out->registry, name) : NULL;
    const struct qetl_finding *fault =
        out->registry && !out->manifest ? qetl_registry_missed(out->registry, name) : NULL;
    if (fault)
        qetl_registry_tell_missed(out->registry, NULL, QETL_ERROR, findings);
    else if (out->registry && !out->manifest)
        qetl_cli_usage(findings, "qetl plugin list shows what is installed",
                       "no plugin of this name is installed");
    return out->manifest ? 0 : -1;
}

void qetl_plugin_named_free(struct qetl_plugin_named *plugin)
{
    qetl_manifest_free(plugin->of_file);
    qetl_registry_free(plugin->registry);
}
