/* SPDX-License-Identifier: Apache-2.0 */
/* A format of lines such as "key=value", to rows and back. */
#include <qetl/row_format.h>

QETL_EMBED_MANIFEST("pairs.qetl.json");

struct pairs {
    struct qetl_row row;
    const char *separator;
    int64_t key, value; /* columns of the rows that are written */
};

static const struct qetl_option_field options[] = {
    {"/separator", QETL_OPTION_TEXT, offsetof(struct pairs, separator), "=", "=|:|;|,"},
};

static int32_t pairs_decode(void *self, struct qetl_text line)
{
    struct pairs *p = self;
    const char *at = line.size ? memchr(line.data, *p->separator, (size_t)line.size) : NULL;
    if (!at || at == line.data)
        return qetl_row_reject(&p->row, -1, "bad_pair",
                               at ? "the key is missing" : "there is no separator");
    qetl_row_put_text(&p->row, 0, line.data, at - line.data);
    qetl_row_put_text(&p->row, 1, at + 1, line.data + line.size - at - 1);
    return QETL_OK;
}

/* By their names, in whatever order they stand; where they have others, the first is the key. */
static int32_t pairs_encode_open(void *self, const struct ArrowSchema *schema)
{
    struct pairs *p = self;
    p->key = qetl_schema_find(schema, "key");
    p->value = qetl_schema_find(schema, "value");
    if (p->key < 0 || p->value < 0) {
        p->key = 0;
        p->value = 1;
    }
    return schema->n_children == 2
               ? QETL_OK
               : qetl_fail(p->row.env, QETL_E_CONFIG, NULL, "choose two of them with select",
                           "pairs have two columns, these rows %lld",
                           (long long)schema->n_children);
}

static int32_t pairs_encode(void *self, struct qetl_space *out)
{
    struct pairs *p = self;
    int64_t from = out->size, key_end;
    int32_t status = qetl_row_render(&p->row, p->key, out);
    key_end = out->size;
    if (!status)
        status = qetl_space_put(out, p->separator, 1);
    if (!status)
        status = qetl_row_render(&p->row, p->value, out);
    if (status)
        return status;
    if (key_end == from || memchr(out->data + from, *p->separator, (size_t)(key_end - from)) ||
        memchr(out->data + from, '\n', (size_t)(out->size - from)))
        return qetl_row_reject(&p->row, -1, "bad_pair",
                               "the key is empty or holds a separator, or there is a newline");
    return qetl_space_put(out, "\n", 1);
}

static const struct qetl_row_format pairs = {
    .columns = "key text, value text",
    .options = QETL_TABLE(options),
    .decode = pairs_decode,
    .encode_open = pairs_encode_open,
    .encode = pairs_encode,
};

QETL_ROW_FORMAT(pairs, "pairs", struct pairs)
QETL_PLUGIN("pairs", "0.1.0", &pairs_component)
