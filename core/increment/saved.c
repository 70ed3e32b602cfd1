/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an instance of incremental loading leaves: both watermarks, each with its size in front
 * (where the run began, and how far it came); then the window, which says which of them counts.
 */
#include "increment.h"
#include "state/watermark.h"
#include "window.h"

#include <stdlib.h>
#include <string.h>

static int32_t mark_save(const struct window *window, const struct window_mark *place,
                         const struct qetl_writer *out)
{
    bool none;
    struct qetl_watermark mark = {window->cursor->name, window->cursor->type,
                                  window_text(window, place, &none)};
    char *text = mark.value || none ? qetl_watermark_write(&mark) : NULL;
    uint32_t length = text ? (uint32_t)strlen(text) : 0;
    int32_t status = text ? out->write(out->stream, &length, sizeof length) : QETL_E_NO_MEMORY;
    if (!status)
        status = out->write(out->stream, text, length);
    free(mark.value);
    free(text);
    return status;
}

int32_t window_save(const struct window *window, const struct qetl_writer *out)
{
    size_t size = 0;
    void *memory = window_pack(window, &size);
    int32_t status = memory ? mark_save(window, &window->from, out) : QETL_E_NO_MEMORY;
    if (!status)
        status = mark_save(window, &window->reached, out);
    if (!status)
        status = out->write(out->stream, memory, size);
    free(memory);
    return status;
}

static bool mark_split(struct qetl_blob *rest, struct qetl_blob *mark)
{
    uint32_t length;
    if (rest->size < sizeof length)
        return false;
    memcpy(&length, rest->data, sizeof length);
    if (length > rest->size - sizeof length)
        return false;
    *mark = (struct qetl_blob){(const char *)rest->data + sizeof length, length};
    *rest =
        (struct qetl_blob){(const char *)mark->data + length, rest->size - sizeof length - length};
    return true;
}

bool qetl_increment_split(const void *saved, size_t size, struct qetl_blob *mark,
                          struct qetl_blob *memory)
{
    struct qetl_blob from, reached;
    *memory = (struct qetl_blob){saved, size};
    if (!mark_split(memory, &from) || !mark_split(memory, &reached))
        return false;
    *mark = window_packed_complete(memory->data, memory->size) ? reached : from;
    return true;
}

void qetl_increment_take_back(void *saved, size_t size)
{
    struct qetl_blob mark, memory;
    if (qetl_increment_split(saved, size, &mark, &memory))
        window_packed_take_back((char *)saved + (size - memory.size), memory.size);
}
