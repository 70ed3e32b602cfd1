/* SPDX-License-Identifier: Apache-2.0 */
#include "succession.h"

#include "disk/refuse.h"
#include "package/version.h"
#include "plugin/sealed.h"

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

bool qetl_succession_is_again(const struct depot *depot, const struct package *package)
{
    char digest[QETL_DIGEST_TEXT];
    const struct depot_entry *used = qetl_depot_find(depot, package->contents->name, NULL);
    qetl_package_digest_text(package, digest);
    return used && strcmp(used->digest, digest) == 0;
}

/* ---- older ---- */

static int refuse_older(const struct package *package, const char *version, const char *whose,
                        const char *path, struct qetl_findings *findings)
{
    const struct package_contents *contents = package->contents;
    qetl_finding_mend(qetl_refuse(findings, package->file, NULL, "downgrade",
                                  "%s %s is older than %s, which %s%s%s%s", contents->name,
                                  contents->version, version, whose, path ? " (" : "",
                                  path ? path : "", path ? ")" : ""),
                      "if that is meant, say --downgrade");
    return -1;
}

/* What stands beside the depot, and is covered by it from now on. */
struct beside {
    const char *version, *whose;
    const char *path; /* NULL: in a depot */
    bool is_used;
};

static int check_one(const struct succession *s, const struct package *package,
                     const struct beside *at, struct qetl_findings *findings)
{
    const struct package_contents *contents = package->contents;
    if (!s->consent.downgrade && qetl_package_version_compare(contents->version, at->version) < 0)
        return refuse_older(package, at->version, at->whose, at->path, findings);
    if (at->is_used && !qetl_depot_find(s->depot, contents->name, NULL))
        qetl_finding_at(qetl_finding_add(findings, QETL_WARNING, "replaces_plugin",
                                         "from now on `%s` is this %s, and no longer %s, which %s",
                                         contents->name, contents->version, at->version, at->whose),
                        package->file, 0, 0, NULL);
    return 0;
}

/* The machine's list says what all users have, also of packages that are damaged. */
static int check_beside(const struct succession *s, const struct package *package,
                        struct qetl_findings *findings)
{
    const char *name = package->contents->name;
    int bad = 0;
    for (size_t i = 0; !bad && s->machine && i < s->machine->n_entries; i++) {
        const struct depot_entry *at = &s->machine->entries[i];
        const struct beside beside = {at->version, "all users have", NULL, at->active};
        if (strcmp(at->name, name) == 0)
            bad = check_one(s, package, &beside, findings);
    }
    for (size_t i = 0; !bad && i < qetl_registry_count(s->registry); i++) {
        const struct qetl_manifest *at = qetl_registry_at(s->registry, i);
        const struct beside beside = {at->version, "came with qetl", at->manifest_path,
                                      !at->hidden};
        if (!at->sealed && strcmp(at->id, name) == 0 && qetl_package_is_version(at->version))
            bad = check_one(s, package, &beside, findings);
    }
    return bad;
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

/* Of that name, what pipelines get now. */
struct before {
    const struct depot *depot; /* yours, or the machine's */
    const struct depot_entry *entry;
};

static int tell_change(const struct succession *s, const struct package *package,
                       const struct before *before, const char *key, struct qetl_findings *findings)
{
    bool allowed = s->consent.change_signer;
    struct qetl_finding *finding = qetl_finding_add(
        findings, allowed ? QETL_WARNING : QETL_ERROR, "signer_changed",
        "%s %s%s is signed by the key `%s`; %s, which is to follow, %s", before->entry->name,
        before->entry->version, before->depot == s->machine ? ", which all users have," : "", key,
        package->contents->version,
        package->is_signed ? "is signed by another one" : "nobody signed");
    qetl_finding_at(finding, package->file, 0, 0, NULL);
    if (allowed)
        return 0;
    qetl_finding_environment(finding);
    qetl_finding_mend(finding,
                      package->is_signed
                          ? "ask the author whether that is meant; if so, say --change-signer"
                          : "get one that is signed; if that is meant, say --change-signer");
    return -1;
}

static struct before before_of(const struct succession *s, const char *name)
{
    struct before before = {s->depot, newest_of(s->depot, name)};
    if (!before.entry && s->machine)
        before = (struct before){s->machine, newest_of(s->machine, name)};
    const struct depot_entry *used = qetl_depot_find(before.depot, name, NULL);
    if (used)
        before.entry = used;
    return before;
}

/* From nobody to somebody: nobody else is asked, and it is said. */
static void tell_first(const struct succession *s, const struct package *package,
                       const struct before *before, struct qetl_findings *findings)
{
    const struct key_file *key;
    if (!package->is_signed)
        return;
    qetl_trust_judge(s->trust, &package->signature, before->entry->name, time(NULL), &key);
    qetl_finding_at(qetl_finding_add(findings, QETL_WARNING, "signer_changed",
                                     "nobody signed %s %s%s; %s, which is to follow, is signed by "
                                     "the key `%s`",
                                     before->entry->name, before->entry->version,
                                     before->depot == s->machine ? ", which all users have" : "",
                                     package->contents->version, key ? key->name : "?"),
                    package->file, 0, 0, NULL);
}

/* Whoever takes a key away ends its claim; the day on which it expires does not. */
static int check_signer(const struct succession *s, const struct package *package,
                        struct qetl_findings *findings)
{
    const char *name = package->contents->name;
    struct before before = before_of(s, name);
    const struct key_file *key;
    if (!before.entry)
        return 0;
    if (!before.entry->is_signed) {
        tell_first(s, package, &before, findings);
        return 0;
    }
    const struct package_signature *signature = &before.entry->signature;
    if (package->is_signed && memcmp(signature->key.bytes, package->signature.key.bytes,
                                     sizeof signature->key.bytes) == 0)
        return 0;
    enum package_verdict verdict = qetl_trust_judge(s->trust, signature, name, time(NULL), &key);
    return verdict == QETL_TRUSTED || verdict == QETL_KEY_EXPIRED
               ? tell_change(s, package, &before, key->name, findings)
               : 0;
}

int qetl_succession_check(const struct succession *s, const struct package *package,
                          struct qetl_findings *findings)
{
    return check_newer(s, package, findings) || check_signer(s, package, findings) ? -1 : 0;
}
