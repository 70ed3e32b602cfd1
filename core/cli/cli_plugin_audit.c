/* SPDX-License-Identifier: Apache-2.0 */
/* qetl plugin audit: whether what is installed is what was signed, and may still be used. */
#include "cli.h"
#include "depot/content_check.h"
#include "depot/installed.h"
#include "lock/lock_place.h"
#include "lock/locked.h"
#include "lock/locked_used.h"
#include "packages.h"
#include "plugin/beneath.h"
#include "plugin/sealed.h"

#include <qetl/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct own {
    bool strict, system;
};

struct audit {
    struct qetl_cli *cli;
    json_t *packages, *locks;
    struct qetl_findings *findings;
};

/* ---- packages ---- */

static const struct qetl_manifest *offered_of(const struct qetl_registry *registry,
                                              const struct depot_entry *entry)
{
    for (size_t i = 0; i < qetl_registry_count(registry); i++) {
        const struct qetl_manifest *manifest = qetl_registry_at(registry, i);
        if (manifest->sealed && strcmp(manifest->sealed->digest, entry->digest) == 0)
            return manifest;
    }
    return NULL;
}

/* Every file by its hash, then the signature by the keys of today. */
static void entry_audit(struct audit *audit, const struct depot *depot,
                        const struct depot_entry *entry, const struct qetl_registry *registry,
                        bool is_system)
{
    struct qetl_findings own = {0};
    const struct qetl_manifest *manifest = registry ? offered_of(registry, entry) : NULL;
    struct qetl_sealed *sealed = manifest ? manifest->sealed : NULL;
    qetl_content_check(depot, entry, &own);
    if (sealed)
        qetl_findings_move(&own, &sealed->told);
    json_array_append_new(audit->packages,
                          json_pack("{s:s, s:s, s:b, s:s, s:s?, s:b, s:s?, s:s?, s:o}", "name",
                                    entry->name, "version", entry->version, "system", is_system,
                                    "digest", entry->digest, "signed_by",
                                    sealed ? sealed->signed_by : NULL, "unsigned",
                                    !entry->is_signed, "since", entry->since, "from", entry->from,
                                    "findings", qetl_findings_json(&own)));
    qetl_findings_move(audit->findings, &own);
    qetl_findings_free(&own);
}

static void depot_audit(struct audit *audit, const char *path, bool is_system)
{
    static const char *const none[] = {NULL};
    struct depot depot;
    struct qetl_findings offering = {0};
    if (!path || !qetl_is_there(path))
        return;
    size_t errors = audit->findings->errors;
    struct package_trust *trust = qetl_cli_trust_of(is_system, audit->findings);
    bool known = audit->findings->errors == errors;
    struct qetl_registry *registry = qetl_registry_new(none, audit->findings);
    if (trust && registry) {
        qetl_installed_offer(registry, path, is_system, trust, known, &offering);
        qetl_registry_tell_missed(registry, NULL, QETL_ERROR, &offering);
    }
    if (qetl_depot_look(&depot, path, audit->findings) == 0)
        for (size_t i = 0; i < depot.n_entries; i++)
            entry_audit(audit, &depot, &depot.entries[i], registry, is_system);
    qetl_depot_close(&depot);
    if (audit->findings->errors == errors) /* else it says the same in other words */
        qetl_findings_move(audit->findings, &offering);
    qetl_findings_free(&offering);
    qetl_registry_free(registry);
    qetl_trust_free(trust);
}

/* ---- locks ---- */

/* As a run does it, up to where it would load them. */
static void pipeline_audit(struct audit *audit, const char *file,
                           const struct qetl_registry *registry, struct qetl_findings *findings)
{
    struct qetl_document *document = qetl_cli_document(audit->cli, file, findings);
    struct qetl_pipeline *pipeline =
        document ? qetl_locked_pipeline(document, registry, findings) : NULL;
    if (pipeline)
        qetl_locked_prove(pipeline, registry, findings);
    qetl_pipeline_free(pipeline);
    qetl_document_free(document);
    qetl_registry_reset(registry);
}

