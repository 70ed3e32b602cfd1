/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small host's work around any format, by its table alone: infers, frames in blocks, decodes,
 * encodes, and writes down what came of it as text that tests compare.
 *
 * Invariant: chunks end where their room of 64 bytes ends. Ownership: the rig owns its parts; texts
 * are malloc'ed and the caller's. Threads:   one.
 */
#ifndef FORMAT_RIG_H
#define FORMAT_RIG_H

#include "fake_host.h"

struct format_rig {
    struct qetl_fake_host fake;
    const struct qetl_component *component;
    void *self;
    struct ArrowSchema schema;
    struct qetl_want *wants;
    int64_t max_record;
    int64_t records, rows, rejected;
    int32_t status;                  /* the first failure */
    struct qetl_fake_space rendered; /* a line for each row, cells parted by | */
    struct qetl_fake_space encoded;  /* all rows, if encode is set */
    bool encode;
};

/* options: all of them, since nobody fills in defaults here. */
void format_rig_open(struct format_rig *rig, qetl_plugin_entry_fn *entry, const char *id,
                     const char *options);
void format_rig_close(struct format_rig *rig);
/* Infers from data, wants all columns in this form, frames in blocks of that size, decodes. */
void format_rig_run(struct format_rig *rig, const void *data, size_t size, uint32_t form,
                    size_t block);
/* What was rendered, then "! CODE" for each reject; the caller frees it. */
char *format_rig_take(struct format_rig *rig);

#endif
