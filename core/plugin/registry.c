/* SPDX-License-Identifier: Apache-2.0 */
#include "registry.h"

#include "config/suggest.h"
#include "manifest.h"
#include "missing.h"
#include "sealed.h"

#include <qetl/plugin.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* ".so": a library may be one that somebody looks for, and whose manifest was forgotten. */
static const char LIBRARY_SUFFIX[] = ".so";

struct qetl_registry {
    struct qetl_manifest **manifests;
    size_t count, before; /* before: so many come of earlier scans than the last one */
    char **strays;        /* libraries without a manifest beside them */
    size_t n_strays;
    struct qetl_missing *missing; /* what could not be taken */
    char *searched;               /* the directories, "a, b" */
};

size_t qetl_registry_count(const struct qetl_registry *registry)
{
    return registry->count;
}

const struct qetl_manifest *qetl_registry_at(const struct qetl_registry *registry, size_t index)
{
    return registry->manifests[index];
}

void qetl_registry_free(struct qetl_registry *registry)
{
    if (!registry)
        return;
    for (size_t i = 0; i < registry->count; i++) {
        free(registry->manifests[i]->copy);
        qetl_manifest_free(registry->manifests[i]);
    }
    for (size_t i = 0; i < registry->n_strays; i++)
        free(registry->strays[i]);
    free(registry->strays);
    qetl_missing_free(registry->missing);
    free(registry->searched);
    free(registry->manifests);
    free(registry);
}

/* ---- for one pipeline ---- */

void qetl_registry_use(const struct qetl_registry *registry, size_t index)
{
    for (size_t i = 0; i < registry->count; i++)
        if (strcmp(registry->manifests[i]->id, registry->manifests[index]->id) == 0)
            registry->manifests[i]->hidden = i != index;
}

void qetl_registry_hide(const struct qetl_registry *registry, size_t index)
{
    registry->manifests[index]->hidden = 1;
}

void qetl_registry_only(const struct qetl_registry *registry,
                        const struct qetl_manifest *const *plugins, size_t count)
{
    for (size_t i = 0; i < registry->count; i++) {
        size_t k = 0;
        while (k < count && plugins[k] != registry->manifests[i])
            k++;
        if (k == count)
            registry->manifests[i]->hidden = 1;
    }
}

int qetl_registry_lock(const struct qetl_registry *registry, const struct qetl_manifest *manifest,
                       const struct qetl_locked_library *library)
{
    size_t i = 0;
    while (registry->manifests[i] != manifest)
        i++;
    struct qetl_manifest *locked = registry->manifests[i];
    if (!locked->copy)
        locked->copy = calloc(1, sizeof *locked->copy);
    locked->is_locked = locked->copy != NULL;
    locked->locked = *library;
    return locked->copy ? 0 : -1;
}

void qetl_registry_reset(const struct qetl_registry *registry)
{
    for (size_t i = 0; i < registry->count; i++) {
        registry->manifests[i]->hidden = registry->manifests[i]->was_hidden;
        registry->manifests[i]->is_locked = 0;
    }
}

/* ---- looking up ---- */

/* The next component of a kind behind *manifest and *component, which begin at 0. */
static const struct qetl_manifest_component *
next_of(const struct qetl_registry *registry, uint32_t kind, size_t *manifest, size_t *component)
{
    for (; *manifest < registry->count; ++*manifest, *component = 0) {
        const struct qetl_manifest *at = registry->manifests[*manifest];
        while (!at->hidden && *component < at->n_components) {
            const struct qetl_manifest_component *found = &at->components[(*component)++];
            if (found->kind == kind)
                return found;
        }
    }
    return NULL;
}

static const struct qetl_manifest_component *
component_of(const struct qetl_manifest *manifest, uint32_t kind, const char *id, size_t size)
{
    for (size_t c = 0; c < manifest->n_components; c++)
        if (manifest->components[c].kind == kind && strlen(manifest->components[c].id) == size &&
            memcmp(manifest->components[c].id, id, size) == 0)
            return &manifest->components[c];
    return NULL;
}

/* The next plugin behind *at that offers it under its name. */
static const struct qetl_manifest_component *used_of(const struct qetl_registry *registry,
                                                     uint32_t kind, const char *id, size_t size,
                                                     size_t *at)
{
    const struct qetl_manifest_component *used = NULL;
    while (!used && *at < registry->count) {
        const struct qetl_manifest *manifest = registry->manifests[(*at)++];
        if (!manifest->hidden)
            used = component_of(manifest, kind, id, size);
    }
    return used;
}

static bool is_used(const struct qetl_registry *registry, uint32_t kind, const char *id,
                    size_t size, const char *plugin)
{
    const struct qetl_manifest_component *used;
    for (size_t at = 0; (used = used_of(registry, kind, id, size, &at));)
        if (strcmp(used->plugin->id, plugin) == 0)
            return true;
    return false;
}

