/* SPDX-License-Identifier: Apache-2.0 */
#include "handle.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>

static const uint64_t HANDLE_TAG = 0x31646e68656c6966; /* "filehnd1" */

enum { N_NUMBERS = 7, N_NAMES = 4, NUMBER_BYTES = 8 };

static uint8_t *number_put(uint8_t *at, int64_t value)
{
    uint64_t little = htole64((uint64_t)value);
    memcpy(at, &little, NUMBER_BYTES);
    return at + NUMBER_BYTES;
}

static bool number_get(const uint8_t **at, const uint8_t *end, int64_t *value)
{
    uint64_t little;
    if (end - *at < NUMBER_BYTES)
        return false;
    memcpy(&little, *at, NUMBER_BYTES);
    *value = (int64_t)le64toh(little);
    *at += NUMBER_BYTES;
    return true;
}

static bool name_get(const uint8_t **at, const uint8_t *end, char **name, int *error)
{
    int64_t size;
    if (!number_get(at, end, &size) || size < 0 || size > end - *at || memchr(*at, 0, (size_t)size))
        return false;
    *name = strndup((const char *)*at, (size_t)size);
    *at += size;
    if (!*name)
        *error = ENOMEM;
    return *name != NULL;
}

int32_t handle_encode(const struct handle *h, const struct qetl_writer *out)
{
    const char *names[N_NAMES] = {h->given, h->final, h->staged, h->backup};
    const int64_t numbers[N_NUMBERS] = {(int64_t)HANDLE_TAG, h->action, h->rows, h->bytes,
                                        h->before,           h->device, h->inode};
    size_t size = (N_NUMBERS + N_NAMES) * NUMBER_BYTES;
    for (int i = 0; i < N_NAMES; i++)
        size += strlen(names[i]);
    uint8_t *data = malloc(size), *at = data;
    if (!data)
        return QETL_E_NO_MEMORY;
    for (int i = 0; i < N_NUMBERS; i++)
        at = number_put(at, numbers[i]);
    for (int i = 0; i < N_NAMES; i++) {
        size_t length = strlen(names[i]);
        at = number_put(at, (int64_t)length);
        memcpy(at, names[i], length);
        at += length;
    }
    int32_t status = out->write(out->stream, data, size);
    free(data);
    return status;
}

int handle_decode(struct handle *h, const void *data, size_t size)
{
    const uint8_t *at = data, *end = at + size;
    int64_t tag;
    int error = EINVAL;
    *h = (struct handle){0};
    int64_t *numbers[N_NUMBERS] = {&tag,       &h->action, &h->rows, &h->bytes,
                                   &h->before, &h->device, &h->inode};
    char **names[N_NAMES] = {&h->given, &h->final, &h->staged, &h->backup};
    for (int i = 0; i < N_NUMBERS; i++)
        if (!number_get(&at, end, numbers[i]))
            goto failed;
    for (int i = 0; i < N_NAMES; i++)
        if (!name_get(&at, end, names[i], &error))
            goto failed;
    if ((uint64_t)tag == HANDLE_TAG && at == end && h->action >= HANDLE_CREATE &&
        h->action <= HANDLE_MEMBER)
        return 0;
failed:
    handle_free(h);
    return error;
}

void handle_free(struct handle *h)
{
    free(h->given);
    free(h->final);
    free(h->staged);
    free(h->backup);
    *h = (struct handle){0};
}
