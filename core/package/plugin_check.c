/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin_check.h"

#include "library_facts.h"

#include "disk/refuse.h"
#include "plugin/elf_note.h"
#include "plugin/manifest.h"

#include <qetl/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qetl_manifest *qetl_package_manifest(const struct package *package,
                                            struct qetl_findings *findings)
{
    const struct package_contents *contents = package->contents;
    const struct package_file *file = qetl_package_contents_find(contents, contents->manifest);
    char *text = (char *)qetl_package_extract(package, file, findings);
    struct qetl_manifest *manifest =
        text ? qetl_manifest_parse(text, file->size, contents->manifest, findings) : NULL;
    free(text);
    return manifest;
}

struct plugin {
    const struct package *package;
    unsigned char *library, *manifest_text;
    size_t library_size, manifest_size;
    struct qetl_findings *findings;
};

static struct qetl_finding *refuse(const struct plugin *plugin, const char *code,
                                   const char *message)
{
    return qetl_refuse(plugin->findings, plugin->package->file, plugin->package->contents->library,
                       code, "%s", message);
}

/* What loading it would look for, and where, has to be known before. */
static int check_facts(const struct plugin *plugin)
{
    const struct package_contents *contents = plugin->package->contents;
    struct library_facts facts;
    if (qetl_library_facts(plugin->library, plugin->library_size, &facts)) {
        refuse(plugin, "package_library", "its library is no shared library of a known machine");
        return -1;
    }
    if (facts.odd) {
        qetl_refuse(plugin->findings, plugin->package->file, contents->library, "package_library",
                    "its library %s, which no linker writes", facts.odd);
        return -1;
    }
    if (facts.is_filter) {
        qetl_finding_mend(refuse(plugin, "package_library",
                                 "its library has others loaded in its place (DT_FILTER or "
                                 "DT_AUXILIARY)"),
                          "link it without --filter and --auxiliary");
        return -1;
    }
    if (facts.runs_stack) {
        qetl_finding_mend(refuse(plugin, "package_library",
                                 "its library has code run on stacks, for all of the process, "
                                 "which newer systems refuse"),
                          "link it with -z noexecstack; an assembler file has to say that it needs "
                          "none (.note.GNU-stack)");
        return -1;
    }
    if (facts.has_search_path || facts.needs_path) {
        qetl_finding_mend(refuse(plugin, "package_library",
                                 facts.needs_path
                                     ? "its library asks for another one by a path"
                                     : "its library says where other libraries are to be looked "
                                       "for (RPATH or RUNPATH)"),
                          "link it without -rpath, and let the system's packages bring what it "
                          "needs");
        return -1;
    }
    if (strcmp(facts.platform, contents->platform) == 0 && strcmp(facts.libc, contents->libc) == 0)
        return 0;
    qetl_refuse(plugin->findings, plugin->package->file, contents->library, "package_mismatch",
                "its library is for %s and libc %s, its list of files says %s and %s",
                facts.platform, *facts.libc ? facts.libc : "of any version", contents->platform,
                *contents->libc ? contents->libc : "any");
    return -1;
}

/* The manifest that people read, and the one inside the library. */
static int check_note(const struct plugin *plugin)
{
    const void *note = NULL;
    size_t size = 0;
    if (qetl_elf_note_find(plugin->library, plugin->library_size, QETL_NOTE_OWNER,
                           QETL_NOTE_MANIFEST, &note, &size) == QETL_NOTE_FOUND &&
        size == plugin->manifest_size && memcmp(note, plugin->manifest_text, size) == 0)
        return 0;
    qetl_finding_mend(refuse(plugin, "package_mismatch",
                             "the manifest in the package is not the one that its library was "
                             "built with"),
                      "rebuild the plugin, and pack library and manifest of one build");
    return -1;
}

static void abi_text(uint32_t abi, char text[16])
{
    snprintf(text, 16, "%u.%u", abi >> 16 & 0xffff, abi & 0xffff);
}

