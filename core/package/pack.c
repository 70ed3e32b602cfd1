/* SPDX-License-Identifier: Apache-2.0 */
#include "pack.h"

#include "library_facts.h"
#include "package_limits.h"
#include "parts.h"
#include "plugin_check.h"

#include "config/slurp.h"
#include "disk/refuse.h"
#include "plugin/elf_note.h"
#include "plugin/manifest.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int is_library(const char *name)
{
    size_t size = strlen(name);
    return size > 3 && strcmp(name + size - 3, ".so") == 0 && !strchr(name, '/');
}

/* ---- what is packed ---- */

static int library_slurp(struct package_parts *parts, const char *path,
                         struct qetl_findings *findings)
{
    const char *slash = strrchr(path, '/');
    char *bytes;
    size_t size;
    if (qetl_slurp(path, QETL_PACKAGE_FILE_MAX, &bytes, &size, findings)) {
        free(bytes);
        return -1;
    }
    if (qetl_parts_add(parts, slash ? slash + 1 : path, bytes, size) == 0)
        return 0;
    qetl_findings_no_memory(findings);
    return -1;
}

static int parts_read(struct package_parts *parts, const char *path, struct qetl_findings *findings)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode)
               ? qetl_parts_of_folder(parts, path, findings)
               : library_slurp(parts, path, findings);
}

/* The one library at the top; NULL with a finding. */
static const struct package_part *library_of(const struct package_parts *parts, const char *path,
                                             struct qetl_findings *findings)
{
    const struct package_part *found = NULL;
    size_t count = 0;
    for (size_t i = 0; i < parts->count; i++) {
        if (!is_library(parts->items[i].path))
            continue;
        found = &parts->items[i];
        count++;
    }
    if (count == 1)
        return found;
    qetl_finding_mend(qetl_refuse(findings, path, NULL, "package_library",
                                  count ? "there are %zu libraries (.so) in it, a package "
                                          "has one"
                                        : "there is no library (.so) in it (%zu found)",
                                  count),
                      "name the plugin's NAME.so, or a folder with just one at its top");
    return NULL;
}

/* The manifest that the library was built with. */
static int manifest_add(struct package_parts *parts, const char *path,
                        struct qetl_findings *findings)
{
    const struct package_part *library = library_of(parts, path, findings);
    const void *note;
    size_t size;
    if (!library)
        return -1;
    if (qetl_elf_note_find(library->bytes, library->size, QETL_NOTE_OWNER, QETL_NOTE_MANIFEST,
                           &note, &size) != QETL_NOTE_FOUND) {
        qetl_finding_mend(qetl_refuse(findings, path, library->path, "package_library",
                                      "`%s` is no plugin: no shared library for this "
                                      "machine, or one without a manifest",
                                      library->path),
                          "build it as `qetl plugin new` and plugin-guide.md show");
        return -1;
    }
    char *name = qetl_package_manifest_of(library->path);
    char *copy = name ? malloc(size + 1) : NULL;
    int bad = !copy;
    if (!bad && !qetl_parts_find(parts, name)) {
        memcpy(copy, note, size);
        bad = qetl_parts_add(parts, name, copy, size);
        copy = NULL;
    }
    if (bad)
        qetl_findings_no_memory(findings);
    free(copy);
    free(name);
    return bad ? -1 : 0;
}

/* ---- its list ---- */

static int files_list(const struct package_parts *parts, struct package_contents *contents)
{
    contents->files = calloc(parts->count, sizeof *contents->files);
    if (!contents->files)
        return -1;
    for (; contents->n_files < parts->count; contents->n_files++) {
        const struct package_part *part = &parts->items[contents->n_files];
        struct package_file *file = &contents->files[contents->n_files];
        file->path = strdup(part->path);
        file->size = part->size;
        qetl_package_digest(part->bytes, part->size, file->sha256);
        if (!file->path)
            return -1;
    }
    return 0;
}

static char *abi_text(uint32_t abi)
{
    char *text;
    return asprintf(&text, "%u.%u", abi >> 16, abi & 0xffff) < 0 ? NULL : text;
}

static int contents_fill(struct package_contents *contents, const struct package_parts *parts,
                         const struct package_part *library, const struct qetl_manifest *manifest,
                         const struct library_facts *facts)
{
    contents->name = strdup(manifest->id);
    contents->version = strdup(manifest->version);
    contents->platform = strdup(facts->platform);
    contents->libc = strdup(facts->libc);
    contents->abi_min = abi_text(manifest->abi_min);
    contents->abi_max = abi_text(manifest->abi_max);
    contents->library = strdup(library->path);
    contents->manifest = qetl_package_manifest_of(library->path);
    return files_list(parts, contents) || !contents->name || !contents->version ||
                   !contents->platform || !contents->libc || !contents->abi_min ||
                   !contents->abi_max || !contents->library || !contents->manifest
               ? -1
               : 0;
}

