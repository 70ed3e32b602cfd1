/* SPDX-License-Identifier: Apache-2.0 */
#include "locked.h"

#include "lock_place.h"
#include "locked_used.h"

#include "config/document.h"
#include "disk/refuse.h"
#include "package/library_facts.h"
#include "package/package.h"
#include "plugin/beneath.h"
#include "plugin/loader.h"
#include "plugin/sealed.h"
#include "plugin/unreadable.h"

#include <qetl/plugin.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LIBRARY_MAX = 1 << 30 };

/* ---- as they are ---- */

static int file_read(const char *path, char **bytes, size_t *size, struct stat *status)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int error = fd < 0 || fstat(fd, status) ? errno : S_ISREG(status->st_mode) ? 0 : EBADMSG;
    *bytes = NULL;
    if (!error)
        error = qetl_read_whole(fd, LIBRARY_MAX, bytes, size);
    if (fd >= 0)
        close(fd);
    return error;
}

/* Names stay the manifest's. Of a package it is what was verified, and what will be loaded. */
static int plugin_see(const struct qetl_manifest *manifest, struct lock_plugin *plugin,
                      struct qetl_locked_library *library, struct qetl_findings *findings)
{
    struct library_facts facts;
    char *bytes;
    size_t size;
    *plugin = (struct lock_plugin){.name = manifest->id, .version = manifest->version};
    if (manifest->sealed) {
        plugin->is_packaged = true;
        memcpy(plugin->library, manifest->sealed->sha256, sizeof plugin->library);
        return qetl_hash_read(manifest->sealed->digest, plugin->package);
    }
    int error = file_read(manifest->library_path, &bytes, &size, &library->status);
    if (error) {
        qetl_finding_mend(qetl_refuse(findings, manifest->library_path, NULL, "cannot_load",
                                      "this library cannot be read: %s", strerror(error)),
                          "%s", qetl_unreadable_mend(error));
        return -1;
    }
    qetl_package_digest(bytes, size, plugin->library);
    memcpy(library->sha256, plugin->library, sizeof library->sha256);
    library->needs_place = qetl_library_facts(bytes, size, &facts) == 0 && facts.needs_place;
    free(bytes);
    return 0;
}

int qetl_lock_see(const struct qetl_manifest *manifest, struct lock_plugin *plugin,
                  struct qetl_findings *findings)
{
    struct qetl_locked_library library;
    return plugin_see(manifest, plugin, &library, findings);
}

int qetl_lock_same(const struct lock_plugin *one, const struct lock_plugin *other)
{
    return one->is_packaged == other->is_packaged &&
           memcmp(one->library, other->library, sizeof one->library) == 0 &&
           memcmp(one->package, other->package, sizeof one->package) == 0;
}

struct lock_plugin *qetl_lock_of(const struct qetl_pipeline *pipeline,
                                 const struct qetl_registry *registry, size_t *count,
                                 struct qetl_findings *findings)
{
    struct locked_used used;
    int bad = qetl_locked_used(pipeline, registry, &used, findings);
    struct lock_plugin *plugins = bad ? NULL : calloc(used.count + 1, sizeof *plugins);
    if (!bad && !plugins)
        qetl_findings_no_memory(findings);
    for (*count = 0; plugins && !bad && *count < used.count; ++*count) {
        struct lock_plugin *plugin = &plugins[*count];
        bad = qetl_lock_see(used.plugins[*count], plugin, findings);
        plugin->name = strdup(plugin->name);
        plugin->version = strdup(plugin->version);
        if (!bad && (!plugin->name || !plugin->version)) {
            qetl_findings_no_memory(findings);
            bad = -1;
        }
    }
    free(used.plugins);
    if (plugins && bad) {
        qetl_lock_plugins_free(plugins, *count);
        plugins = NULL;
    }
    return plugins;
}

/* ---- as they are to be ---- */

struct locking {
    const char *path, *pipeline; /* of the lock; how messages call the pipeline */
    const struct lock_platform *locked;
    const struct qetl_registry *registry;
    struct qetl_findings *findings;
};

static int is_meant(const struct qetl_manifest *manifest, const struct lock_plugin *plugin)
{
    uint8_t digest[QETL_SHA256];
    if (strcmp(manifest->id, plugin->name) != 0 ||
        strcmp(manifest->version, plugin->version) != 0 ||
        (manifest->sealed != NULL) != plugin->is_packaged)
        return 0;
    return !manifest->sealed || (qetl_hash_read(manifest->sealed->digest, digest) == 0 &&
                                 memcmp(digest, plugin->package, sizeof digest) == 0);
}

