/* SPDX-License-Identifier: Apache-2.0 */
#include "library_check.h"

#include "elf_note.h"
#include "manifest.h"
#include "sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct qetl_finding *qetl_library_refuse(const struct qetl_manifest *manifest,
                                         struct qetl_findings *findings, const char *code,
                                         const char *format, ...)
{
    char *message;
    va_list args;
    va_start(args, format);
    if (vasprintf(&message, format, args) < 0)
        message = NULL;
    va_end(args);
    struct qetl_finding *finding =
        qetl_finding_add(findings, QETL_ERROR, code, "plugin %s %s: %s", manifest->id,
                         manifest->version, message ? message : code);
    qetl_finding_at(finding, manifest->library_path, 0, 0, manifest->id);
    qetl_finding_environment(finding);
    free(message);
    return finding;
}

/* ---- before it is opened ---- */

static int check_range(const struct qetl_manifest *manifest, struct qetl_findings *findings)
{
    if (manifest->abi_min <= QETL_ABI_VERSION && manifest->abi_max >> 16 >= QETL_ABI_VERSION >> 16)
        return 0;
    struct qetl_finding *finding = qetl_library_refuse(
        manifest, findings, "abi_mismatch", "it needs ABI %u.%u to %u.%u, this qetl has %u.%u",
        manifest->abi_min >> 16, manifest->abi_min & 0xffff, manifest->abi_max >> 16,
        manifest->abi_max & 0xffff, QETL_ABI_VERSION >> 16, QETL_ABI_VERSION & 0xffff);
    qetl_finding_mend(finding, manifest->abi_min > QETL_ABI_VERSION
                                   ? "install a newer qetl, or an older version of the plugin"
                                   : "install a newer version of the plugin");
    return -1;
}

struct mapping {
    void *data;
    size_t size;
};

