/* SPDX-License-Identifier: Apache-2.0 */
#include "installed.h"

#include "content_fault.h"

#include "disk/refuse.h"
#include "package/package_limits.h"
#include "package/plugin_check.h"
#include "plugin/beneath.h"
#include "plugin/manifest.h"
#include "plugin/sealed.h"
#include "trust/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MANIFEST_MAX = 16 << 20 };

/* One package, on its way into the registry. */
struct incoming {
    const struct depot *depot;
    const struct depot_entry *entry;
    const struct package_trust *trust;
    struct qetl_findings *findings;
    bool is_system, keys_known;
    struct package_contents *contents;
};

static int refuse(const struct incoming *in, const char *why)
{
    qetl_content_refuse(in->depot, in->entry, NULL, why, in->findings);
    return -1;
}

/* A file of it: 0, or the errno. */
static int file_slurp(const struct incoming *in, const char *name, size_t most, char **text,
                      size_t *size)
{
    char *path;
    *text = NULL;
    *size = 0;
    if (asprintf(&path, "%s/%s", in->entry->digest, name) < 0)
        return ENOMEM;
    int error = in->depot->shelf
                    ? qetl_beneath_slurp(in->depot->shelf->folder, path, most, text, size)
                    : ENOENT;
    free(path);
    return error;
}

static int refuse_error(const struct incoming *in, const char *what, int error)
{
    qetl_content_refuse_error(in->depot, in->entry, what, error, in->findings);
    return -1;
}

/* What its signature is worth today. */
static int signature_tell(const struct incoming *in, const char *list, size_t list_size,
                          struct qetl_sealed *sealed)
{
    const struct key_file *key = NULL;
    const char *name = in->entry->name, *version = in->entry->version;
    const struct package_signature *signature = in->entry->is_signed ? &in->entry->signature : NULL;
    if (signature && qetl_signature_check(signature, list, list_size))
        return refuse(in, "its signature is not of its list of files");
    enum package_verdict verdict = qetl_trust_judge(in->trust, signature, name, time(NULL), &key);
    struct qetl_finding *warning = NULL;
    if (verdict == QETL_UNSIGNED && !in->keys_known)
        qetl_finding_mend(qetl_refuse(&sealed->told, in->depot->path, NULL, "claimed_name",
                                      "nobody signed the plugin %s %s, and its name may "
                                      "belong to a key that cannot be read",
                                      name, version),
                          "mend the keys first: qetl doctor says what is wrong with them");
    else if (verdict == QETL_UNSIGNED)
        warning = qetl_finding_add(&sealed->told, QETL_WARNING, "unsigned_package",
                                   "nobody signed the plugin %s %s: it was taken on trust", name,
                                   version);
    else if (verdict == QETL_KEY_EXPIRED)
        warning = qetl_finding_add(&sealed->told, QETL_WARNING, "key_expired",
                                   "the key `%s` that signed the plugin %s %s was trusted until %s",
                                   key->name, name, version, key->expires);
    else
        qetl_trust_refuse(verdict, key, signature, name, in->depot->path, &sealed->told);
    qetl_finding_at(warning, in->depot->path, 0, 0, name);
    if (key && (verdict == QETL_TRUSTED || verdict == QETL_KEY_EXPIRED))
        sealed->signed_by = strdup(key->name);
    return 0;
}