/* Of several versions of a name, which stand side by side, the one of the lock is found; where the
 * lock has two of them, the pipeline says itself which it means. */
static void choose(const struct locking *locking)
{
    const struct lock_platform *locked = locking->locked;
    for (size_t i = 0; i < locked->n_plugins; i++) {
        const struct lock_plugin *plugin = &locked->plugins[i];
        int alone = (i == 0 || strcmp(plugin[-1].name, plugin->name) != 0) &&
                    (i + 1 == locked->n_plugins || strcmp(plugin[1].name, plugin->name) != 0);
        for (size_t k = 0; alone && k < qetl_registry_count(locking->registry); k++)
            if (is_meant(qetl_registry_at(locking->registry, k), plugin)) {
                qetl_registry_use(locking->registry, k);
                break;
            }
    }
}

static const struct lock_plugin *entry_of(const struct locking *locking, const char *name,
                                          const char *version)
{
    for (size_t i = 0; i < locking->locked->n_plugins; i++) {
        const struct lock_plugin *plugin = &locking->locked->plugins[i];
        if (strcmp(plugin->name, name) == 0 && (!version || strcmp(plugin->version, version) == 0))
            return plugin;
    }
    return NULL;
}

/* A component that two plugins offer is that of the one in the lock. */
static void unlocked_hide(const struct locking *locking)
{
    for (size_t k = 0; k < qetl_registry_count(locking->registry); k++) {
        const struct qetl_manifest *manifest = qetl_registry_at(locking->registry, k);
        bool outside = !manifest->hidden && !entry_of(locking, manifest->id, NULL);
        for (size_t c = 0; outside && c < manifest->n_components; c++) {
            const struct qetl_manifest_component *own = &manifest->components[c], *rival;
            rival = qetl_registry_rival(locking->registry, own, own->id);
            if (!rival || !entry_of(locking, rival->plugin->id, NULL))
                continue;
            qetl_registry_hide(locking->registry, k);
            break;
        }
    }
}

static void refuse(const struct locking *locking, const char *code, const char *message,
                   const struct lock_plugin *wanted)
{
    struct qetl_finding *finding =
        qetl_refuse(locking->findings, locking->path, NULL, code, "%s", message);
    char mend[320];
    if (wanted && wanted->is_packaged)
        snprintf(mend, sizeof mend,
                 "qetl plugin install %.100s@%.100s; or, if what is here is meant, qetl plugin "
                 "lock {}",
                 wanted->name, wanted->version);
    else
        snprintf(mend, sizeof mend, "if what is here is meant: qetl plugin lock {}");
    qetl_finding_mend_file(finding, mend, locking->pipeline);
}

static int check_plugin(const struct locking *locking, const struct qetl_manifest *manifest)
{
    char message[512];
    struct lock_plugin seen;
    struct qetl_locked_library library;
    const struct lock_plugin *exact = entry_of(locking, manifest->id, manifest->version);
    const struct lock_plugin *other = exact ? exact : entry_of(locking, manifest->id, NULL);
    if (!other) {
        snprintf(message, sizeof message,
                 "the pipeline uses the plugin %s, of which its lock knows nothing", manifest->id);
        refuse(locking, "lock_missing", message, NULL);
        return -1;
    }
    if (!exact) {
        snprintf(message, sizeof message, "the lock has the plugin %s %s, here it is %s",
                 manifest->id, other->version, manifest->version);
        refuse(locking, "lock_version", message, other);
        return -1;
    }
    if (plugin_see(manifest, &seen, &library, locking->findings))
        return -1;
    if (qetl_lock_same(&seen, exact)) {
        if (manifest->sealed || !qetl_registry_lock(locking->registry, manifest, &library))
            return 0;
        qetl_findings_no_memory(locking->findings);
        return -1;
    }
    snprintf(message, sizeof message,
             "the plugin %s %s is another one than was locked: %.300s has other bytes",
             manifest->id, manifest->version, manifest->library_path);
    refuse(locking, "lock_changed", message, exact);
    return -1;
}

