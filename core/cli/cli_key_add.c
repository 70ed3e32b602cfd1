/* SPDX-License-Identifier: Apache-2.0 */
/* qetl key add: a public key, and what it may sign. */
#include "cli.h"
#include "disk/durable.h"
#include "disk/refuse.h"
#include "disk/unwritable.h"
#include "keys.h"
#include "packages.h"
#include "show/display.h"
#include "trust/key_file.h"

#include <qetl/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct own {
    struct qetl_texts plugins;
    const char *expires, *name;
    bool replace, system, indexes;
};

static int refuse(struct qetl_findings *findings, const char *code, const char *option,
                  const char *value, const char *mend)
{
    qetl_finding_mend(
        qetl_finding_add(findings, QETL_ERROR, code, "%s: '%s' is not understood", option, value),
        "%s", mend);
    return -1;
}

static int globs_take(const struct own *own, struct key_file *key, struct qetl_findings *findings)
{
    if (!own->plugins.count) {
        qetl_cli_usage(findings, "qetl key add KEY.qkey --plugins 'acme-*'",
                       "nothing was said of which plugins the key may sign");
        return -1;
    }
    for (size_t i = 0; i < key->n_plugins; i++)
        free(key->plugins[i]);
    free(key->plugins);
    key->n_plugins = 0;
    key->plugins = calloc(own->plugins.count, sizeof *key->plugins);
    for (size_t i = 0; i < own->plugins.count; i++) {
        const char *glob = own->plugins.items[i];
        if (!qetl_is_key_glob(glob))
            return refuse(findings, "bad_option", "--plugins", glob,
                          "names of plugins, in which * is any letters and ? any one");
        char *copy = key->plugins ? strdup(glob) : NULL;
        if (!copy) {
            qetl_findings_no_memory(findings);
            return -1;
        }
        key->plugins[key->n_plugins++] = copy;
    }
    return 0;
}

static int words_take(const struct own *own, struct key_file *key, struct qetl_findings *findings)
{
    if (own->expires && !qetl_is_day(own->expires))
        return refuse(findings, "bad_option", "--expires", own->expires, "a day: 2027-12-31");
    if (own->name && !qetl_is_key_name(own->name))
        return refuse(findings, "bad_key_name", "--name", own->name,
                      "small letters, digits, _ and -");
    key->for_indexes = own->indexes;
    snprintf(key->expires, sizeof key->expires, "%s", own->expires ? own->expires : "");
    char *name = own->name ? strdup(own->name) : key->name;
    if (!name) {
        qetl_findings_no_memory(findings);
        return -1;
    }
    if (name != key->name)
        free(key->name);
    key->name = name;
    return globs_take(own, key, findings);
}

struct settling {
    bool indexes;
    struct qetl_findings *findings;
};

/* What it may sign as the one, it may not as the other: those stand beside each other. */
static void tell_other(void *arg, const struct key_file *key, bool system)
{
    const struct settling *settling = arg;
    if (key->is_unsafe || key->for_indexes != settling->indexes)
        return;
    struct qetl_finding *finding = qetl_finding_add(
        settling->findings, QETL_WARNING, "key_trusted_twice",
        "the same key is trusted as `%s`, too: what any of its files allows, it may", key->name);
    qetl_finding_at(finding, key->path, 0, 0, NULL);
    if (system)
        qetl_finding_mend(finding, "if that is not meant: qetl key remove --system %s", key->name);
    else
        qetl_finding_mend(finding, "qetl key add --replace makes this file its only one");
}

/* What --replace took away. */
struct replaced {
    json_t *keys;  /* another one, whose file had that name */
    json_t *files; /* others with the same key */
};

