/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as a handle of the sink `file`: what is accepted is written again as it was read. */
#include "../plugins/sinks/file_sink/handle.h"

#include <stdlib.h>
#include <string.h>

struct written {
    const uint8_t *data;
    size_t size;
};

static int32_t compare(void *stream, const void *data, size_t size)
{
    const struct written *read = stream;
    if (size != read->size || memcmp(data, read->data, size) != 0)
        abort();
    return QETL_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct handle handle;
    struct written read = {data, size};
    if (handle_decode(&handle, data, size)) {
        if (handle.given || handle.final || handle.staged || handle.backup)
            abort();
        return 0;
    }
    if (handle.before < 0 || handle.length < handle.before || !handle.given || !handle.final)
        abort();
    const struct qetl_writer out = {.stream = &read, .write = compare};
    if (handle_encode(&handle, &out))
        abort();
    handle_free(&handle);
    return 0;
}
