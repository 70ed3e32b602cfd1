/* SPDX-License-Identifier: Apache-2.0 */
#include "succession.h"

#include "limits.h"
#include "refuse.h"
#include "version.h"

#include "plugin/beneath.h"
#include "plugin/sealed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The newest of a name; NULL: there is none. */
static const struct depot_entry *newest_of(const struct depot *depot, const char *name)
{
    const struct depot_entry *newest = NULL;
    for (size_t i = 0; i < depot->n_entries; i++)
        if (strcmp(depot->entries[i].name, name) == 0)
            newest = &depot->entries[i];
    return newest;
}

bool qetl_succession_is_onward(const struct depot *depot, const struct package *package)
{
    const struct depot_entry *used = qetl_depot_find(depot, package->contents->name, NULL);
    return used && qetl_package_version_compare(package->contents->version, used->version) > 0;
}

/* ---- older ---- */

static int refuse_older(const struct package *package, const char *version, const char *whose,
                        const char *path, struct qetl_findings *findings)
{
    const struct package_contents *contents = package->contents;
    qetl_finding_mend(qetl_package_refuse(findings, package->file, NULL, "downgrade",
                                          "%s %s is older than %s, which %s%s%s%s", contents->name,
                                          contents->version, version, whose, path ? " (" : "",
                                          path ? path : "", path ? ")" : ""),
                      "if that is meant, say --downgrade");
    return -1;
}

/* Of the same name, and not of this depot: it came with qetl, or is a package of all users. */
static bool is_beside(const struct succession *s, const struct qetl_manifest *plugin,
                      const struct package *package)
{
    return strcmp(plugin->id, package->contents->name) == 0 &&
           (!plugin->sealed || (plugin->sealed->is_system && !s->is_system));
}

/* In front of those that stand beside the depot, which it covers from now on. */
static int check_beside(const struct succession *s, const struct package *package,
                        struct qetl_findings *findings)
{
    const char *version = package->contents->version;
    for (size_t i = 0; i < qetl_registry_count(s->registry); i++) {
        const struct qetl_manifest *at = qetl_registry_at(s->registry, i);
        if (!is_beside(s, at, package) || !qetl_package_is_version(at->version))
            continue;
        if (!s->consent.downgrade && qetl_package_version_compare(version, at->version) < 0)
            return refuse_older(package, at->version,
                                at->sealed ? "all users have" : "came with qetl",
                                at->sealed ? NULL : at->manifest_path, findings);
        if (at->hidden || qetl_depot_find(s->depot, at->id, NULL))
            continue;
        qetl_finding_at(qetl_finding_add(findings, QETL_WARNING, "replaces_plugin",
                                         "from now on `%s` is this %s, and no longer %s, which %s",
                                         at->id, version, at->version,
                                         at->sealed ? "all users have" : "came with qetl"),
                        package->file, 0, 0, NULL);
    }
    return 0;
}

static int check_newer(const struct succession *s, const struct package *package,
                       struct qetl_findings *findings)
{
    const struct package_contents *contents = package->contents;
    const struct depot_entry *newest = newest_of(s->depot, contents->name);
    const struct depot_entry *same = qetl_depot_find(s->depot, contents->name, contents->version);
    if (newest && !s->consent.downgrade &&
        qetl_package_version_compare(contents->version, newest->version) < 0)
        return refuse_older(package, newest->version, "is installed", NULL, findings);
    return same && same->active ? 0 : check_beside(s, package, findings);
}

/* ---- another signer ---- */

/* Of one that somebody signed: 0, or -1: there is none, or none that can be read. */
static int signature_of(const struct depot *depot, const struct depot_entry *entry,
                        struct package_signature *signature)
{
    char *path, *text;
    size_t size;
    if (asprintf(&path, "content/%s/%s", entry->digest, QETL_PACKAGE_SIGNATURE) < 0)
        return -1;
    int error = qetl_beneath_slurp(depot->folder, path, QETL_PACKAGE_SIGNATURE_MAX, &text, &size);
    bool found = !error && qetl_signature_read(text, size, signature) == 0;
    free(text);
    free(path);
    return found ? 0 : -1;
}

/* key NULL: nobody can say any more which one it was. */
static int tell_change(const struct succession *s, const struct package *package,
                       const struct depot_entry *before, const char *key,
                       struct qetl_findings *findings)
{
    bool allowed = s->consent.change_signer;
    enum qetl_severity severity = allowed ? QETL_WARNING : QETL_ERROR;
    const char *name = before->name, *version = before->version;
    struct qetl_finding *finding =
        key ? qetl_finding_add(findings, severity, "signer_changed",
                               "%s %s is signed by the key `%s`; %s, which is to follow, %s", name,
                               version, key, package->contents->version,
                               package->is_signed ? "is signed by another one" : "nobody signed")
            : qetl_finding_add(findings, severity, "signer_changed",
                               "%s %s was signed, and its signature cannot be read: nobody can say "
                               "whether %s, which is to follow, is of the same author",
                               name, version, package->contents->version);
    qetl_finding_at(finding, package->file, 0, 0, NULL);
    if (allowed)
        return 0;
    qetl_finding_environment(finding);
    if (key)
        qetl_finding_mend(finding,
                          package->is_signed
                              ? "ask the author whether that is meant; if so, say --change-signer"
                              : "get one that is signed; if that is meant, say --change-signer");
    else
        qetl_finding_mend(finding,
                          "install %s@%s again, from where it came; or say --change-signer", name,
                          version);
    return -1;
}

/* The same bytes, whoever signed them: what is installed is mended. */
static bool is_same(const struct package *package, const struct depot_entry *entry)
{
    char digest[QETL_DIGEST_TEXT];
    qetl_package_digest_text(package, digest);
    return strcmp(entry->digest, digest) == 0;
}

/* Whoever takes a key away ends its claim; the day on which it expires does not. */
static int check_signer(const struct succession *s, const struct package *package,
                        struct qetl_findings *findings)
{
    const char *name = package->contents->name;
    const struct depot_entry *before = qetl_depot_find(s->depot, name, NULL);
    const struct key_file *key;
    struct package_signature signature;
    if (!before)
        before = newest_of(s->depot, name);
    if (!before || before->is_unsigned)
        return 0;
    if (signature_of(s->depot, before, &signature))
        return is_same(package, before) ? 0 : tell_change(s, package, before, NULL, findings);
    if (package->is_signed &&
        memcmp(signature.key.bytes, package->signature.key.bytes, sizeof signature.key.bytes) == 0)
        return 0;
    enum package_verdict verdict = qetl_trust_judge(s->trust, &signature, name, time(NULL), &key);
    return verdict == QETL_TRUSTED || verdict == QETL_KEY_EXPIRED
               ? tell_change(s, package, before, key->name, findings)
               : 0;
}

int qetl_succession_check(const struct succession *s, const struct package *package,
                          struct qetl_findings *findings)
{
    return check_newer(s, package, findings) || check_signer(s, package, findings) ? -1 : 0;
}
