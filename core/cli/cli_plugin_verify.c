/* SPDX-License-Identifier: Apache-2.0 */
/* qetl plugin verify: whether a package could be installed here. */
#include "cli.h"
#include "installing.h"
#include "package/plugin_check.h"
#include "packages.h"
#include "trust/key_file.h"

#include <qetl/plugin.h>

#include <stdlib.h>
#include <string.h>

struct own {
    const char *key;
    bool allow_unsigned, any_platform, downgrade, change_signer, system;
};

/* A trust of one key, which may sign anything. */
static struct package_trust *trust_of(const char *path, struct qetl_findings *findings)
{
    struct package_trust *trust = calloc(1, sizeof *trust);
    struct key_file *key = calloc(1, sizeof *key);
    char **any = calloc(1, sizeof *any), *glob = strdup("*");
    if (!trust || !key || !any || !glob)
        qetl_findings_no_memory(findings);
    else if (qetl_key_file_read(path, key, findings) == 0) {
        for (size_t i = 0; i < key->n_plugins; i++)
            free(key->plugins[i]);
        free(key->plugins);
        any[0] = glob;
        key->for_indexes = false;
        key->plugins = any;
        key->n_plugins = 1;
        *trust = (struct package_trust){key, 1};
        return trust;
    }
    free(glob);
    free(any);
    free(key);
    free(trust);
    return NULL;
}

static int plugin_verify(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    const struct key_file *key = NULL;
    json_t *result = NULL;
    struct qetl_installing installing = {.cli = cli,
                                         .system = own->system,
                                         .allow_unsigned = own->allow_unsigned,
                                         .change_signer = own->change_signer,
                                         .findings = findings};
    installing.folder = own->any_platform ? NULL : qetl_cli_depot(own->system, findings);
    installing.trust =
        own->key ? trust_of(own->key, findings) : qetl_cli_trust_of(own->system, findings);
    struct package *package = installing.trust && (installing.folder || own->any_platform)
                                  ? qetl_package_open(cli->operands[0], findings)
                                  : NULL;
    if (package) {
        qetl_installing_verify(&installing, package, own->downgrade, own->any_platform, &key);
        result = qetl_cli_package_json(package, key);
        if (!cli->json && !cli->quiet)
            qetl_cli_package_print(package, key);
    }
    qetl_package_free(package);
    qetl_installing_end(&installing);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL, result, findings);
}

#define AT(field) .offset = offsetof(struct own, field)

static const struct qetl_option options[] = {
    {"key", 'k', QETL_ARG_TEXT, QETL_COMPLETES_FILE, AT(key), .value = "KEY",
     .help = "trust this public key (NAME.qkey), and no other"},
    {"allow-unsigned", .kind = QETL_ARG_FLAG, AT(allow_unsigned),
     .help = "a package that nobody signed will do"},
    {"any-platform", .kind = QETL_ARG_FLAG, AT(any_platform),
     .help = "so will one for another machine, libc or ABI; nor is asked what is installed here"},
    {"downgrade", .kind = QETL_ARG_FLAG, AT(downgrade),
     .help = "so will an older version than is installed"},
    {"change-signer", .kind = QETL_ARG_FLAG, AT(change_signer),
     .help = "so will one that another key signed than the one that is installed"},
    {"system", .kind = QETL_ARG_FLAG, AT(system), .help = "as it would be for all users"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("Verifying", true, options);

static const struct qetl_exit exits[] = {
    {"0", "it could be installed here"},
    {"2", "the command line is wrong, or the manifest in the package"},
    {"3", "it is refused, or cannot be read"},
    {NULL, NULL},
};

const struct qetl_command qetl_command_plugin_verify = {
    .name = "plugin verify",
    .section = "Plugins",
    .summary = "whether a package can be trusted, and runs here",
    .synopses = (const char *const[]){"FILE.qpkg", NULL},
    .description =
        "Does all that install does before it writes anything: reads the archive, whose entries "
        "are plain files with good names and nothing else, compares each with the hash in the list "
        "of files, checks the signature over that list and whether its key is trusted with this "
        "plugin and for how long; then whether this machine, its libc and this qetl can run it, "
        "whether library and manifest are one build's, and whether it fits among what is "
        "installed: "
        "no older version, no other package of the same one, no component that another plugin has. "
        "Nothing is written, and nothing of the "
        "package is loaded.",
    .operands = {.name = "FILE", .least = 1, .most = 1, .completes = QETL_COMPLETES_FILE},
    .groups = {&group, &qetl_options_json, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl plugin verify acme-source-1.0.0-linux-x86_64-glibc.qpkg",
             "by the keys that are trusted here"},
            {"qetl plugin verify --key acme.qkey --any-platform dist/acme-source.qpkg",
             "on a build server, before it is published"},
            {NULL, NULL}},
    .exits = exits,
    .own_size = sizeof(struct own),
    .run = plugin_verify,
};
