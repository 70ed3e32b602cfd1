/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads what a manifest promises, and refuses a library that keeps the promise in part.
 *
 * Invariant: a library is opened once per manifest and never closed; a component that was answered
 * has the ABI version, kind, id, sizes and mandatory callbacks that the host relies upon.
 * Ownership: components live for the life of the process; the manifest keeps the library's handle.
 * Threads:   one control thread at a time.
 */
#ifndef QETL_CORE_LOADER_H
#define QETL_CORE_LOADER_H

#include "registry.h"

#include <qetl/plugin.h>

struct qetl_library;

struct qetl_library *qetl_library_new(void);
/* Forgets the handle; the library stays in the process, as buffers of its may be alive. */
void qetl_library_free(struct qetl_library *library);

/* What is answered in place of the plugin's own component, so that its calls can be watched; NULL
 * without memory. exchange NULL, as at first: the plugin's own. */
typedef const struct qetl_component *qetl_exchange_fn(void *arg, const struct qetl_component *);
void qetl_library_exchange(struct qetl_library *library, qetl_exchange_fn *exchange, void *arg);

/* All that is looked at before a library is opened, which it is not: what is said of its package,
 * its bytes, ABI and manifest. 0, or -1 with findings. */
int qetl_library_prove(const struct qetl_manifest *, struct qetl_findings *);

/* 0, or -1 with findings. host and plugin_ctx go to the plugin's entry, when the library is opened
 * by this call: that is for the first of its components. */
int qetl_load_component(const struct qetl_manifest_component *component,
                        const struct qetl_host *host, struct qetl_ctx *plugin_ctx,
                        const struct qetl_component **out, struct qetl_findings *findings);

/* The version in use between the host and a loaded plugin; 0 before it is loaded. */
uint32_t qetl_library_abi(const struct qetl_library *library);

/* Checks a component against the ABI: sizes, kind, mandatory callbacks. 0, or -1 with findings. */
int qetl_component_check(const struct qetl_manifest_component *promised,
                         const struct qetl_component *component, struct qetl_findings *findings);

#endif
