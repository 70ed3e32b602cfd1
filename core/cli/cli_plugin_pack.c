/* SPDX-License-Identifier: Apache-2.0 */
/* qetl plugin pack: a package of a plugin. */
#include "cli.h"
#include "disk/durable.h"
#include "disk/unwritable.h"
#include "package/pack.h"
#include "package/package_limits.h"
#include "packages.h"
#include "show/display.h"
#include "trust/key_file.h"

#include <qetl/plugin.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct own {
    const char *out, *key;
    bool replace;
};

static int package_write(const struct own *own, const struct package *package, char **path,
                         struct qetl_findings *findings)
{
    char *title = qetl_package_contents_title(package->contents);
    const char *folder = own->out ? own->out : ".";
    int error = !title || asprintf(path, "%s/%s%s", folder, title, QETL_PACKAGE_SUFFIX) < 0
                    ? ENOMEM
                    : qetl_durable_write(*path, package->bytes, package->size, 0644, own->replace);
    free(title);
    if (!error)
        return 0;
    struct qetl_finding *finding = qetl_refuse_write(findings, error == ENOMEM ? folder : *path,
                                                     error, "the package cannot be written");
    if (error == EEXIST)
        qetl_finding_mend(finding, "raise the version of the plugin, or say --replace");
    else if (error == ENOENT || error == ENOTDIR)
        qetl_finding_mend(finding, "--out names a folder that is there");
    return -1;
}

static int plugin_pack(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    struct package_secret secret;
    struct package *package = NULL;
    json_t *result = NULL;
    char *path = NULL;
    int bad = own->key ? qetl_secret_file_read(own->key, &secret, findings) : 0;
    if (!bad)
        package = qetl_pack(cli->operands[0], own->key ? &secret : NULL, findings);
    qetl_secret_forget(&secret);
    if (package && package_write(own, package, &path, findings) == 0) {
        result = qetl_cli_package_json(package, NULL);
        json_object_set_new(result, "path", json_string(path));
        json_object_set_new(result, "packed_bytes", json_integer((json_int_t)package->size));
        if (!cli->json && !cli->quiet)
            qetl_display_print(stdout, "%s\n", path);
    }
    qetl_package_free(package);
    free(path);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL, result, findings);
}

#define AT(field) .offset = offsetof(struct own, field)

static const struct qetl_option options[] = {
    {"out", 'o', QETL_ARG_TEXT, QETL_COMPLETES_FOLDER, AT(out), .value = "DIR",
     .help = "the folder to put the package into (default: the working folder)"},
    {"key", 'k', QETL_ARG_TEXT, QETL_COMPLETES_FILE, AT(key), .value = "SECRET",
     .help = "sign it with this secret (NAME.qsecret)"},
    {"replace", .kind = QETL_ARG_FLAG, AT(replace),
     .help = "write over a package that is there already"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("Packing", true, options);

static const struct qetl_exit exits[] = {
    {"0", "the package was written"},
    {"2", "the command line is wrong, or the plugin's manifest is"},
    {"3", "what was to be packed cannot be, or the package cannot be written"},
    {NULL, NULL},
};

const struct qetl_command qetl_command_plugin_pack = {
    .name = "plugin pack",
    .section = "Plugins",
    .summary = "a package of a connector, for others to install",
    .synopses = (const char *const[]){"NAME.so", "DIR", NULL},
    .description =
        "Writes NAME-VERSION-PLATFORM.qpkg, with the plugin's library, its manifest, and, where a "
        "folder is named, all else in it: documentation, examples, the licence. The folder has "
        "one library at its top. What is in the package stands in its list of files, each with its "
        "SHA-256; a signature is over that list.\n\n"
        "The same files make the same package, byte for byte. What would not be installed is not "
        "packed: names with other letters than A-Z a-z 0-9 . _ + -, links, a library that says "
        "where other libraries are to be looked for, a manifest that is not the library's.\n\n"
        "Version and platform are those of the manifest and of the library. A package for an older "
        "system is one that was built there.",
    .operands = {.name = "NAME.so", .least = 1, .most = 1, .completes = QETL_COMPLETES_FILE},
    .groups = {&group, &qetl_options_json, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl plugin pack acme-source/acme-source.so", "the library alone, unsigned"},
            {"qetl plugin pack acme-source/ --key acme.qsecret --out dist",
             "with its documentation, signed"},
            {"qetl plugin pack acme-source/ --json | jq -r .result.path", "its name, for a script"},
            {NULL, NULL}},
    .exits = exits,
    .own_size = sizeof(struct own),
    .run = plugin_pack,
};