static int mapping_open(struct mapping *mapping, const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int error = fstat(fd, &status) ? errno : 0;
    if (!error && (!S_ISREG(status.st_mode) || status.st_size == 0))
        error = ENOEXEC;
    if (!error) {
        mapping->size = (size_t)status.st_size;
        mapping->data = mmap(NULL, mapping->size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (mapping->data == MAP_FAILED)
            error = errno;
    }
    close(fd);
    return error;
}

static void mend_note(struct qetl_finding *finding, const struct qetl_manifest *manifest)
{
    qetl_finding_mend(finding,
                      "rebuild the plugin, and install %s and the .so beside it from one build",
                      manifest->manifest_path);
}

static int refuse_note(const struct qetl_manifest *manifest, struct qetl_findings *findings)
{
    mend_note(qetl_library_refuse(manifest, findings, "manifest_mismatch",
                                  "its manifest file is not the one that it was built with"),
              manifest);
    return -1;
}

/* What was read of a package was hashed then. */
static int compare_sealed(const struct qetl_manifest *manifest, const void *note, size_t size,
                          struct qetl_findings *findings)
{
    uint8_t digest[QETL_SEALED_HASH];
    struct sha256_ctx sha256;
    sha256_init(&sha256);
    sha256_update(&sha256, size, note);
    sha256_digest(&sha256, sizeof digest, digest);
    if (memcmp(digest, manifest->sealed->manifest_sha256, sizeof digest) == 0)
        return 0;
    return refuse_note(manifest, findings);
}

static int compare_note(const struct qetl_manifest *manifest, const void *note, size_t size,
                        struct qetl_findings *findings)
{
    struct mapping file = {0};
    if (manifest->sealed)
        return compare_sealed(manifest, note, size, findings);
    int error = mapping_open(&file, manifest->manifest_path);
    if (error) {
        qetl_library_refuse(manifest, findings, "unreadable_file", "%s cannot be read: %s",
                            manifest->manifest_path, strerror(error));
        return -1;
    }
    int same = size == file.size && memcmp(note, file.data, size) == 0;
    munmap(file.data, file.size);
    return same ? 0 : refuse_note(manifest, findings);
}

static int check_note(const struct qetl_manifest *manifest, const struct mapping *image,
                      struct qetl_findings *findings)
{
    const void *note;
    size_t size;
    switch (qetl_elf_note_find(image->data, image->size, QETL_NOTE_OWNER, QETL_NOTE_MANIFEST, &note,
                               &size)) {
    case QETL_NOTE_FOUND:
        return compare_note(manifest, note, size, findings);
    case QETL_NOTE_MISSING:
        qetl_finding_mend(qetl_library_refuse(manifest, findings, "manifest_mismatch",
                                              "the library holds no manifest"),
                          "QETL_EMBED_MANIFEST(\"%s.qetl.json\"); in one of its sources puts it "
                          "there; in Rust plugin! and the macros that are made of it do",
                          manifest->id);
        return -1;
    default:
        qetl_finding_mend(qetl_library_refuse(manifest, findings, "cannot_load",
                                              "this file is no shared library for this machine"),
                          "install the plugin that was built for it");
        return -1;
    }
}

/* Also where a copy is loaded: the lock may be made anew from it. */
static int check_mode(const struct qetl_manifest *manifest, struct qetl_findings *findings)
{
    struct stat status;
    if (manifest->sealed || stat(manifest->library_path, &status) || !(status.st_mode & S_IWOTH))
        return 0;
    qetl_finding_mend_file(qetl_library_refuse(manifest, findings, "world_writable_file",
                                               "anyone on this machine may change its code"),
                           "chmod o-w {}", manifest->library_path);
    return -1;
}

int qetl_library_examine(const struct qetl_manifest *manifest, struct qetl_findings *findings)
{
    struct mapping image = {0};
    if (check_range(manifest, findings))
        return -1;
    int error = mapping_open(&image, qetl_sealed_image(manifest));
    if (error) {
        struct qetl_finding *finding = qetl_library_refuse(
            manifest, findings, "cannot_load", "its library cannot be read: %s", strerror(error));
        qetl_finding_mend(finding, "the .so lies beside %s: install both", manifest->manifest_path);
        return -1;
    }
    int bad = check_note(manifest, &image, findings);
    munmap(image.data, image.size);
    return bad || check_mode(manifest, findings) ? -1 : 0;
}

char *qetl_library_objection(const struct qetl_manifest *manifest)
{
    struct qetl_findings findings = {0};
    char *objection = NULL;
    if (manifest->sealed ? check_range(manifest, &findings)
                         : qetl_library_examine(manifest, &findings)) {
        size_t head = strlen("plugin  : ") + strlen(manifest->id) + strlen(manifest->version);
        bool told = findings.count && findings.items[0].message;
        objection = strdup(told ? findings.items[0].message + head : "it cannot be loaded");
    }
    qetl_findings_free(&findings);
    return objection;
}

/* ---- after it was opened ---- */

/* The size that a struct had in version 1.0: it ends with this field. Never to be changed. */
#define SIZE_1_0(type, field) (offsetof(struct type, field) + sizeof((struct type){0}.field))

static int check_size(const struct qetl_manifest *manifest, const char *what, uint32_t size,
                      size_t least, struct qetl_findings *findings)
{
    if (size >= least)
        return 0;
    qetl_finding_mend(
        qetl_library_refuse(manifest, findings, "bad_plugin",
                            "struct %s says struct_size %u, version 1.0 has %zu", what, size,
                            least),
        "set struct_size to sizeof the struct, and build against an unchanged plugin.h: a draft of "
        "it had smaller ones");
    return -1;
}

static int check_ids(const struct qetl_manifest *manifest, const struct qetl_plugin *plugin,
                     struct qetl_findings *findings)
{
    if (plugin->id && plugin->version && strcmp(plugin->id, manifest->id) == 0 &&
        strcmp(plugin->version, manifest->version) == 0)
        return 0;
    mend_note(qetl_library_refuse(manifest, findings, "manifest_mismatch",
                                  "the library calls itself %s %s",
                                  plugin->id ? plugin->id : "(no id)",
                                  plugin->version ? plugin->version : "(no version)"),
              manifest);
    return -1;
}

static int check_table(const struct qetl_manifest *manifest, const struct qetl_plugin *plugin,
                       struct qetl_findings *findings)
{
    for (uint32_t i = 0; plugin->components && i < plugin->n_components; i++) {
        const struct qetl_component *component = plugin->components[i];
        if (!component) {
            qetl_library_refuse(manifest, findings, "bad_plugin", "component %u is NULL", i);
            return -1;
        }
        if (check_size(manifest, "qetl_component", component->struct_size,
                       SIZE_1_0(qetl_component, format), findings))
            return -1;
        if (!component->id) {
            qetl_library_refuse(manifest, findings, "bad_plugin", "component %u has no id", i);
            return -1;
        }
    }
    if (plugin->components && plugin->n_components == manifest->n_components)
        return 0;
    mend_note(qetl_library_refuse(manifest, findings, "manifest_mismatch",
                                  "it has %u components, its manifest names %zu",
                                  plugin->n_components, manifest->n_components),
              manifest);
    return -1;
}

int qetl_library_check(const struct qetl_manifest *manifest, const struct qetl_plugin *plugin,
                       uint32_t abi, struct qetl_findings *findings)
{
    if (abi >> 16 != QETL_ABI_VERSION >> 16 || abi > QETL_ABI_VERSION) {
        qetl_library_refuse(manifest, findings, "abi_mismatch",
                            "offered ABI %u.%u, it answered %u.%u", QETL_ABI_VERSION >> 16,
                            QETL_ABI_VERSION & 0xffff, abi >> 16, abi & 0xffff);
        return -1;
    }
    if (check_size(manifest, "qetl_plugin", plugin->struct_size, SIZE_1_0(qetl_plugin, components),
                   findings) ||
        check_ids(manifest, plugin, findings))
        return -1;
    return check_table(manifest, plugin, findings);
}
