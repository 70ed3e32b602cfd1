/* SPDX-License-Identifier: Apache-2.0 */
/* The program and its plugins: each is loaded, and asked for nothing. */
#include "doctor.h"

#include "data/json_text.h"
#include "host/host.h"
#include "plugin/elf_needs.h"
#include "plugin/loader.h"
#include "plugin/sealed.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef QETL_VERSION
#define QETL_VERSION "0.1.0"
#endif

/* ---- libraries that a plugin needs ---- */

struct needing {
    struct qetl_doctor *doctor;
    const struct qetl_manifest *manifest;
    size_t missing;
};

static void need_try(void *arg, const char *library)
{
    struct needing *n = arg;
    char package[QETL_PACKAGE];
    void *handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
    if (handle) {
        dlclose(handle);
        return;
    }
    n->missing++;
    struct qetl_finding *finding = qetl_doctor_tell(
        n->doctor,
        &(struct qetl_ailment){
            .severity = QETL_ERROR, .code = "missing_library", .file = n->manifest->library_path},
        "plugin %s needs the library %s, which is not there, or does not load", n->manifest->id,
        library);
    if (*qetl_library_package(library, package))
        qetl_finding_mend(finding, "on Debian probably: apt install %s", package);
    else
        qetl_finding_mend(finding, "install it, or add its folder to LD_LIBRARY_PATH");
}

static size_t needs_try(struct qetl_doctor *d, const struct qetl_manifest *manifest)
{
    struct needing n = {d, manifest, 0};
    struct stat about;
    int fd = open(manifest->library_path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    void *image = fstat(fd, &about) || !S_ISREG(about.st_mode) || !about.st_size
                      ? MAP_FAILED
                      : mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (image == MAP_FAILED)
        return 0;
    qetl_elf_needs(image, (size_t)about.st_size, need_try, &n);
    munmap(image, (size_t)about.st_size);
    return n.missing;
}

/* ---- plugins ---- */

static json_t *abi_json(uint32_t abi)
{
    return json_sprintf("%u.%u", abi >> 16, abi & 0xffff);
}

static void plugin_note(struct qetl_doctor *d, const struct qetl_manifest *manifest, size_t loaded)
{
    const struct qetl_sealed *sealed = manifest->sealed;
    uint32_t abi = qetl_library_abi(manifest->library);
    d->no_memory |= json_array_append_new(
        d->plugins,
        json_pack("{s:o, s:s, s:b, s:o, s:o, s:o, s:o, s:i, s:i, s:s?, s:s?}", "id",
                  qetl_json_text(manifest->id), "version", manifest->version, "used",
                  !manifest->hidden, "abi_min", abi_json(manifest->abi_min), "abi_max",
                  abi_json(manifest->abi_max), "abi", abi ? abi_json(abi) : json_null(), "library",
                  qetl_json_text(manifest->library_path), "components", (int)manifest->n_components,
                  "loaded", (int)loaded, "package", sealed ? sealed->digest : NULL, "signed_by",
                  sealed ? sealed->signed_by : NULL));
}

static size_t plugin_try(struct qetl_doctor *d, const struct qetl_manifest *manifest)
{
    struct qetl_findings refused = {0};
    size_t loaded = 0, missing = 0;
    for (size_t i = 0; i < manifest->n_components; i++) {
        const struct qetl_component *component;
        if (qetl_load_component(&manifest->components[i], &qetl_host_table, NULL, &component,
                                &refused))
            break;
        loaded++;
    }
    /* The libraries say more than that one of them is missing. */
    if (refused.errors)
        missing = needs_try(d, manifest);
    if (!missing)
        qetl_doctor_take(d, &refused);
    qetl_findings_free(&refused);
    plugin_note(d, manifest, loaded);
    return loaded;
}

void qetl_doctor_machine(struct qetl_doctor *d)
{
    size_t before = d->findings.count, components = 0, plugins = qetl_registry_count(d->registry);
    qetl_doctor_check(d, "program", before, "qetl %s, plugin ABI %u.%u, SQLite %s", QETL_VERSION,
                      QETL_ABI_VERSION >> 16, QETL_ABI_VERSION & 0xffff, sqlite3_libversion());
    for (size_t i = 0; i < plugins; i++)
        components += plugin_try(d, qetl_registry_at(d->registry, i));
    if (!plugins)
        qetl_finding_mend(
            qetl_doctor_tell(d,
                             &(struct qetl_ailment){.severity = QETL_ERROR, .code = "no_plugins"},
                             "no plugin was found"),
            "name their folder with --plugin-dir or in QETL_PLUGIN_PATH");
    qetl_doctor_check(d, "plugins", before, "%zu plugins, %zu components that load", plugins,
                      components);
}
