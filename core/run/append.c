/* SPDX-License-Identifier: Apache-2.0 */
/* Appending to an object that has content: what was written there has to go with what comes. */
#include "op.h"
#include "run_internal.h"

#include <stdlib.h>
#include <string.h>

enum { HEAD_BYTES = 16384, SHOWN_BYTES = 200 };

static const struct qetl_sink_append *extension(const struct qetl_op *op)
{
    const struct qetl_component *sink = op->instance->component;
    return sink->get_extension ? sink->get_extension(op->instance->self, QETL_EXT_SINK_APPEND)
                               : NULL;
}

bool qetl_sink_continues(const struct qetl_op *op)
{
    const struct qetl_sink_append *append = extension(op);
    return append && append->continues(op->instance->self);
}

struct text {
    const char *data;
    int64_t size;
};

/* Neither a byte order mark nor how lines end makes another header. */
static struct text without_mark(const void *data, int64_t size)
{
    bool marked = size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0;
    return (struct text){(const char *)data + (marked ? 3 : 0), size - (marked ? 3 : 0)};
}

static bool begins_with(struct text content, struct text header)
{
    int64_t at = 0;
    for (int64_t i = 0; i < header.size; i++) {
        if (header.data[i] == '\r')
            continue;
        at += at < content.size && content.data[at] == '\r';
        if (at >= content.size || content.data[at++] != header.data[i])
            return false;
    }
    return true;
}

static int first_line(struct text text)
{
    const char *end = memchr(text.data, '\n', (size_t)text.size);
    int64_t size = end ? end - text.data : text.size;
    size -= size > 0 && text.data[size - 1] == '\r';
    return (int)(size < SHOWN_BYTES ? size : SHOWN_BYTES);
}

static int32_t refuse(struct qetl_op *op, struct text content, struct text header)
{
    char message[2 * SHOWN_BYTES + 160];
    snprintf(message, sizeof message,
             "what is to be appended has the header '%.*s', but what stands there begins with "
             "'%.*s'",
             first_line(header), header.data, first_line(content), content.data);
    return qetl_run_refuse(op->run, op->node, "header_differs", message,
                           "write to another file, or bring the columns into its order with a "
                           "select",
                           "/path");
}

int32_t qetl_sink_check_head(struct qetl_op *op)
{
    const struct qetl_sink_append *append = extension(op);
    struct qetl_ctx *codec = op->flow->codec;
    const struct qetl_format *format = codec->component->format;
    if (op->flow->closed_format)
        return qetl_op_fault(op, "cannot_append",
                             "what this format writes cannot be appended to a file that has "
                             "content");
    bool knows = append->struct_size > offsetof(struct qetl_sink_append, head) && append->head;
    if (!format->begin || !knows)
        return QETL_OK;
    int32_t status;
    struct qetl_block *block = qetl_encode_part(codec, format->begin, &status);
    char *head = malloc(HEAD_BYTES);
    if (!block && status < 0) {
        status = qetl_run_fail(op->run, op->node, codec, "begin", status);
    } else if (!block || !head) {
        status = qetl_op_fault(op, "out_of_memory", "no memory for a header");
    } else {
        int64_t size = append->head(op->instance->self, head, HEAD_BYTES);
        struct text header = without_mark(block->data,
                                          block->size < HEAD_BYTES ? block->size : HEAD_BYTES),
                    content = without_mark(head, size);
        status = begins_with(content, header) ? QETL_OK : refuse(op, content, header);
    }
    qetl_block_free(block);
    free(head);
    return status;
}
