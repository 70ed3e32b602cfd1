/* SPDX-License-Identifier: Apache-2.0 */
/* qetl plugin index: the signed list of a folder of packages, for a web server to offer. */
#include "cli.h"
#include "index/index_make.h"
#include "packages.h"
#include "trust/key_file.h"

#include <qetl/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

struct own {
    const char *key, *name;
    int64_t days;
};

enum { DAYS = 30, DAYS_MAX = 3650 };

static int check(const struct own *own, struct qetl_findings *findings)
{
    if (!own->key)
        qetl_cli_usage(findings, "qetl plugin keygen acme-index, then --key acme-index.qsecret",
                       "an index is signed: which key signs it was not said");
    else if (own->name && !qetl_is_index_name(own->name))
        qetl_cli_usage(findings, "small letters, digits, _ and -", "--name: no index is called so");
    else
        return 0;
    return -1;
}

static json_t *index_json(const struct package_index *index, const char *folder)
{
    char key[QETL_KEY_TEXT];
    qetl_key_text(index->signature.key.bytes, key);
    return json_pack("{s:s, s:s, s:I, s:s, s:s, s:I, s:s}", "folder", folder, "name", index->name,
                     "version", (json_int_t)index->version, "issued", index->issued, "expires",
                     index->expires, "packages", (json_int_t)index->n_packages, "key", key);
}

static int plugin_index(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    struct package_secret secret;
    struct package_index *index = NULL;
    json_t *result = NULL;
    if (check(own, findings) == 0 && qetl_secret_file_read(own->key, &secret, findings) == 0) {
        struct index_order order = {cli->operands[0], own->name, own->days ? own->days : DAYS,
                                    &secret};
        umask(022); /* a web server reads it */
        index = qetl_index_make(&order, findings);
    }
    qetl_secret_forget(&secret);
    if (index) {
        result = index_json(index, cli->operands[0]);
        if (!cli->json && !cli->quiet)
            printf("release %llu of the index %s: %zu package%s, good until %s\n",
                   (unsigned long long)index->version, index->name, index->n_packages,
                   index->n_packages == 1 ? "" : "s", index->expires);
    }
    qetl_index_free(index);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL, result, findings);
}

#define AT(field) .offset = offsetof(struct own, field)

static const struct qetl_option options[] = {
    {"key", 'k', QETL_ARG_TEXT, QETL_COMPLETES_FILE, AT(key), .value = "SECRET",
     .help = "sign it with this secret (NAME.qsecret); has to be given"},
    {"name", .kind = QETL_ARG_TEXT, AT(name), .value = "NAME",
     .help = "what the index is called, once and for all; has to be given the first time"},
    {"days", .kind = QETL_ARG_NUMBER, AT(days), .value = "N", .least = 1, .most = DAYS_MAX,
     .help = "how long it is good, unless it is made anew (default: 30)"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("Index", true, options);

static const struct qetl_exit exits[] = {
    {"0", "the index was written"},
    {"2", "the command line is wrong"},
    {"3", "a package is refused, the index that is there is damaged, or none can be written"},
    {NULL, NULL},
};

const struct qetl_command qetl_command_plugin_index = {
    .name = "plugin index",
    .section = "Plugins",
    .summary = "a signed list of a folder of packages",
    .synopses = (const char *const[]){"DIR --key SECRET", NULL},
    .description =
        "Writes index.json into a folder of packages, which any web server can offer as it is: "
        "qetl plugin search, install and upgrade find the packages there. For each package the "
        "index has version, platform, libc, ABI, size and SHA-256, and what components it brings. "
        "Each package is read and verified first.\n\n"
        "The index has a number that counts up, and a last moment: whoever has seen it takes no "
        "older one, and nobody takes one that has expired. So make it anew before it expires, even "
        "if no package came: a line of cron will do. Put packages onto the server first, then the "
        "index.\n\n"
        "Its key is one that users trust with indexes (qetl key add --indexes). It can hold back "
        "packages and name old ones, but it makes none: those have their own signatures.",
    .operands = {.name = "DIR", .least = 1, .most = 1, .completes = QETL_COMPLETES_FOLDER},
    .groups = {&group, &qetl_options_json, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl plugin index site --name acme --key acme-index.qsecret", "the first time"},
            {"qetl plugin index site --key acme-index.qsecret --days 7",
             "from then on, each day of the week"},
            {NULL, NULL}},
    .exits = exits,
    .own_size = sizeof(struct own),
    .run = plugin_index,
};