/* The other files that have its bytes go, if it replaces what there is; else they are told. */
static int others_settle(const struct own *own, const char *folder, const struct key_file *key,
                         json_t *gone, struct qetl_findings *findings)
{
    struct qetl_findings said = {0}; /* of other keys: qetl key list says it */
    enum qetl_key_role role = own->indexes ? QETL_KEY_FOR_INDEXES : QETL_KEY_FOR_PACKAGES;
    struct settling settling = {own->indexes, findings};
    int bad = own->replace ? qetl_keys_drop(folder, &key->key, role, key->path, gone, findings) : 0;
    if (!bad && qetl_keys_each(&key->key, key->path, tell_other, &settling, &said) < 0)
        bad = -1;
    qetl_findings_free(&said);
    return bad;
}

/* A name says nothing of whose key it is, nor of what it signs. */
static void tell_replaced(const struct key_file *before, const char *text, bool other,
                          struct qetl_findings *findings)
{
    struct qetl_finding *finding =
        other
            ? qetl_finding_add(findings, QETL_WARNING, "key_replaced",
                               "here was another key, `%s` %s: it is replaced", before->name, text)
            : qetl_finding_add(findings, QETL_WARNING, "key_replaced",
                               "here the same key was trusted with %s, and is no more",
                               before->for_indexes ? "indexes" : "packages");
    qetl_finding_at(finding, before->path, 0, 0, NULL);
    qetl_finding_mend(finding,
                      "if both are to be trusted, add that one again: qetl key add "
                      "KEY.qkey --name NAME%s",
                      !other && before->for_indexes ? " --indexes" : "");
}

static int refuse_taken(const struct key_file *before, const char *text,
                        struct qetl_findings *findings)
{
    qetl_finding_mend(qetl_refuse(findings, before->path, NULL, "key_name_taken",
                                  "here is another key, `%s` %s", before->name, text),
                      "--name gives this one another name; --replace would take that one away");
    return -1;
}

static int key_write(const struct own *own, const struct key_file *key, json_t *gone,
                     struct qetl_findings *findings)
{
    char text[QETL_KEY_TEXT] = "";
    struct qetl_findings said = {0}; /* of what is not there, or is no key, and trusts nobody */
    struct key_file before;
    bool was = qetl_key_file_read(key->path, &before, &said) == 0;
    bool other = was && memcmp(before.key.bytes, key->key.bytes, sizeof key->key.bytes) != 0;
    if (other)
        qetl_key_text(before.key.bytes, text);
    int bad = other && !own->replace ? refuse_taken(&before, text, findings)
                                     : qetl_key_file_write(key, own->replace, findings);
    if (!bad && other)
        json_array_append_new(gone, json_pack("{s:s, s:s}", "name", before.name, "key", text));
    if (!bad && was && (other || before.for_indexes != key->for_indexes))
        tell_replaced(&before, text, other, findings);
    qetl_key_clear(&before);
    qetl_findings_free(&said);
    return bad;
}

/* It is written among the others, under its name. Nobody else changes them until what it replaces
 * is gone: of two files of one key, that are put at the same moment, each would take the other
 * away. */
static int key_put(const struct own *own, struct key_file *key, const struct replaced *replaced,
                   struct qetl_findings *findings)
{
    char *folder = qetl_keys_folder(own->system, findings), *path = NULL;
    umask(022); /* whoever may not read which keys the machine trusts cannot run anything */
    if (!folder)
        return -1;
    int error = qetl_durable_folders(folder, 0755);
    if (error)
        qetl_refuse_write(findings, folder, error, "keys cannot be kept here");
    else if (asprintf(&path, "%s/%s%s", folder, key->name, QETL_KEY_SUFFIX) < 0) {
        path = NULL;
        qetl_findings_no_memory(findings);
    }
    int lock = -1, bad = !path || qetl_keys_lock(folder, &lock, findings);
    if (!bad) {
        free(key->path);
        key->path = path;
        path = NULL;
        bad = key_write(own, key, replaced->keys, findings) ||
              others_settle(own, folder, key, replaced->files, findings);
    }
    if (lock >= 0)
        close(lock);
    free(path);
    free(folder);
    return bad ? -1 : 0;
}

