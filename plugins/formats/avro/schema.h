/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A schema of Avro as a tree, with names resolved: what a name stands for is a part of the tree.
 *
 * Invariant: a tree has at most AVRO_NODES_MAX nodes and AVRO_DEPTH_MAX levels, and no cycles.
 * Ownership: a tree owns its names, symbols and children; avro_type_free releases them.
 * Threads:   a finished tree is read by any.
 */
#ifndef AVRO_SCHEMA_H
#define AVRO_SCHEMA_H

#include <qetl/sdk.h>

enum { AVRO_NODES_MAX = 400000, AVRO_DEPTH_MAX = 48, AVRO_FAULT_TEXT = 320, AVRO_DIGITS_MAX = 38 };

enum avro_kind {
    AVRO_NULL,
    AVRO_BOOLEAN,
    AVRO_INT,
    AVRO_LONG,
    AVRO_FLOAT,
    AVRO_DOUBLE,
    AVRO_BYTES,
    AVRO_STRING,
    AVRO_FIXED,
    AVRO_ENUM,
    AVRO_RECORD,
    AVRO_ARRAY,
    AVRO_MAP,
    AVRO_UNION
};

enum avro_logical {
    AVRO_PLAIN,
    AVRO_DECIMAL,
    AVRO_UUID,
    AVRO_DURATION,
    AVRO_JSON,
    AVRO_DATE,
    AVRO_TIME_MILLIS,
    AVRO_TIME_MICROS,
    AVRO_INSTANT_MILLIS,
    AVRO_INSTANT_MICROS,
    AVRO_INSTANT_NANOS,
    AVRO_LOCAL_MILLIS,
    AVRO_LOCAL_MICROS,
    AVRO_LOCAL_NANOS
};

struct avro_type {
    enum avro_kind kind;
    enum avro_logical logical;
    int32_t precision, scale; /* of decimals */
    int64_t size;             /* of fixed */
    char *name;               /* of a record's field, of a union's branch; else NULL */
    int64_t n;                /* fields, branches; an array's or map's one child */
    struct avro_type *children;
    int64_t n_symbols;
    char **symbols;
};

/* DATA: it is no schema, UNSUPPORTED: one that is not read; fault says why. */
int32_t avro_schema_parse(const char *json, size_t size, struct avro_type *out,
                          char fault[AVRO_FAULT_TEXT]);
void avro_type_free(struct avro_type *type);

/* logical.c: what a type with this logicalType means; one that does not fit is none. */
struct json_t;
int32_t avro_logical_read(const struct json_t *json, struct avro_type *type,
                          char fault[AVRO_FAULT_TEXT]);

/* ---- shape.c: as columns ---- */

enum avro_choice {
    AVRO_CHOICE_ONE,    /* one branch beside null at most */
    AVRO_CHOICE_LONG,   /* int and long */
    AVRO_CHOICE_DOUBLE, /* float and double */
    AVRO_CHOICE_STRUCT  /* a struct, with a field for each branch beside null */
};
enum avro_choice avro_union_choice(const struct avro_type *type);

int32_t avro_shape_field(const struct avro_type *type, const char *name, struct ArrowSchema *out);
/* The columns: a record's fields, or one column "value". */
int32_t avro_shape_columns(const struct avro_type *type, struct ArrowSchema *out);

#endif
