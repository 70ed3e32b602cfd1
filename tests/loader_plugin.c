/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin that keeps every promise, or breaks the one that FAULT names; test_loader.c builds it
 * with each of them. ID, VERSION and NOTE come from the command line.
 */
#include <qetl/plugin.h>

enum {
    FAULT_NONE,
    FAULT_NO_ENTRY,
    FAULT_ENTRY_FAILS,
    FAULT_NO_ANSWER,
    FAULT_ABI_MAJOR,
    FAULT_ABI_NEWER,
    FAULT_PLUGIN_SIZE,
    FAULT_COMPONENT_SIZE,
    FAULT_TABLE_SIZE,
    FAULT_OTHER_ID,
    FAULT_OTHER_VERSION,
    FAULT_NO_COMPONENTS,
    FAULT_OTHER_COMPONENT,
    FAULT_OTHER_KIND,
    FAULT_NO_CREATE,
    FAULT_NO_NEXT,
    FAULT_NO_TABLE,
    FAULT_TWO_TABLES,
    FAULT_SAVE_ALONE,
    FAULT_UNDEFINED,
    FAULT_NULL_COMPONENT,
    FAULT_NO_COMPONENT_ID
};

#ifdef NOTE
__asm__(".pushsection .note.qetl,\"a\",%note\n.balign 4\n.long 5, 2f - 1f, 1\n.asciz "
        "\"qetl\"\n.balign 4\n"
        "1: .incbin \"" NOTE "\"\n2: .balign 4\n.popsection\n");
#endif

int qetl_nowhere_to_be_found(void);
int qetl_test_entries; /* how often the entry was called */

static int32_t create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                      const char *config)
{
    (void)self, (void)host, (void)ctx, (void)config;
    return QETL_OK;
}

static int32_t save(void *self, uint32_t *version, const struct qetl_writer *out)
{
    (void)self, (void)version, (void)out;
    return QETL_OK;
}

static int32_t describe(void *self, struct qetl_source_info *out)
{
    (void)self, (void)out;
    return QETL_E_UNSUPPORTED;
}

static int32_t open_split(void *self, struct qetl_blob split, const struct qetl_blob *position)
{
    (void)self, (void)split, (void)position;
    return QETL_OK;
}

static int32_t next(void *self, const struct qetl_demand *demand, struct qetl_item *out)
{
    (void)self, (void)demand, (void)out;
    return QETL_END;
}

static const struct qetl_sink sink = {.struct_size = sizeof sink};
static const struct qetl_source source = {
    .struct_size = FAULT == FAULT_TABLE_SIZE ? 16 : sizeof source,
    .describe = describe,
    .open = open_split,
    .next = FAULT == FAULT_NO_NEXT ? NULL : next,
};
static const struct qetl_component component = {
    .struct_size = FAULT == FAULT_COMPONENT_SIZE ? 24 : sizeof component,
    .kind = FAULT == FAULT_OTHER_KIND ? QETL_SINK : QETL_SOURCE,
    .id = FAULT == FAULT_NO_COMPONENT_ID   ? NULL
          : FAULT == FAULT_OTHER_COMPONENT ? "other"
                                           : "thing",
    .create = FAULT == FAULT_NO_CREATE ? NULL : create,
    .save = FAULT == FAULT_SAVE_ALONE ? save : NULL,
    .source = FAULT == FAULT_NO_TABLE ? NULL : &source,
    .sink = FAULT == FAULT_TWO_TABLES ? &sink : NULL,
};
static const struct qetl_component *const components[] = {
    FAULT == FAULT_NULL_COMPONENT ? NULL : &component};
static const struct qetl_plugin plugin = {
    .struct_size = FAULT == FAULT_PLUGIN_SIZE ? 8 : sizeof plugin,
    .abi = QETL_ABI_VERSION,
    .id = FAULT == FAULT_OTHER_ID ? "other" : "probe",
    .version = FAULT == FAULT_OTHER_VERSION ? "9.9.9" : "1.0.0",
    .n_components = FAULT == FAULT_NO_COMPONENTS ? 0 : 1,
    .components = components,
};

#define ENTRY_0 qetl_plugin_entry
#define ENTRY_1 qetl_plugin_enter
#define JOIN(a, b) a##b
#define ENTRY_OF(misnamed) JOIN(ENTRY_, misnamed)
#ifndef MISNAMED
#define MISNAMED 0
#endif

QETL_EXPORT int32_t ENTRY_OF(MISNAMED)(const struct qetl_host *host, struct qetl_ctx *ctx,
                                       uint32_t *abi, const struct qetl_plugin **out);

int32_t ENTRY_OF(MISNAMED)(const struct qetl_host *host, struct qetl_ctx *ctx, uint32_t *abi,
                           const struct qetl_plugin **out)
{
    (void)host, (void)ctx;
    if (FAULT == FAULT_UNDEFINED)
        return qetl_nowhere_to_be_found();
    if (FAULT == FAULT_ENTRY_FAILS)
        return QETL_E_ENVIRONMENT;
    *abi = FAULT == FAULT_ABI_MAJOR   ? QETL_ABI_MAKE(2, 0)
           : FAULT == FAULT_ABI_NEWER ? QETL_ABI_VERSION + 1
                                      : QETL_ABI_VERSION;
    *out = FAULT == FAULT_NO_ANSWER ? NULL : &plugin;
    return QETL_OK;
}
