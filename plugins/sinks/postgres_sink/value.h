/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of a column of a batch as COPY takes them: exactly what they are, or not at all.
 *
 * Invariant: what PostgreSQL would round without a word is refused here, row by row; what it
 *            refuses itself is left to it.
 * Ownership: value_free; names are lent.
 * Threads:   one at a time.
 */
#ifndef POSTGRES_SINK_VALUE_H
#define POSTGRES_SINK_VALUE_H

#include "../../shared/postgres/types.h"
#include "wire.h"

enum value_way {
    VALUE_NULL,
    VALUE_BOOL,
    VALUE_INT2,
    VALUE_INT4,
    VALUE_INT8,
    VALUE_OID,
    VALUE_FLOAT4,
    VALUE_FLOAT8,
    VALUE_DECIMAL,
    VALUE_NUMERIC_TEXT, /* a text, or what is rendered as one */
    VALUE_DATE,
    VALUE_TIME,
    VALUE_TIMESTAMP,
    VALUE_INTERVAL,
    VALUE_UUID,
    VALUE_BYTES,
    VALUE_JSONB,
    VALUE_RENDERED,    /* as the text that qetl writes of it */
    VALUE_BY_SERVER,   /* as text that the server reads: only in COPY's text format */
    VALUE_INCOMPATIBLE /* nobody can say what would be meant */
};

struct value {
    int64_t child;    /* of the batch */
    const char *name; /* of the table's column; lent, as is its type */
    const char *type_name;
    struct pg_type type;
    int32_t typmod;
    bool key;   /* NULL is refused */
    bool since; /* it is the time from which a version holds: NULL is refused, too */
    enum value_way way;
    struct qetl_column column;
    struct qetl_space room;
    struct wire scratch;
    size_t taken;  /* of scratch: bytes that have gone on from there */
    char why[300]; /* of the value that was refused last */
};

/* ways.c: how a field of the rows goes into the column, of which the type is set: `way`. */
int32_t value_way_of(struct value *, struct qetl_env, const struct ArrowSchema *field);
/* What the next values are taken from. UNSUPPORTED: a type that cannot be written. */
int32_t value_attach(struct value *, const struct qetl_column *batch);
/* Row i with its size before it, as a binary COPY has it. NULL: it is put; else a word for
 * machines, `why` says it to people, and what was put of it is not worth anything. */
const char *value_put(struct value *, struct wire *, int64_t i);
/* The same as a field of COPY's text format. */
const char *value_put_text(struct value *, struct wire *, int64_t i);
void value_free(struct value *);

#endif
