/* SPDX-License-Identifier: Apache-2.0 */
#include "keys.h"

#include "package/durable.h"
#include "package/refuse.h"
#include "packages.h"

#include <errno.h>
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
    return folder;
}

static bool is_same(const struct key_file *file, const struct package_key *key, const char *except)
{
    return memcmp(file->key.bytes, key->bytes, sizeof key->bytes) == 0 &&
           !(except && strcmp(file->path, except) == 0);
}

int qetl_keys_drop(const char *folder, const struct package_key *key, const char *except,
                   json_t *gone, struct qetl_findings *findings)
{
    const char *const folders[] = {folder, NULL};
    struct qetl_findings said = {0}; /* of other keys */
    struct package_trust *trust = qetl_trust_load(folders, &said);
    size_t count = json_array_size(gone);
    int error = trust ? 0 : ENOMEM;
    if (!trust)
        qetl_findings_move(findings, &said);
    qetl_findings_free(&said);
    for (size_t i = 0; trust && i < trust->n_keys; i++) {
        const char *path = trust->keys[i].path;
        if (!is_same(&trust->keys[i], key, except))
            continue;
        if (unlink(path) && errno != ENOENT) {
            error = errno;
            qetl_package_refuse(findings, path, NULL, "cannot_write",
                                "this key cannot be removed: %s", strerror(error));
        } else
            json_array_append_new(gone, json_string(path));
    }
    qetl_trust_free(trust);
    if (json_array_size(gone) > count && !error && (error = qetl_durable_sync(folder)))
        qetl_package_refuse(findings, folder, NULL, "cannot_write",
                            "nothing says that this folder would be so after a power failure: %s",
                            strerror(error));
    return error ? -1 : 0;
}

int qetl_keys_each(const struct package_key *key, const char *except,
                   void (*each)(void *arg, const struct key_file *, bool system), void *arg,
                   struct qetl_findings *findings)
{
    int count = 0;
    for (int system = 0; system < 2; system++) {
        char *folder = system ? strdup(QETL_KEY_DIR) : qetl_cli_keys_folder();
        const char *const folders[] = {folder, NULL};
        struct package_trust *trust = folder ? qetl_trust_load(folders, findings) : NULL;
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