/* Of a plugin that has the name today, if one has: an old version of another that had it once is
 * not what anybody means. */
static const struct qetl_manifest_component *version_of(const struct qetl_registry *registry,
                                                        uint32_t kind, const char *id, size_t size,
                                                        const char *version, const char *but)
{
    size_t first = 0;
    bool free = !used_of(registry, kind, id, size, &first);
    for (size_t i = 0; i < registry->count; i++) {
        const struct qetl_manifest *at = registry->manifests[i];
        const struct qetl_manifest_component *found;
        if (strcmp(at->version, version) == 0 && !(but && strcmp(at->id, but) == 0) &&
            (free || is_used(registry, kind, id, size, at->id)) &&
            (found = component_of(at, kind, id, size)))
            return found;
    }
    return NULL;
}

const struct qetl_manifest_component *qetl_registry_find(const struct qetl_registry *registry,
                                                         uint32_t kind, const char *id)
{
    const char *version = strchr(id, '@');
    size_t size = version ? (size_t)(version - id) : strlen(id), at = 0;
    return version ? version_of(registry, kind, id, size, version + 1, NULL)
                   : used_of(registry, kind, id, size, &at);
}

const struct qetl_manifest_component *
qetl_registry_rival(const struct qetl_registry *registry,
                    const struct qetl_manifest_component *found, const char *id)
{
    const char *version = strchr(id, '@'), *plugin = found->plugin->id;
    size_t size = version ? (size_t)(version - id) : strlen(id);
    const struct qetl_manifest_component *other;
    if (version)
        return version_of(registry, found->kind, id, size, version + 1, plugin);
    for (size_t at = 0; (other = used_of(registry, found->kind, id, size, &at));)
        if (strcmp(other->plugin->id, plugin) != 0)
            return other;
    return NULL;
}

static int remove_word(const struct qetl_manifest *plugin, char *text, size_t size)
{
    return snprintf(text, size, "qetl plugin remove%s %.200s",
                    plugin->sealed && plugin->sealed->is_system ? " --system" : "", plugin->id);
}

void qetl_registry_rival_mend(struct qetl_finding *finding,
                              const struct qetl_manifest_component *one,
                              const struct qetl_manifest_component *rival)
{
    const struct qetl_manifest *package = rival->plugin->sealed ? rival->plugin : one->plugin;
    const struct qetl_manifest *other = package == one->plugin ? rival->plugin : one->plugin;
    bool differ = strcmp(package->version, other->version) != 0;
    char remove[256], also[272] = "", say[320] = "";
    remove_word(package, remove, sizeof remove);
    if (other->sealed) {
        memcpy(also, ", or ", 6);
        remove_word(other, also + 5, sizeof also - 5);
    }
    if (differ)
        snprintf(say, sizeof say, "; or say which is meant: %.200s@%.60s", one->id,
                 one->plugin->version);
    qetl_finding_mend(finding, "keep one of the two: %s%s%s", remove, also, say);
}

const char *qetl_registry_suggest(const struct qetl_registry *registry, uint32_t kind,
                                  const char *id)
{
    size_t manifest = 0, component = 0;
    const struct qetl_manifest_component *found;
    struct qetl_suggest suggest;
    qetl_suggest_init(&suggest, id);
    while ((found = next_of(registry, kind, &manifest, &component)))
        qetl_suggest_offer(&suggest, found->id);
    return suggest.best;
}

const char *qetl_registry_stray(const struct qetl_registry *registry, const char *id)
{
    size_t size = strlen(id);
    for (size_t i = 0; i < registry->n_strays; i++) {
        const char *slash = strrchr(registry->strays[i], '/');
        const char *name = slash ? slash + 1 : registry->strays[i];
        name += strncmp(name, "lib", 3) == 0 && strncmp(id, "lib", 3) != 0 ? 3 : 0;
        if (strncmp(name, id, size) == 0 && strcmp(name + size, LIBRARY_SUFFIX) == 0)
            return registry->strays[i];
    }
    return NULL;
}

const char *qetl_registry_searched(const struct qetl_registry *registry)
{
    return registry->searched ? registry->searched : "no directory";
}

char *qetl_registry_list(const struct qetl_registry *registry, uint32_t kind)
{
    size_t manifest = 0, component = 0;
    const struct qetl_manifest_component *found;
    char *list = strdup("");
    while (list && (found = next_of(registry, kind, &manifest, &component))) {
        char *longer = NULL;
        if (asprintf(&longer, "%s%s%s", list, *list ? ", " : "", found->id) < 0)
            longer = NULL;
        free(list);
        list = longer;
    }
    return list;
}

