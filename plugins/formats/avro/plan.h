/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to do with each value of a record: a tree made once of the file's schema and the columns
 * that are wanted. A value goes to a builder or is passed over.
 *
 * Invariant: a plan without a refusal reads every record of its schema into the columns.
 * Ownership: a plan owns its nodes, and keeps the schema that it was made of.
 * Threads:   a plan is read by any; it belongs to one decoder.
 */
#ifndef AVRO_PLAN_H
#define AVRO_PLAN_H

#include "header.h"

enum avro_op {
    AVRO_OP_NULL,
    AVRO_OP_BOOL,
    AVRO_OP_INT,
    AVRO_OP_LONG,
    AVRO_OP_FLOAT,
    AVRO_OP_DOUBLE,
    AVRO_OP_BYTES, /* strings, too */
    AVRO_OP_FIXED,
    AVRO_OP_ENUM,
    AVRO_OP_DECIMAL, /* of bytes */
    AVRO_OP_DECIMAL_FIXED,
    AVRO_OP_UUID, /* 16 bytes as text */
    AVRO_OP_DURATION,
    AVRO_OP_RECORD,
    AVRO_OP_ARRAY,
    AVRO_OP_MAP,
    AVRO_OP_CHOICE, /* a branch's value, in the one builder */
    AVRO_OP_BRANCH  /* a branch's value, in its own child of a struct */
};

struct avro_node {
    enum avro_op op;
    bool skip;           /* no one wants it */
    bool utf8;           /* bytes must be text */
    bool real;           /* an integer that becomes a real */
    int32_t branches;    /* of the union around the value; 0: there is none */
    int32_t null_branch; /* or -1 */
    int64_t factor;      /* times this, a power of ten */
    int64_t size;        /* of fixed */
    int64_t least;       /* bytes that every value has */
    int64_t weight;      /* values that it is made of, itself among them */
    int64_t target;      /* of a field or branch: which child it goes to; -1: none */
    const char *name;    /* of a field */
    const struct avro_type *type;
    struct avro_node *children;
    int64_t n;
    int64_t *missing; /* children of the target that no field goes to */
    int64_t n_missing;
};

struct avro_plan {
    struct avro_type type;
    enum avro_codec codec;
    struct avro_node root; /* a record; its targets are wants */
    const char *refusal;   /* the code with which all rows are rejected, or NULL */
    int64_t refused;       /* the column in question, or -1 */
    char reason[AVRO_FAULT_TEXT];
    struct ArrowSchema grown; /* the columns that this file needs; unset: those there are */
};

enum avro_policy { AVRO_NEW_REJECT, AVRO_NEW_DROP, AVRO_NEW_EVOLVE };

/* about: as a prologue or note has it. wants: for each column of schema its target, or -1. */
int32_t avro_plan_make(struct avro_plan *plan, struct qetl_env env, struct qetl_blob about,
                       const char *object, enum avro_policy policy,
                       const struct ArrowSchema *schema, const int64_t *wants, int64_t n_wants);
void avro_plan_free(struct avro_plan *plan);

/* What a header says that decoding depends on: the codec's name, a NUL, the schema. To be freed. */
int32_t avro_about_make(const struct avro_header *header, struct qetl_blob *out);

/* widen.c: the columns of both; *changed: they are not those of `from` alone. */
int32_t avro_widen(const struct ArrowSchema *from, const struct ArrowSchema *with,
                   struct ArrowSchema *out, bool *changed);

#endif
