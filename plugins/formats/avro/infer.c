/* SPDX-License-Identifier: Apache-2.0 */
/* The columns are in the header. */
#include "avro.h"

#include <stdio.h>
#include <stdlib.h>

int32_t avro_infer(void *self, const struct qetl_sample *sample, struct qetl_inferred *out)
{
    struct avro *a = self;
    struct avro_header header;
    struct avro_type type;
    enum avro_codec codec;
    char fault[AVRO_FAULT_TEXT];
    int32_t status = avro_header_read(sample->data, sample->size, &header, fault);
    const char *object = sample->object ? sample->object : "input";
    if (status == QETL_NEED_INPUT && !sample->whole)
        return status;
    if (status)
        return qetl_fail(a->env, QETL_E_DATA, NULL, NULL, "%s: %s", object,
                         status != QETL_NEED_INPUT ? fault
                         : sample->size            ? "it ends within its header"
                                        : "it is empty, and a container file of Avro has a header");
    status = avro_header_open(a->env, &header, object, &codec, &type);
    if (status)
        return status;
    status = avro_shape_columns(&type, &out->schema);
    avro_type_free(&type);
    free((void *)(uintptr_t)a->prologue.data);
    a->prologue = (struct qetl_blob){0};
    if (!status)
        status = avro_about_make(&header, &a->prologue);
    if (status)
        return status;
    snprintf(a->summary, sizeof a->summary, "%lld columns, codec %s",
             (long long)out->schema.n_children, avro_codec_name(codec));
    out->prologue = a->prologue;
    out->summary = a->summary;
    return QETL_OK;
}
