/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pipeline as configured: a checked graph of components. What runs of it is plan.h's affair.
 *
 * Invariant: after qetl_pipeline_new succeeded, options satisfy their schemas with defaults filled
 * in, inputs exist, the graph has no cycle, and components stand in topological order. Ownership:
 * the pipeline owns everything below it but the registry's manifests. Threads:   immutable once
 * made.
 */
#ifndef QETL_CORE_PIPELINE_H
#define QETL_CORE_PIPELINE_H

#include "config/finding.h"
#include "config/place.h"
#include "limits/limits.h"
#include "plugin/registry.h"

struct qetl_component;

enum qetl_mode { QETL_MODE_HYBRID, QETL_MODE_BATCH, QETL_MODE_STREAM };
const char *qetl_mode_word(enum qetl_mode);

/* What a user demands of a run that is cut short and run again; ANY: nothing. */
enum qetl_delivery {
    QETL_DELIVERY_ANY,
    QETL_DELIVERY_BEST_EFFORT,
    QETL_DELIVERY_AT_LEAST_ONCE,
    QETL_DELIVERY_EXACTLY_ONCE
};

struct qetl_plugin_use { /* a plugin with its options: of a component, or of its format */
    const struct qetl_manifest_component *plugin;
    json_t *options;
    struct qetl_place place;
};

struct qetl_input {
    size_t component; /* index, less than the reader's own */
    char *port;       /* output name ("large" of split.large), or NULL for the only one */
};

struct qetl_node {
    char *id;   /* "orders" */
    char *path; /* "sources.orders" */
    uint32_t kind;
    struct qetl_plugin_use use;
    struct qetl_plugin_use format; /* .plugin NULL: none */
    struct qetl_limits limits;
    json_t *incremental;              /* of a source: its word, defaults filled in; or NULL */
    const struct qetl_component *own; /* a component of the host's own; NULL: the plugin's */
    struct qetl_input *inputs;
    size_t n_inputs;
    char **outputs; /* names of its output ports; NULL: one, unnamed */
    size_t n_outputs;
};

struct qetl_letter_rules { /* of the dead letters */
    int64_t max_bytes;     /* the file may have; 0: any number */
    int64_t max_age_ns;    /* an older letter is told of; 0: none is */
    int alarm;             /* at how many percent of max_bytes it is told */
    char **private;        /* columns that are never stored */
    size_t n_private;
};

struct qetl_pipeline {
    char *name;
    enum qetl_mode mode;
    int fail_on_error;    /* on_error: fail */
    int64_t max_rejected; /* -1: any number */
    int64_t max_record;   /* bytes */
    int64_t batch_bytes;  /* bytes a chunk */
    int batch_bytes_said; /* in the file: nobody knows better */
    int64_t linger_ms;
    int64_t max_rows;              /* that sources bring; 0: any number */
    int64_t max_memory;            /* the budget; 0: not said */
    int64_t timeout_ns;            /* of a run; 0: none */
    int64_t shutdown_ns;           /* how long an interrupted run without end may take to end */
    int64_t stall_alarm_ns;        /* what has not moved for so long is told; 0: never */
    int64_t checkpoint_every_ms;   /* 0: as is usual; -1: only at the end */
    int64_t checkpoint_timeout_ms; /* how long an epoch may take before somebody is told */
    enum qetl_delivery delivery;
    char *timezone; /* of expressions; NULL: UTC */
    int64_t batch_rows;
    char *dead_letters; /* path, or NULL for the default; "" switches them off */
    struct qetl_letter_rules letters;
    struct qetl_node *nodes;
    size_t n_nodes;
    struct qetl_file {
        char *path; /* absolute, without . and .. */
        char *id;   /* of the component that names it */
        int writes;
    } * files; /* that are named outright; patterns are not */
    size_t n_files;
    struct qetl_mask *mask; /* the secrets in it; see mask.h */
};

struct qetl_document; /* a parsed file with the places of its values: document.h */

/* NULL if there were errors. May add warnings. */
struct qetl_pipeline *qetl_pipeline_new(const struct qetl_document *, const struct qetl_registry *,
                                        struct qetl_findings *);
void qetl_pipeline_free(struct qetl_pipeline *);
/* An error if a component names the file at path, which whoever is called `who` is going to write.
 */
void qetl_pipeline_check_file(const struct qetl_pipeline *, const char *path, const char *who,
                              struct qetl_findings *);
/* The place of an option of a component ("/path", or "/format/delimiter"), as exact as is known. */
struct qetl_place qetl_pipeline_place(const struct qetl_pipeline *, const struct qetl_document *,
                                      size_t node, const char *pointer);

#endif
