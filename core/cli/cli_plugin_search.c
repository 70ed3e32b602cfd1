/* SPDX-License-Identifier: Apache-2.0 */
/* qetl plugin search: what the indexes have. */
#include "cli.h"
#include "indexes.h"
#include "package/plugin_check.h"
#include "packages.h"
#include "show/report_table.h"
#include "show/style.h"

#include <qetl/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct own {
    struct qetl_texts indexes;
    bool all, system;
};

static const struct qetl_table_column columns[] = {{.title = "PACKAGE"},
                                                   {.title = "VERSION"},
                                                   {.title = "HAS"},
                                                   {.title = "SUMMARY", .least = 20, .wraps = 1}};

struct showing {
    const struct qetl_cli *cli;
    struct qetl_table *table;
    json_t *packages;
};

/* Every word stands somewhere in its name, its summary or what it brings. */
static bool fits(const struct qetl_cli *cli, const struct index_package *package)
{
    for (size_t w = 0; w < cli->n_operands; w++) {
        const char *word = cli->operands[w];
        bool found = strcasestr(package->is.name, word) || strcasestr(package->summary, word);
        for (size_t i = 0; !found && i < package->n_components; i++)
            found = strcasestr(package->components[i], word);
        if (!found)
            return false;
    }
    return true;
}

static void show(struct showing *showing, const struct qetl_indexes_item *item,
                 const struct index_package *package, bool runs)
{
    char *list = strdup("");
    json_t *components = json_array();
    for (size_t i = 0; i < package->n_components; i++) {
        char *longer = NULL;
        json_array_append_new(components, json_string(package->components[i]));
        if (list && asprintf(&longer, "%s%s%s", list, i ? ", " : "", package->components[i]) < 0)
            longer = NULL;
        free(list);
        list = longer;
    }
    const struct package_contents *is = &package->is;
    qetl_table_add(showing->table, (const char *[]){is->name, is->version, list, package->summary});
    char digest[QETL_HASH_TEXT];
    qetl_hash_text(package->digest, digest);
    json_array_append_new(
        showing->packages,
        json_pack("{s:s, s:s, s:s, s:s, s:{s:s, s:s}, s:s, s:o, s:I, s:s, s:b, s:s, s:s}", "name",
                  is->name, "version", is->version, "platform", is->platform, "libc", is->libc,
                  "abi", "min", is->abi_min, "max", is->abi_max, "summary", package->summary,
                  "components", components, "size", (json_int_t)package->size, "digest", digest,
                  "runs_here", runs, "index", item->index->name, "place", item->place));
    free(list);
}

/* The newest of each name that runs here; or all of them. The packages of a name stand together. */
static void show_index(struct showing *showing, const struct qetl_indexes *indexes, size_t at)
{
    const struct own *own = showing->cli->own;
    const struct qetl_indexes_item *item = &indexes->items[at];
    const struct index_package *newest = NULL;
    const char *name = "";
    for (size_t i = 0; item->index && i < item->index->n_packages; i++) {
        const struct index_package *package = &item->index->packages[i];
        struct qetl_findings why = {0};
        if (strcmp(package->is.name, name) != 0) {
            name = package->is.name;
            newest = qetl_indexes_first(indexes, name) == item
                         ? qetl_index_choose(item->index, item->place, name, NULL, &why)
                         : NULL;
        }
        if ((own->all || package == newest) && fits(showing->cli, package))
            show(showing, item, package,
                 package == newest ||
                     qetl_package_machine_check(&package->is, item->place, &why) == 0);
        qetl_findings_free(&why);
    }
}

static int plugin_search(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    struct qetl_indexes indexes = {0};
    struct showing showing = {cli, qetl_table_new(columns, sizeof columns / sizeof *columns),
                              json_array()};
    struct package_trust *trust = qetl_cli_trust_of(own->system, findings);
    if (trust && qetl_indexes_open(&indexes, &own->indexes, own->system, trust, findings) == 0)
        for (size_t i = 0; i < indexes.count; i++)
            show_index(&showing, &indexes, i);
    qetl_indexes_tell(&indexes, false, findings);
    if (!cli->json && json_array_size(showing.packages) &&
        qetl_table_print(showing.table, stdout, 0, qetl_style_columns(stdout),
                         qetl_style_colour(stdout)))
        qetl_findings_no_memory(findings);
    else if (!cli->json && !cli->quiet && !findings->errors && !json_array_size(showing.packages))
        printf("nothing of that in %zu index%s\n", indexes.count, indexes.count == 1 ? "" : "es");
    qetl_table_free(showing.table);
    qetl_indexes_close(&indexes);
    qetl_trust_free(trust);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL,
                           json_pack("{s:o}", "packages", showing.packages), findings);
}

#define AT(field) .offset = offsetof(struct own, field)

static const struct qetl_option options[] = {
    {"index", 'i', QETL_ARG_TEXTS, AT(indexes), .value = "PLACE",
     .help = "look into this index, and no other: an address or a folder; may be given again"},
    {"all", .kind = QETL_ARG_FLAG, AT(all), .help = "all versions, also for other machines"},
    {"system", .kind = QETL_ARG_FLAG, AT(system),
     .help = "the machine's indexes, by the keys of the machine"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("Searching", true, options);

static const struct qetl_exit exits[] = {
    {"0", "all indexes were looked into, whatever was found"},
    {"2", "the command line is wrong, or there is no index to look into"},
    {"3", "an index is refused, or cannot be read; the others are shown"},
    {NULL, NULL},
};

const struct qetl_command qetl_command_plugin_search = {
    .name = "plugin search",
    .section = "Plugins",
    .summary = "which connectors the indexes have",
    .synopses = (const char *const[]){"[WORD...]", NULL},
    .description =
        "Shows the packages of the indexes that have all of the words in their name, their summary "
        "or the components that they bring; without words, all. Of each name it is the newest "
        "version that this machine can run.\n\n"
        "Indexes are those of --index, else those of ~/.config/qetl/indexes "
        "($XDG_CONFIG_HOME/qetl/indexes) and the machine's: an address or an absolute path in each "
        "line, # "
        "begins a comment. Where two have one name, the first of them has it.",
    .operands = {.name = "WORD", .least = 0, .most = 100},
    .groups = {&group, &qetl_options_json, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl plugin search lines --index https://plugins.acme.example", "in one index"},
            {"qetl plugin search --json | jq -r '.result.packages[].name'", "all names"},
            {NULL, NULL}},
    .exits = exits,
    .own_size = sizeof(struct own),
    .run = plugin_search,
};
