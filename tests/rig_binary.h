/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small host's work around the binary format: infers, frames in blocks, decodes with another
 * instance, and counts what came of it.
 *
 * Invariant: every decoded batch has passed Arrow's validation; chunks end where their room of 64
 * bytes ends. Ownership: the rig owns its parts. Threads:   one.
 */
#ifndef RIG_BINARY_H
#define RIG_BINARY_H

#include "../plugins/formats/binary/binary.h"
#include "fake_host.h"

struct rig_binary {
    struct qetl_fake_host fake;
    const struct qetl_component *component;
    struct binary *framer, *decoder;
    const struct binary_kernel *kernel; /* NULL: the best */
    struct ArrowSchema schema;
    int64_t records, rows, rejected;
    uint64_t hash; /* of all values, as text */
    int32_t status;
};

/* options: JSON. */
void rig_binary_open(struct rig_binary *rig, const char *options);
void rig_binary_close(struct rig_binary *rig);
/* One object, given in blocks of `block` bytes more each time (0: whole). A QETL_ status. */
int32_t rig_binary_run(struct rig_binary *rig, const uint8_t *data, int64_t size, int64_t block);
/* A file of this text in memory; its path lives until the next call. */
const char *rig_binary_file(const char *text, size_t size);

#endif
