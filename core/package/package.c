/* SPDX-License-Identifier: Apache-2.0 */
#include "package.h"

#include "entries.h"
#include "entry_name.h"
#include "package_limits.h"

#include "config/slurp.h"
#include "disk/refuse.h"

#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>

void qetl_package_free(struct package *package)
{
    if (!package)
        return;
    qetl_package_contents_free(package->contents);
    free(package->list);
    free(package->bytes);
    free(package->file);
    free(package);
}

void qetl_package_digest(const void *bytes, size_t size, uint8_t digest[QETL_SHA256])
{
    struct sha256_ctx sha256;
    sha256_init(&sha256);
    sha256_update(&sha256, size, bytes);
    sha256_digest(&sha256, QETL_SHA256, digest);
}

void qetl_package_digest_text(const struct package *package, char text[QETL_DIGEST_TEXT])
{
    for (int i = 0; i < QETL_SHA256; i++)
        snprintf(text + 2 * i, 3, "%02x", package->digest[i]);
}

/* ---- the two entries that stand before all others ---- */

/* All of an entry; the caller's. NULL with a finding. */
static char *entry_slurp(struct package_entries *entries, const struct package_entry *entry,
                         size_t most, const char *file, struct qetl_findings *findings)
{
    const void *piece;
    size_t size, at = 0;
    int status;
    if (entry->size > most) {
        qetl_refuse(findings, file, entry->path, "package_bomb",
                    "its entry `%s` is larger than %zu KiB", entry->path, most >> 10);
        return NULL;
    }
    char *text = malloc(entry->size + 1);
    if (!text) {
        qetl_findings_no_memory(findings);
        return NULL;
    }
    while ((status = qetl_package_entries_data(entries, &piece, &size)) > 0) {
        memcpy(text + at, piece, size);
        at += size;
    }
    if (status == 0)
        return text;
    free(text);
    return NULL;
}

static int list_take(struct package *package, struct package_entries *entries,
                     struct qetl_findings *findings)
{
    struct package_entry entry;
    int status = qetl_package_entries_next(entries, &entry);
    if (status < 0)
        return -1;
    if (status == 0 || strcmp(entry.path, QETL_PACKAGE_CONTENTS) != 0) {
        qetl_refuse(findings, package->file, NULL, "package_contents",
                    "it does not begin with its list of files (%s)", QETL_PACKAGE_CONTENTS);
        return -1;
    }
    package->list_size = entry.size;
    package->list =
        entry_slurp(entries, &entry, QETL_PACKAGE_CONTENTS_MAX, package->file, findings);
    if (!package->list)
        return -1;
    qetl_package_digest(package->list, package->list_size, package->digest);
    package->contents =
        qetl_package_contents_read(package->list, package->list_size, package->file, findings);
    return package->contents ? 0 : -1;
}

static int signature_take(struct package *package, struct package_entries *entries,
                          const struct package_entry *entry, struct qetl_findings *findings)
{
    char *text = entry_slurp(entries, entry, QETL_PACKAGE_SIGNATURE_MAX, package->file, findings);
    if (!text)
        return -1;
    int bad = qetl_signature_read(text, entry->size, &package->signature);
    if (bad)
        qetl_refuse(findings, package->file, QETL_PACKAGE_SIGNATURE, "package_signature",
                    "its signature is not as `qetl plugin sign` writes it");
    else if (qetl_signature_check(&package->signature, package->list, package->list_size)) {
        bad = -1;
        qetl_finding_mend(
            qetl_refuse(findings, package->file, QETL_PACKAGE_SIGNATURE, "package_signature",
                        "its signature is of another list of files: the package was changed"),
            "do not use it; get it anew from where it comes from");
    }
    free(text);
    package->is_signed = !bad;
    return bad;
}

/* ---- the files ---- */

/* What stands in place of the file that is wanted, or behind the last one. */
static int refuse_order(const struct package *package, const struct package_file *wanted,
                        const char *found, struct qetl_findings *findings)
{
    const struct package_contents *contents = package->contents;
    const struct package_file *listed = found ? qetl_package_contents_find(contents, found) : NULL;
    if (found && !listed) {
        for (size_t i = 0; i < contents->n_files; i++)
            if (qetl_package_name_compare(contents->files[i].path, found) == 0)
                listed = &contents->files[i];
        qetl_refuse(findings, package->file, found, "package_extra",
                    "it holds `%s`, which its list of files does not name%s%s", found,
                    listed ? ", but for upper and lower case: " : "", listed ? listed->path : "");
    } else if (listed && (!wanted || listed < wanted))
        qetl_refuse(findings, package->file, found, "package_extra",
                    "it holds `%s` twice, or not in its place", found);
    else
        qetl_refuse(findings, package->file, wanted->path, "package_missing",
                    "`%s` of its list of files is missing, or not in its place", wanted->path);
    return -1;
}

struct visit {
    qetl_package_visit_fn *each; /* or NULL */
    void *arg;
};

static int visit_piece(const struct visit *visit, const struct package_file *file,
                       const void *piece, size_t size)
{
    return visit->each ? visit->each(visit->arg, file, piece, size) : 0;
}

