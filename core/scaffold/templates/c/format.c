/* SPDX-License-Identifier: Apache-2.0 */
/*
 * newplugin: a format. Lines `key=value`, one row each; empty lines and those that begin with # are
 * no rows.
 *
 *   infer   which columns there are, from the first bytes
 *   frame   where records end, in order: so that the rest can be done by many at once
 *   decode  whole records to a batch
 *   encode  a batch to bytes
 *
 * What you will change: these four, and the options, which the manifest newplugin.qetl.json
 * declares.
 */
#include <qetl/manifest.h>
#include <qetl/sdk.h>

#include <stdlib.h>
#include <string.h>

QETL_EMBED_MANIFEST("newplugin.qetl.json");

/* A column may be wanted twice: as a value of its type, and as it is spelled. */
enum { KEY, VALUE, N_COLUMNS, N_WANTS = 2 * N_COLUMNS };

/* The state of one instance: the host gives it to every call, zeroed before the first. There are no
 * globals: several instances decode at once, each in a thread of its own. */
struct pairs {
    struct qetl_env env;   /* whom to report to; every helper that can fail wants it */
    const char *separator; /* one character; options live as long as the instance */
    /* decode */
    int64_t wanted[N_WANTS], n_wanted; /* which columns somebody reads, in this order */
    struct qetl_builder columns[N_WANTS];
    int32_t *record_map; /* row -> record, for whoever asks where a row came from */
    int64_t capacity;
    /* encode */
    struct ArrowSchema schema;
    int64_t places[N_COLUMNS];
};

static int32_t no_memory(const struct pairs *p)
{
    return qetl_fail(p->env, QETL_E_NO_MEMORY, NULL, NULL, "no memory for pairs");
}

/* What create reads, from what the manifest's schema allows; defaults are filled in there. */
static const struct qetl_option_field options[] = {
    {"/separator", QETL_OPTION_TEXT, offsetof(struct pairs, separator), "=", NULL},
};

static int32_t pairs_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                            const char *config)
{
    struct pairs *p = self;
    (void)config; /* the options once more, as JSON text */
    p->env = (struct qetl_env){host, ctx};
    int32_t status = qetl_options_read(p->env, options, 1, p);
    if (status)
        return status;
    for (int i = 0; i < N_WANTS; i++)
        if (qetl_builder_open(&p->columns[i], p->env, &(struct ArrowSchema){.format = "vu"}, 0))
            return no_memory(p);
    return QETL_OK;
}

/* Called once, whatever create answered: so it must bear a state that is half made. */
static void pairs_destroy(void *self)
{
    struct pairs *p = self;
    for (int i = 0; i < N_WANTS; i++)
        qetl_builder_free(&p->columns[i]);
    qetl_schema_release(&p->schema);
    free(p->record_map);
}

static int32_t pairs_describe(void *self, struct qetl_format_info *out)
{
    (void)self;
    out->encode = QETL_ENCODE_CONCATENABLE; /* any instance may encode any batch */
    return QETL_OK;
}

/* ---- reading ---- */

/* The columns here are always the same. A format that has to look answers NEED_INPUT until the
 * sample says enough. */
static int32_t pairs_infer(void *self, const struct qetl_sample *sample, struct qetl_inferred *out)
{
    struct pairs *p = self;
    (void)sample;
    int32_t status = qetl_schema_init_struct(&out->schema);
    if (!status)
        status = qetl_schema_add(&out->schema, "key", "vu");
    if (!status)
        status = qetl_schema_add(&out->schema, "value", "vu");
    if (!status)
        return QETL_OK;
    qetl_schema_release(&out->schema);
    return no_memory(p);
}

/* Only wanted columns are decoded. Whatever form is asked for, text is text. Of another type there
 * are two: VALUE, of that type, and LEXICAL or CHECKED, text as it is spelled; open a builder here
 * for each want then. */
static int32_t pairs_open_decode(void *self, const struct ArrowSchema *schema,
                                 struct qetl_blob prologue, int64_t n_wants,
                                 const struct qetl_want *wants)
{
    struct pairs *p = self;
    (void)schema;
    (void)prologue;
    p->n_wanted = n_wants;
    for (int64_t i = 0; i < n_wants; i++)
        p->wanted[i] = wants[i].column;
    return QETL_OK;
}

/* Records end at line feeds; the last line of an object may lack it. used 0: more is needed. */
static int32_t pairs_frame(void *self, struct qetl_frame *io)
{
    (void)self;
    io->begin = 0;
    io->used = io->size;
    if (!(io->flags & QETL_ITEM_OBJECT_END))
        while (io->used > 0 && io->data[io->used - 1] != '\n')
            io->used--;
    return QETL_OK;
}

/* A record that is none goes to the dead letters, with its bytes; the others go on. */
static void line_reject(const struct pairs *p, const struct qetl_chunk *chunk, int64_t at,
                        int64_t size, int64_t record)
{
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .row = record,
                                 .column = -1,
                                 .code = "bad_pair",
                                 .message = "a line is UTF-8, with the separator between key and "
                                            "value",
                                 .bytes = chunk->data + at,
                                 .bytes_size = size,
                                 .bytes_offset = at};
    p->env.host->reject(p->env.ctx, &reject);
}

