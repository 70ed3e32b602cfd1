/* SPDX-License-Identifier: Apache-2.0 */
/* qetl key remove: a key is trusted no more. */
#include "cli.h"
#include "disk/durable.h"
#include "disk/refuse.h"
#include "disk/unwritable.h"
#include "keys.h"
#include "packages.h"
#include "show/display.h"

#include <qetl/plugin.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct own {
    bool system;
};

struct removing {
    const struct qetl_cli *cli;
    const char *folder;
    bool system;
    json_t *gone;
    struct qetl_findings *findings;
};

/* ---- which key is meant ---- */

static bool is_called(const struct key_file *file, const char *name)
{
    const char *slash = strrchr(file->path, '/');
    size_t size = strlen(name);
    return strcmp(file->name, name) == 0 ||
           (strncmp(slash + 1, name, size) == 0 && strcmp(slash + 1 + size, QETL_KEY_SUFFIX) == 0);
}

static void refuse_ambiguous(const struct removing *removing, const char *name,
                             const struct key_file *one, const struct key_file *other)
{
    char text[QETL_KEY_TEXT];
    qetl_key_text(one->key.bytes, text);
    qetl_finding_mend(qetl_finding_add(removing->findings, QETL_ERROR, "ambiguous_key",
                                       "two keys are called '%s': %s and %s", name, one->path,
                                       other->path),
                      "name the one that is meant by itself, as qetl key list shows it: qetl key "
                      "remove %s",
                      text);
}

/* By its name, the name of its file, or itself. 1: there is one; 0: there is none; -1 with a
 * finding. */
static int key_find(const struct removing *removing, const char *operand, struct package_key *key)
{
    const struct key_file *found = NULL;
    struct qetl_findings said = {0}; /* of other keys: in the end all are looked at once more */
    int answer = 0;
    if (qetl_key_read(operand, key->bytes) == 0)
        return 1;
    struct package_trust *trust = qetl_trust_look(removing->folder, &said);
    for (size_t i = 0; trust && answer >= 0 && i < trust->n_keys; i++) {
        const struct key_file *at = &trust->keys[i];
        if (!is_called(at, operand))
            continue;
        if (found && memcmp(found->key.bytes, at->key.bytes, sizeof at->key.bytes) != 0) {
            refuse_ambiguous(removing, operand, found, at);
            answer = -1;
        } else {
            found = at;
            *key = at->key;
            answer = 1;
        }
    }
    if (!trust)
        qetl_findings_move(removing->findings, &said);
    answer = trust ? answer : -1;
    qetl_findings_free(&said);
    qetl_trust_free(trust);
    return answer;
}

/* ---- removing ---- */

/* A file that is no key trusts nobody, and is in the way. */
static int junk_remove(const struct removing *removing, const char *name)
{
    char *path = NULL;
    if (!qetl_is_key_name(name) ||
        asprintf(&path, "%s/%s%s", removing->folder, name, QETL_KEY_SUFFIX) < 0)
        return ENOENT;
    int error = unlink(path) ? errno : qetl_durable_sync(removing->folder);
    if (!error)
        json_array_append_new(removing->gone, json_string(path));
    free(path);
    return error;
}

static int none_removed(const struct removing *removing, const char *name)
{
    int error = junk_remove(removing, name);
    if (error == ENOENT)
        qetl_finding_mend(qetl_finding_add(removing->findings, QETL_ERROR, "unknown_key",
                                           "no key is called '%s' here", name),
                          "qetl key list shows those that are there");
    else if (error)
        qetl_refuse_write(removing->findings, removing->folder, error, "%s cannot be removed",
                          name);
    return error ? -1 : 0;
}

static void tell_other(void *arg, const struct key_file *key, bool system)
{
    const struct removing *removing = arg;
    qetl_finding_mend(qetl_refuse(removing->findings, key->path, NULL, "key_still_trusted",
                                  key->is_unsafe
                                      ? "the key still stands here, as `%s`, and is "
                                        "trusted %s once others may not change it any more"
                                      : "the key is still trusted here, as `%s`, %s",
                                  key->name, system ? "by all users of this machine" : "by you"),
                      "qetl key remove %s%s", system ? "--system " : "", key->name);
}

/* Whatever its names are; what is said then was looked at. */
static int key_remove(struct removing *removing, const char *operand)
{
    struct package_key key;
    int found = key_find(removing, operand, &key);
    if (found < 0)
        return -1;
    size_t before = json_array_size(removing->gone);
    if (!found || qetl_keys_drop(removing->folder, &key, QETL_KEY_FOR_ANY, NULL, removing->gone,
                                 removing->findings))
        return found ? -1 : none_removed(removing, operand);
    if (json_array_size(removing->gone) == before)
        return none_removed(removing, operand);
    if (qetl_keys_each(&key, NULL, tell_other, removing, removing->findings))
        return -1;
    if (!removing->cli->json && !removing->cli->quiet)
        qetl_display_print(stdout, "%s is trusted no more\n", operand);
    return 0;
}

static int trust_remove(struct qetl_cli *cli, struct qetl_findings *findings)
{
    const struct own *own = cli->own;
    char *folder = qetl_keys_folder(own->system, findings);
    struct removing removing = {cli, folder, own->system, json_array(), findings};
    int lock = -1, bad = !folder || qetl_keys_lock(folder, &lock, findings);
    for (size_t i = 0; !bad && i < cli->n_operands; i++)
        bad = key_remove(&removing, cli->operands[i]);
    for (size_t i = 0; !cli->json && !cli->quiet && i < json_array_size(removing.gone); i++)
        qetl_display_print(stdout, "  %s is gone\n",
                           json_string_value(json_array_get(removing.gone, i)));
    if (lock >= 0)
        close(lock);
    free(folder);
    return qetl_cli_answer(cli, qetl_run_verdict(findings), NULL,
                           json_pack("{s:o}", "removed", removing.gone), findings);
}

#define AT(field) .offset = offsetof(struct own, field)

static const struct qetl_option options[] = {
    {"system", .kind = QETL_ARG_FLAG, AT(system), .help = "one that all users trust"},
};
static const struct qetl_option_group group = QETL_OPTION_GROUP("Trusting", true, options);

static const struct qetl_exit exits[] = {
    {"0", "it is trusted no more"},
    {"2", "the command line is wrong, or names a key that is not there, or two"},
    {"3", "it cannot be removed, or is trusted elsewhere still"},
    {NULL, NULL},
};

const struct qetl_command qetl_command_key_remove = {
    .name = "key remove",
    .section = "Plugins",
    .summary = "trust a key no more",
    .synopses = (const char *const[]){"NAME...", "KEY...", NULL},
    .description =
        "What the key signed is not installed any more, and what is installed of it is refused by "
        "the next run: that is what to do with a key that was stolen.\n\n"
        "A key is its bytes: every file of yours that has them goes, whatever it is called. Where "
        "all users of the machine trust it, too, that is an error, which says how to end it. KEY "
        "is "
        "a key itself, as `qetl key list` shows it.",
    .operands = {.name = "NAME", .least = 1, .most = 1000},
    .groups = {&group, &qetl_options_json, &qetl_options_general},
    .examples =
        (const struct qetl_example[]){{"qetl key remove acme", "from now on"}, {NULL, NULL}},
    .exits = exits,
    .own_size = sizeof(struct own),
    .run = trust_remove,
};
