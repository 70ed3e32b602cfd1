/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON Schemas of the core's own words in a pipeline file, and of a component's with its
 * plugin's.
 *
 * Invariant: what is checked and what `qetl schema` shows to editors are these same schemas.
 * Ownership: every answer is a new reference; NULL without memory.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_PIPELINE_SCHEMA_H
#define QETL_CORE_PIPELINE_SCHEMA_H

#include "plugin/registry.h"

/* The whole file; components as far as the core knows them. */
json_t *qetl_pipeline_schema(void);
/* A component of a plugin: its options, and plugin, input and format, where it has them. plugin
 * NULL: any options. */
json_t *qetl_component_schema(uint32_t kind, const struct qetl_manifest_component *plugin);
/* The mapping under `format`: the format's options, and type. */
json_t *qetl_format_schema(const struct qetl_manifest_component *format);
/* The whole file with the components of a registry, by itself: draft 2020-12, for editors. */
json_t *qetl_file_schema(const struct qetl_registry *registry);

#endif
