/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pipeline's graph, drawn: as a tree of text, for Mermaid, for Graphviz.
 *
 * Invariant: every component and every input is drawn; names mean nothing to the language they are
 *            written in.
 * Ownership: the pipeline is borrowed.
 * Threads:   the main thread.
 */
#ifndef QETL_CORE_GRAPH_DRAW_H
#define QETL_CORE_GRAPH_DRAW_H

#include "pipeline/pipeline.h"

#include <stdio.h>

/* Nonzero without memory. */
int qetl_graph_text(const struct qetl_pipeline *, FILE *out);
int qetl_graph_mermaid(const struct qetl_pipeline *, FILE *out);
int qetl_graph_dot(const struct qetl_pipeline *, FILE *out);

#endif
