/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as the place where a source stands: what is accepted is written, and read again as the
 * same. */
#include "epoch/stand.h"

#include <stdlib.h>
#include <string.h>

static void packed(const struct qetl_stand *stand, struct qetl_pack *pack)
{
    qetl_stand_pack(stand, pack);
    if (pack->failed)
        abort();
}

/* What has an unknown flag is not written with it: the second bytes are compared to the first. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qetl_stand *stand = qetl_stand_unpack(data, size), *again;
    struct qetl_pack first = {0}, second = {0};
    if (!stand)
        return 0;
    if (stand->skip < 0 || stand->rows < 0 || (stand->in_object && !stand->n_objects))
        abort();
    packed(stand, &first);
    again = qetl_stand_unpack(first.data, first.size);
    if (first.size != size || !again)
        abort();
    packed(again, &second);
    if (second.size != first.size || memcmp(second.data, first.data, first.size) != 0)
        abort();
    qetl_pack_free(&first);
    qetl_pack_free(&second);
    qetl_stand_free(again);
    qetl_stand_free(stand);
    return 0;
}
