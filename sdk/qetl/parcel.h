/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parcels, small records: positions of a source, handles of a sink, states of few fields. Fields
 * are written one after the other and read back in the same order; one that is cut off, changed, of
 * another version, or longer than what is read of it is known as such.
 *
 *     qetl_parcel_begin(&s->position, 1);
 *     qetl_parcel_put_int(&s->position, offset);
 *     out->position = qetl_parcel_blob(&s->position);
 *     …
 *     qetl_parcel_open(&in, *position, 1);
 *     s->offset = qetl_parcel_int(&in);
 *     if (qetl_parcel_close(&in))
 *         return qetl_fail(s->env, QETL_E_UNSUPPORTED, NULL, …);
 *
 * Invariant: the bytes are the same on every machine. After a failure puts write nothing and reads
 *            answer 0 and "", so that only the end has to be looked at.
 * Ownership: a parcel holds its bytes itself; what is read points into the blob.
 * Threads:   an object belongs to whoever calls.
 */
#ifndef QETL_PARCEL_H
#define QETL_PARCEL_H

#include <qetl/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { QETL_PARCEL_MAX = 4096 };

struct qetl_parcel {
    size_t size;
    int32_t failed; /* nonzero: more was put than it holds */
    uint8_t bytes[QETL_PARCEL_MAX];
};

/* version: the author's own, 1 to 255, raised when the fields change. */
void qetl_parcel_begin(struct qetl_parcel *parcel, uint8_t version);
void qetl_parcel_put_int(struct qetl_parcel *parcel, int64_t value);
void qetl_parcel_put_bytes(struct qetl_parcel *parcel, const void *data, size_t size);
void qetl_parcel_put_text(struct qetl_parcel *parcel, const char *text);
/* All that was put, valid until the parcel changes; size 0 if it did not fit. */
struct qetl_blob qetl_parcel_blob(struct qetl_parcel *parcel);

struct qetl_parcel_in {
    const uint8_t *at, *end;
    int32_t failed;
};

void qetl_parcel_open(struct qetl_parcel_in *in, struct qetl_blob blob, uint8_t version);
int64_t qetl_parcel_int(struct qetl_parcel_in *in);
struct qetl_blob qetl_parcel_bytes(struct qetl_parcel_in *in);
/* Into out, NUL behind; what does not fit, or holds a NUL, is a failure. */
void qetl_parcel_text(struct qetl_parcel_in *in, char *out, size_t size);
/* 0: it was a parcel of this version, and all of it was read. UNSUPPORTED: it was not. */
int32_t qetl_parcel_close(const struct qetl_parcel_in *in);

#ifdef __cplusplus
}
#endif

#endif
