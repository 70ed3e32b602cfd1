/* SPDX-License-Identifier: Apache-2.0 */
/* Rejects that are told with their whole batch: a call that fails has rejected nothing, and may
 * come again for the rest of it. */
#include "row.h"

#include <stdlib.h>

struct qetl_sdk_held {
    struct qetl_reject reject;
    struct qetl_sdk_held *next;
    char texts[]; /* code, message, bytes */
};

static const char *text_copy(char **at, const void *data, size_t size)
{
    char *copy = *at;
    if (size)
        memcpy(copy, data, size);
    *at += size;
    return copy;
}

bool qetl_sdk_row_hold(struct qetl_row_own *own, const struct qetl_reject *reject)
{
    size_t code = strlen(reject->code) + 1, message = strlen(reject->message) + 1;
    size_t bytes = reject->bytes ? (size_t)reject->bytes_size : 0;
    struct qetl_sdk_held *held = malloc(sizeof *held + code + message + bytes);
    if (!held)
        return false;
    char *at = held->texts;
    held->reject = *reject;
    held->next = NULL;
    held->reject.code = text_copy(&at, reject->code, code);
    held->reject.message = text_copy(&at, reject->message, message);
    held->reject.bytes = reject->bytes ? text_copy(&at, reject->bytes, bytes) : NULL;
    *(own->held_last ? &own->held_last->next : &own->held) = held;
    own->held_last = held;
    return true;
}

void qetl_sdk_row_held_tell(struct qetl_row *row)
{
    for (const struct qetl_sdk_held *held = row->own->held; held; held = held->next)
        row->env.host->reject(row->env.ctx, &held->reject);
    qetl_sdk_row_held_clear(row->own);
}

void qetl_sdk_row_held_clear(struct qetl_row_own *own)
{
    while (own->held) {
        struct qetl_sdk_held *next = own->held->next;
        free(own->held);
        own->held = next;
    }
    own->held_last = NULL;
}
