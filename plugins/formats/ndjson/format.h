/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One instance of ndjson or json, and what both do in the same way.
 *
 * Invariant: `across` is settled by create: records go across lines, and are elements of lists.
 * Ownership: an instance owns all that it points at.
 * Threads:   as plugin.h says: one thread at a time inside an instance.
 */
#ifndef NDJSON_FORMAT_H
#define NDJSON_FORMAT_H

#include "decoder.h"
#include "encoder.h"
#include "frame.h"
#include "infer.h"
#include "json_frame.h"
#include "layout.h"

struct ndjson {
    struct qetl_env env;
    bool across;
    struct ndjson_framer framer;
    struct ndjson_infer infer;
    struct ndjson_decoder decoder;
    struct ndjson_encoder encoder;
    struct ArrowSchema schema; /* that decoding was opened with */
    /* json alone */
    struct json_path path;
    struct json_framer json;
    struct json_layout layout;
    struct qetl_space lines; /* records before they are laid out */
};

int32_t ndjson_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                      const char *config);
void ndjson_destroy(void *self);
int32_t ndjson_open_decode(void *self, const struct ArrowSchema *schema, struct qetl_blob prologue,
                           int64_t n_wants, const struct qetl_want *wants);
int32_t ndjson_decode(void *self, const struct qetl_chunk *chunk, struct qetl_decoded *out);
int32_t ndjson_forms(void *self, const struct ArrowSchema *schema, uint32_t *forms);
int32_t ndjson_open_encode(void *self, const struct ArrowSchema *schema);

bool ndjson_option_flat(struct qetl_env env);
uint32_t ndjson_grows(struct qetl_env env); /* QETL_DECODE_ */
/* grow.c: the schema with columns for keys that the chunk at hand has beyond it; SCHEMA. */
int32_t ndjson_grow(struct ndjson *n, struct ArrowSchema *out);

/* Before and behind the records of the sample. */
int32_t ndjson_infer_begin(struct ndjson *n, const struct qetl_sample *sample);
int32_t ndjson_infer_end(struct ndjson *n, struct qetl_inferred *out);

extern const struct qetl_component json_component;

#endif
