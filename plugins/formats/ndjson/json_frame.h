/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the records of JSON documents: the elements of a list, which is the whole document or lies
 * at a pointer inside it, or documents that stand one behind the other.
 *
 * Invariant: of what is no record, nothing is kept from call to call: documents of any size pass.
 * Ownership: the path is lent.
 * Threads:   one framer, one thread.
 */
#ifndef NDJSON_JSON_FRAME_H
#define NDJSON_JSON_FRAME_H

#include "json_path.h"
#include "scan.h"

#include <qetl/sdk.h>

enum json_phase {
    JSON_DOCUMENT,      /* between documents */
    JSON_VALUE,         /* the value that the path leads to, so far */
    JSON_KEY,           /* in an object on the path */
    JSON_KEY_FIRST,     /* the same, behind its brace */
    JSON_ELEMENT,       /* in a list on the path */
    JSON_ELEMENT_FIRST, /* the same, behind its bracket */
    JSON_NEXT,          /* in either, behind a member */
    JSON_RECORD,        /* in the list of records */
    JSON_RECORD_FIRST,  /* the same, behind its bracket */
    JSON_RECORD_NEXT,   /* the same, behind a record */
    JSON_GARBAGE,       /* among the records, behind a byte that begins none */
    JSON_SKIP,          /* inside a value that is of no interest */
    JSON_SKIP_RECORD,   /* inside a record that was rejected for its length */
    JSON_BROKEN         /* behind what cannot be understood: all is passed over */
};

/* Where in the document the framer stands. */
struct json_place {
    enum json_phase phase;
    int64_t level; /* objects and lists that are open on the path */
    bool list[JSON_STEPS_MAX];
    int64_t index[JSON_STEPS_MAX]; /* of the element at hand */
    bool found;                    /* the document has the records */
};

struct json_framer {
    const struct json_path *path;
    int64_t rows_max;
    bool quiet; /* nothing is rejected: only a sample is read */
    struct json_place place;
    struct ndjson_scan scan; /* of the value that is skipped, or of a record that has not ended */
    int64_t scanned;         /* bytes of the next data that it knows already */
};

int32_t json_frame(struct json_framer *framer, struct qetl_env env, struct qetl_frame *io);

struct ndjson_infer;
/* json_infer.c: counts the records that end within the sample. */
int32_t json_infer_sample(struct ndjson_infer *in, const struct json_path *path,
                          const uint8_t *data, int64_t size, bool whole);

#endif
