/* SPDX-License-Identifier: Apache-2.0 */
/* A lock by itself, without its pipeline. */
#include "locked.h"

#include "disk/refuse.h"
#include "package/library_facts.h"
#include "plugin/loader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int plugin_check(const char *path, const struct lock_plugin *plugin,
                        const struct qetl_registry *registry, struct qetl_findings *findings)
{
    struct lock_plugin seen;
    bool is_here = false;
    for (size_t i = 0; i < qetl_registry_count(registry); i++) {
        const struct qetl_manifest *manifest = qetl_registry_at(registry, i);
        if (strcmp(manifest->id, plugin->name) != 0 ||
            strcmp(manifest->version, plugin->version) != 0)
            continue;
        is_here = true;
        if (qetl_lock_see(manifest, &seen, findings) == 0 && qetl_lock_same(&seen, plugin))
            return qetl_library_prove(manifest, findings);
    }
    struct qetl_finding *finding =
        qetl_refuse(findings, path, NULL, is_here ? "lock_changed" : "lock_version",
                    is_here ? "the plugin %s %s is another one than was locked"
                            : "the plugin %s %s, which the lock has, is not here",
                    plugin->name, plugin->version);
    if (plugin->is_packaged)
        qetl_finding_mend(finding, "qetl plugin install %s@%s, or lock the pipeline anew",
                          plugin->name, plugin->version);
    else
        qetl_finding_mend(finding, "if what is here is meant, lock the pipeline anew");
    return -1;
}

int qetl_lock_check(const char *path, const struct qetl_registry *registry,
                    struct qetl_findings *findings)
{
    struct plugin_lock *lock;
    if (qetl_lock_read(path, &lock, findings))
        return -1;
    const struct lock_platform *locked =
        lock ? qetl_lock_platform(lock, qetl_machine_platform()) : NULL;
    int bad = locked ? 0 : -1;
    if (!lock)
        qetl_finding_mend(
            qetl_refuse(findings, path, NULL, "lock_missing", "there is no such lock"),
            "qetl plugin lock PIPELINE makes it");
    else if (!locked)
        qetl_finding_mend(qetl_refuse(findings, path, NULL, "lock_platform",
                                      "nothing was locked for machines such as this one, "
                                      "%s",
                                      qetl_machine_platform()),
                          "lock the pipeline here, too");
    for (size_t i = 0; locked && i < locked->n_plugins; i++)
        bad |= plugin_check(path, &locked->plugins[i], registry, findings);
    qetl_lock_free(lock);
    return bad;
}