static int ends_with(const char *text, size_t size, const char *end)
{
    size_t end_size = strlen(end);
    return size > end_size && strncasecmp(text + size - end_size, end, end_size) == 0;
}

/* ---- scanning ---- */

static void report_twice(struct qetl_findings *findings, const char *code, const char *what,
                         const char *id, const struct qetl_manifest *one,
                         const struct qetl_manifest *other)
{
    struct qetl_finding *finding =
        qetl_finding_add(findings, QETL_ERROR, code, "%s `%s` is offered twice: by %s and by %s",
                         what, id, one->manifest_path, other->manifest_path);
    qetl_finding_at(finding, other->manifest_path, 0, 0, id);
    qetl_finding_mend(finding, "remove one of the two, or leave its directory out");
    qetl_finding_environment(finding);
}

/* Whoever has installed packages has not put them beside each other on purpose; nor did who removed
 * a version so that an older one is used: what they do not have in common stays usable. */
static void tell_contested(struct qetl_findings *findings,
                           const struct qetl_manifest_component *one,
                           const struct qetl_manifest_component *other)
{
    struct qetl_finding *finding = qetl_finding_add(
        findings, QETL_WARNING, "contested_component",
        "the %s `%s` is offered by two plugins, %s %s (%s) and %s %s (%s): a pipeline that uses it "
        "is refused",
        qetl_kind_name(one->kind), one->id, one->plugin->id, one->plugin->version,
        one->plugin->manifest_path, other->plugin->id, other->plugin->version,
        other->plugin->manifest_path);
    qetl_finding_at(finding, other->plugin->manifest_path, 0, 0, one->id);
    qetl_registry_rival_mend(finding, one, other);
}

static const struct qetl_manifest_component *twin_of(const struct qetl_manifest *manifest, size_t i)
{
    const struct qetl_manifest_component *own = &manifest->components[i];
    for (size_t k = 0; k < i; k++)
        if (manifest->components[k].kind == own->kind &&
            strcmp(manifest->components[k].id, own->id) == 0)
            return &manifest->components[k];
    return NULL;
}

static int components_clash(const struct qetl_registry *registry,
                            const struct qetl_manifest *manifest, struct qetl_findings *findings)
{
    int clash = 0;
    for (size_t i = 0; i < manifest->n_components; i++) {
        const struct qetl_manifest_component *own = &manifest->components[i];
        const struct qetl_manifest_component *twin = twin_of(manifest, i);
        const struct qetl_manifest_component *other =
            twin ? twin : qetl_registry_find(registry, own->kind, own->id);
        if (!other)
            continue;
        if (!twin && (manifest->sealed || other->plugin->sealed)) {
            tell_contested(findings, other, own);
            continue;
        }
        report_twice(findings, "duplicate_component", qetl_kind_name(own->kind), own->id,
                     other->plugin, manifest);
        clash = 1;
    }
    return clash;
}

static int manifest_clashes(const struct qetl_registry *registry, struct qetl_manifest *manifest,
                            struct qetl_findings *findings)
{
    for (size_t i = 0; i < registry->count; i++) {
        const struct qetl_manifest *other = registry->manifests[i];
        if (other->hidden || strcmp(other->id, manifest->id) != 0)
            continue;
        if (other->sealed || manifest->sealed || i < registry->before) {
            manifest->hidden = 1;
            return 0;
        }
        report_twice(findings, "duplicate_plugin", "plugin", manifest->id, registry->manifests[i],
                     manifest);
        return 1;
    }
    return components_clash(registry, manifest, findings);
}

static int registry_keep(struct qetl_registry *registry, struct qetl_manifest *manifest,
                         struct qetl_findings *findings)
{
    if (qetl_missing_covers(registry->missing, manifest)) {
        qetl_manifest_free(manifest);
        return 0;
    }
    manifest->hidden |= qetl_missing_hides(registry->missing, manifest);
    if (!manifest->hidden && manifest_clashes(registry, manifest, findings)) {
        qetl_manifest_free(manifest);
        return 0;
    }
    struct qetl_manifest **manifests =
        reallocarray(registry->manifests, registry->count + 1, sizeof(struct qetl_manifest *));
    if (!manifests) {
        qetl_manifest_free(manifest);
        return -1;
    }
    manifest->was_hidden = manifest->hidden;
    registry->manifests = manifests;
    registry->manifests[registry->count++] = manifest;
    return 0;
}

static int registry_add(struct qetl_registry *registry, const char *path,
                        struct qetl_findings *findings)
{
    struct qetl_manifest *manifest = qetl_manifest_load(path, findings);
    return manifest ? registry_keep(registry, manifest, findings) : 0;
}

