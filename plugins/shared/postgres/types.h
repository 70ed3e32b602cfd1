/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types of PostgreSQL, and what they are in Arrow.
 *
 * Invariant: a type that is not in the table is text, as the server writes it; each field names its
 *            type of PostgreSQL in its metadata, so that it can be made again.
 * Ownership: plain data.
 * Threads:   any.
 */
#ifndef PG_TYPES_H
#define PG_TYPES_H

#include <libpq-fe.h>
#include <qetl/sdk.h>

/* How values stand in a binary COPY. */
enum pg_way {
    PG_BOOL,
    PG_INT2,
    PG_INT4,
    PG_INT8,
    PG_OID,
    PG_FLOAT4,
    PG_FLOAT8,
    PG_NUMERIC, /* of a precision and scale that a decimal has */
    PG_DATE,
    PG_TIME,
    PG_TIMESTAMP,
    PG_TIMESTAMPTZ,
    PG_INTERVAL,
    PG_UUID,
    PG_BYTEA,
    PG_TEXT, /* also json */
    PG_JSONB,
    PG_WRITTEN /* as text that the server makes of it */
};

struct pg_type {
    enum pg_way way;
    int32_t precision, scale;       /* PG_NUMERIC */
    bool is_numeric;                /* of whatever precision */
    bool compares_bytes;            /* text that is equal only where its bytes are */
    bool cuts;                      /* read as what not all of its values fit */
    char sql[QETL_TYPE_FORMAT_MAX]; /* the column's type in qetl's words */
};

/* OIDs of types that others ask for, as the catalogue has them since ever. */
enum {
    PG_OID_BOOL = 16,
    PG_OID_BYTEA = 17,
    PG_OID_NAME = 19,
    PG_OID_INT8 = 20,
    PG_OID_INT2 = 21,
    PG_OID_INT4 = 23,
    PG_OID_TEXT = 25,
    PG_OID_OID = 26,
    PG_OID_JSON = 114,
    PG_OID_FLOAT4 = 700,
    PG_OID_FLOAT8 = 701,
    PG_OID_BPCHAR = 1042,
    PG_OID_VARCHAR = 1043,
    PG_OID_DATE = 1082,
    PG_OID_TIME = 1083,
    PG_OID_TIMESTAMP = 1114,
    PG_OID_TIMESTAMPTZ = 1184,
    PG_OID_INTERVAL = 1186,
    PG_OID_NUMERIC = 1700,
    PG_OID_UUID = 2950,
    PG_OID_JSONB = 3802
};

/* is_enum: it has labels, whose text is all there is to send. */
struct pg_type pg_type_of(Oid oid, int32_t typmod, bool is_enum);
/* Reads the type as another: text of any, binary of texts, a decimal of numerics. false: it cannot
 * be. */
bool pg_type_as(struct pg_type *, const char *sql);

/* Metadata of a field: the type as the server's format_type has it. */
#define PG_METADATA "postgres:type"

/* 2000-01-01, in days and microseconds since 1970. */
#define PG_EPOCH_DAYS 10957
#define PG_EPOCH_US (PG_EPOCH_DAYS * INT64_C(86400000000))

#endif
