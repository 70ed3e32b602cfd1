/* SPDX-License-Identifier: Apache-2.0 */
/* qetl plugin upgrade: newer versions of what is installed, from the indexes. */
#include "cli.h"
#include "installing.h"
#include "package/version.h"
#include "packages.h"
#include "show/display.h"

#include <qetl/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct own {
    struct qetl_texts indexes;
    bool allow_unsigned, change_signer, dry_run, system;
};

struct work {
    struct qetl_installing installing;
    const struct own *own;
    struct depot depot; /* as it was when we began */
    json_t *plan;       /* what is newer, "from" and "to" */
};

static void tell(const struct work *work, const char *name, const char *version, const char *what,
                 const char *to)
{
    const struct qetl_cli *cli = work->installing.cli;
    if (!cli->json && !cli->quiet)
        qetl_display_print(stdout, "%s %s %s%s\n", name, version, what, to);
}

/* All that is looked at before anything is written. */
static int rehearse(struct work *work, const struct depot_entry *entry, struct package *package)
{
    const struct key_file *key;
    int bad = package ? qetl_installing_verify(&work->installing, package, true, false, &key) : -1;
    if (!bad)
        tell(work, entry->name, entry->version, "would be upgraded to ",
             package->contents->version);
    qetl_package_free(package);
    return bad;
}

/* Newer than what pipelines get now; an early version only where that is one of the same release.
 */
static int upgrade(struct work *work, const struct depot_entry *entry, const char *range,
                   bool by_name)
{
    struct qetl_installing *installing = &work->installing;
    const struct qetl_indexes_item *item;
    struct qetl_findings why = {0};
    char *newer = NULL;
    if (qetl_indexes_find(&installing->indexes, entry->name, &item, installing->findings))
        return -1;
    if (!item) {
        if (by_name)
            return qetl_installing_named(installing, entry->name, range, false);
        tell(work, entry->name, entry->version, "stays: no index has it", "");
        return 0;
    }
    if (asprintf(&newer, ">%s%s%s", entry->version, range ? "," : "", range ? range : "") < 0) {
        qetl_findings_no_memory(installing->findings);
        return -1;
    }
    const struct index_package *package =
        qetl_index_choose(item->index, item->place, entry->name, newer, &why);
    free(newer);
    qetl_findings_free(&why);
    if (!package) {
        tell(work, entry->name, entry->version, "is the newest that runs here", "");
        return 0;
    }
    json_array_append_new(work->plan, json_pack("{s:s, s:s, s:s}", "name", entry->name, "from",
                                                entry->version, "to", package->is.version));
    struct package *fetched = qetl_index_fetch(item->place, package, qetl_indexes_progress,
                                               (void *)installing->cli, installing->findings);
    return work->own->dry_run ? rehearse(work, entry, fetched)
                              : qetl_installing_put(installing, fetched, false, true);
}

static int upgrade_operand(struct work *work, const char *operand)
{
    char *name, *range;
    if (qetl_wanted_read(operand, &name, &range, work->installing.findings))
        return -1;
    const struct depot_entry *entry = qetl_depot_find(&work->depot, name, NULL);
    int bad = entry ? upgrade(work, entry, range, true) : -1;
    if (!entry)
        qetl_finding_mend(qetl_finding_add(work->installing.findings, QETL_ERROR, "unknown_package",
                                           "no package %s is installed", name),
                          "qetl plugin install %s", operand);
    free(name);
    free(range);
    return bad;
}

/* One that fails keeps no other from being upgraded. */
static int upgrade_all(struct work *work)
{
    const struct qetl_cli *cli = work->installing.cli;
    int bad = 0;
    if (qetl_depot_look(&work->depot, work->installing.folder, work->installing.findings) ||
        qetl_installing_look(&work->installing))
        return -1;
    for (size_t i = 0; i < cli->n_operands; i++)
        bad |= upgrade_operand(work, cli->operands[i]);
    for (size_t i = 0; !cli->n_operands && i < work->depot.n_entries; i++)
        if (work->depot.entries[i].active)
            bad |= upgrade(work, &work->depot.entries[i], NULL, false);
    if (!cli->n_operands) /* any of them may have something newer */
        qetl_indexes_tell(&work->installing.indexes, false, work->installing.findings);
    return bad;
}

static int plugin_upgrade(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    struct work work = {.installing = {.cli = cli,
                                       .system = own->system,
                                       .allow_unsigned = own->allow_unsigned,
                                       .change_signer = own->change_signer,
                                       .named = &own->indexes,
                                       .findings = findings},
                        .own = own,
                        .depot = QETL_DEPOT_CLOSED,
                        .plan = json_array()};
    if (qetl_installing_begin(&work.installing) == 0)
        upgrade_all(&work);
    qetl_depot_close(&work.depot);
    qetl_installing_end(&work.installing);
    return qetl_cli_answer(
        cli, qetl_run_verdict(findings), NULL,
        json_pack("{s:o, s:o}", "upgrades", work.plan, "packages", work.installing.done), findings);
}

#define AT(field) .offset = offsetof(struct own, field)

static const struct qetl_option options[] = {
    {"index", 'i', QETL_ARG_TEXTS, AT(indexes), .value = "PLACE",
     .help = "look into this index, and no other: an address or a folder; may be given again"},
    {"dry-run", .kind = QETL_ARG_FLAG, AT(dry_run),
     .help = "fetch and verify, say what would be, and change nothing"},
    {"allow-unsigned", .kind = QETL_ARG_FLAG, AT(allow_unsigned),
     .help = "take packages that nobody signed; each run that uses one says so"},
    {"change-signer", .kind = QETL_ARG_FLAG, AT(change_signer),
     .help = "also if another key signed it than the version before, or nobody did"},
    {"system", .kind = QETL_ARG_FLAG, AT(system),
     .help = "of those that all users share, by the keys of the machine"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("Upgrading", true, options);

static const struct qetl_exit exits[] = {
    {"0", "each is the newest that the indexes have for this machine"},
    {"2", "the command line is wrong, or names a package that is not installed"},
    {"3", "an index or a package is refused, or cannot be read or written"},
    {NULL, NULL},
};

const struct qetl_command qetl_command_plugin_upgrade = {
    .name = "plugin upgrade",
    .section = "Plugins",
    .summary = "newer versions of installed connectors",
    .synopses = (const char *const[]){"[NAME...]", "NAME@RANGE", NULL},
    .description =
        "Installs the newest version that the indexes have and this machine can run, of the "
        "packages that are named, or of all. The first index that has the name decides, as for "
        "qetl "
        "plugin install; it never goes back to an older version.\n\n"
        "The new version stands beside the old one, and is the one that pipelines get from the "
        "moment that it is whole; runs that go on keep the version that they began with. `plugin: "
        "NAME@VERSION` still finds the old one, until qetl plugin remove NAME@VERSION.",
    .operands = {.name = "NAME", .least = 0, .most = 1000, .completes = QETL_COMPLETES_PLUGIN},
    .groups = {&group, &qetl_options_json, &qetl_options_general},
    .examples = (const struct qetl_example[]){{"qetl plugin upgrade --dry-run", "what is newer"},
                                              {"qetl plugin upgrade", "all of them"},
                                              {"qetl plugin upgrade lines@^0.1", "one, before 0.2"},
                                              {NULL, NULL}},
    .exits = exits,
    .own_size = sizeof(struct own),
    .run = plugin_upgrade,
};