int qetl_registry_offer(struct qetl_registry *registry, struct qetl_manifest *manifest, int hidden,
                        struct qetl_findings *findings)
{
    manifest->hidden = hidden;
    return registry_keep(registry, manifest, findings);
}

int qetl_registry_miss(struct qetl_registry *registry, const char *plugin, const char *version,
                       int hidden, struct qetl_findings *faults)
{
    return qetl_missing_add(&registry->missing, plugin, version, hidden, faults);
}

const struct qetl_finding *qetl_registry_missed(const struct qetl_registry *registry,
                                                const char *id)
{
    return qetl_missing_of(registry->missing, id);
}

int qetl_registry_tell_missed(const struct qetl_registry *registry, const char *but,
                              enum qetl_severity severity, struct qetl_findings *findings)
{
    return qetl_missing_tell(registry->missing, but, severity, findings);
}

static int is_manifest(const char *name)
{
    return ends_with(name, strlen(name), QETL_MANIFEST_SUFFIX);
}

static int is_wanted(const struct dirent *entry)
{
    return is_manifest(entry->d_name) ||
           ends_with(entry->d_name, strlen(entry->d_name), LIBRARY_SUFFIX);
}

static int stray_note(struct qetl_registry *registry, const char *path)
{
    char *manifest = NULL;
    size_t size = strlen(path) - strlen(LIBRARY_SUFFIX);
    if (asprintf(&manifest, "%.*s%s", (int)size, path, QETL_MANIFEST_SUFFIX) < 0)
        return -1;
    bool has_one = access(manifest, F_OK) == 0;
    free(manifest);
    if (has_one)
        return 0;
    char **strays =
        reallocarray(registry->strays, registry->n_strays + 1, sizeof *registry->strays);
    if (!strays)
        return -1;
    registry->strays = strays;
    strays[registry->n_strays] = strdup(path);
    return strays[registry->n_strays++] ? 0 : -1;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* 0 if the directory may be trusted: what others can write, others can make us run. */
static int check_directory(const char *dir, int fd, struct qetl_findings *findings)
{
    struct stat status;
    struct qetl_finding *finding;
    if (fd >= 0 && fstat(fd, &status) == 0 && !(status.st_mode & S_IWOTH))
        return 0;
    if (fd < 0) {
        finding = qetl_finding_add(findings, QETL_ERROR, "missing_plugin_dir",
                                   "this plugin directory cannot be read: %s", strerror(errno));
        qetl_finding_mend(finding, "check --plugin-dir and QETL_PLUGIN_PATH");
    } else {
        finding = qetl_finding_add(findings, QETL_ERROR, "world_writable_dir",
                                   "anyone on this machine may put plugins into this directory");
        qetl_finding_mend_file(finding, "chmod o-w {}, or keep the plugins elsewhere", dir);
    }
    qetl_finding_at(finding, dir, 0, 0, NULL);
    qetl_finding_environment(finding);
    return -1;
}

static int directory_note(struct qetl_registry *registry, const char *dir)
{
    char *longer, *before = registry->searched;
    if (asprintf(&longer, "%s%s%s", before ? before : "", before ? ", " : "", dir) < 0)
        return -1;
    free(before);
    registry->searched = longer;
    return 0;
}

static int directory_scan(struct qetl_registry *registry, const char *dir,
                          struct qetl_findings *findings)
{
    struct dirent **entries = NULL;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int bad = check_directory(dir, fd, findings);
    int n = bad ? 0 : scandirat(fd, ".", &entries, is_wanted, by_bytes);
    if (fd >= 0)
        close(fd);
    bad = n < 0 ? -1 : 0;
    for (int i = 0; i < n; i++) {
        char *path = NULL;
        if (!bad && asprintf(&path, "%s/%s", dir, entries[i]->d_name) >= 0)
            bad = is_manifest(entries[i]->d_name) ? registry_add(registry, path, findings)
                                                  : stray_note(registry, path);
        free(path);
        free(entries[i]);
    }
    free(entries);
    return bad;
}

int qetl_registry_scan(struct qetl_registry *registry, const char *const *dirs,
                       struct qetl_findings *findings)
{
    int bad = 0;
    registry->before = registry->count;
    for (; !bad && *dirs; dirs++)
        bad = directory_note(registry, *dirs) || directory_scan(registry, *dirs, findings);
    if (bad)
        qetl_finding_add(findings, QETL_ERROR, "no_memory",
                         "out of memory while looking for plugins");
    return bad;
}

struct qetl_registry *qetl_registry_new(const char *const *dirs, struct qetl_findings *findings)
{
    struct qetl_registry *registry = calloc(1, sizeof *registry);
    if (!registry)
        qetl_findings_no_memory(findings);
    if (registry && qetl_registry_scan(registry, dirs, findings) == 0)
        return registry;
    qetl_registry_free(registry);
    return NULL;
}
