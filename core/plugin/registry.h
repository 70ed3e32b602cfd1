/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry: which plugins there are, from their manifests alone; loading is loader.h's affair.
 *
 * Invariant: a component is found by kind and id once; two plugins that offer one are an error that
 *            names both: at once where both lie in folders, and where an installed package is one
 * of them for whoever uses it. Nothing is dlopen'ed here. Ownership: the registry owns manifests;
 * pointers live as long as it. Threads:   built by one thread, then read by any; loading is one
 * control thread's at a time.
 */
#ifndef QETL_CORE_REGISTRY_H
#define QETL_CORE_REGISTRY_H

#include "config/finding.h"

#include <jansson.h>
#include <stdint.h>
#include <sys/stat.h>

/* What a pipeline's lock demands of a library in a folder. */
struct qetl_locked_library {
    uint8_t sha256[32];
    int needs_place;    /* it looks for what lies beside it: it is loaded where it lies … */
    struct stat status; /* … if it is still this very file */
};

struct qetl_manifest {
    char *id, *version, *summary;
    char *manifest_path; /* …/NAME.qetl.json */
    char *library_path;  /* …/NAME.so beside it */
    uint32_t abi_min, abi_max;
    json_t *json;                      /* the whole manifest */
    struct qetl_findings *passed_over; /* warnings: keys that this qetl does not know */
    struct qetl_library *library;      /* loader.h's: the opened library, once there is one */
    struct qetl_sealed *sealed;        /* of an installed package; NULL: of a folder */
    int hidden;     /* another one has its name: it is found as NAME@VERSION alone */
    int was_hidden; /* before qetl_registry_use and _only */
    int is_locked;  /* of a folder, for one pipeline */
    struct qetl_locked_library locked;
    struct qetl_sealed_copy *copy; /* of such a library, since it was locked first; or NULL */
    struct qetl_manifest_component *components;
    size_t n_components;
};

struct qetl_manifest_component {
    const struct qetl_manifest *plugin;
    uint32_t kind; /* QETL_SOURCE … QETL_FORMAT */
    const char *id;
    const char *summary;
    json_t *options;         /* JSON Schema of the options, type object */
    json_t *json;            /* the component's entry */
    int takes_format;        /* source or sink of bytes: has a `format` */
    int inputs_max;          /* transforms and sinks: how many inputs; -1 any */
    const char *format_from; /* pointer of the option whose file name tells the format: "/path" */
    const char *default_format; /* where no name tells it; or NULL */
    const char
        *outputs_from; /* transforms: pointer of the option whose keys name the outputs; or NULL */
    const char *outputs_and; /* of an option whose text names one more; or NULL */
    int reads, writes;       /* formats: whether it decodes, and encodes */
};

struct qetl_registry;

/* Directories in the order of looking; NULL ends. They stand side by side: one plugin id twice is
 * an error, as nobody said which is meant, and so is one component of two plugins, wherever they
 * lie. What is wrong is left out and told in findings; NULL only without memory. */
struct qetl_registry *qetl_registry_new(const char *const *dirs, struct qetl_findings *);
/* More of them, behind the others: what has the name of a plugin that is there already, of a folder
 * or of an installed package, is hidden by it. */
int qetl_registry_scan(struct qetl_registry *, const char *const *dirs, struct qetl_findings *);
/* A plugin of an installed package; it is the registry's from now on, in any case. Hidden where
 * `hidden` says so, or the plugin is there already. -1 without memory. */
int qetl_registry_offer(struct qetl_registry *, struct qetl_manifest *, int hidden,
                        struct qetl_findings *);
/* A plugin of an installed package that cannot be taken (NULL: all that a folder of packages may
 * have; "": none, the fault is to be told), with the errors that say why: *faults is empty then.
 * What is offered from now on, and has its name, is not found in its place. -1 without memory. */
int qetl_registry_miss(struct qetl_registry *, const char *plugin, const char *version, int hidden,
                       struct qetl_findings *faults);
/* Why nothing is found by that id, as far as it is a fault of what could not be taken; or NULL. id
 * NULL: of any; a package may bring what is not called after it. */
const struct qetl_finding *qetl_registry_missed(const struct qetl_registry *, const char *id);
/* All of these faults, as errors or as warnings: 1 if there are any. Those of the plugin `but`
 * (NULL: none) are passed over. */
int qetl_registry_tell_missed(const struct qetl_registry *, const char *but, enum qetl_severity,
                              struct qetl_findings *);
void qetl_registry_free(struct qetl_registry *);
/* For one pipeline: of the plugins of its name, this one is found by it. */
void qetl_registry_use(const struct qetl_registry *, size_t index);
/* This one is not found by its name. */
void qetl_registry_hide(const struct qetl_registry *, size_t index);
/* No other plugin than these is found by its name. */
void qetl_registry_only(const struct qetl_registry *, const struct qetl_manifest *const *plugins,
                        size_t count);
/* Its library is to be loaded with these bytes, or not at all. -1 without memory. */
int qetl_registry_lock(const struct qetl_registry *, const struct qetl_manifest *,
                       const struct qetl_locked_library *);
/* As it was before. */
void qetl_registry_reset(const struct qetl_registry *);
/* id may be NAME@VERSION: of the plugin of that version, and of no other. */
const struct qetl_manifest_component *qetl_registry_find(const struct qetl_registry *,
                                                         uint32_t kind, const char *id);
/* Another plugin offers what was found for that id, too, so that nobody can say which is meant: the
 * other one, or NULL. */
const struct qetl_manifest_component *
qetl_registry_rival(const struct qetl_registry *, const struct qetl_manifest_component *found,
                    const char *id);
/* What to do about the two. */
void qetl_registry_rival_mend(struct qetl_finding *, const struct qetl_manifest_component *,
                              const struct qetl_manifest_component *rival);
size_t qetl_registry_count(const struct qetl_registry *);
const struct qetl_manifest *qetl_registry_at(const struct qetl_registry *, size_t index);
/* A library called ID.so or libID.so that was seen without a manifest beside it, or NULL. */
const char *qetl_registry_stray(const struct qetl_registry *, const char *id);
/* The id nearest in spelling among the kind's components, or NULL. */
const char *qetl_registry_suggest(const struct qetl_registry *, uint32_t kind, const char *id);
/* The directories in which it looked: "/a, /b"; as long as the registry. */
const char *qetl_registry_searched(const struct qetl_registry *);
/* The ids of a kind, "csv, ndjson"; the caller frees. NULL without memory. */
char *qetl_registry_list(const struct qetl_registry *, uint32_t kind);
/* The formats that a file name's extension means, compression suffixes skipped: how many, of which
 * the first two are told. What folders have comes first, of it the longest extension; a package has
 * the extensions that nobody else has. More than one: the user decides. */
size_t qetl_registry_formats_for(const struct qetl_registry *, const char *filename,
                                 const struct qetl_manifest_component *formats[2]);
/* The one; NULL if there is none, or more than one. */
const struct qetl_manifest_component *qetl_registry_format_for(const struct qetl_registry *,
                                                               const char *filename);

#endif
