/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In place of the loader: components come from the test's own pipeline (toy_pipeline.h). A program
 * that includes this, in one file, is not linked with the real loader.
 *
 * Invariant: defines all that loader.o does, so that the archive's member is not drawn in.
 * Ownership: none.
 * Threads:   none.
 */
#ifndef QETL_TOY_LOADER_H
#define QETL_TOY_LOADER_H

#include "plugin/loader.h"
#include "toy_pipeline.h"

struct qetl_library *qetl_library_new(void)
{
    return NULL;
}

void qetl_library_free(struct qetl_library *library)
{
    (void)library;
}

uint32_t qetl_library_abi(const struct qetl_library *library)
{
    (void)library;
    return QETL_ABI_VERSION;
}

/* A component without a table cannot be loaded. */
int qetl_load_component(const struct qetl_manifest_component *promised,
                        const struct qetl_host *host, struct qetl_ctx *plugin_ctx,
                        const struct qetl_component **out, struct qetl_findings *findings)
{
    const struct toy_use *use = (const struct toy_use *)promised;
    (void)host, (void)plugin_ctx;
    *out = use->component;
    if (use->component->create)
        return 0;
    qetl_finding_add(findings, QETL_ERROR, "cannot_load", "the toy '%s' cannot be loaded",
                     promised->id);
    return -1;
}

#endif
