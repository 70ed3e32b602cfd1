/* SPDX-License-Identifier: Apache-2.0 */
/* Where plugins lie: whether others can put theirs there, and which of those with one name is used.
 */
#include "doctor.h"

#include "package/version.h"
#include "plugin/plugin_dirs.h"
#include "plugin/sealed.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- folders ---- */

static struct qetl_finding *unsafe(struct qetl_doctor *d, const char *dir, const char *message)
{
    return qetl_doctor_tell(
        d,
        &(struct qetl_ailment){.severity = QETL_WARNING, .code = "unsafe_plugin_dir", .file = dir},
        "%s", message);
}

/* Whoever may write above a folder may put another one in its place, unless what is there is each
 * one's own (as in /tmp). */
static void above_check(struct qetl_doctor *d, const char *dir)
{
    char path[PATH_MAX];
    struct stat about;
    if (!realpath(dir, path))
        return;
    for (char *slash; (slash = strrchr(path, '/')) && path[1];) {
        slash[slash == path] = '\0';
        if (stat(path, &about) || !(about.st_mode & S_IWOTH) || (about.st_mode & S_ISVTX))
            continue;
        qetl_finding_mend_file(
            unsafe(d, dir, "anyone on this machine may put another folder in its place"),
            "chmod o-w {}", path);
        return;
    }
}

/* That anyone may write there was said by whoever reads it. */
static void folder_check(struct qetl_doctor *d, const char *dir)
{
    struct stat about;
    if (stat(dir, &about))
        return;
    if (about.st_uid != 0 && about.st_uid != geteuid())
        qetl_finding_mend(unsafe(d, dir,
                                 "it belongs to another user, who decides which plugins "
                                 "you run"),
                          "keep plugins in a folder of yours or of root's");
    else if ((about.st_mode & S_IWGRP) && about.st_gid != 0 && about.st_gid != getegid())
        qetl_finding_mend_file(unsafe(d, dir, "its group may put plugins there, which you run"),
                               "chmod g-w {}", dir);
    else
        above_check(d, dir);
}

/* A run passes over what is missing of these: they may be for another machine. */
static void path_check(struct qetl_doctor *d)
{
    const char *path = d->plugin_path;
    while (path && *path) {
        size_t size = strcspn(path, ":");
        char *dir = strndup(path, size);
        if (dir && *dir && access(dir, F_OK))
            qetl_finding_mend(qetl_doctor_tell(d,
                                               &(struct qetl_ailment){.severity = QETL_WARNING,
                                                                      .code = "missing_plugin_dir",
                                                                      .file = dir},
                                               "QETL_PLUGIN_PATH names this folder, which does not "
                                               "exist"),
                              "make it, or take it out of QETL_PLUGIN_PATH");
        d->no_memory |= !dir;
        free(dir);
        path += size + (path[size] == ':');
    }
}

/* ---- names ---- */

static const char *whose(const struct qetl_manifest *plugin)
{
    return !plugin->sealed             ? "a folder"
           : plugin->sealed->is_system ? "a package of all users"
                                       : "a package of yours";
}

static const struct qetl_manifest *used_of(const struct qetl_registry *registry, const char *id)
{
    for (size_t i = 0; i < qetl_registry_count(registry); i++) {
        const struct qetl_manifest *plugin = qetl_registry_at(registry, i);
        if (!plugin->hidden && strcmp(plugin->id, id) == 0)
            return plugin;
    }
    return NULL;
}

/* Versions of a package stand side by side on purpose; what lies elsewhere may be forgotten. */
static void shadow_check(struct qetl_doctor *d, const struct qetl_manifest *plugin)
{
    const struct qetl_manifest *used = plugin->hidden ? used_of(d->registry, plugin->id) : NULL;
    if (!used ||
        (used->sealed && plugin->sealed && used->sealed->is_system == plugin->sealed->is_system))
        return;
    bool older = qetl_package_version_compare(used->version, plugin->version) < 0;
    struct qetl_finding *finding = qetl_doctor_tell(
        d,
        &(struct qetl_ailment){.severity = older ? QETL_WARNING : QETL_NOTE,
                               .code = "shadowed_plugin",
                               .file = plugin->manifest_path,
                               .component = plugin->id},
        "plugin %s %s, from %s, is not used: %s %s, from %s, has its name (%s)", plugin->id,
        plugin->version, whose(plugin), older ? "the older" : "the version", used->version,
        whose(used), used->manifest_path);
    if (used->sealed)
        qetl_finding_mend(finding,
                          "a pipeline gets it by `plugin: NAME@%s`; else remove one: "
                          "qetl plugin remove %s@%s%s",
                          plugin->version, used->id, used->version,
                          used->sealed->is_system ? " --system" : "");
    else
        qetl_finding_mend(finding,
                          "a pipeline gets it by `plugin: NAME@%s`; else leave the "
                          "folder of the other one out",
                          plugin->version);
}

void qetl_doctor_folders(struct qetl_doctor *d)
{
    struct qetl_findings said = {0}; /* that --plugin-dir names what there is not was said */
    size_t before = d->findings.count, n = 0;
    char **dirs = qetl_plugin_dirs_new(d->plugin_dirs, d->plugin_path, QETL_PLUGIN_DIR, &said),
         *all = NULL;
    d->no_memory |= !dirs;
    path_check(d);
    for (; dirs && dirs[n]; n++) {
        char *longer = NULL;
        folder_check(d, dirs[n]);
        d->no_memory |= asprintf(&longer, "%s%s%s", all ? all : "", all ? ", " : "", dirs[n]) < 0;
        free(all);
        all = longer;
    }
    for (size_t i = 0; i < qetl_registry_count(d->registry); i++)
        shadow_check(d, qetl_registry_at(d->registry, i));
    qetl_doctor_check(d, "folders", before, "plugins are looked for in: %s", all ? all : "none");
    free(all);
    qetl_plugin_dirs_free(dirs);
    qetl_findings_free(&said);
}
