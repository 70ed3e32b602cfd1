/* SPDX-License-Identifier: Apache-2.0 */
#include "installed.h"

#include "limits.h"
#include "plugin_check.h"
#include "refuse.h"
#include "scope.h"

#include "plugin/manifest.h"
#include "plugin/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ATTEMPTS = 5, MANIFEST_MAX = 16 << 20 };

/* One package, on its way into the registry. */
struct incoming {
    const struct depot *depot;
    const struct depot_entry *entry;
    const struct package_trust *trust;
    struct qetl_findings *findings;
    bool is_system;
    int folder;
    struct package_contents *contents;
    struct package_signature signature;
    bool is_signed;
};

static int refuse(const struct incoming *in, const char *why)
{
    qetl_finding_mend(qetl_package_refuse(in->findings, in->depot->path, NULL, "package_damaged",
                                          "the installed package %s %s is damaged: %s",
                                          in->entry->name, in->entry->version, why),
                      "install it again, or remove it: qetl plugin remove %s@%s", in->entry->name,
                      in->entry->version);
    return -1;
}

/* The caller's; NULL: it is not there, or not as large as it may be. */
static char *file_slurp(const struct incoming *in, const char *name, size_t most, size_t *size)
{
    struct stat status;
    char *text = NULL;
    int fd = openat(in->folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
        (uint64_t)status.st_size <= most)
        text = malloc((size_t)status.st_size + 1);
    *size = 0;
    while (text && *size < (size_t)status.st_size) {
        ssize_t n = read(fd, text + *size, (size_t)status.st_size - *size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        *size += (size_t)n;
    }
    if (fd >= 0)
        close(fd);
    return text;
}

/* What its signature is worth today. */
static int signature_tell(struct incoming *in, const char *list, size_t list_size,
                          struct qetl_sealed *sealed)
{
    const struct key_file *key = NULL;
    const char *name = in->entry->name, *version = in->entry->version;
    size_t size;
    char *text = file_slurp(in, QETL_PACKAGE_SIGNATURE, QETL_PACKAGE_SIGNATURE_MAX, &size);
    const struct package_signature *signature = text ? &in->signature : NULL;
    int bad = text && (qetl_signature_read(text, size, &in->signature) ||
                       qetl_signature_check(&in->signature, list, list_size));
    enum package_verdict verdict = qetl_trust_judge(in->trust, signature, name, time(NULL), &key);
    struct qetl_finding *warning = NULL;
    if (bad)
        refuse(in, "its signature is not of its list of files");
    else if (verdict == QETL_UNSIGNED && in->entry->is_unsigned)
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
    in->is_signed = signature != NULL;
    if (key && (verdict == QETL_TRUSTED || verdict == QETL_KEY_EXPIRED))
        sealed->signed_by = strdup(key->name);
    free(text);
    return bad ? -1 : 0;
}

static int list_take(struct incoming *in, struct qetl_sealed *sealed)
{
    uint8_t digest[QETL_SHA256];
    char hex[QETL_DIGEST_TEXT];
    size_t size;
    char *list = file_slurp(in, QETL_PACKAGE_CONTENTS, QETL_PACKAGE_CONTENTS_MAX, &size);
    if (!list)
        return refuse(in, "its list of files is missing");
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
    char *path = NULL;
    size_t size;
    char *text = file_slurp(in, file->path, MANIFEST_MAX, &size);
    if (text)
        qetl_package_digest(text, size, digest);
    if (!text || size != file->size || memcmp(digest, file->sha256, sizeof digest) != 0)
        refuse(in, "its manifest is missing, or was changed");
    else if (asprintf(&path, "%s/content/%s/%s", in->depot->path, in->entry->digest, file->path) <
             0)
        qetl_findings_no_memory(in->findings);
    else
        manifest = qetl_manifest_parse(text, size, path, in->findings);
    free(path);
    free(text);
    return manifest;
}

/* NULL with findings. The folder's descriptor is its own from now on, or closed. */
static struct qetl_manifest *incoming_read(struct incoming *in)
{
    struct qetl_sealed *sealed = qetl_sealed_new();
    struct qetl_manifest *manifest = NULL;
    if (!sealed) {
        close(in->folder);
        qetl_findings_no_memory(in->findings);
        return NULL;
    }
    sealed->folder = in->folder;
    if (list_take(in, sealed) == 0) {
        manifest = manifest_take(in);
        if (manifest && in->is_signed && !sealed->told.errors)
            qetl_scope_check(in->trust, &in->signature, manifest, in->depot->path, &sealed->told);
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

/* Whoever removes a package does so behind the rename of the list: then there is a new list. */
static int *contents_open(const char *path, struct depot *depot, struct qetl_findings *findings)
{
    for (int attempt = 1;; attempt++) {
        if (qetl_depot_look(depot, path, findings))
            return NULL;
        int *folders = calloc(depot->n_entries + 1, sizeof *folders), gone = 0;
        for (size_t i = 0; folders && i < depot->n_entries; i++) {
            folders[i] = qetl_depot_content(depot, depot->entries[i].digest);
            gone |= folders[i] < 0;
        }
        if (!folders)
            qetl_findings_no_memory(findings);
        if (!folders || !gone || attempt == ATTEMPTS)
            return folders;
        for (size_t i = 0; i < depot->n_entries; i++)
            if (folders[i] >= 0)
                close(folders[i]);
        free(folders);
        qetl_depot_close(depot);
    }
}

int qetl_installed_offer(struct qetl_registry *registry, const char *path, bool is_system,
                         const struct package_trust *trust, struct qetl_findings *findings)
{
    struct depot depot = {.folder = -1, .lock = -1};
    int *folders = contents_open(path, &depot, findings), bad = 0;
    for (size_t i = 0; folders && i < depot.n_entries; i++) {
        const struct depot_entry *entry = &depot.entries[i];
        struct incoming in = {&depot,    entry,      trust,           findings,
                              is_system, folders[i], .contents = NULL};
        struct qetl_manifest *manifest = NULL;
        if (in.folder < 0)
            refuse(&in, "its files are missing");
        else
            manifest = incoming_read(&in);
        if (manifest && !bad)
            bad = qetl_registry_offer(registry, manifest, !entry->active, findings);
        else
            qetl_manifest_free(manifest);
    }
    free(folders);
    qetl_depot_close(&depot);
    return bad;
}
