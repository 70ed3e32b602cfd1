/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry: which plugins there are, from their manifests alone; loading is loader.h's affair.
 *
 * Invariant: a component is found by kind and id once; two plugins that offer one are an error that
 *            names both files. Nothing is dlopen'ed here.
 * Ownership: the registry owns manifests; pointers live as long as it.
 * Threads:   built by one thread, then read by any.
 */
#ifndef QETL_CORE_REGISTRY_H
#define QETL_CORE_REGISTRY_H

#include "finding.h"

#include <jansson.h>
#include <stdint.h>

struct qetl_manifest {
    char *id, *version, *summary;
    char *manifest_path; /* …/NAME.qetl.json */
    char *library_path;  /* …/NAME.so beside it */
    uint32_t abi_min, abi_max;
    json_t *json; /* the whole manifest */
    struct qetl_manifest_component *components;
    size_t n_components;
};

struct qetl_manifest_component {
    const struct qetl_manifest *plugin;
    uint32_t kind; /* QETL_SOURCE … QETL_FORMAT */
    const char *id;
    const char *summary;
    json_t *options;   /* JSON Schema of the options, type object */
    json_t *json;      /* the component's entry */
    int takes_format;  /* source or sink of bytes: has a `format` */
    int inputs_max;    /* transforms: how many inputs; -1 any */
};

struct qetl_registry;

/* Directories in order of precedence; NULL ends. A plugin of an earlier directory hides the same plugin
 * id in a later one; twice in one directory, or one component of two plugins, is an error. */
struct qetl_registry *qetl_registry_new(const char *const *dirs, struct qetl_findings *);
void qetl_registry_free(struct qetl_registry *);
const struct qetl_manifest_component *qetl_registry_find(const struct qetl_registry *, uint32_t kind,
                                                         const char *id);
size_t qetl_registry_count(const struct qetl_registry *);
const struct qetl_manifest *qetl_registry_at(const struct qetl_registry *, size_t index);
/* The id nearest in spelling among the kind's components, or NULL. */
const char *qetl_registry_suggest(const struct qetl_registry *, uint32_t kind, const char *id);
/* The format whose manifest claims the file name's extension (compression suffixes skipped), or NULL. */
const struct qetl_manifest_component *qetl_registry_format_for(const struct qetl_registry *,
                                                               const char *filename);

#endif
