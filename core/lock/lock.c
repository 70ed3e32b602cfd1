/* SPDX-License-Identifier: Apache-2.0 */
#include "lock.h"

#include "disk/canonical.h"
#include "disk/refuse.h"
#include "package/contents_check.h"
#include "package/version.h"
#include "plugin/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char type[] = "qetl-lock/1";

enum { LOCK_MAX = 4 << 20 };

void qetl_lock_plugins_free(struct lock_plugin *plugins, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(plugins[i].name);
        free(plugins[i].version);
    }
    free(plugins);
}

void qetl_lock_free(struct plugin_lock *lock)
{
    if (!lock)
        return;
    for (size_t i = 0; i < lock->n_platforms; i++) {
        free(lock->platforms[i].platform);
        qetl_lock_plugins_free(lock->platforms[i].plugins, lock->platforms[i].n_plugins);
    }
    free(lock->platforms);
    free(lock);
}

struct lock_platform *qetl_lock_platform(const struct plugin_lock *lock, const char *platform)
{
    for (size_t i = 0; i < lock->n_platforms; i++)
        if (strcmp(lock->platforms[i].platform, platform) == 0)
            return &lock->platforms[i];
    return NULL;
}

static int by_name(const void *one, const void *other)
{
    const struct lock_plugin *a = one, *b = other;
    int order = strcmp(a->name, b->name);
    return order ? order : qetl_package_version_compare(a->version, b->version);
}

static int by_platform(const void *one, const void *other)
{
    return strcmp(((const struct lock_platform *)one)->platform,
                  ((const struct lock_platform *)other)->platform);
}

int qetl_lock_set(struct plugin_lock *lock, const char *platform, struct lock_plugin *plugins,
                  size_t n_plugins)
{
    struct lock_platform *at = qetl_lock_platform(lock, platform);
    if (!at) {
        struct lock_platform *platforms =
            reallocarray(lock->platforms, lock->n_platforms + 1, sizeof *platforms);
        char *copy = strdup(platform);
        if (platforms)
            lock->platforms = platforms;
        if (!platforms || !copy) {
            free(copy);
            qetl_lock_plugins_free(plugins, n_plugins);
            return -1;
        }
        platforms[lock->n_platforms++] = (struct lock_platform){.platform = copy};
        qsort(platforms, lock->n_platforms, sizeof *platforms, by_platform);
        at = qetl_lock_platform(lock, platform);
    }
    qetl_lock_plugins_free(at->plugins, at->n_plugins);
    at->plugins = plugins;
    at->n_plugins = n_plugins;
    if (n_plugins)
        qsort(plugins, n_plugins, sizeof *plugins, by_name);
    return 0;
}

/* ---- writing ---- */

static json_t *plugin_json(const struct lock_plugin *plugin)
{
    char library[QETL_HASH_TEXT], package[QETL_HASH_TEXT];
    qetl_hash_text(plugin->library, library);
    qetl_hash_text(plugin->package, package);
    return json_pack("{s:s, s:s, s:s, s:s?}", "name", plugin->name, "version", plugin->version,
                     "library", library, "package", plugin->is_packaged ? package : NULL);
}

char *qetl_lock_write(const struct plugin_lock *lock)
{
    json_t *platforms = json_object();
    int bad = !platforms;
    for (size_t i = 0; !bad && i < lock->n_platforms; i++) {
        const struct lock_platform *platform = &lock->platforms[i];
        json_t *plugins = json_array();
        for (size_t k = 0; k < platform->n_plugins; k++)
            bad |= json_array_append_new(plugins, plugin_json(&platform->plugins[k]));
        bad |= json_object_set_new(platforms, platform->platform, plugins);
    }
    json_t *json = json_pack("{s:s, s:o}", "type", type, "platforms", platforms);
    if (bad) {
        json_decref(json);
        json = NULL;
    }
    return qetl_canonical_write(json);
}

/* ---- reading ---- */

/* The words of a package, of which a lock has some. */
static int words_are_good(const char *name, const char *version, const char *platform)
{
    static char libc[] = "", abi[] = "1.0";
    const char *value;
    struct package_contents words = {.name = (char *)name,
                                     .version = (char *)version,
                                     .platform = (char *)platform,
                                     .libc = libc,
                                     .abi_min = abi,
                                     .abi_max = abi};
    return !qetl_package_words_fault(&words, &value);
}

