/* SPDX-License-Identifier: Apache-2.0 */
/* qetl plugin sign: a package, signed in place. */
#include "cli.h"
#include "disk/durable.h"
#include "disk/unwritable.h"
#include "package/pack.h"
#include "package/plugin_check.h"
#include "packages.h"
#include "show/display.h"
#include "trust/key_file.h"

#include <qetl/plugin.h>

#include <stdio.h>
#include <string.h>

struct own {
    const char *key;
};

static int sign(const char *path, const struct package_secret *secret, json_t **result,
                struct qetl_findings *findings)
{
    struct package *package = qetl_package_open(path, findings), *made = NULL;
    if (package && qetl_package_plugin_check(package, findings) == 0)
        made = qetl_pack_signed(package, secret, findings);
    int error = made ? qetl_durable_write(path, made->bytes, made->size, 0644, true) : 0;
    if (error)
        qetl_refuse_write(findings, path, error, "the signed package cannot be written");
    else if (made)
        *result = qetl_cli_package_json(made, NULL);
    int bad = !made || error;
    qetl_package_free(made);
    qetl_package_free(package);
    return bad;
}

static int plugin_sign(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    struct package_secret secret;
    json_t *result = NULL;
    if (!own->key)
        qetl_cli_usage(findings, "qetl plugin sign FILE --key NAME.qsecret",
                       "no secret was named to sign it with");
    else if (qetl_secret_file_read(own->key, &secret, findings) == 0 &&
             sign(cli->operands[0], &secret, &result, findings) == 0 && !cli->json && !cli->quiet)
        qetl_display_print(stdout, "signed %s\n", cli->operands[0]);
    qetl_secret_forget(&secret);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL, result, findings);
}

#define AT(field) .offset = offsetof(struct own, field)

static const struct qetl_option options[] = {
    {"key", 'k', QETL_ARG_TEXT, QETL_COMPLETES_FILE, AT(key), .value = "SECRET",
     .help = "the secret to sign with (NAME.qsecret); has to be given"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("Signing", true, options);

static const struct qetl_exit exits[] = {
    {"0", "it is signed"},
    {"2", "the command line is wrong, or the manifest in the package"},
    {"3", "the package or the secret cannot be read, or the package was changed"},
    {NULL, NULL},
};

const struct qetl_command qetl_command_plugin_sign = {
    .name = "plugin sign",
    .section = "Plugins",
    .summary = "sign a package",
    .synopses = (const char *const[]){"FILE.qpkg --key SECRET", NULL},
    .description =
        "Checks the package as install would, and puts a signature over its list of files into "
        "it, in place of the one that it may have. The file is replaced as a whole, or stays as it "
        "was.",
    .operands = {.name = "FILE", .least = 1, .most = 1, .completes = QETL_COMPLETES_FILE},
    .groups = {&group, &qetl_options_json, &qetl_options_general},
    .examples = (const struct qetl_example[]){{"qetl plugin sign acme-source-1.0.0-linux-x86_64-"
                                               "glibc.qpkg --key acme.qsecret",
                                               "signed by acme"},
                                              {NULL, NULL}},
    .exits = exits,
    .own_size = sizeof(struct own),
    .run = plugin_sign,
};
