/* SPDX-License-Identifier: Apache-2.0 */
/* A format of lines such as "key=value", to rows and back. */
#include <qetl/manifest.h>
#include <qetl/rows.h>
#include <qetl/sdk.h>

#include <stdlib.h>

QETL_EMBED_MANIFEST("pairs.qetl.json");

struct pairs {
    struct qetl_env env;
    const char *separator;
    int64_t wanted[2]; /* decode: which of key and value, in this order … */
    int64_t n_wanted;
    struct qetl_builder rows;
    int32_t *record_map; /* of each row the record that it was: those that are rejected are none */
    int64_t room;
    struct ArrowSchema schema; /* encode: of the rows */
};

static const struct qetl_option_field options[] = {
    {"/separator", QETL_OPTION_TEXT, offsetof(struct pairs, separator), "=", "=|:|;|,"},
};

static int32_t pairs_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                            const char *config)
{
    struct pairs *p = self;
    (void)config;
    p->env = (struct qetl_env){host, ctx};
    return qetl_options_read(p->env, options, 1, p);
}

static void pairs_destroy(void *self)
{
    struct pairs *p = self;
    qetl_builder_free(&p->rows);
    free(p->record_map);
    qetl_schema_release(&p->schema);
}

static int32_t pairs_describe(void *self, struct qetl_format_info *out)
{
    (void)self;
    out->encode = QETL_ENCODE_CONCATENABLE;
    out->decode = QETL_DECODE_VALUES;
    return QETL_OK;
}

static int32_t pairs_infer(void *self, const struct qetl_sample *sample, struct qetl_inferred *out)
{
    (void)self;
    (void)sample;
    return qetl_schema_parse("key text, value text", &out->schema);
}

/* The builder makes the columns that are wanted, in the order in which they are. */
static int32_t pairs_open_decode(void *self, const struct ArrowSchema *schema,
                                 struct qetl_blob prologue, int64_t n_wants,
                                 const struct qetl_want *wants)
{
    struct pairs *p = self;
    struct ArrowSchema made = {0};
    (void)prologue;
    qetl_builder_free(&p->rows);
    p->n_wanted = n_wants;
    int32_t status = qetl_schema_init_struct(&made);
    for (int64_t i = 0; i < n_wants && !status; i++) {
        p->wanted[i] = wants[i].column;
        status = qetl_schema_add(&made, schema->children[wants[i].column]->name, "vu");
    }
    if (!status)
        status = qetl_builder_open(&p->rows, p->env, &made, 0);
    qetl_schema_release(&made);
    return status;
}

/* Records end with a newline, the last one perhaps with the object. */
static int32_t pairs_frame(void *self, struct qetl_frame *io)
{
    int64_t used = io->size;
    (void)self;
    if (!(io->flags & QETL_ITEM_OBJECT_END))
        while (used && io->data[used - 1] != '\n')
            used--;
    io->begin = 0;
    io->used = used;
    return QETL_OK;
}

/* status of a line: DATA, it was rejected. */
static int32_t line_take(struct pairs *p, const uint8_t *line, int64_t size, int64_t record,
                         int64_t offset)
{
    const uint8_t *at = size ? memchr(line, *p->separator, (size_t)size) : NULL;
    const char *why = !at ? "there is no separator" : at == line ? "the key is missing" : NULL;
    int32_t status = QETL_OK;
    if (!why && !qetl_utf8_valid(line, size))
        why = "it is not UTF-8";
    if (why) {
        qetl_reject_bytes(p->env, record, "bad_pair", (struct qetl_blob){line, (size_t)size},
                          offset, "%s", why);
        return QETL_E_DATA;
    }
    for (int64_t i = 0; i < p->n_wanted && !status; i++) {
        bool key = p->wanted[i] == 0;
        status =
            qetl_builder_text(qetl_builder_child(&p->rows, i), (const char *)(key ? line : at + 1),
                              key ? at - line : line + size - at - 1);
    }
    return status ? status : qetl_builder_struct(&p->rows);
}