static int plugin_read(const json_t *json, const char *platform, struct lock_plugin *plugin)
{
    const char *name, *version, *library;
    json_t *package;
    *plugin = (struct lock_plugin){0};
    if (json_unpack((json_t *)json, "{s:s, s:s, s:s, s:o !}", "name", &name, "version", &version,
                    "library", &library, "package", &package) ||
        !words_are_good(name, version, platform) || qetl_hash_read(library, plugin->library))
        return -1;
    plugin->is_packaged = json_is_string(package);
    if (plugin->is_packaged ? qetl_hash_read(json_string_value(package), plugin->package)
                            : !json_is_null(package))
        return -1;
    plugin->name = strdup(name);
    plugin->version = strdup(version);
    return plugin->name && plugin->version ? 0 : -1;
}

/* They stand in order: none is looked for among those that were read. */
static int platform_append(struct plugin_lock *lock, const char *platform,
                           struct lock_plugin *plugins, size_t count)
{
    size_t n = lock->n_platforms;
    char *copy =
        n && strcmp(lock->platforms[n - 1].platform, platform) >= 0 ? NULL : strdup(platform);
    struct lock_platform *platforms =
        copy ? reallocarray(lock->platforms, n + 1, sizeof *platforms) : NULL;
    if (!platforms) {
        free(copy);
        qetl_lock_plugins_free(plugins, count);
        return -1;
    }
    platforms[n] = (struct lock_platform){copy, plugins, count};
    lock->platforms = platforms;
    lock->n_platforms = n + 1;
    return 0;
}

static int platform_read(const char *platform, const json_t *json, struct plugin_lock *lock)
{
    size_t count = json_array_size(json);
    struct lock_plugin *plugins = json_is_array(json) ? calloc(count + 1, sizeof *plugins) : NULL;
    for (size_t i = 0; plugins && i < count; i++)
        if (plugin_read(json_array_get(json, i), platform, &plugins[i]) ||
            (i && by_name(&plugins[i - 1], &plugins[i]) >= 0)) {
            qetl_lock_plugins_free(plugins, i + 1);
            return -1;
        }
    return plugins ? platform_append(lock, platform, plugins, count) : -1;
}

static int lock_take(json_t *json, struct plugin_lock *lock)
{
    const char *kind, *platform;
    json_t *platforms, *plugins;
    if (json_unpack(json, "{s:s, s:o !}", "type", &kind, "platforms", &platforms) ||
        strcmp(kind, type) != 0 || !json_is_object(platforms))
        return -1;
    json_object_foreach (platforms, platform, plugins)
        if (platform_read(platform, plugins, lock))
            return -1;
    return 0;
}

struct plugin_lock *qetl_lock_parse(const char *text, size_t size, const char *file,
                                    struct qetl_findings *findings)
{
    struct plugin_lock *lock = calloc(1, sizeof *lock);
    json_t *json = size <= LOCK_MAX ? json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL) : NULL;
    int good = lock && json && lock_take(json, lock) == 0 &&
               qetl_canonical_is(qetl_lock_write(lock), text, size);
    json_decref(json);
    if (good)
        return lock;
    qetl_lock_free(lock);
    qetl_finding_mend(qetl_refuse(findings, file, NULL, "bad_lock",
                                  "this is no lock as `qetl plugin lock` writes it"),
                      "have it from where the pipeline is kept, or lock the pipeline anew");
    return NULL;
}

static int file_read(const char *path, char **text, size_t *size)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), error = fd < 0 ? errno : 0;
    if (!error && fstat(fd, &status))
        error = errno;
    if (!error && !S_ISREG(status.st_mode))
        error = S_ISDIR(status.st_mode) ? EISDIR : ESPIPE;
    if (!error)
        error = qetl_read_whole(fd, LOCK_MAX, text, size);
    if (fd >= 0)
        close(fd);
    return error;
}

/* Whatever stands there is a lock, or wrong: also a link that leads nowhere. */
int qetl_lock_read(const char *path, struct plugin_lock **lock, struct qetl_findings *findings)
{
    char *text = NULL;
    size_t size = 0;
    *lock = NULL;
    if (!qetl_is_there(path))
        return 0;
    int error = file_read(path, &text, &size);
    if (error && error != EFBIG)
        qetl_finding_mend(qetl_refuse(findings, path, NULL, "bad_lock",
                                      "this lock cannot be read: %s", strerror(error)),
                          "have it from where the pipeline is kept, or remove it");
    else
        *lock = qetl_lock_parse(text, error ? (size_t)LOCK_MAX + 1 : size, path, findings);
    free(text);
    return *lock ? 0 : -1;
}
