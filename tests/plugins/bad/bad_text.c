/* SPDX-License-Identifier: Apache-2.0 */
/* A format of texts, one a line, with "-" for NULL; and one fault. */
#include "faults.h"

#include <qetl/row_format.h>

#include <string.h>

QETL_EMBED_MANIFEST("bad_text.qetl.json");

enum {
    no_fault,
    nulls_mixed,  /* every other NULL is written as an empty text */
    empties_lost, /* they are read as NULL */
    voids_swapped,
    header_again /* of each instance: lines that are passed over */
};

struct text {
    struct qetl_row row;
    int64_t column, nulls;
    bool headed;
};

static int32_t text_decode(void *self, struct qetl_text line)
{
    struct text *t = self;
    if (IS(header_again) && line.size && *line.data == '#')
        return QETL_ROW_NONE;
    bool none = line.size == 1 && *line.data == '-', empty = !line.size;
    if (IS(voids_swapped) ? empty : none || (IS(empties_lost) && empty))
        qetl_row_put_null(&t->row, 0);
    else
        qetl_row_put_text(&t->row, 0, line.data, none ? 0 : line.size);
    return QETL_OK;
}

static int32_t text_encode_open(void *self, const struct ArrowSchema *schema)
{
    struct text *t = self;
    t->column = qetl_schema_find(schema, "text");
    t->column = t->column < 0 ? 0 : t->column;
    return QETL_OK;
}

static int32_t text_encode(void *self, struct qetl_space *out)
{
    struct text *t = self;
    bool null = qetl_row_is_null(&t->row, t->column);
    int32_t status = QETL_OK;
    if (IS(header_again) && !t->headed)
        status = qetl_space_put(out, "# texts\n", 8);
    t->headed = true;
    int64_t from = out->size;
    if (!null)
        status = qetl_row_render(&t->row, t->column, out);
    else if (!IS(nulls_mixed) || t->nulls++ % 2 == 0)
        status = qetl_space_put(out, "-", 1);
    if (!status && memchr(out->data + from, '\n', (size_t)(out->size - from)))
        return qetl_row_reject(&t->row, -1, "two_lines", "there is a newline");
    return status ? status : qetl_space_put(out, "\n", 1);
}

static const struct qetl_row_format text = {
    .columns = "text text",
    .decode = text_decode,
    .encode_open = text_encode_open,
    .encode = text_encode,
};

QETL_ROW_FORMAT(text, "bad_text", struct text)
QETL_PLUGIN("bad-text", "0.1.0", &text_component)
