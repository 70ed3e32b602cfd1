/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nested columns: objects to structs, lists to lists, where somebody reads their values.
 *
 * Invariant: a value is stored whole, or what it left in the builder is behind the row and
 *            truncated. Ownership: a nest owns its children and names.
 * Threads:   as in decoder.h.
 */
#ifndef NDJSON_NEST_H
#define NDJSON_NEST_H

#include "convert.h"
#include "names.h"

struct ndjson_decoder;
struct ndjson_column;

struct ndjson_nest {
    struct ndjson_type type;   /* kind STRUCT, LIST or a scalar's */
    struct ndjson_names names; /* of a struct's fields */
    struct ndjson_nest *children;
    int64_t n_children;
    int64_t stamp; /* of the object at hand, among those read here */
    int64_t seen;  /* stamp of the last object around it that had this field */
    int64_t after; /* index of the field that came behind this one the last time */
    const char *name;
};

/* NULL without memory, or with a reported failure in *status. */
struct ndjson_nest *ndjson_nest_new(struct qetl_env env, const struct ArrowSchema *field,
                                    bool declared, int32_t *status);
void ndjson_nest_free(struct ndjson_nest *nest);

/* The value at p, read once as a whole, to the end of builder; NULL: it is only looked at. False: a
 * fault was set. */
bool ndjson_nest_store(struct ndjson_decoder *d, const struct ndjson_column *c,
                       struct qetl_builder *builder, const uint8_t *p);

/* Text of the batch at hand points into this buffer where it can. */
void ndjson_nest_share(struct qetl_builder *builder, void *buffer);

#endif
