/* SPDX-License-Identifier: Apache-2.0 */
#include "keys.h"

#include "disk/alone.h"
#include "disk/durable.h"
#include "disk/unwritable.h"
#include "foreign.h"
#include "packages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *qetl_keys_folder(bool system, struct qetl_findings *findings)
{
    char *folder = system ? strdup(QETL_KEY_DIR) : qetl_cli_keys_folder();
    if (!folder)
        qetl_finding_mend(qetl_finding_add(findings, QETL_ERROR, "no_home",
                                           "there is no folder to keep trusted keys in"),
                          "set HOME or XDG_CONFIG_HOME");
    if (folder && !system && qetl_foreign_check(folder, findings)) {
        free(folder);
        folder = NULL;
    }
    return folder;
}

int qetl_keys_lock(const char *folder, int *lock, struct qetl_findings *findings)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), error = fd < 0 ? errno : 0;
    const struct alone_place place = {fd, folder, ".lock", "trusted keys", "keys_locked"};
    *lock = -1;
    if (error == ENOENT)
        return 0;
    qetl_cli_wait();
    if (!error)
        *lock = qetl_alone_begin(&place, findings);
    else
        qetl_refuse_write(findings, folder, error, "the trusted keys here cannot be changed");
    if (fd >= 0)
        close(fd);
    return *lock < 0 ? -1 : 0;
}

static bool is_same(const struct key_file *file, const struct package_key *key, const char *except)
{
    return memcmp(file->key.bytes, key->bytes, sizeof key->bytes) == 0 &&
           !(except && strcmp(file->path, except) == 0);
}

static bool has_role(const struct key_file *file, enum qetl_key_role role)
{
    return role == QETL_KEY_FOR_ANY || file->for_indexes == (role == QETL_KEY_FOR_INDEXES);
}

int qetl_keys_drop(const char *folder, const struct package_key *key, enum qetl_key_role role,
                   const char *except, json_t *gone, struct qetl_findings *findings)
{
    struct qetl_findings said = {0}; /* of other keys */
    struct package_trust *trust = qetl_trust_look(folder, &said);
    size_t count = json_array_size(gone);
    int error = trust ? 0 : ENOMEM;
    if (!trust)
        qetl_findings_move(findings, &said);
    qetl_findings_free(&said);
    for (size_t i = 0; trust && i < trust->n_keys; i++) {
        const char *path = trust->keys[i].path;
        if (!is_same(&trust->keys[i], key, except) || !has_role(&trust->keys[i], role))
            continue;
        if (unlink(path) && errno != ENOENT) {
            error = errno;
            qetl_refuse_write(findings, path, error, "this key cannot be removed");
        } else
            json_array_append_new(gone, json_string(path));
    }
    qetl_trust_free(trust);
    if (json_array_size(gone) > count && !error && (error = qetl_durable_sync(folder)))
        qetl_refuse_write(findings, folder, error,
                          "nothing says that this folder would be so after a power failure");
    return error ? -1 : 0;
}

int qetl_keys_each(const struct package_key *key, const char *except,
                   void (*each)(void *arg, const struct key_file *, bool system), void *arg,
                   struct qetl_findings *findings)
{
    int count = 0;
    for (int system = 0; system < 2; system++) {
        char *folder = system ? strdup(QETL_KEY_DIR) : qetl_cli_keys_folder();
        struct package_trust *trust = folder ? qetl_trust_look(folder, findings) : NULL;
        for (size_t i = 0; trust && i < trust->n_keys; i++)
            if (is_same(&trust->keys[i], key, except)) {
                each(arg, &trust->keys[i], system);
                count++;
            }
        int failed = folder && !trust;
        qetl_trust_free(trust);
        free(folder);
        if (failed)
            return -1;
    }
    return count;
}