static void lock_audit(struct audit *audit, const char *file, const struct qetl_registry *registry)
{
    size_t size = strlen(file);
    bool is_lock = size > 5 && strcmp(file + size - 5, ".lock") == 0;
    struct qetl_findings own = {0};
    char *path = is_lock ? strdup(file) : NULL;
    if (!is_lock && qetl_lock_place(file, &path, audit->findings))
        return;
    if (!path) {
        if (is_lock)
            qetl_findings_no_memory(audit->findings);
        else
            qetl_cli_usage(audit->findings, "name the lock, or the file of the pipeline",
                           "a pipeline that comes through a pipe has no lock");
        return;
    }
    if (is_lock || !qetl_is_there(path))
        qetl_lock_check(path, registry, &own);
    else
        pipeline_audit(audit, file, registry, &own);
    json_array_append_new(
        audit->locks, json_pack("{s:s, s:o}", "lock", path, "findings", qetl_findings_json(&own)));
    qetl_findings_move(audit->findings, &own);
    qetl_findings_free(&own);
    free(path);
}

static void locks_audit(struct audit *audit)
{
    const struct qetl_cli *cli = audit->cli;
    struct qetl_findings said = {0};
    size_t errors = audit->findings->errors;
    struct qetl_registry *registry = cli->n_operands ? qetl_cli_registry_whole(cli, &said) : NULL;
    for (size_t i = 0; registry && i < cli->n_operands; i++)
        lock_audit(audit, cli->operands[i], registry);
    if (!errors) /* of packages that were looked at it was said */
        qetl_findings_move(audit->findings, &said);
    qetl_findings_free(&said);
    qetl_registry_free(registry);
}

static int plugin_audit(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    struct audit audit = {cli, json_array(), json_array(), findings};
    char *folder = own->system ? NULL : qetl_cli_packages_folder();
    depot_audit(&audit, folder, false);
    depot_audit(&audit, QETL_PACKAGES_DIR, true);
    locks_audit(&audit);
    free(folder);
    if (!cli->json && !cli->quiet)
        printf("%zu package%s, %zu lock%s: %s\n", json_array_size(audit.packages),
               json_array_size(audit.packages) == 1 ? "" : "s", json_array_size(audit.locks),
               json_array_size(audit.locks) == 1 ? "" : "s",
               findings->errors  ? "something is wrong"
               : findings->count ? "nothing is wrong, some things should be known"
                                 : "nothing is wrong");
    int exit_code =
        own->strict && findings->count ? QETL_EXIT_ENVIRONMENT : qetl_run_verdict(findings);
    return qetl_cli_answer(
        cli, exit_code, NULL,
        json_pack("{s:o, s:o}", "packages", audit.packages, "locks", audit.locks), findings);
}

#define AT(field) .offset = offsetof(struct own, field)

static const struct qetl_option options[] = {
    {"strict", .kind = QETL_ARG_FLAG, AT(strict),
     .help = "unsigned packages and keys that have expired are wrong, too"},
    {"system", .kind = QETL_ARG_FLAG, AT(system), .help = "only those that all users share"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("Auditing", true, options);

static const struct qetl_exit exits[] = {
    {"0", "nothing is wrong"},
    {"2", "the command line is wrong"},
    {"3", "something is: a run would refuse it; with --strict, or tell it"},
    {NULL, NULL},
};

const struct qetl_command qetl_command_plugin_audit = {
    .name = "plugin audit",
    .section = "Plugins",
    .summary = "whether installed connectors are as signed",
    .synopses = (const char *const[]){"[FILE...]", NULL},
    .description =
        "Reads every file of every installed package, and compares it with its hash in the list "
        "that was signed; a file that is none of its own is told, too. Then the signature, by the "
        "keys that are trusted today: a key that was removed, or is not trusted with the plugin "
        "any "
        "more, is wrong; one that has expired is a warning, as is a package that was taken "
        "unsigned.\n\n"
        "FILEs are pipelines with locks, or locks alone: what a lock has for this machine has to "
        "be "
        "here, with the bytes that were locked. A pipeline is read as a run reads it, which wants "
        "its variables; for its lock alone name that. Nothing is changed, and no plugin is loaded. "
        "What to "
        "look at each night is qetl plugin audit --strict --json.",
    .operands = {.name = "FILE", .least = 0, .most = 10000, .completes = QETL_COMPLETES_FILE},
    .groups = {&group, &qetl_options_pipeline, &qetl_options_json, &qetl_options_plugins,
               &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl plugin audit", "all packages, yours and the machine's"},
            {"qetl plugin audit orders.yaml", "and the lock of a pipeline"},
            {"qetl plugin audit --json | jq '.result.packages[].findings'",
             "what is known of each, for a script"},
            {NULL, NULL}},
    .exits = exits,
    .own_size = sizeof(struct own),
    .run = plugin_audit,
};
