/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of a run of a format: encode, infer, frame, decode.
 *
 * Invariant: what was inferred outlives the instance that inferred it. Ownership: the formatting's,
 * but for the bench. Threads:   one.
 */
#ifndef QETL_CORE_CONFORM_FORMAT_H
#define QETL_CORE_CONFORM_FORMAT_H

#include "drive.h"

enum { CONFORM_WAITING = 16 };

struct conform_piece { /* what frame made a chunk of */
    int64_t offset, size;
};

struct conform_formatting {
    struct conform_bench *b;
    uint32_t encode, decode;                   /* as describe said */
    struct ArrowSchema schema, wanted;         /* all columns; those that decode is to bring */
    struct conform_text prologue, note, bytes; /* bytes: what was encoded, or the check's */
    struct conform_piece *pieces;
    size_t n_pieces, pieces_room;
    int64_t records;
    struct conform_saved saved;
    struct ArrowArray waiting[CONFORM_WAITING]; /* of the chunk at hand */
    size_t n_waiting;
    bool garbage; /* the bytes are damaged: failures are right answers */
};

int32_t conform_format_describe(struct conform_formatting *);
int32_t conform_format_encode(struct conform_formatting *); /* fills bytes */
/* A sample of so many of the bytes. QETL_NEED_INPUT, QETL_INSTEAD, or a failure. */
int32_t conform_format_infer(struct conform_formatting *, int64_t size, bool whole);
int32_t conform_format_open(struct conform_formatting *);
int32_t conform_format_frame(struct conform_formatting *); /* fills pieces */
int32_t conform_format_decode(struct conform_formatting *, const struct conform_piece *);
/* A new instance, started. */
int32_t conform_format_renew(struct conform_formatting *);
void conform_format_clear(struct conform_formatting *);

#endif
