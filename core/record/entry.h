/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a recording consists of: entries, each a frame of its own with its size and checksum.
 *
 * Invariant: an entry is whole, or it is none. `seq` grows by one from entry to entry of a
 * recording. Ownership: an entry that was read borrows the bytes that it was read from. Threads:
 * one at a time.
 */
#ifndef QETL_CORE_RECORD_ENTRY_H
#define QETL_CORE_RECORD_ENTRY_H

#include "cargo_bytes.h"

enum { QETL_RECORDING_VERSION = 1 };
#define QETL_RECORDING_SUFFIX ".qetlrec"
#define QETL_RECORDING_BASE "base" QETL_RECORDING_SUFFIX
/* A file begins with these eight bytes, the version and the file's number, each as u32. */
#define QETL_RECORDING_MAGIC "qetl-rec"
enum { QETL_RECORDING_HEADER = 16, QETL_FRAME_HEADER = 8 };

enum qetl_entry_kind {
    QETL_ENTRY_HEAD = 1, /* of the recording: pipeline, version, clock */
    QETL_ENTRY_GUEST,    /* an instance: component, plugin, options */
    QETL_ENTRY_CALL,     /* into the plugin: what goes in */
    QETL_ENTRY_RETURN,   /* what came out; `within` is the seq of its CALL */
    QETL_ENTRY_ASKED,    /* the plugin called the host, within a CALL or (0) beside all */
    QETL_ENTRY_END,      /* the run came to its end */
};

struct qetl_entry {
    enum qetl_entry_kind kind;
    uint64_t seq, within;
    uint32_t guest, thread;
    int64_t at_ns, lasted_ns;
    enum qetl_answer answers;
    int64_t answer;
    const char *call; /* "" of HEAD, GUEST and END */
    struct qetl_unpack cargo;
};

/* The entry as a frame, in an empty pack. It is whole once it has its number. */
void qetl_pack_entry(struct qetl_pack *, const struct qetl_entry *,
                     const struct qetl_crossing *cargo, bool out, const struct qetl_mask *,
                     const char *options);
/* The number that an entry gets last, once all others before it are written. */
void qetl_entry_number(struct qetl_pack *frame, uint64_t seq);
/* One frame: 1, the end of the bytes: 0, or QETL_E_DATA: it is not whole. at stays before it. */
int32_t qetl_unpack_entry(struct qetl_unpack *, struct qetl_entry *out);
int32_t qetl_entry_values(const struct qetl_entry *, struct qetl_values *out);

/* CRC-32 as of gzip. */
uint32_t qetl_crc32(const void *data, size_t size);

#endif
