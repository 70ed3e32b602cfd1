/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as the entries of an epoch: what is accepted is written again as it was read. */
#include "state/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool fetched;

static int fetch(void *arg, const uint8_t digest[STATE_DIGEST], uint64_t size, void **data)
{
    (void)arg;
    fetched = true;
    *data = size <= STATE_DIGEST ? malloc(STATE_DIGEST + 1) : NULL;
    if (!*data)
        return EBADMSG;
    memcpy(*data, digest, STATE_DIGEST);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qetl_record record = {0};
    void *bytes;
    size_t written;
    fetched = false;
    if (qetl_state_decode(data, size, fetch, NULL, &record)) {
        if (record.entries || record.n_entries)
            abort();
        return 0;
    }
    if (!fetched && !qetl_state_encode(&record, NULL, &bytes, &written)) {
        if (written != size || memcmp(bytes, data, size) != 0)
            abort();
        free(bytes);
    }
    qetl_record_free(&record);
    return 0;
}