static int trust_add(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    struct key_file key;
    struct replaced replaced = {json_array(), json_array()};
    json_t *result = NULL;
    char text[QETL_KEY_TEXT];
    int bad = qetl_key_file_read(cli->operands[0], &key, findings) ||
              words_take(own, &key, findings) || key_put(own, &key, &replaced, findings);
    if (!bad) {
        qetl_key_text(key.key.bytes, text);
        result = json_pack("{s:s, s:s, s:s, s:O, s:O}", "name", key.name, "key", text, "path",
                           key.path, "replaced", replaced.keys, "removed", replaced.files);
        if (!cli->json && !cli->quiet)
            qetl_display_print(stdout, "%s is trusted (%s)\n", key.name, key.path);
        for (size_t i = 0; !cli->json && !cli->quiet && i < json_array_size(replaced.files); i++)
            qetl_display_print(stdout, "  %s is gone\n",
                               json_string_value(json_array_get(replaced.files, i)));
    }
    json_decref(replaced.keys);
    json_decref(replaced.files);
    qetl_key_clear(&key);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL, result, findings);
}

#define AT(field) .offset = offsetof(struct own, field)

static const struct qetl_option options[] = {
    {"plugins", 'p', QETL_ARG_TEXTS, AT(plugins), .value = "PATTERN",
     .help = "names of plugins, and of what they bring, that it may sign, 'acme-*'; has to be "
             "given, and may be again"},
    {"expires", .kind = QETL_ARG_TEXT, AT(expires), .value = "DAY",
     .help = "the last day on which it may, 2027-12-31 (default: no end)"},
    {"name", .kind = QETL_ARG_TEXT, AT(name), .value = "NAME",
     .help = "what to call it here (default: as its file says)"},
    {"indexes", .kind = QETL_ARG_FLAG, AT(indexes),
     .help = "it signs indexes, which may name these plugins, and no packages"},
    {"replace", .kind = QETL_ARG_FLAG, AT(replace),
     .help = "in place of one of that name, also another key, which is said, and of this key under "
             "another name (with --indexes of what it signs indexes by, else packages)"},
    {"system", .kind = QETL_ARG_FLAG, AT(system), .help = "for all users of this machine"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("Trusting", true, options);

static const struct qetl_exit exits[] = {
    {"0", "it is trusted"},
    {"2", "the command line is wrong"},
    {"3", "the file is no key, one of that name is there, or it cannot be written"},
    {NULL, NULL},
};

const struct qetl_command qetl_command_key_add = {
    .name = "key add",
    .section = "Plugins",
    .summary = "trust a key with some plugins",
    .synopses = (const char *const[]){"KEY.qkey --plugins PATTERN", NULL},
    .description =
        "From now on packages that this key signed may be installed and used, as long as their "
        "plugins' names fit one of the patterns. So do the names of the sources, transforms, sinks "
        "and formats that they bring, unless those have the plugin's own name, or begin with it: "
        "that is what pipelines say. Compare the key that you were given with the one "
        "that its owner tells you in another way: whose key it is, nobody else can say.\n\n"
        "The key goes to $XDG_CONFIG_HOME/qetl/trusted-keys (~/.config/qetl/trusted-keys). You may "
        "as well copy it there and edit its `plugins` and `expires` by hand.\n\n"
        "With --indexes the key signs what `qetl plugin index` makes: which packages there are, in "
        "which versions. That key is used each time the index is renewed, so that it lies on a "
        "server; it is worth nothing for packages, which another key signs.",
    .operands = {.name = "FILE", .least = 1, .most = 1, .completes = QETL_COMPLETES_FILE},
    .groups = {&group, &qetl_options_json, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){
            {"qetl key add vendor.qkey --plugins 'vendor-*'", "all plugins whose names begin so"},
            {"qetl key add vendor-index.qkey --plugins 'vendor-*' --indexes",
             "what lists of packages are signed with"},
            {"qetl key add acme.qkey --plugins lines --expires 2027-12-31 --replace",
             "from now on one plugin alone, until the end of 2027"},
            {NULL, NULL}},
    .exits = exits,
    .own_size = sizeof(struct own),
    .run = trust_add,
};
