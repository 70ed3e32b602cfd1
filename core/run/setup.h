/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Set-up of one component, of each kind: it is asked what it is (setup), and once it is known in
 * which forms columns go from one to the next, told so (open). Sources begin before that, all of
 * them, so that what they wait for is waited for once. run_setup.c goes through all of them.
 *
 * Invariant: nothing is written outside: a run that is only described goes this way, too.
 * Ownership: what they make is the flow's.
 * Threads:   [control]
 *
 * Answers: OK, or negative, and reported.
 */
#ifndef QETL_CORE_RUN_SETUP_H
#define QETL_CORE_RUN_SETUP_H

#include "run_internal.h"

int32_t qetl_begin_source(struct qetl_run *, const struct qetl_node *, struct qetl_node_flow *);
int32_t qetl_setup_source(struct qetl_run *, const struct qetl_node *, struct qetl_node_flow *);
int32_t qetl_setup_transform(struct qetl_run *, const struct qetl_node *, struct qetl_node_flow *);
int32_t qetl_setup_sink(struct qetl_run *, const struct qetl_node *, struct qetl_node_flow *);
int32_t qetl_open_source(struct qetl_run *, const struct qetl_node *, struct qetl_node_flow *);
int32_t qetl_open_sink(struct qetl_run *, const struct qetl_node *, struct qetl_node_flow *);

/* setup_source.c, of a source of bytes that has begun: the operator that reads for it meanwhile;
 * its columns by a sample, or IDLE, as qetl_frame_sample; its columns where nothing has come, as
 * far as its format declares them, or IDLE: it does not. */
struct qetl_op;
struct qetl_op qetl_setup_op(struct qetl_run *, const struct qetl_node *, struct qetl_node_flow *);
int32_t qetl_setup_sample(struct qetl_op *, struct qetl_node_flow *, int64_t *quiet_until_ns);
int32_t qetl_setup_unseen(struct qetl_op *, struct qetl_node_flow *);

/* ---- what they share ---- */

int32_t qetl_setup_no_memory(struct qetl_run *, const struct qetl_node *);
/* *out stays what it was where no plugin is named. */
int32_t qetl_setup_load(struct qetl_run *, const struct qetl_plugin_use *,
                        const struct qetl_component **out);
int32_t qetl_setup_ports(struct qetl_run *, const struct qetl_node *, struct qetl_node_flow *,
                         uint32_t n);
/* The schema is kept by whoever called. */
int32_t qetl_setup_port(struct qetl_run *, const struct qetl_node *, struct qetl_port_flow *,
                        const struct ArrowSchema *);
/* What the codec says of itself. */
int32_t qetl_setup_format(struct qetl_run *, const struct qetl_node *, struct qetl_node_flow *,
                          struct qetl_format_info *out);

#endif
