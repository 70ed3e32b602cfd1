/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as a file of a recording, with whatever checksums: each entry's cargo is read as it says.
 */
#include "record/recording.h"

#include <qetl/sdk.h>
#include <stdlib.h>
#include <string.h>

static void look_at(const struct qetl_value *value)
{
    struct ArrowSchema schema;
    struct ArrowArray array;
    if (value->kind == QETL_CARGO_SCHEMA && value->data && !qetl_value_schema(value, &schema))
        qetl_schema_release(&schema);
    if (value->kind == QETL_CARGO_ARRAY && value->data &&
        !qetl_value_array(value, &schema, &array)) {
        if (qetl_array_validate(&schema, &array, NULL, 0))
            abort();
        qetl_array_release(&array);
        qetl_schema_release(&schema);
    }
    struct qetl_blob *blobs = qetl_value_blobs(value);
    size_t sum = 0;
    for (int64_t i = 0; blobs && i < value->count; i++)
        for (size_t b = 0; b < blobs[i].size; b++)
            sum += ((const uint8_t *)blobs[i].data)[b];
    if (value->kind == QETL_CARGO_TEXT && value->data &&
        strlen((const char *)value->data) != value->size)
        abort();
    free(blobs);
    (void)sum;
}

/* What no checksum would let through is looked at, too. */
static void checksums_mend(uint8_t *data, size_t size)
{
    for (size_t at = QETL_RECORDING_HEADER; size - at > QETL_FRAME_HEADER;) {
        struct qetl_unpack in = qetl_unpack_from(data + at, size - at);
        uint32_t frame = qetl_unpack_u32(&in);
        if (frame > size - at - QETL_FRAME_HEADER)
            return;
        uint32_t crc = qetl_crc32(data + at + QETL_FRAME_HEADER, frame);
        for (int i = 0; i < 4; i++)
            data[at + 4 + (size_t)i] = (uint8_t)(crc >> (8 * i));
        at += QETL_FRAME_HEADER + frame;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qetl_findings findings = {0};
    struct qetl_recording *recording = calloc(1, sizeof *recording);
    struct qetl_values values;
    uint8_t *copy = malloc(size + 1);
    if (!recording || !copy)
        abort();
    memcpy(copy, data, size);
    if (size > QETL_RECORDING_HEADER)
        checksums_mend(copy, size);
    int bad = qetl_recording_read(recording, "it", copy, size, true, &findings);
    for (size_t i = 0; i < recording->n_entries; i++) {
        if (qetl_entry_values(&recording->entries[i], &values))
            abort();
        for (int v = 0; v < values.n; v++)
            look_at(&values.list[v]);
    }
    if (!bad)
        bad = qetl_recording_settle(recording, "it", &findings);
    if ((bad != 0) != (findings.errors != 0))
        abort();
    qetl_findings_free(&findings);
    qetl_recording_free(recording);
    free(copy);
    return 0;
}
