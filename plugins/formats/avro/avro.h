/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One instance of the format avro.
 *
 * Invariant: options are settled by create.
 * Ownership: an instance owns all that it points at.
 * Threads:   as plugin.h says: one thread at a time inside an instance.
 */
#ifndef AVRO_AVRO_H
#define AVRO_AVRO_H

#include "decoder.h"
#include "encoder.h"

struct avro_framer {
    struct avro_header header;
    uint8_t sync[AVRO_SYNC_BYTES];
    bool lost;              /* the data behind is passed over up to the next sync marker */
    bool single;            /* chunks of one block: it may unpack to much, and is one batch */
    struct qetl_blob about; /* of the first object */
    struct qetl_blob note;  /* of the object at hand, where it is another */
};

struct avro {
    struct qetl_env env;
    enum avro_policy policy;
    struct avro_framer framer;
    struct avro_decoder decoder;
    struct avro_encoder encoder;
    struct qetl_blob prologue;
    char summary[160];
};

int32_t avro_infer(void *self, const struct qetl_sample *sample, struct qetl_inferred *out);
int32_t avro_frame(void *self, struct qetl_frame *io);
/* Tells of what is not alike in a file and the columns. */
int32_t avro_difference_tell(const struct avro *a, const struct avro_header *header,
                             const char *object);
void avro_framer_free(struct avro_framer *framer);

#endif
