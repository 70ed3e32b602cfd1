/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flow: what is known of each node once its plugin has been asked: schemas, where columns come
 * from, and in which form each is wanted.
 *
 * Invariant: a column is decoded in exactly the forms that someone downstream takes.
 * Ownership: a node's flow owns its schemas and arrays; instances are the run's.
 * Threads:   made by the control thread, then read by any.
 */
#ifndef QETL_CORE_FLOW_H
#define QETL_CORE_FLOW_H

#include "bind.h"
#include "host/instance.h"

struct qetl_asked;
struct qetl_lookout;
struct qetl_reader_flow;
struct qetl_source_state;

struct qetl_column_flow {
    uint32_t wanted;     /* QETL_FORM_ bits, by someone downstream */
    const char *lexical; /* comes untouched from a decoder of this format; NULL: it does not */
};

struct qetl_port_flow {
    struct qetl_column_flow *columns;
    int64_t n_columns;
    const struct ArrowSchema *schema; /* of the logical columns */
};

struct qetl_take_flow { /* what a sink takes from one of its inputs */
    struct qetl_want *wants;
    int64_t n_wants;
    int64_t n_left_out; /* the last of the wants are not encoded */
    int64_t *keys;      /* columns of the input that a sink in parts tells its objects apart by */
    int64_t n_keys;
    struct ArrowSchema delivered; /* as the encoder or sink sees it */
};

struct qetl_node_flow {
    const struct qetl_component *component, *format;
    const struct qetl_plugin_use *format_use; /* the node's, or `instead` */
    struct qetl_plugin_use instead;           /* what the node's format named; it stays until the
                                                 instances are gone */
    char *why;                                /* said of that; or NULL */
    struct qetl_ctx *instance;                /* the first replica's */
    struct qetl_ctx *codec;                   /* source: frames. sink: header and footer */
    struct qetl_port_flow *ports;             /* outputs */
    uint32_t n_ports;
    struct qetl_lookout *lookouts; /* one a port; sinks: one an input; the run's */

    /* sources */
    bool beyond; /* not set up: it, or what is before it, is wrong */

    bool bytes;                /* emits or takes bytes */
    bool grows;                /* its format finds columns as it goes: all were looked for before */
    bool whole;                /* objects are one chunk each */
    bool ends;                 /* its framer is told the end of each object */
    bool values_only;          /* its format has no text to hand on, nor lines */
    struct ArrowSchema schema; /* of a source: what its format finds */
    const struct qetl_object_columns *added; /* columns of objects behind those; NULL: none */
    struct ArrowSchema added_fields;
    struct ArrowSchema joined; /* both, where there are any */
    void *prologue;
    size_t prologue_size;
    char *inferred; /* the format's summary of the sample, or NULL */
    int64_t sample_bytes;
    struct qetl_want *wants; /* what is decoded; the LATE ones last */
    int64_t n_wants, n_late;
    bool narrowed;   /* its batches hold the wanted columns alone, in the order of wants */
    int64_t limited; /* it brings no more rows than so many, as nobody needs them; -1: it does */
    struct qetl_source_info source;
    struct qetl_source_state *reader; /* the source's operator's, with the sample; moved into it */
    struct qetl_reader_flow *more;    /* of a source: who else reads its splits */
    uint32_t n_more;
    const struct qetl_node *in_order_for; /* nobody else does, as this sink wants one order */
    struct qetl_asked *asked; /* of a source of batches: what it was told in negotiate */

    struct qetl_binding binding; /* transforms */
    int32_t pushed; /* QETL_PUSH_: its source judges by its condition; EXACT: so that it hands every
                       row on */

    struct qetl_take_flow *takes; /* sinks: one an input */
    uint32_t n_takes;
    bool closed_format; /* encoded in the sink's own stage, in order */
    bool one_encoder;   /* in the sink's own stage: a closed format, or objects of some size */
    const struct qetl_sink_parts *parts; /* the sink spreads its rows; or NULL */
    int64_t wholes_most;    /* each object has an encoder: so many at a time; 0: they share them */
    bool wholes_by_epoch;   /* and ends with its epoch */
    uint32_t commit;        /* QETL_COMMIT_ */
    uint32_t sink_delivery; /* QETL_TRANSACTIONAL … */
};

/* The schema that a reader of `input` sees. */
const struct qetl_port_flow *qetl_flow_input(const struct qetl_node_flow *flows,
                                             const struct qetl_pipeline *,
                                             const struct qetl_input *);
void qetl_node_flow_free(struct qetl_node_flow *);

/* forms.c: before forms are decided: somebody looks at every column, as it is spelled where that is
 * known; which rows are rejected does not change by it. */
void qetl_flow_want_all(const struct qetl_pipeline *, struct qetl_node_flow *flows);
/* Whether the node, a transform, may run in several replicas, behind whatever feeds it. */
bool qetl_flow_is_stateless(const struct qetl_node *, const struct qetl_node_flow *);

/* forms.c: decides wanted forms from the sinks back to the sources, and with them `wants` and
 * `takes`. The sinks' `takes[].wants[].form` hold the accepted bits before, one form after. */
int32_t qetl_flow_decide_forms(const struct qetl_pipeline *, struct qetl_node_flow *flows);
/* late.c: which of a source's wants can wait for the filter behind it. After decide_forms. */
void qetl_flow_decide_late(const struct qetl_pipeline *, struct qetl_node_flow *flows);

#endif
