/* SPDX-License-Identifier: Apache-2.0 */
/* qetl plugin verify: whether a package could be installed here. */
#include "cli.h"
#include "package/key_file.h"
#include "package/plugin_check.h"
#include "packages.h"

#include <qetl/plugin.h>

#include <stdlib.h>
#include <string.h>

struct own {
    const char *key;
    bool allow_unsigned, any_platform;
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
    struct package_trust *trust =
        own->key ? trust_of(own->key, findings) : qetl_cli_trust(findings);
    struct package *package = trust ? qetl_package_open(cli->operands[0], findings) : NULL;
    if (package) {
        const char *file = package->file;
        if (qetl_cli_judge(trust, package, own->allow_unsigned, &key, findings) == 0 &&
            (own->any_platform ||
             qetl_package_machine_check(package->contents, file, findings) == 0) &&
            qetl_package_plugin_check(package, findings) == 0)
            qetl_cli_scope_check(trust, package, findings);
        result = qetl_cli_package_json(package, key);
        if (!cli->json && !cli->quiet)
            qetl_cli_package_print(package, key);
    }
    qetl_package_free(package);
    qetl_trust_free(trust);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL, result, findings);
}

#define AT(field) .offset = offsetof(struct own, field)

static const struct qetl_option options[] = {
    {"key", 'k', QETL_ARG_TEXT, QETL_COMPLETES_FILE, AT(key), .value = "KEY",
     .help = "trust this public key (NAME.qkey), and no other"},
    {"allow-unsigned", .kind = QETL_ARG_FLAG, AT(allow_unsigned),
     .help = "a package that nobody signed will do"},
    {"any-platform", .kind = QETL_ARG_FLAG, AT(any_platform),
     .help = "so will one for another machine, libc or ABI"},
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
        "and whether library and manifest are one build's. Nothing is written, and nothing of the "
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
