/* SPDX-License-Identifier: Apache-2.0 */
#include "installing.h"

#include "depot/clash.h"
#include "depot/succession.h"
#include "package/plugin_check.h"
#include "packages.h"
#include "plugin/manifest.h"
#include "show/display.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* A key that cannot be read may be the one that has a say. */
int qetl_installing_begin(struct qetl_installing *installing)
{
    size_t before = installing->findings->errors;
    installing->done = json_array();
    installing->folder = qetl_cli_depot(installing->system, installing->findings);
    installing->trust = qetl_cli_trust_of(installing->system, installing->findings);
    umask(022); /* what is installed for all is read by all */
    return installing->folder && installing->trust && installing->done &&
                   installing->findings->errors == before
               ? 0
               : -1;
}

void qetl_installing_end(struct qetl_installing *installing)
{
    qetl_indexes_tell(&installing->indexes, true, installing->findings);
    qetl_indexes_close(&installing->indexes);
    qetl_trust_free(installing->trust);
    free(installing->folder);
}

/* The names by which pipelines find it are those of its components. */
static void tell_components(const struct qetl_manifest *manifest)
{
    for (size_t i = 0; i < manifest->n_components; i++)
        qetl_display_print(stdout, "%s %s %s", i ? "," : ":",
                           qetl_kind_name(manifest->components[i].kind),
                           manifest->components[i].id);
}

static void tell(struct qetl_installing *installing, const struct package *package,
                 const struct qetl_manifest *manifest, const struct key_file *key,
                 enum package_installed installed)
{
    const struct qetl_cli *cli = installing->cli;
    json_t *json = qetl_cli_package_json(package, key);
    json_object_set_new(json, "installed", json_boolean(installed == QETL_INSTALLED));
    json_array_append_new(installing->done, json);
    if (cli->json || cli->quiet)
        return;
    qetl_display_print(stdout, "%s %s %s", package->contents->name, package->contents->version,
                       installed == QETL_INSTALLED ? "is installed"
                       : installed == QETL_INSTALLED_BEFORE
                           ? "was installed before"
                           : "is not needed: what was to be upgraded has "
                             "changed in the meantime");
    if (installed != QETL_INSTALLED_NOT)
        tell_components(manifest);
    printf("\n");
}

/* What is missing may have any of its names: nobody takes one while that is so, but who repairs it.
 */
static int check_missing(const struct qetl_registry *registry, const struct package *package,
                         struct qetl_findings *said, struct qetl_findings *findings)
{
    int bad = qetl_registry_tell_missed(registry, package->contents->name, QETL_ERROR, findings);
    if (!bad && !said->errors)
        return 0;
    qetl_findings_move(findings, said);
    qetl_finding_at(qetl_finding_add(findings, QETL_NOTE, "not_installed",
                                     "%s %s is not installed, as nobody can say which names are "
                                     "taken until that is mended",
                                     package->contents->name, package->contents->version),
                    package->file, 0, 0, NULL);
    return -1;
}

/* With the lock. What pipelines have by now: those of this command that are installed already
 * count, too. */
static int check_place(const struct qetl_installing *installing, const struct depot *depot,
                       const struct package *package, const struct qetl_manifest *manifest,
                       bool downgrade)
{
    struct qetl_findings said = {0}; /* of other plugins: warnings are not what is asked here */
    bool again = qetl_succession_is_again(depot, package);
    struct depot machine = QETL_DEPOT_CLOSED;
    if (!installing->system && qetl_depot_look(&machine, QETL_PACKAGES_DIR, installing->findings)) {
        qetl_depot_close(&machine);
        return -1;
    }
    struct qetl_registry *registry =
        qetl_cli_registry_raw(installing->cli, installing->system, &said);
    struct succession succession = {.depot = depot,
                                    .machine = installing->system ? NULL : &machine,
                                    .registry = registry,
                                    .trust = installing->trust,
                                    .consent = {downgrade, installing->change_signer}};
    int bad =
        !registry || (!again && check_missing(registry, package, &said, installing->findings)) ||
        qetl_package_clash_check(manifest, package->file, registry, again, installing->findings) ||
        qetl_succession_check(&succession, package, installing->findings);
    if (!registry)
        qetl_findings_move(installing->findings, &said);
    qetl_registry_free(registry);
    qetl_depot_close(&machine);
    qetl_findings_free(&said);
    return bad ? -1 : 0;
}

