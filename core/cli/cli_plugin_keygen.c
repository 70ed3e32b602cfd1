/* SPDX-License-Identifier: Apache-2.0 */
/* qetl plugin keygen: a key to sign packages with. */
#include "cli.h"
#include "show/display.h"
#include "trust/key_file.h"

#include <qetl/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct own {
    const char *out;
};

/* Both files or none. */
static int pair_write(const char *name, const char *secret_path, const char *key_path,
                      struct package_key *key, struct qetl_findings *findings)
{
    struct package_secret secret;
    qetl_secret_make(&secret);
    qetl_secret_key(&secret, key);
    struct key_file file = {.path = (char *)key_path, .name = (char *)name, .key = *key};
    int bad = qetl_secret_file_write(secret_path, name, &secret, findings);
    qetl_secret_forget(&secret);
    if (!bad && qetl_key_file_write(&file, false, findings)) {
        unlink(secret_path);
        bad = -1;
    }
    return bad;
}

static int name_check(const char *name, struct qetl_findings *findings)
{
    if (qetl_is_key_name(name))
        return 0;
    qetl_finding_mend(
        qetl_finding_add(findings, QETL_ERROR, "bad_key_name", "a key cannot be called '%s'", name),
        "small letters, digits, _ and -; at most %d", QETL_KEY_NAME_MAX);
    return -1;
}

static int plugin_keygen(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    const char *name = cli->operands[0], *folder = own->out ? own->out : ".";
    char *secret_path = NULL, *key_path = NULL, text[QETL_KEY_TEXT];
    struct package_key key;
    json_t *result = NULL;
    int bad = name_check(name, findings);
    if (!bad && (asprintf(&secret_path, "%s/%s%s", folder, name, QETL_SECRET_SUFFIX) < 0 ||
                 asprintf(&key_path, "%s/%s%s", folder, name, QETL_KEY_SUFFIX) < 0)) {
        qetl_findings_no_memory(findings);
        bad = -1;
    }
    if (!bad && pair_write(name, secret_path, key_path, &key, findings) == 0) {
        qetl_key_text(key.bytes, text);
        result = json_pack("{s:s, s:s, s:s, s:s}", "name", name, "key", text, "public", key_path,
                           "secret", secret_path);
        if (!cli->json && !cli->quiet)
            qetl_display_print(
                stdout, "%s  keep it to yourself: it signs\n%s  give it to whom shall trust you\n",
                secret_path, key_path);
    }
    free(key_path);
    free(secret_path);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL, result, findings);
}

#define AT(field) .offset = offsetof(struct own, field)

static const struct qetl_option options[] = {
    {"out", 'o', QETL_ARG_TEXT, QETL_COMPLETES_FOLDER, AT(out), .value = "DIR",
     .help = "the folder to put both files into (default: the working folder)"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("New key", true, options);

static const struct qetl_exit exits[] = {
    {"0", "both files were written"},
    {"2", "the command line is wrong"},
    {"3", "a file is there already, or cannot be written"},
    {NULL, NULL},
};

const struct qetl_command qetl_command_plugin_keygen = {
    .name = "plugin keygen",
    .section = "Plugins",
    .summary = "a key to sign packages with",
    .synopses = (const char *const[]){"NAME", NULL},
    .description =
        "Makes an Ed25519 key: NAME.qsecret, which signs packages and which nobody else may read, "
        "and NAME.qkey, the public key. Whoever installs your packages says once, with qetl key "
        "add, "
        "that this key may sign them.\n\n"
        "A secret that is there already is never written over: packages that it signed could not "
        "be signed again. It is not encrypted; keep it where your build server keeps secrets.",
    .operands = {.name = "NAME", .least = 1, .most = 1},
    .groups = {&group, &qetl_options_json, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl plugin keygen our-team", "our-team.qsecret and our-team.qkey"},
            {"qetl plugin keygen our-team --out dist --json", "elsewhere, and told to a script"},
            {NULL, NULL}},
    .exits = exits,
    .own_size = sizeof(struct own),
    .run = plugin_keygen,
};