static int32_t row_add(struct pairs *p, struct qetl_decoded *out)
{
    if (out->rows == p->room) {
        int64_t room = p->room ? 2 * p->room : 1024;
        int32_t *grown = realloc(p->record_map, (size_t)room * sizeof *grown);
        if (!grown)
            return QETL_E_NO_MEMORY;
        p->record_map = grown;
        p->room = room;
    }
    p->record_map[out->rows++] = (int32_t)out->records;
    return QETL_OK;
}

static int32_t pairs_decode(void *self, const struct qetl_chunk *chunk, struct qetl_decoded *out)
{
    struct pairs *p = self;
    int32_t status = QETL_OK;
    for (int64_t at = 0; at < chunk->size && !status; out->records++) {
        const uint8_t *line = chunk->data + at;
        const uint8_t *end = memchr(line, '\n', (size_t)(chunk->size - at));
        int64_t size = end ? end - line : chunk->size - at;
        status = line_take(p, line, size, out->records, at);
        if (status == QETL_E_DATA)
            status = QETL_OK;
        else if (!status)
            status = row_add(p, out);
        at += size + 1;
    }
    out->record_map = p->record_map;
    if (!status)
        status = qetl_builder_close(&p->rows, &out->batch);
    if (status)
        qetl_builder_clear(&p->rows);
    return status;
}

/* All columns are welcome as values. */
static int32_t pairs_forms(void *self, const struct ArrowSchema *schema, uint32_t *forms)
{
    (void)self;
    for (int64_t i = 0; i < schema->n_children; i++)
        forms[i] = QETL_FORM_VALUE;
    return QETL_OK;
}

static int32_t pairs_open_encode(void *self, const struct ArrowSchema *schema)
{
    struct pairs *p = self;
    qetl_schema_release(&p->schema);
    if (schema->n_children != 2)
        return qetl_fail(p->env, QETL_E_CONFIG, NULL, "choose two of them with select",
                         "pairs have two columns, these rows %lld", (long long)schema->n_children);
    return qetl_schema_copy(schema, &p->schema);
}

static int32_t row_write(struct pairs *p, const struct qetl_column *columns, int64_t row,
                         struct qetl_space *out)
{
    int64_t from = out->size, key_end;
    int32_t status = qetl_render(&columns[0], row, out);
    key_end = out->size;
    if (!status)
        status = qetl_space_put(out, p->separator, 1);
    if (!status)
        status = qetl_render(&columns[1], row, out);
    if (status)
        return status;
    if (key_end == from || memchr(out->data + from, *p->separator, (size_t)(key_end - from)) ||
        memchr(out->data + from, '\n', (size_t)(out->size - from))) {
        out->size = from;
        qetl_rejectf(p->env, row, -1, "bad_pair",
                     "the key is empty or holds a separator, or there is a newline");
        return QETL_OK;
    }
    return qetl_space_put(out, "\n", 1);
}

static int32_t pairs_encode(void *self, const struct ArrowArray *batch, struct qetl_space *out)
{
    struct pairs *p = self;
    struct qetl_column columns[2];
    int32_t status = qetl_batch_open(&p->schema, batch, columns);
    for (int64_t row = 0; row < batch->length && !status; row++)
        status = row_write(p, columns, row, out);
    return status;
}

static const struct qetl_format pairs_format = {.struct_size = sizeof pairs_format,
                                                .describe = pairs_describe,
                                                .infer = pairs_infer,
                                                .open_decode = pairs_open_decode,
                                                .frame = pairs_frame,
                                                .decode = pairs_decode,
                                                .forms = pairs_forms,
                                                .open_encode = pairs_open_encode,
                                                .encode = pairs_encode};

static const struct qetl_component pairs = {.struct_size = sizeof pairs,
                                            .kind = QETL_FORMAT,
                                            .id = "pairs",
                                            .state_size = sizeof(struct pairs),
                                            .create = pairs_create,
                                            .destroy = pairs_destroy,
                                            .format = &pairs_format};

QETL_PLUGIN("pairs", "0.1.0", &pairs)
