/* SPDX-License-Identifier: Apache-2.0 */
#include "handle.h"

#include <errno.h>
#include <stdlib.h>

static const int64_t HANDLE_TAG = 0x32646e68656c6966; /* "filehnd2" */

void handle_put(const struct handle *h, struct record *r)
{
    const int64_t numbers[] = {HANDLE_TAG, h->action, h->rows,   h->bytes, h->before,
                               h->length,  h->kept,   h->device, h->inode};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        record_number(r, numbers[i]);
    record_text(r, h->given);
    record_text(r, h->final);
    record_text(r, h->staged);
    record_text(r, h->backup);
}

void handle_get(struct handle *h, struct cursor *c)
{
    int64_t tag = cursor_number(c);
    *h = (struct handle){.action = cursor_number(c)};
    if (!c->error && (tag != HANDLE_TAG || h->action < HANDLE_CREATE || h->action > HANDLE_MEMBER))
        c->error = EINVAL;
    int64_t *const numbers[] = {&h->rows, &h->bytes,  &h->before, &h->length,
                                &h->kept, &h->device, &h->inode};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        *numbers[i] = cursor_number(c);
    h->given = cursor_text(c);
    h->final = cursor_text(c);
    h->staged = cursor_text(c);
    h->backup = cursor_text(c);
    if (!c->error && (h->before < 0 || h->length < h->before))
        c->error = EINVAL;
    if (c->error)
        handle_free(h);
}

int32_t handle_encode(const struct handle *h, const struct qetl_writer *out)
{
    struct record r = {0};
    handle_put(h, &r);
    return record_send(&r, out);
}

int handle_decode(struct handle *h, const void *data, size_t size)
{
    struct cursor c = {.at = data, .end = (const uint8_t *)data + size};
    handle_get(h, &c);
    if (!c.error && c.at != c.end) {
        c.error = EINVAL;
        handle_free(h);
    }
    return c.error;
}

void handle_free(struct handle *h)
{
    free(h->given);
    free(h->final);
    free(h->staged);
    free(h->backup);
    *h = (struct handle){0};
}