static int list_take(struct incoming *in, struct qetl_sealed *sealed)
{
    uint8_t digest[QETL_SHA256];
    char hex[QETL_DIGEST_TEXT], *list;
    size_t size;
    int error = file_slurp(in, QETL_PACKAGE_CONTENTS, QETL_PACKAGE_CONTENTS_MAX, &list, &size);
    if (error)
        return refuse_error(in, QETL_PACKAGE_CONTENTS, error);
    qetl_package_digest(list, size, digest);
    for (int i = 0; i < QETL_SHA256; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    int bad = 0;
    if (strcmp(hex, in->entry->digest) != 0)
        bad = refuse(in, "its list of files was changed");
    if (!bad) {
        in->contents = qetl_package_contents_read(list, size, in->depot->path, in->findings);
        bad = !in->contents || signature_tell(in, list, size, sealed);
    }
    if (!bad && (strcmp(in->contents->name, in->entry->name) != 0 ||
                 strcmp(in->contents->version, in->entry->version) != 0))
        bad = refuse(in, "it is another one");
    free(list);
    return bad;
}

static int files_fill(const struct package_contents *contents, struct qetl_sealed *sealed)
{
    sealed->files = calloc(contents->n_files, sizeof *sealed->files);
    for (size_t i = 0; sealed->files && i < contents->n_files; i++) {
        const struct package_file *from = &contents->files[i];
        struct qetl_sealed_file *to = &sealed->files[sealed->n_files];
        to->path = strdup(from->path);
        if (!to->path)
            return -1;
        to->size = from->size;
        memcpy(to->sha256, from->sha256, sizeof to->sha256);
        sealed->n_files++;
    }
    return sealed->files ? 0 : -1;
}

static int sealed_fill(const struct incoming *in, struct qetl_sealed *sealed)
{
    const struct package_contents *contents = in->contents;
    const struct package_file *library = qetl_package_contents_find(contents, contents->library);
    const struct package_file *manifest = qetl_package_contents_find(contents, contents->manifest);
    qetl_package_machine_check(contents, in->depot->path, &sealed->told);
    sealed->size = library->size;
    memcpy(sealed->sha256, library->sha256, sizeof sealed->sha256);
    memcpy(sealed->manifest_sha256, manifest->sha256, sizeof sealed->manifest_sha256);
    sealed->is_system = in->is_system;
    sealed->name = strdup(contents->library);
    sealed->digest = strdup(in->entry->digest);
    sealed->since = in->entry->since ? strdup(in->entry->since) : NULL;
    sealed->from = in->entry->from ? strdup(in->entry->from) : NULL;
    if (asprintf(&sealed->package, "%s %s", contents->name, contents->version) < 0)
        sealed->package = NULL;
    return sealed->name && sealed->digest && sealed->package ? files_fill(contents, sealed) : -1;
}

static struct qetl_manifest *manifest_take(const struct incoming *in)
{
    const struct package_file *file =
        qetl_package_contents_find(in->contents, in->contents->manifest);
    struct qetl_manifest *manifest = NULL;
    uint8_t digest[QETL_SHA256];
    char *path = NULL, *text;
    size_t size;
    int error = file_slurp(in, file->path, MANIFEST_MAX, &text, &size);
    if (text)
        qetl_package_digest(text, size, digest);
    if (error)
        refuse_error(in, file->path, error);
    else if (size != file->size || memcmp(digest, file->sha256, sizeof digest) != 0)
        refuse(in, "its manifest was changed");
    else if (asprintf(&path, "%s/content/%s/%s", in->depot->path, in->entry->digest, file->path) <
             0)
        qetl_findings_no_memory(in->findings);
    else
        manifest = qetl_manifest_parse(text, size, path, in->findings);
    free(path);
    free(text);
    return manifest;
}

/* NULL with findings. */
static struct qetl_manifest *incoming_read(struct incoming *in)
{
    struct qetl_sealed *sealed = qetl_sealed_new();
    struct qetl_manifest *manifest = NULL;
    if (!sealed) {
        qetl_findings_no_memory(in->findings);
        return NULL;
    }
    sealed->shelf = qetl_shelf_hold(in->depot->shelf);
    if (list_take(in, sealed) == 0) {
        manifest = manifest_take(in);
        if (manifest && !sealed->told.errors)
            qetl_scope_check(in->trust, in->entry->is_signed ? &in->entry->signature : NULL,
                             manifest, in->depot->path, true, &sealed->told);
        if (manifest && sealed_fill(in, sealed)) {
            qetl_findings_no_memory(in->findings);
            qetl_manifest_free(manifest);
            manifest = NULL;
        }
    }
    qetl_package_contents_free(in->contents);
    if (manifest)
        manifest->sealed = sealed;
    else
        qetl_sealed_free(sealed);
    return manifest;
}

/* What is wrong with it is the fault of this one alone. */
static int entry_offer(struct qetl_registry *registry, struct incoming *in,
                       struct qetl_findings *findings)
{
    const struct depot_entry *entry = in->entry;
    struct qetl_findings said = {0};
    in->findings = &said;
    struct qetl_manifest *manifest = incoming_read(in);
    int bad =
        manifest ? qetl_registry_offer(registry, manifest, !entry->active, &said)
                 : qetl_registry_miss(registry, entry->name, entry->version, !entry->active, &said);
    qetl_findings_move(findings, &said);
    qetl_findings_free(&said);
    return bad;
}

int qetl_installed_offer(struct qetl_registry *registry, const char *path, bool is_system,
                         const struct package_trust *trust, bool keys_known,
                         struct qetl_findings *findings)
{
    struct depot depot = QETL_DEPOT_CLOSED;
    struct qetl_findings said = {0};
    int bad = 0, looked = qetl_depot_look(&depot, path, &said);
    if (looked)
        bad = qetl_registry_miss(registry, NULL, NULL, 0, &said);
    qetl_findings_move(findings, &said);
    for (size_t i = 0; !looked && !bad && i < depot.n_entries; i++) {
        struct incoming in = {.depot = &depot,
                              .entry = &depot.entries[i],
                              .trust = trust,
                              .is_system = is_system,
                              .keys_known = keys_known};
        bad = entry_offer(registry, &in, findings);
    }
    qetl_depot_close(&depot);
    qetl_findings_free(&said);
    return bad;
}