static int32_t map_reserve(struct pairs *p, int64_t rows)
{
    if (rows < p->capacity)
        return QETL_OK;
    int64_t capacity = p->capacity ? 2 * p->capacity : 1024;
    int32_t *grown = realloc(p->record_map, (size_t)capacity * sizeof *grown);
    if (!grown)
        return QETL_E_NO_MEMORY;
    p->record_map = grown;
    p->capacity = capacity;
    return QETL_OK;
}

/* No copy: the columns hold views into the chunk. */
static int32_t line_decode(struct pairs *p, const struct qetl_chunk *chunk, int64_t at,
                           int64_t size, struct qetl_decoded *out)
{
    const char *line = (const char *)chunk->data + at;
    if (!size || *line == '#')
        return QETL_OK;
    const char *sign = memchr(line, *p->separator, (size_t)size);
    if (!sign || !qetl_utf8_valid(line, size)) {
        line_reject(p, chunk, at, size, out->records++);
        return QETL_OK;
    }
    const struct qetl_text texts[] = {{line, sign - line}, {sign + 1, line + size - sign - 1}};
    int32_t status = map_reserve(p, out->rows);
    for (int64_t i = 0; i < p->n_wanted && !status; i++) {
        struct qetl_text text = texts[p->wanted[i]];
        status = qetl_builder_view(&p->columns[i], text.data, text.size);
    }
    if (!status)
        p->record_map[out->rows++] = (int32_t)out->records++;
    return status;
}

static int32_t batch_close(struct pairs *p, struct qetl_decoded *out)
{
    struct ArrowArray columns[N_WANTS] = {{0}};
    int32_t status = QETL_OK;
    for (int64_t i = 0; i < p->n_wanted && !status; i++)
        status = qetl_builder_close(&p->columns[i], &columns[i]);
    if (!status)
        status = qetl_array_struct(p->env, out->rows, p->n_wanted, columns, &out->batch);
    for (int64_t i = 0; i < p->n_wanted; i++)
        qetl_array_release(&columns[i]); /* unless the batch took it */
    out->record_map = p->record_map;
    return status;
}

static int32_t pairs_decode(void *self, const struct qetl_chunk *chunk, struct qetl_decoded *out)
{
    struct pairs *p = self;
    int32_t status = QETL_OK;
    for (int64_t i = 0; i < p->n_wanted; i++)
        qetl_builder_share(&p->columns[i], chunk->buffer);
    for (int64_t at = 0, end; at < chunk->size && !status; at = end + 1) {
        const uint8_t *feed = memchr(chunk->data + at, '\n', (size_t)(chunk->size - at));
        end = feed ? feed - chunk->data : chunk->size;
        status = line_decode(p, chunk, at, end - at, out);
    }
    if (!status)
        status = batch_close(p, out);
    return status ? no_memory(p) : QETL_OK;
}

/* ---- writing ---- */

/* VALUE: of whatever type it is. LEXICAL: as it stood in the input, if it came as text: welcome. */
static int32_t pairs_forms(void *self, const struct ArrowSchema *schema, uint32_t *forms)
{
    (void)self;
    for (int64_t i = 0; i < schema->n_children; i++)
        forms[i] = QETL_FORM_VALUE | QETL_FORM_LEXICAL;
    return QETL_OK;
}

static int32_t pairs_open_encode(void *self, const struct ArrowSchema *schema)
{
    static const char *const names[] = {"key", "value"};
    struct pairs *p = self;
    for (int i = 0; i < N_COLUMNS; i++) {
        p->places[i] = qetl_schema_find(schema, names[i]);
        if (p->places[i] < 0)
            return qetl_fail(p->env, QETL_E_CONFIG, NULL,
                             "name columns with select: columns: {key: …, value: …}",
                             "pairs are written of columns key and value; \"%s\" is missing",
                             names[i]);
    }
    qetl_schema_release(&p->schema); /* of an earlier object */
    return qetl_schema_copy(schema, &p->schema);
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
static int32_t row_encode(struct pairs *p, const struct qetl_column *columns, int64_t row,
                          struct qetl_space *out)
{
    int64_t before = out->size;
    for (int part = 0; part < N_COLUMNS; part++) {
        int64_t from = out->size;
        int32_t status = qetl_render(&columns[part], row, out);
        if (!status && !is_writable(p, out, from, part)) {
            struct qetl_reject reject = {.struct_size = sizeof reject,
                                         .row = row,
                                         .column = p->places[part],
                                         .code = "bad_pair",
                                         .message = "this cannot be read again as key=value"};
            out->size = before;
            p->env.host->reject(p->env.ctx, &reject);
            return QETL_OK;
        }
        if (!status)
            status = qetl_space_put(out, part == KEY ? p->separator : "\n", 1);
        if (status)
            return status;
    }
    return QETL_OK;
}

static int32_t pairs_encode(void *self, const struct ArrowArray *batch, struct qetl_space *out)
{
    struct pairs *p = self;
    struct qetl_column rows, columns[N_COLUMNS];
    int32_t status = qetl_column_open(&rows, &p->schema, batch);
    for (int i = 0; i < N_COLUMNS && !status; i++)
        status = qetl_column_child(&rows, p->places[i], &columns[i]);
    for (int64_t i = 0; i < batch->length && !status; i++)
        status = row_encode(p, columns, i, out);
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
                                            .id = "newplugin",
                                            .state_size = sizeof(struct pairs),
                                            .create = pairs_create,
                                            .destroy = pairs_destroy,
                                            .format = &pairs_format};

QETL_PLUGIN("newplugin", "0.1.0", &pairs)
