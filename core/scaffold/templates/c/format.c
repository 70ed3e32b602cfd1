/* SPDX-License-Identifier: Apache-2.0 */
/*
 * newplugin: a format. Lines `key=value`, one row each; empty lines and those that begin with # are
 * no rows.
 *
 *   decode  a record to a row
 *   encode  a row to a record
 *
 * Where records end, which row came from which, and what is lost with one that is none: that is
 * seen to by qetl/row_format.h, which also says what else there is (columns that depend on the
 * file, headers, records that are no lines). What you will change: these two, the columns, and the
 * options, which the manifest newplugin.qetl.json declares.
 */
#include <qetl/row_format.h>

QETL_EMBED_MANIFEST("newplugin.qetl.json");

enum { KEY, VALUE };

/* The state of one instance: the host gives it to every call, zeroed before the first. There are no
 * globals: several instances decode at once, each in a thread of its own. */
struct pairs {
    struct qetl_row row;   /* first: the row at hand */
    const char *separator; /* one character; options live as long as the instance */
    int64_t places[2];     /* of key and value among the columns that are written */
};

/* What stands in the pipeline, from what the manifest's schema allows; defaults are filled in
 * there. */
static const struct qetl_option_field options[] = {
    {"/separator", QETL_OPTION_TEXT, offsetof(struct pairs, separator), "=", NULL},
};

/* What is put is copied and looked at: a text that is no UTF-8 has the record rejected, as has a
 * value that its column's type cannot hold. qetl_row_put_parsed reads dates, numbers and decimals.
 */
static int32_t pairs_decode(void *self, struct qetl_text line)
{
    struct pairs *p = self;
    if (!line.size || *line.data == '#')
        return QETL_ROW_NONE;
    const char *sign = memchr(line.data, *p->separator, (size_t)line.size);
    if (!sign) /* to the dead letters, with its bytes; the others go on */
        return qetl_row_reject(&p->row, -1, "bad_pair",
                               "a line has the separator between key and value");
    qetl_row_put_text(&p->row, KEY, line.data, sign - line.data);
    qetl_row_put_text(&p->row, VALUE, sign + 1, line.data + line.size - sign - 1);
    return QETL_OK;
}

/* The columns that are to be written, whose types may be any. */
static int32_t pairs_encode_open(void *self, const struct ArrowSchema *schema)
{
    static const char *const names[] = {"key", "value"};
    struct pairs *p = self;
    for (int i = KEY; i <= VALUE; i++) {
        p->places[i] = qetl_schema_find(schema, names[i]);
        if (p->places[i] < 0)
            return qetl_fail(p->row.env, QETL_E_CONFIG, NULL,
                             "name columns with select: columns: {key: …, value: …}",
                             "pairs are written of columns key and value; \"%s\" is missing",
                             names[i]);
    }
    return QETL_OK;
}

static bool is_writable(const struct pairs *p, const struct qetl_space *out, int64_t from, int part)
{
    const char *text = (const char *)out->data + from;
    size_t size = (size_t)(out->size - from);
    if (size && memchr(text, '\n', size))
        return false;
    return part == VALUE || (size && *text != '#' && !memchr(text, *p->separator, size));
}

/* A row that cannot be written is rejected, and leaves no bytes. */
static int32_t pairs_encode(void *self, struct qetl_space *out)
{
    struct pairs *p = self;
    for (int part = KEY; part <= VALUE; part++) {
        int64_t from = out->size;
        int32_t status = qetl_row_render(&p->row, p->places[part], out);
        if (!status && !is_writable(p, out, from, part))
            return qetl_row_reject(&p->row, p->places[part], "bad_pair",
                                   "this cannot be read again as key=value");
        if (!status)
            status = qetl_space_put(out, part == KEY ? p->separator : "\n", 1);
        if (status)
            return status;
    }
    return QETL_OK;
}

static const struct qetl_row_format pairs = {
    .columns = "key text, value text",
    .options = QETL_TABLE(options),
    .decode = pairs_decode,
    .encode_open = pairs_encode_open,
    .encode = pairs_encode,
};

QETL_ROW_FORMAT(pairs, "newplugin", struct pairs)
QETL_PLUGIN("newplugin", "0.1.0", &pairs_component)
