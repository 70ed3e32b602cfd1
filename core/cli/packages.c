/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands over packages share. */
#include "packages.h"

#include "depot/depot.h"
#include "disk/alone.h"
#include "foreign.h"
#include "package/plugin_check.h"
#include "plugin/manifest.h"
#include "show/display.h"
#include "trust/scope.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { WAIT_TELL_MS = 1000, WAIT_END_MS = 120 * 1000 };

static char *folder_of(const char *variable, const char *otherwise, const char *name)
{
    const char *base = getenv(variable), *home = getenv("HOME");
    char *path = NULL;
    int failed = base && *base == '/' ? asprintf(&path, "%s/qetl/%s", base, name)
                 : home && *home      ? asprintf(&path, "%s/%s/qetl/%s", home, otherwise, name)
                                      : -1;
    return failed < 0 ? NULL : path;
}

char *qetl_cli_packages_folder(void)
{
    return folder_of("XDG_DATA_HOME", ".local/share", "plugins");
}

char *qetl_cli_config_file(const char *name)
{
    return folder_of("XDG_CONFIG_HOME", ".config", name);
}

char *qetl_cli_keys_folder(void)
{
    return qetl_cli_config_file("trusted-keys");
}

/* Whose keys they are is known; where they are is not. */
static void refuse_homeless(const char *depot, struct qetl_findings *findings)
{
    struct qetl_finding *finding =
        qetl_finding_add(findings, QETL_ERROR, "no_home",
                         "there is a folder of packages, and none of keys that are trusted");
    qetl_finding_at(finding, depot, 0, 0, NULL);
    qetl_finding_environment(finding);
    qetl_finding_mend(finding, "set HOME or XDG_CONFIG_HOME");
}

struct package_trust *qetl_cli_trust(struct qetl_findings *findings)
{
    char *own = qetl_cli_keys_folder(), *depot = qetl_cli_packages_folder();
    if (depot && !own)
        refuse_homeless(depot, findings);
    free(depot);
    const char *const both[] = {own ? own : QETL_KEY_DIR, own ? QETL_KEY_DIR : NULL, NULL};
    struct package_trust *trust = qetl_trust_load(both, findings);
    free(own);
    return trust;
}

struct package_trust *qetl_cli_trust_of(bool system, struct qetl_findings *findings)
{
    static const char *const machine[] = {QETL_KEY_DIR, NULL};
    return system ? qetl_trust_load(machine, findings) : qetl_cli_trust(findings);
}

/* Said at once, as nothing else is for as long as it lasts. */
static void tell_waiting(const struct alone_place *place, long process)
{
    char who[48] = "another process";
    if (process)
        snprintf(who, sizeof who, "process %ld", process);
    qetl_display_print(stderr, "qetl: waiting for %s, which changes the %s in %s\n", who,
                       place->what, place->path);
}

void qetl_cli_wait(void)
{
    qetl_alone_wait(WAIT_TELL_MS, WAIT_END_MS, tell_waiting);
}

char *qetl_cli_depot(bool system, struct qetl_findings *findings)
{
    qetl_cli_wait();
    char *folder = system ? strdup(QETL_PACKAGES_DIR) : qetl_cli_packages_folder();
    if (system)
        umask(022); /* what is there for all is read by all */
    if (!folder)
        qetl_finding_mend(qetl_finding_add(findings, QETL_ERROR, "no_home",
                                           "there is no folder to install packages in"),
                          "set HOME or XDG_DATA_HOME");
    if (folder && !system && qetl_foreign_check(folder, findings)) {
        free(folder);
        folder = NULL;
    }
    return folder;
}

int qetl_cli_judge(const struct package_trust *trust, const struct package *package,
                   bool allow_unsigned, const struct key_file **key, struct qetl_findings *findings)
{
    const char *name = package->contents->name;
    const struct package_signature *signature = package->is_signed ? &package->signature : NULL;
    enum package_verdict verdict = qetl_trust_judge(trust, signature, name, time(NULL), key);
    if (verdict == QETL_TRUSTED)
        return 0;
    if (verdict == QETL_UNSIGNED && allow_unsigned) {
        struct qetl_finding *finding = qetl_finding_add(findings, QETL_WARNING, "unsigned_package",
                                                        "nobody signed %s %s: it is taken on trust",
                                                        name, package->contents->version);
        qetl_finding_at(finding, package->file, 0, 0, NULL);
        return 0;
    }
    qetl_trust_refuse(verdict, *key, signature, name, package->file, findings);
    return -1;
}

int qetl_cli_scope_check(const struct package_trust *trust, const struct package *package,
                         struct qetl_findings *findings)
{
    const struct package_signature *signature = package->is_signed ? &package->signature : NULL;
    struct qetl_manifest *manifest = qetl_package_manifest(package, findings);
    int bad =
        !manifest || qetl_scope_check(trust, signature, manifest, package->file, false, findings);
    qetl_manifest_free(manifest);
    return bad ? -1 : 0;
}

void qetl_hex(const uint8_t *bytes, size_t size, char *text)
{
    for (size_t i = 0; i < size; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

json_t *qetl_cli_package_json(const struct package *package, const struct key_file *key)
{
    const struct package_contents *contents = package->contents;
    char digest[2 * QETL_SHA256 + 1], signer[QETL_KEY_TEXT] = "";
    uint64_t unpacked = 0;
    qetl_hex(package->digest, sizeof package->digest, digest);
    if (package->is_signed)
        qetl_key_text(package->signature.key.bytes, signer);
    for (size_t i = 0; i < contents->n_files; i++)
        unpacked += contents->files[i].size;
    return json_pack("{s:s, s:s, s:s, s:s, s:{s:s, s:s}, s:s, s:I, s:I, s:s?, s:s?}", "name",
                     contents->name, "version", contents->version, "platform", contents->platform,
                     "libc", contents->libc, "abi", "min", contents->abi_min, "max",
                     contents->abi_max, "digest", digest, "files", (json_int_t)contents->n_files,
                     "bytes", (json_int_t)unpacked, "signed_by", key ? key->name : NULL, "key",
                     *signer ? signer : NULL);
}

void qetl_cli_package_print(const struct package *package, const struct key_file *key)
{
    const struct package_contents *contents = package->contents;
    char digest[2 * QETL_SHA256 + 1];
    qetl_hex(package->digest, sizeof package->digest, digest);
    qetl_display_print(stdout, "%s %s for %s%s%s, ABI %s to %s\n", contents->name,
                       contents->version, contents->platform, *contents->libc ? " with libc " : "",
                       contents->libc, contents->abi_min, contents->abi_max);
    printf("  files   %zu\n  digest  %s\n  signed  %s%s\n", contents->n_files, digest,
           key                  ? "by the key "
           : package->is_signed ? "by a key that is not trusted here"
                                : "by nobody",
           key ? key->name : "");
}
