/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small records: positions of a source, handles of a sink, states of few fields. Fields are written
 * one after the other and read back in the same order; a record that is cut off, changed, of
 * another version or longer than what is read of it is known as such.
 *
 *     qetl_record_begin(&s->position, 1);
 *     qetl_record_put_int(&s->position, offset);
 *     out->position = qetl_record_blob(&s->position);
 *     …
 *     qetl_record_open(&in, *position, 1);
 *     s->offset = qetl_record_int(&in);
 *     if (qetl_record_close(&in))
 *         return qetl_fail(s->env, QETL_E_UNSUPPORTED, NULL, …);
 *
 * Invariant: the bytes are the same on every machine. After a failure puts write nothing and reads
 *            answer 0 and "", so that only the end has to be looked at.
 * Ownership: a record holds its bytes itself; what is read points into the blob.
 * Threads:   an object belongs to whoever calls.
 */
#ifndef QETL_RECORD_H
#define QETL_RECORD_H

#include <qetl/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { QETL_RECORD_MAX = 4096 };

struct qetl_record {
    size_t size;
    int32_t failed; /* nonzero: more was put than it holds */
    uint8_t bytes[QETL_RECORD_MAX];
};

/* version: the author's own, 1 to 255, raised when the fields change. */
void qetl_record_begin(struct qetl_record *record, uint8_t version);
void qetl_record_put_int(struct qetl_record *record, int64_t value);
void qetl_record_put_bytes(struct qetl_record *record, const void *data, size_t size);
void qetl_record_put_text(struct qetl_record *record, const char *text);
/* All that was put, valid until the record changes; size 0 if it did not fit. */
struct qetl_blob qetl_record_blob(struct qetl_record *record);

struct qetl_record_in {
    const uint8_t *at, *end;
    int32_t failed;
};

void qetl_record_open(struct qetl_record_in *in, struct qetl_blob blob, uint8_t version);
int64_t qetl_record_int(struct qetl_record_in *in);
struct qetl_blob qetl_record_bytes(struct qetl_record_in *in);
/* Into out, NUL behind; what does not fit, or holds a NUL, is a failure. */
void qetl_record_text(struct qetl_record_in *in, char *out, size_t size);
/* 0: it was a record of this version, and all of it was read. UNSUPPORTED: it was not. */
int32_t qetl_record_close(const struct qetl_record_in *in);

#ifdef __cplusplus
}
#endif

#endif
