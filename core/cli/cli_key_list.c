/* SPDX-License-Identifier: Apache-2.0 */
/* qetl key list: which keys are trusted, and with what. */
#include "cli.h"
#include "packages.h"
#include "show/report_table.h"
#include "show/style.h"

#include <qetl/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct qetl_table_column columns[] = {{.title = "NAME"},
                                                   {.title = "PLUGINS", .least = 10, .wraps = 1},
                                                   {.title = "SIGNS"},
                                                   {.title = "UNTIL"},
                                                   {.title = "KEY"}};

/* A key that is cut can neither be compared nor named: its line may be longer than a terminal's. */
enum { LEAST_COLUMNS = 120 };

static json_t *key_json(const struct key_file *key, char **patterns)
{
    char text[QETL_KEY_TEXT];
    json_t *globs = json_array();
    for (size_t i = 0; i < key->n_plugins; i++) {
        char *longer;
        if (asprintf(&longer, "%s%s%s", *patterns ? *patterns : "", i ? " " : "",
                     key->plugins[i]) >= 0) {
            free(*patterns);
            *patterns = longer;
        }
        json_array_append_new(globs, json_string(key->plugins[i]));
    }
    qetl_key_text(key->key.bytes, text);
    return json_pack("{s:s, s:s, s:o, s:s, s:s?, s:b, s:s}", "name", key->name, "key", text,
                     "plugins", globs, "signs", key->for_indexes ? "indexes" : "packages",
                     "expires", *key->expires ? key->expires : NULL, "expired",
                     qetl_key_is_expired(key, time(NULL)), "path", key->path);
}

static int trust_list(struct qetl_cli *cli, struct qetl_findings *findings)
{
    struct package_trust *trust = qetl_cli_trust(findings);
    struct qetl_table *table = qetl_table_new(columns, sizeof columns / sizeof *columns);
    json_t *keys = json_array();
    int width = qetl_style_columns(stdout);
    for (size_t i = 0; trust && i < trust->n_keys; i++) {
        const struct key_file *key = &trust->keys[i];
        char text[QETL_KEY_TEXT], *patterns = NULL;
        json_array_append_new(keys, key_json(key, &patterns));
        qetl_key_text(key->key.bytes, text);
        qetl_table_add(table, (const char *[]){key->name, patterns ? patterns : "none",
                                               key->for_indexes ? "indexes" : "packages",
                                               *key->expires ? key->expires : "", text});
        free(patterns);
    }
    if (!cli->json && trust && !trust->n_keys)
        puts("no key is trusted");
    else if (!cli->json && trust &&
             qetl_table_print(table, stdout, 0, width < LEAST_COLUMNS ? LEAST_COLUMNS : width,
                              qetl_style_colour(stdout)))
        qetl_findings_no_memory(findings);
    qetl_table_free(table);
    qetl_trust_free(trust);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL, json_pack("{s:o}", "keys", keys),
                           findings);
}

const struct qetl_command qetl_command_key_list = {
    .name = "key list",
    .section = "Plugins",
    .summary = "which keys are trusted, and with what",
    .synopses = (const char *const[]){"", NULL},
    .description = "Shows the user's keys and those of the machine: what each may sign, and until "
                   "which day.",
    .groups = {&qetl_options_json, &qetl_options_general},
    .examples = (const struct qetl_example[]){{"qetl key list", "as a table"},
                                              {"qetl key list --json | jq "
                                               "'.result.keys[] | select(.expired).name'",
                                               "those that have expired"},
                                              {NULL, NULL}},
    .exits = qetl_exits_show,
    .run = trust_list,
};
