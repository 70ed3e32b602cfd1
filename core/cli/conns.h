/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connections of a pipeline, looked at without a run of it.
 *
 * Invariant: nothing is changed anywhere: a source's first rows are read and given up, all others
 * are asked (sdk/qetl/conns.h), or were not. Ownership: all is borrowed but `found`. Threads: the
 * main thread.
 */
#ifndef QETL_CORE_CONNS_H
#define QETL_CORE_CONNS_H

#include "cli.h"
#include "host/instance.h"

struct qetl_conns {
    struct qetl_cli *cli;
    const struct qetl_registry *registry;
    const struct qetl_document *document;
    const struct qetl_pipeline *pipeline;
    int64_t wait_ms;
    json_t *found; /* one a connection: {"component", "kind", "plugin", "status", "says", "mend"} */
    size_t failed;
    struct qetl_findings findings; /* of those that failed */
};

/* conns_say.c */
void qetl_conns_say(struct qetl_conns *, const struct qetl_node *, const char *status,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The first error of them is why the connection does not work; they move. */
void qetl_conns_fail(struct qetl_conns *, const struct qetl_node *, struct qetl_findings *);

/* conns_source.c */
void qetl_conns_read(struct qetl_conns *, const struct qetl_node *);

/* conns_ask.c: components that are made, and neither started nor run. */
struct qetl_asked {
    struct qetl_pool *pool;
    struct qetl_ctx *ctx;
    atomic_int stopping;
    atomic_uint requests;
    struct qetl_instance_env env;
};
/* The component's extension, NULL where it has none; or -1 with findings. Afterwards
 * qetl_asked_end, whatever it answered. */
int qetl_asked_begin(struct qetl_asked *, const struct qetl_conns *, const struct qetl_node *,
                     const char *id, const void **extension, struct qetl_findings *);
/* What the component has reported, as a finding at its place. */
void qetl_asked_error(struct qetl_asked *, const struct qetl_conns *, const struct qetl_node *,
                      struct qetl_findings *);
void qetl_asked_end(struct qetl_asked *);
/* A sink, or a transform that has such an extension. */
void qetl_conns_probe(struct qetl_conns *, const struct qetl_node *);

#endif