static int check_manifest(const struct plugin *plugin)
{
    const struct package_contents *contents = plugin->package->contents;
    struct qetl_manifest *manifest =
        qetl_manifest_parse((const char *)plugin->manifest_text, plugin->manifest_size,
                            contents->manifest, plugin->findings);
    char min[16], max[16];
    if (!manifest)
        return -1;
    abi_text(manifest->abi_min, min);
    abi_text(manifest->abi_max, max);
    int same = strcmp(manifest->id, contents->name) == 0 &&
               strcmp(manifest->version, contents->version) == 0 &&
               strcmp(min, contents->abi_min) == 0 && strcmp(max, contents->abi_max) == 0;
    if (!same)
        qetl_refuse(plugin->findings, plugin->package->file, contents->manifest, "package_mismatch",
                    "its list of files says %s %s for ABI %s to %s, its manifest %s %s for "
                    "ABI %s to %s",
                    contents->name, contents->version, contents->abi_min, contents->abi_max,
                    manifest->id, manifest->version, min, max);
    qetl_manifest_free(manifest);
    return same ? 0 : -1;
}

int qetl_package_plugin_check(const struct package *package, struct qetl_findings *findings)
{
    const struct package_contents *contents = package->contents;
    const struct package_file *library = qetl_package_contents_find(contents, contents->library);
    const struct package_file *manifest = qetl_package_contents_find(contents, contents->manifest);
    struct plugin plugin = {.package = package,
                            .library_size = library->size,
                            .manifest_size = manifest->size,
                            .findings = findings};
    plugin.library = qetl_package_extract(package, library, findings);
    if (plugin.library)
        plugin.manifest_text = qetl_package_extract(package, manifest, findings);
    int bad = !plugin.library || !plugin.manifest_text || check_facts(&plugin) ||
              check_note(&plugin) || check_manifest(&plugin);
    free(plugin.manifest_text);
    free(plugin.library);
    return bad ? -1 : 0;
}

/* ---- this machine ---- */

static uint32_t abi_of(const char *text)
{
    char *end;
    unsigned long major = strtoul(text, &end, 10);
    return QETL_ABI_MAKE(major, strtoul(end + 1, NULL, 10));
}

static int check_abi(const struct package_contents *contents, const char *file,
                     struct qetl_findings *findings)
{
    uint32_t min = abi_of(contents->abi_min), max = abi_of(contents->abi_max);
    if (min <= QETL_ABI_VERSION && max >> 16 >= QETL_ABI_VERSION >> 16)
        return 0;
    struct qetl_finding *finding = qetl_refuse(
        findings, file, NULL, "abi_mismatch", "%s %s needs ABI %s to %s, this qetl has %u.%u",
        contents->name, contents->version, contents->abi_min, contents->abi_max,
        QETL_ABI_VERSION >> 16, QETL_ABI_VERSION & 0xffff);
    qetl_finding_mend(finding, min > QETL_ABI_VERSION
                                   ? "install a newer qetl, or an older version of the plugin"
                                   : "install a newer version of the plugin");
    return -1;
}

int qetl_package_machine_check(const struct package_contents *contents, const char *file,
                               struct qetl_findings *findings)
{
    if (strcmp(contents->platform, qetl_machine_platform()) != 0) {
        qetl_finding_mend(
            qetl_refuse(findings, file, NULL, "package_platform",
                        "%s %s was built for %s, this machine is %s", contents->name,
                        contents->version, contents->platform, qetl_machine_platform()),
            "get the package %s-%s-%s", contents->name, contents->version, qetl_machine_platform());
        return -1;
    }
    if (qetl_libc_compare(contents->libc, qetl_machine_libc()) > 0) {
        qetl_finding_mend(
            qetl_refuse(findings, file, NULL, "package_libc",
                        "%s %s needs libc %s or newer, this machine has %s", contents->name,
                        contents->version, contents->libc, qetl_machine_libc()),
            "get a package that was built on an older system, or run it on a newer one");
        return -1;
    }
    return check_abi(contents, file, findings);
}
