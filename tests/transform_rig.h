/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transform under test: inputs written as text, outputs read as text.
 *
 * Invariant: one plugin a program, the one that it is linked with.
 * Ownership: close releases everything, and fails the test if the plugin kept a buffer.
 * Threads:   one.
 */
#ifndef QETL_TRANSFORM_RIG_H
#define QETL_TRANSFORM_RIG_H

#include "fake_binder.h"
#include "fake_host.h"

enum { RIG_PORTS = 4, RIG_TEXT = 4000 };

struct rig {
    struct qetl_fake_host fake;
    struct qetl_fake_binder binder;
    const struct qetl_component *component;
    void *self;
    struct ArrowSchema schemas[RIG_PORTS];
    struct ArrowArray columns[RIG_PORTS][16];
    uint32_t n_inputs;
    int64_t rows[RIG_PORTS];
    struct qetl_output out; /* of the last answer */
    char text[RIG_TEXT];
    uint8_t state[4096]; /* of the last save */
    size_t state_size, state_taken;
    uint32_t state_version;
};

/* Creates the component with these options. */
void transform_rig_open(struct rig *rig, const char *config);
/* Adds a column to an input. Values are separated by |, NULL is ~, the elements of a list by
 * spaces, the members of a struct by commas; an empty list is [], an empty text "". */
void rig_column(struct rig *rig, uint32_t port, const char *name, const char *type,
                const char *values);
int32_t rig_bind(struct rig *rig);
/* What bind said: "name=port.column" of a copy, "name:type" of what is derived; then the rows. */
const char *rig_bound(struct rig *rig);
/* Lends rows [first, first + count) of an input's columns, then reads the answer as text:
 *   "rows 3 filtered 1 map 0,2,2 | a: 1,~,3". Each line of an answer MORE follows behind a "; ". */
const char *rig_process(struct rig *rig, uint32_t port, int64_t first, int64_t count);
const char *rig_event(struct rig *rig, uint32_t kind, uint32_t port);
int32_t rig_answer(const struct rig *rig); /* the last one */
int32_t rig_save(struct rig *rig);
int32_t rig_restore(struct rig *rig, const struct rig *saved);
void transform_rig_close(struct rig *rig);

#endif