/* The list as text; NULL with findings. */
static char *list_make(const struct package_parts *parts, const char *path,
                       struct qetl_findings *findings)
{
    const struct package_part *library = library_of(parts, path, findings);
    struct package_contents *contents = calloc(1, sizeof *contents);
    char *manifest_name = library ? qetl_package_manifest_of(library->path) : NULL;
    const struct package_part *text = manifest_name ? qetl_parts_find(parts, manifest_name) : NULL;
    struct qetl_manifest *manifest =
        text ? qetl_manifest_parse(text->bytes, text->size, manifest_name, findings) : NULL;
    struct library_facts facts;
    char *list = NULL;
    if (manifest && qetl_library_facts(library->bytes, library->size, &facts))
        qetl_refuse(findings, path, library->path, "package_library",
                    "`%s` is no shared library of a known machine", library->path);
    else if (manifest && contents) {
        if (contents_fill(contents, parts, library, manifest, &facts) == 0)
            list = qetl_package_contents_write(contents);
        if (!list)
            qetl_findings_no_memory(findings);
    }
    qetl_manifest_free(manifest);
    free(manifest_name);
    qetl_package_contents_free(contents);
    return list;
}

/* ---- the package ---- */

/* Whatever was made is read as if it came from elsewhere. */
static struct package *package_of(const struct package_parts *parts, const char *list,
                                  const struct package_secret *secret, const char *name,
                                  struct qetl_findings *findings)
{
    struct package_signature signature;
    struct package_part *all = calloc(parts->count + 2, sizeof *all);
    char *text = NULL;
    void *packed = NULL;
    size_t count = 0, size = 0;
    if (secret) {
        qetl_signature_make(secret, list, strlen(list), &signature);
        text = qetl_signature_write(&signature);
    }
    int bad = !all || (secret && !text);
    if (!bad) {
        all[count++] = (struct package_part){QETL_PACKAGE_CONTENTS, list, strlen(list)};
        if (text)
            all[count++] = (struct package_part){QETL_PACKAGE_SIGNATURE, text, strlen(text)};
        memcpy(all + count, parts->items, parts->count * sizeof *all);
        bad = qetl_package_archive(all, count + parts->count, &packed, &size);
    }
    free(text);
    free(all);
    if (!bad)
        return qetl_package_parse(packed, size, name, findings);
    qetl_findings_no_memory(findings);
    return NULL;
}

struct package *qetl_pack(const char *path, const struct package_secret *secret,
                          struct qetl_findings *findings)
{
    struct package_parts parts = {0};
    struct package *package = NULL;
    char *list = NULL;
    if (parts_read(&parts, path, findings) == 0 && manifest_add(&parts, path, findings) == 0) {
        qetl_parts_sort(&parts);
        list = list_make(&parts, path, findings);
    }
    if (list)
        package = package_of(&parts, list, secret, path, findings);
    if (package && qetl_package_plugin_check(package, findings)) {
        qetl_package_free(package);
        package = NULL;
    }
    free(list);
    qetl_parts_clear(&parts);
    return package;
}

struct gather {
    struct package_parts parts;
    size_t at;
};

static int gather_piece(void *arg, const struct package_file *file, const void *piece, size_t size)
{
    struct gather *gather = arg;
    if (!piece) {
        void *bytes = malloc(file->size + 1);
        gather->at = 0;
        return bytes && qetl_parts_add(&gather->parts, file->path, bytes, file->size) == 0 ? 0 : 1;
    }
    struct package_part *part = &gather->parts.items[gather->parts.count - 1];
    memcpy((char *)part->bytes + gather->at, piece, size);
    gather->at += size;
    return 0;
}

struct package *qetl_pack_signed(const struct package *package, const struct package_secret *secret,
                                 struct qetl_findings *findings)
{
    struct gather gather = {.at = 0};
    struct package *made = NULL;
    char *list = strndup(package->list, package->list_size);
    int answer = list ? qetl_package_visit(package, gather_piece, &gather, findings) : 1;
    if (answer > 0)
        qetl_findings_no_memory(findings);
    else if (answer == 0)
        made = package_of(&gather.parts, list, secret, package->file, findings);
    free(list);
    qetl_parts_clear(&gather.parts);
    return made;
}