static int file_take(const struct package *package, struct package_entries *entries,
                     const struct package_entry *entry, const struct package_file *file,
                     const struct visit *visit, struct qetl_findings *findings)
{
    struct sha256_ctx sha256;
    uint8_t digest[QETL_SHA256];
    const void *piece;
    size_t size;
    sha256_init(&sha256);
    int status = 1, answer = visit_piece(visit, file, NULL, 0);
    while (!answer && entry->size == file->size &&
           (status = qetl_package_entries_data(entries, &piece, &size)) > 0) {
        sha256_update(&sha256, size, piece);
        answer = visit_piece(visit, file, piece, size);
    }
    if (answer || status < 0)
        return answer ? answer : -1;
    sha256_digest(&sha256, sizeof digest, digest);
    if (entry->size == file->size && memcmp(digest, file->sha256, sizeof digest) == 0)
        return 0;
    qetl_refuse(findings, package->file, file->path, "package_changed",
                "`%s` is not the file that its list of files names: it was changed", file->path);
    return -1;
}

/* All entries in order; those that stand first are taken into the package, once. */
static int package_walk(struct package *package, const struct visit *visit,
                        struct qetl_findings *findings)
{
    struct package_entries *entries =
        qetl_package_entries_open(package->bytes, package->size, package->file, findings);
    if (!entries)
        return -1;
    struct package_entry entry = {0};
    int answer = list_take(package, entries, findings);
    int more = answer ? answer : qetl_package_entries_next(entries, &entry);
    if (more > 0 && strcmp(entry.path, QETL_PACKAGE_SIGNATURE) == 0) {
        answer = signature_take(package, entries, &entry, findings);
        more = answer ? answer : qetl_package_entries_next(entries, &entry);
    }
    size_t i = 0;
    for (; !answer && more > 0;
         more = answer ? answer : qetl_package_entries_next(entries, &entry)) {
        const struct package_file *file =
            i < package->contents->n_files ? &package->contents->files[i++] : NULL;
        if (!file || strcmp(file->path, entry.path) != 0)
            answer = refuse_order(package, file, entry.path, findings);
        else
            answer = file_take(package, entries, &entry, file, visit, findings);
    }
    qetl_package_entries_close(entries);
    if (!answer && more < 0)
        answer = -1;
    if (!answer && i < package->contents->n_files)
        answer = refuse_order(package, &package->contents->files[i], NULL, findings);
    return answer;
}

/* A walk of its own, over the same bytes: all is checked again. */
int qetl_package_visit(const struct package *package, qetl_package_visit_fn *each, void *arg,
                       struct qetl_findings *findings)
{
    struct package again = {.file = package->file, .bytes = package->bytes, .size = package->size};
    struct visit visit = {each, arg};
    int answer = package_walk(&again, &visit, findings);
    qetl_package_contents_free(again.contents);
    free(again.list);
    return answer;
}

struct extract {
    const char *path;
    unsigned char *bytes;
    size_t at;
};

static int extract_piece(void *arg, const struct package_file *file, const void *piece, size_t size)
{
    struct extract *extract = arg;
    if (strcmp(file->path, extract->path) != 0)
        return 0;
    if (size == 0) {
        extract->bytes = malloc(file->size + 1);
        return extract->bytes ? 0 : 1;
    }
    memcpy(extract->bytes + extract->at, piece, size);
    extract->at += size;
    return 0;
}

unsigned char *qetl_package_extract(const struct package *package, const struct package_file *file,
                                    struct qetl_findings *findings)
{
    struct extract extract = {.path = file->path};
    int answer = qetl_package_visit(package, extract_piece, &extract, findings);
    if (answer == 0)
        return extract.bytes;
    if (answer > 0)
        qetl_findings_no_memory(findings);
    free(extract.bytes);
    return NULL;
}

struct package *qetl_package_parse(unsigned char *bytes, size_t size, const char *file,
                                   struct qetl_findings *findings)
{
    struct package *package = calloc(1, sizeof *package);
    struct visit nobody = {NULL, NULL};
    if (package) {
        package->bytes = bytes;
        package->size = size;
        package->file = strdup(file);
    }
    if (!package || !package->file) {
        if (!package)
            free(bytes);
        qetl_package_free(package);
        qetl_findings_no_memory(findings);
        return NULL;
    }
    if (package_walk(package, &nobody, findings) == 0)
        return package;
    qetl_package_free(package);
    return NULL;
}

struct package *qetl_package_open(const char *path, struct qetl_findings *findings)
{
    char *bytes = NULL;
    size_t size = 0;
    if (qetl_slurp_file(path, QETL_PACKAGE_BYTES_MAX, &bytes, &size, findings)) {
        free(bytes);
        return NULL;
    }
    if (size > QETL_PACKAGE_BYTES_MAX) {
        qetl_refuse(findings, path, NULL, "package_bomb", "it is larger than 256 MiB");
        free(bytes);
        return NULL;
    }
    return qetl_package_parse((unsigned char *)bytes, size, path, findings);
}