/* Decided by what is there under the lock, not by what was there before a server was waited for. */
static int put(const struct qetl_installing *installing, const struct package *package,
               const struct qetl_manifest *manifest, bool downgrade, bool onward,
               enum package_installed *installed)
{
    struct qetl_findings *findings = installing->findings;
    struct depot depot = QETL_DEPOT_CLOSED;
    int bad = qetl_depot_open(&depot, installing->folder, findings);
    *installed = QETL_INSTALLED_NOT;
    if (!bad && (!onward || qetl_succession_is_onward(&depot, package)))
        bad = check_place(installing, &depot, package, manifest, downgrade || onward) ||
              qetl_package_install(&depot, package, installed, findings);
    qetl_depot_close(&depot);
    return bad ? -1 : 0;
}

/* By itself. NULL with findings. */
static struct qetl_manifest *judge(const struct qetl_installing *installing,
                                   const struct package *package, bool anywhere,
                                   const struct key_file **key)
{
    struct qetl_findings *findings = installing->findings;
    if (qetl_cli_judge(installing->trust, package, installing->allow_unsigned, key, findings) ||
        (!anywhere && qetl_package_machine_check(package->contents, package->file, findings)) ||
        qetl_package_plugin_check(package, findings) ||
        qetl_cli_scope_check(installing->trust, package, findings))
        return NULL;
    return qetl_package_manifest(package, findings);
}

int qetl_installing_verify(const struct qetl_installing *installing, const struct package *package,
                           bool downgrade, bool anywhere, const struct key_file **key)
{
    struct depot depot = QETL_DEPOT_CLOSED;
    struct qetl_manifest *manifest = judge(installing, package, anywhere, key);
    int bad = !manifest;
    if (!bad && !anywhere) {
        bad = qetl_depot_look(&depot, installing->folder, installing->findings) ||
              check_place(installing, &depot, package, manifest, downgrade) ||
              qetl_package_install_check(&depot, package, installing->findings);
        qetl_depot_close(&depot);
    }
    qetl_manifest_free(manifest);
    return bad ? -1 : 0;
}

/* Nothing is written before all was looked at. */
int qetl_installing_put(struct qetl_installing *installing, struct package *package, bool downgrade,
                        bool onward)
{
    const struct key_file *key;
    enum package_installed installed;
    struct qetl_manifest *manifest = package ? judge(installing, package, false, &key) : NULL;
    int bad = !manifest || put(installing, package, manifest, downgrade, onward, &installed);
    if (!bad)
        tell(installing, package, manifest, key, installed);
    qetl_manifest_free(manifest);
    qetl_package_free(package);
    return bad ? -1 : 0;
}

int qetl_installing_look(struct qetl_installing *installing)
{
    if (!installing->looked &&
        qetl_indexes_open(&installing->indexes, installing->named, installing->system,
                          installing->trust, installing->findings))
        return -1;
    installing->looked = true;
    return 0;
}

int qetl_installing_named(struct qetl_installing *installing, const char *name, const char *range,
                          bool downgrade)
{
    if (qetl_installing_look(installing))
        return -1;
    const struct qetl_indexes_item *item;
    if (qetl_indexes_find(&installing->indexes, name, &item, installing->findings))
        return -1;
    if (!item) {
        const char *near = qetl_indexes_suggest(&installing->indexes, name);
        struct qetl_finding *finding = qetl_finding_add(
            installing->findings, QETL_ERROR, "unknown_package", "no index has a package %s", name);
        if (near)
            qetl_finding_mend(finding, "did you mean `%s`?", near);
        else
            qetl_finding_mend(finding,
                              "qetl plugin search shows what they have; a file is named with its "
                              "folder, ./%s",
                              name);
        return -1;
    }
    const struct index_package *package =
        qetl_index_choose(item->index, item->place, name, range, installing->findings);
    return package ? qetl_installing_put(
                         installing,
                         qetl_index_fetch(item->place, package, qetl_indexes_progress,
                                          (void *)installing->cli, installing->findings),
                         downgrade, false)
                   : -1;
}
