/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Components for random pipelines. What becomes of a row is a function of its id and its node's
 * seed alone, so that a test can foretell every output; how it is done (in pieces, late, not now)
 * is random.
 *
 * Invariant: the id of row i of source s is s * TOY_SOURCE_STRIDE + i.
 * Ownership: nodes are global; toy_stress_reset drops what they hold.
 * Threads:   parts are written before the run; what sinks and transforms note is read after it.
 */
#ifndef QETL_TOY_STRESS_H
#define QETL_TOY_STRESS_H

#include <qetl/plugin.h>

#include <stdatomic.h>
#include <stdbool.h>

enum { TOY_PARTS_MOST = 32, TOY_SOURCES_MOST = 2, TOY_OBJECT_ROWS = 97 };
#define TOY_SOURCE_STRIDE INT64_C(1000000000)

struct toy_ids {
    int64_t *ids;
    int64_t count, room;
};

struct toy_part { /* the node of this index */
    uint64_t seed;
    int64_t source, rows;                           /* sources */
    bool text;                                      /* sources: of bytes */
    bool filters, expands, rejects, blocks, pieces; /* transforms: what they do */
    bool has_d;                                     /* transforms: the input has column d */
    int ports;                                      /* transforms: outputs */
    bool busy, lexical, bytes;                      /* sinks */
    struct toy_ids seen[TOY_SOURCES_MOST];          /* sinks: ids of each source, as they came */
    uint64_t last_epoch;                            /* stateful: of the last barrier */
    char fault[200];                                /* what was found wrong; "" nothing */
    char *written;                                  /* sinks of bytes */
    int64_t written_size;
};

extern struct toy_part toy_parts[TOY_PARTS_MOST];
extern const struct qetl_component toy_stress_source, toy_stress_text, toy_stress_transform,
    toy_stress_relay, toy_stress_sink;

void toy_stress_reset(void);
uint64_t toy_mix(uint64_t);
void toy_ids_add(struct toy_ids *, int64_t id);

/* Of a row that comes to a transform: -1 rejected, 0 filtered, else how often it leaves. */
int toy_fate(const struct toy_part *, int64_t id);
int toy_port(const struct toy_part *, int64_t id);
/* Of a record of a source of bytes: 0 good, 1 no record at all, 2 too long. */
int toy_record_fault(const struct toy_part *, int64_t row);
/* The text of a row, or -1: NULL. */
int toy_text(int64_t id, char text[64]);
int64_t toy_d(int64_t id);

/* toy_waker.c: wakes an instance from another thread, a little later. */
void toy_waker_start(void);
void toy_wake_later(const struct qetl_host *, struct qetl_ctx *, int64_t delay_ns);
void toy_waker_drain(void); /* every wake that was asked for is done */
void toy_waker_stop(void);

#endif
