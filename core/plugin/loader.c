/* SPDX-License-Identifier: Apache-2.0 */
#include "loader.h"

#include "elf_needs.h"
#include "library_check.h"
#include "library_seal.h"
#include "sealed.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

struct qetl_library {
    void *handle;
    const struct qetl_plugin *plugin; /* NULL until the entry answered and was found good */
    uint32_t abi;
    int refused; /* the reason was told once */
    qetl_exchange_fn *exchange;
    void *exchange_arg;
};

struct qetl_library *qetl_library_new(void)
{
    return calloc(1, sizeof(struct qetl_library));
}

void qetl_library_free(struct qetl_library *library)
{
    free(library);
}

void qetl_library_exchange(struct qetl_library *library, qetl_exchange_fn *exchange, void *arg)
{
    library->exchange = exchange;
    library->exchange_arg = arg;
}

uint32_t qetl_library_abi(const struct qetl_library *library)
{
    return library->plugin ? library->abi : 0;
}

static struct qetl_finding *refuse(const struct qetl_manifest *manifest,
                                   struct qetl_findings *findings, const char *message)
{
    return qetl_library_refuse(manifest, findings, "bad_plugin", "%s", message);
}

/* "libarchive.so.13: cannot open shared object file: …" */
static void mend_missing_library(struct qetl_finding *finding, const char *error)
{
    char package[QETL_PACKAGE], library[QETL_PACKAGE] = "";
    size_t size = strcspn(error, ":");
    if (!strstr(error, "cannot open shared object file") || size >= sizeof library)
        return;
    memcpy(library, error, size);
    if (*qetl_library_package(library, package))
        qetl_finding_mend(finding, "install the library %s (on Debian probably: apt install %s)",
                          library, package);
}

int qetl_library_prove(const struct qetl_manifest *manifest, struct qetl_findings *findings)
{
    return qetl_library_seal(manifest, findings) || qetl_library_examine(manifest, findings) ? -1
                                                                                             : 0;
}

static int library_open(const struct qetl_manifest *manifest, struct qetl_findings *findings)
{
    struct qetl_library *library = manifest->library;
    if (qetl_library_check_place(manifest, findings))
        return -1;
    dlerror();
    library->handle = dlopen(qetl_sealed_image(manifest), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library->handle)
        return qetl_library_check_place(manifest, findings);
    const char *error = dlerror();
    struct qetl_finding *finding = qetl_library_refuse(manifest, findings, "cannot_load", "%s",
                                                       error ? error : "it cannot be loaded");
    if (error && strstr(error, "undefined symbol"))
        qetl_finding_mend(finding, "rebuild the plugin, and link the library that has this symbol");
    else if (error)
        mend_missing_library(finding, error);
    return -1;
}

static qetl_plugin_entry_fn *entry_find(const struct qetl_library *library)
{
    qetl_plugin_entry_fn *entry = NULL;
    void *symbol = dlsym(library->handle, QETL_PLUGIN_ENTRY);
    memcpy(&entry, &symbol, sizeof entry); /* ISO C has no cast from data to function */
    return entry;
}

static int library_enter(const struct qetl_manifest *manifest, const struct qetl_host *host,
                         struct qetl_ctx *ctx, struct qetl_findings *findings)
{
    struct qetl_library *library = manifest->library;
    const struct qetl_plugin *plugin = NULL;
    uint32_t abi = QETL_ABI_VERSION;
    qetl_plugin_entry_fn *entry = entry_find(library);
    if (!entry) {
        qetl_finding_mend(refuse(manifest, findings, "it has no function " QETL_PLUGIN_ENTRY),
                          "declare the plugin with QETL_PLUGIN(…), which exports it");
        return -1;
    }
    int32_t status = entry(host, ctx, &abi, &plugin);
    if (status != QETL_OK || !plugin) {
        qetl_library_refuse(manifest, findings, "bad_plugin",
                            "its entry failed with status %d; it is offered ABI %u.%u", status,
                            QETL_ABI_VERSION >> 16, QETL_ABI_VERSION & 0xffff);
        return -1;
    }
    if (qetl_library_check(manifest, plugin, abi, findings))
        return -1;
    library->abi = abi;
    library->plugin = plugin;
    return 0;
}

static int library_ready(const struct qetl_manifest *manifest, const struct qetl_host *host,
                         struct qetl_ctx *ctx, struct qetl_findings *findings)
{
    struct qetl_library *library = manifest->library;
    if (library->plugin && !qetl_library_is_to_be_copied(manifest))
        return 0;
    if (library->refused) {
        refuse(manifest, findings, "it was refused before");
        return -1;
    }
    library->refused = qetl_library_prove(manifest, findings) || library_open(manifest, findings) ||
                       library_enter(manifest, host, ctx, findings);
    return library->refused ? -1 : 0;
}

static int component_exchange(const struct qetl_library *library,
                              const struct qetl_component **component,
                              struct qetl_findings *findings)
{
    if (!library->exchange)
        return 0;
    *component = library->exchange(library->exchange_arg, *component);
    if (*component)
        return 0;
    qetl_findings_no_memory(findings);
    return -1;
}

int qetl_load_component(const struct qetl_manifest_component *promised,
                        const struct qetl_host *host, struct qetl_ctx *plugin_ctx,
                        const struct qetl_component **out, struct qetl_findings *findings)
{
    const struct qetl_manifest *manifest = promised->plugin;
    if (library_ready(manifest, host, plugin_ctx, findings))
        return -1;
    const struct qetl_plugin *plugin = manifest->library->plugin;
    for (uint32_t i = 0; i < plugin->n_components; i++) {
        const struct qetl_component *component = plugin->components[i];
        if (component->kind != promised->kind || strcmp(component->id, promised->id) != 0)
            continue;
        if (qetl_component_check(promised, component, findings))
            return -1;
        *out = component;
        return component_exchange(manifest->library, out, findings);
    }
    qetl_library_refuse(manifest, findings, "bad_plugin",
                        "it has no component `%s` of the kind that its manifest promises",
                        promised->id);
    return -1;
}
