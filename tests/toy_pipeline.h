/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pipelines made by hand of components that a test links statically: no files, no manifests.
 *
 * Invariant: nodes stand in the order they were added in, which must be topological.
 * Ownership: the toy owns ids and options; components are the test's.
 * Threads:   one.
 */
#ifndef QETL_TOY_PIPELINE_H
#define QETL_TOY_PIPELINE_H

#include "run/run.h"

#include <qetl/plugin.h>

enum { TOY_NODES_MOST = 96 };

struct toy_use { /* what the toy loader answers with, see toy_loader.h */
    struct qetl_manifest_component promised;
    const struct qetl_component *component;
};

struct toy_pipeline {
    struct qetl_pipeline pipeline;
    struct qetl_manifest manifest;
    struct toy_use uses[TOY_NODES_MOST * 2]; /* of a node, and of its format */
    struct qetl_findings findings;
    struct qetl_run_options options;
    struct qetl_run_report report; /* of the last run */
    struct qetl_run *run;          /* while it is executed */
};

/* No dead letters, any number of rejected rows, chunks of 4 KiB. */
void toy_pipeline_init(struct toy_pipeline *);
void toy_pipeline_free(struct toy_pipeline *);
/* The component's option "/number" is number. Answers the node's index. */
size_t toy_node_add(struct toy_pipeline *, const char *id, const struct qetl_component *,
                    int64_t number);
void toy_node_format(struct toy_pipeline *, size_t node, const struct qetl_component *,
                     int64_t number);
/* port: an output name of `from`, or NULL. */
void toy_node_input(struct toy_pipeline *, size_t node, size_t from, const char *port);
void toy_node_output(struct toy_pipeline *, size_t node, const char *port);

/* Makes a run; execute answers its exit code, and takes the report. */
void toy_run_new(struct toy_pipeline *);
int toy_run_execute(struct toy_pipeline *);
void toy_run_free(struct toy_pipeline *);
int toy_run(struct toy_pipeline *); /* the three of them */

/* The first finding's message, or "". */
const char *toy_message(const struct toy_pipeline *);

#endif