/* All that is wrong, in one go; then nothing can be found any more but what was looked at. */
static int check(const struct locking *locking, const struct qetl_pipeline *pipeline)
{
    struct locked_used used;
    int bad = qetl_locked_used(pipeline, locking->registry, &used, locking->findings);
    for (size_t i = 0; i < used.count; i++)
        bad |= check_plugin(locking, used.plugins[i]);
    if (!bad)
        qetl_registry_only(locking->registry, used.plugins, used.count);
    free(used.plugins);
    return bad;
}

static bool is_here(const struct locking *locking, const struct lock_plugin *plugin)
{
    for (size_t i = 0; i < qetl_registry_count(locking->registry); i++)
        if (strcmp(qetl_registry_at(locking->registry, i)->id, plugin->name) == 0)
            return true;
    return false;
}

/* What the pipeline names may be of a package that is not installed any more. */
static void tell_missing(const struct locking *locking)
{
    char message[512];
    for (size_t i = 0; i < locking->locked->n_plugins; i++) {
        const struct lock_plugin *plugin = &locking->locked->plugins[i];
        if (!plugin->is_packaged || is_here(locking, plugin))
            continue;
        snprintf(message, sizeof message, "the lock has the plugin %s %s, which is not installed",
                 plugin->name, plugin->version);
        refuse(locking, "lock_version", message, plugin);
    }
}

static int check_platform(const struct plugin_lock *lock, const char *path, const char *pipeline,
                          struct qetl_findings *findings)
{
    if (qetl_lock_platform(lock, qetl_machine_platform()))
        return 0;
    qetl_finding_mend_file(qetl_refuse(findings, path, NULL, "lock_platform",
                                       "the pipeline was not locked for machines such as "
                                       "this one, %s",
                                       qetl_machine_platform()),
                           "lock it here too, other machines' lists stay: qetl plugin lock {}",
                           pipeline);
    return -1;
}

/* Aloud, and once: somebody may believe that one does. */
static void tell_none(const char *name, struct qetl_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        if (strcmp(findings->items[i].code, "lock_none") == 0)
            return;
    struct qetl_finding *finding = qetl_finding_add(
        findings, QETL_NOTE, "lock_none", "no lock holds for a pipeline that comes through a pipe");
    qetl_finding_at(finding, name, 0, 0, NULL);
    qetl_finding_mend(finding, "--lock FILE names one");
}

/* The lock that was named, which has to be there, or the one that is the pipeline's. *lock NULL:
 * there is none. 0, or -1 with findings. */
static int lock_find(const struct qetl_document *document, char **path, struct plugin_lock **lock,
                     struct qetl_findings *findings)
{
    const char *name = qetl_document_name(document), *named = qetl_document_lock(document);
    *path = named ? strdup(named) : NULL;
    *lock = NULL;
    if (named && !*path) {
        qetl_findings_no_memory(findings);
        return -1;
    }
    if (!named && qetl_document_is_oneliner(document))
        return 0;
    bool is_input = strcmp(name, "<stdin>") == 0;
    if (!named && qetl_lock_place(is_input ? "-" : name, path, findings))
        return -1;
    if (!*path)
        tell_none(name, findings);
    else if (qetl_lock_read(*path, lock, findings))
        return -1;
    if (!named || *lock)
        return 0;
    qetl_finding_mend(qetl_refuse(findings, named, NULL, "lock_missing", "there is no such lock"),
                      "qetl plugin lock PIPELINE --lock FILE makes it");
    return -1;
}

struct qetl_pipeline *qetl_locked_pipeline(const struct qetl_document *document,
                                           const struct qetl_registry *registry,
                                           struct qetl_findings *findings)
{
    const char *name = qetl_document_name(document);
    struct plugin_lock *lock = NULL;
    struct qetl_pipeline *pipeline = NULL;
    char *path;
    qetl_registry_reset(registry);
    int bad = lock_find(document, &path, &lock, findings) ||
              (lock && check_platform(lock, path, name, findings));
    if (!bad && lock) {
        struct locking locking = {path, name, qetl_lock_platform(lock, qetl_machine_platform()),
                                  registry, findings};
        choose(&locking);
        unlocked_hide(&locking);
        pipeline = qetl_pipeline_new(document, registry, findings);
        if (!pipeline || findings->errors)
            tell_missing(&locking);
        if (pipeline && check(&locking, pipeline)) {
            qetl_pipeline_free(pipeline);
            pipeline = NULL;
        }
    } else if (!bad)
        pipeline = qetl_pipeline_new(document, registry, findings);
    qetl_lock_free(lock);
    free(path);
    return pipeline;
}
