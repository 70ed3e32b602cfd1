/* SPDX-License-Identifier: Apache-2.0 */
#include "locked.h"

#include "library_facts.h"
#include "refuse.h"

#include "config/document.h"
#include "plugin/loader.h"
#include "plugin/sealed.h"

#include <qetl/plugin.h>

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 256 << 10 };

/* ---- which plugins a pipeline uses ---- */

struct used {
    const struct qetl_manifest **plugins;
    size_t count;
    const struct qetl_registry *registry;
    int no_memory;
};

static void used_add(struct used *used, const struct qetl_manifest_component *component)
{
    const struct qetl_manifest *plugin = component ? component->plugin : NULL;
    for (size_t i = 0; plugin && i < used->count; i++)
        if (used->plugins[i] == plugin)
            return;
    if (!plugin || !plugin->version) /* a component of the host's own */
        return;
    const struct qetl_manifest **plugins =
        reallocarray(used->plugins, used->count + 1, sizeof *plugins);
    if (!plugins) {
        used->no_memory = 1;
        return;
    }
    used->plugins = plugins;
    plugins[used->count++] = plugin;
}

/* A format may put another one in its place, whose name stands among its options. */
static void used_add_named(struct used *used, const json_t *options)
{
    const char *key;
    json_t *value;
    size_t i;
    if (json_is_string(options))
        used_add(used, qetl_registry_find(used->registry, QETL_FORMAT, json_string_value(options)));
    json_array_foreach (options, i, value)
        used_add_named(used, value);
    json_object_foreach ((json_t *)options, key, value)
        used_add_named(used, value);
}

/* 0 or -1 without memory. */
static int used_take(struct used *used, const struct qetl_pipeline *pipeline)
{
    for (size_t i = 0; i < pipeline->n_nodes; i++) {
        const struct qetl_node *node = &pipeline->nodes[i];
        used_add(used, node->own ? NULL : node->use.plugin);
        used_add(used, node->format.plugin);
        used_add_named(used, node->format.options);
    }
    return used->no_memory ? -1 : 0;
}

/* ---- as they are ---- */

static int file_hash(const char *path, uint8_t sha256[QETL_SHA256], struct stat *status)
{
    struct sha256_ctx context;
    uint8_t *piece = malloc(PIECE);
    int fd = piece ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    int error = !piece ? ENOMEM : fd < 0 ? errno : 0;
    ssize_t n = 1;
    if (!error)
        error = fstat(fd, status) ? errno : S_ISREG(status->st_mode) ? 0 : EBADMSG;
    sha256_init(&context);
    while (!error && n) {
        n = read(fd, piece, PIECE);
        if (n > 0)
            sha256_update(&context, (size_t)n, piece);
        else if (n < 0 && errno != EINTR)
            error = errno;
    }
    sha256_digest(&context, QETL_SHA256, sha256);
    if (fd >= 0)
        close(fd);
    free(piece);
    return error;
}

/* Names stay the manifest's. Of a package it is what was verified, and what will be loaded. */
static int plugin_see(const struct qetl_manifest *manifest, struct lock_plugin *plugin,
                      struct stat *status, struct qetl_findings *findings)
{
    *plugin = (struct lock_plugin){.name = manifest->id, .version = manifest->version};
    if (manifest->sealed) {
        plugin->is_packaged = true;
        memcpy(plugin->library, manifest->sealed->sha256, sizeof plugin->library);
        return qetl_hash_read(manifest->sealed->digest, plugin->package);
    }
    int error = file_hash(manifest->library_path, plugin->library, status);
    if (error)
        qetl_package_refuse(findings, manifest->library_path, NULL, "cannot_load",
                            "this library cannot be read: %s", strerror(error));
    return error ? -1 : 0;
}

int qetl_lock_see(const struct qetl_manifest *manifest, struct lock_plugin *plugin,
                  struct qetl_findings *findings)
{
    struct stat status;
    return plugin_see(manifest, plugin, &status, findings);
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
    struct used used = {.registry = registry};
    int bad = used_take(&used, pipeline);
    struct lock_plugin *plugins = bad ? NULL : calloc(used.count + 1, sizeof *plugins);
    if (!plugins)
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
        qetl_package_refuse(locking->findings, locking->path, NULL, code, "%s", message);
    if (wanted && wanted->is_packaged)
        qetl_finding_mend(finding,
                          "qetl plugin install %s@%s; or, if what is here is meant, qetl plugin "
                          "lock %s",
                          wanted->name, wanted->version, locking->pipeline);
    else
        qetl_finding_mend(finding, "if what is here is meant: qetl plugin lock %s",
                          locking->pipeline);
}

static int check_plugin(const struct locking *locking, const struct qetl_manifest *manifest)
{
    char message[512];
    struct lock_plugin seen;
    struct stat status;
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
    if (plugin_see(manifest, &seen, &status, locking->findings))
        return -1;
    if (qetl_lock_same(&seen, exact)) {
        if (!manifest->sealed)
            qetl_registry_lock(locking->registry, manifest, &status);
        return 0;
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
    struct used used = {.registry = locking->registry};
    int bad = used_take(&used, pipeline);
    if (bad)
        qetl_findings_no_memory(locking->findings);
    for (size_t i = 0; i < used.count; i++)
        bad |= check_plugin(locking, used.plugins[i]);
    if (!bad)
        qetl_registry_only(locking->registry, used.plugins, used.count);
    free(used.plugins);
    return bad;
}

int qetl_locked_prove(const struct qetl_pipeline *pipeline, const struct qetl_registry *registry,
                      struct qetl_findings *findings)
{
    struct used used = {.registry = registry};
    int bad = used_take(&used, pipeline);
    if (bad)
        qetl_findings_no_memory(findings);
    for (size_t i = 0; i < used.count; i++)
        bad |= qetl_library_prove(used.plugins[i], findings);
    free(used.plugins);
    return bad;
}

static int check_platform(const struct plugin_lock *lock, const char *path, const char *pipeline,
                          struct qetl_findings *findings)
{
    if (qetl_lock_platform(lock, qetl_machine_platform()))
        return 0;
    qetl_finding_mend(qetl_package_refuse(findings, path, NULL, "lock_platform",
                                          "the pipeline was not locked for machines such as this "
                                          "one, %s",
                                          qetl_machine_platform()),
                      "lock it here too, other machines' lists stay: qetl plugin lock %s",
                      pipeline);
    return -1;
}

struct qetl_pipeline *qetl_locked_pipeline(const struct qetl_document *document,
                                           const struct qetl_registry *registry,
                                           struct qetl_findings *findings)
{
    const char *name = qetl_document_name(document);
    struct plugin_lock *lock = NULL;
    struct qetl_pipeline *pipeline = NULL;
    char *path = qetl_lock_path(name);
    qetl_registry_reset(registry);
    if (!path)
        qetl_findings_no_memory(findings);
    int bad = !path || (!qetl_document_is_oneliner(document) && strcmp(name, "-") != 0 &&
                        (qetl_lock_read(path, &lock, findings) ||
                         (lock && check_platform(lock, path, name, findings))));
    if (!bad && lock) {
        struct locking locking = {path, name, qetl_lock_platform(lock, qetl_machine_platform()),
                                  registry, findings};
        choose(&locking);
        unlocked_hide(&locking);
        pipeline = qetl_pipeline_new(document, registry, findings);
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
