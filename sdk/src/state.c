/* SPDX-License-Identifier: Apache-2.0 */
/* States, as save writes and restore reads them: behind a header by which one that is not whole, or
 * another's, is known before anything was changed. */
#include <qetl/sdk.h>

#include <endian.h>
#include <stdlib.h>

static const uint64_t STATE_TAG = 0x3165746174737165; /* "eqstate1" */

enum { ROOM_FIRST = 4096 };

struct header { /* little-endian */
    uint64_t tag, size, digest;
};

static struct header header_of(const void *data, size_t size)
{
    uint64_t digest = 0xcbf29ce484222325;
    for (const uint8_t *at = data, *end = at + size; at < end; at++)
        digest = (digest ^ *at) * 0x100000001b3;
    return (struct header){htole64(STATE_TAG), htole64(size), htole64(digest)};
}

int32_t qetl_state_write(const struct qetl_writer *out, const void *data, size_t size)
{
    struct header header = header_of(data, size);
    int32_t status = out->write(out->stream, &header, sizeof header);
    return status || !size ? status : out->write(out->stream, data, size);
}

static int32_t read_all(const struct qetl_reader *in, uint8_t **data, size_t *size)
{
    size_t room = 0;
    int64_t n = 1;
    for (*size = 0; n > 0; *size += n > 0 ? (size_t)n : 0) {
        if (*size == room) {
            room = room ? room * 2 : ROOM_FIRST;
            uint8_t *grown = realloc(*data, room);
            if (!grown)
                return QETL_E_NO_MEMORY;
            *data = grown;
        }
        n = in->read(in->stream, *data + *size, room - *size);
    }
    return (int32_t)n;
}

int32_t qetl_state_read(const struct qetl_reader *in, void **data, size_t *size)
{
    uint8_t *bytes = NULL;
    struct header found, wanted;
    int32_t status = read_all(in, &bytes, size);
    *data = NULL;
    if (status == QETL_OK && *size < sizeof found)
        status = QETL_E_UNSUPPORTED;
    if (status == QETL_OK) {
        memcpy(&found, bytes, sizeof found);
        *size -= sizeof found;
        memmove(bytes, bytes + sizeof found, *size);
        wanted = header_of(bytes, *size);
        if (memcmp(&found, &wanted, sizeof found) != 0)
            status = QETL_E_UNSUPPORTED;
    }
    if (status)
        free(bytes);
    else
        *data = bytes;
    return status;
}

int32_t qetl_state_write_numbers(const struct qetl_writer *out, int64_t n, const int64_t *numbers)
{
    uint64_t little[QETL_STATE_NUMBERS_MAX];
    if (n > QETL_STATE_NUMBERS_MAX)
        return QETL_E_FATAL;
    for (int64_t i = 0; i < n; i++)
        little[i] = htole64((uint64_t)numbers[i]);
    return qetl_state_write(out, little, (size_t)n * sizeof *little);
}

int32_t qetl_state_read_numbers(const struct qetl_reader *in, int64_t n, int64_t *numbers)
{
    void *data;
    size_t size;
    int32_t status = qetl_state_read(in, &data, &size);
    if (status == QETL_OK && size != (size_t)n * sizeof *numbers)
        status = QETL_E_UNSUPPORTED;
    for (int64_t i = 0; i < n && status == QETL_OK; i++) {
        uint64_t little;
        memcpy(&little, (const uint8_t *)data + (size_t)i * sizeof little, sizeof little);
        numbers[i] = (int64_t)le64toh(little);
    }
    free(data);
    return status;
}
