/* SPDX-License-Identifier: Apache-2.0 */
/* A format of numbers, one a line, which it reads with their double; and one fault. */
#include "faults.h"

#include <qetl/manifest.h>
#include <qetl/sdk.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

QETL_EMBED_MANIFEST("bad_format.qetl.json");

enum {
    no_fault,
    infer_insists,
    infer_overreads,
    frame_overruns,
    frame_stops,
    frame_overreads,
    records_miscounted,
    map_beyond,
    garbage_crashes,
    tail_read,
    encode_overwrites,
    encode_unreadable,
    encode_overflows,
    grows_unsaid,
    describe_both,
    wants_ignored,
    wants_sorted,
    wants_counted,
    reject_written,
    wants_beside, /* as wants_sorted, beside a line that is rejected */
    map_missing,
    encode_truncates,
    encode_by_place,
    double_tripled,
    chunk_kept,
    schema_kept,
    zone_read,
    comma_read,
    inputs_told, /* into the file that BAD_INPUTS names: no fault */
    error_garbled,
    bytes_beside,
    map_counts_rows,
    more_forever
};

struct bad {
    struct qetl_env env;
    struct ArrowSchema schema; /* of the reader */
    struct ArrowSchema given;  /* of the writer */
    int64_t wants[2], n_wants;
    int64_t place;                  /* of the writer's numbers */
    const uint8_t *chunk;           /* chunk_kept: of the call before */
    const struct ArrowSchema *lent; /* schema_kept: of the reader */
    int32_t map[65536];
};

static int32_t bad_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                          const char *config)
{
    struct bad *s = self;
    (void)config;
    s->env = (struct qetl_env){host, ctx};
    return QETL_OK;
}

static void bad_destroy(void *self)
{
    struct bad *s = self;
    qetl_schema_release(&s->schema);
    qetl_schema_release(&s->given);
}

static int32_t bad_describe(void *self, struct qetl_format_info *out)
{
    (void)self;
    out->encode = QETL_ENCODE_CONCATENABLE | (IS(describe_both) ? QETL_ENCODE_CLOSED : 0);
    return QETL_OK;
}

/* ---- reading ---- */

static int32_t schema_make(struct ArrowSchema *out)
{
    int32_t status = qetl_schema_init_struct(out);
    status = status ? status : qetl_schema_add(out, "n", "l");
    return status ? status : qetl_schema_add(out, "double", "l");
}

static int32_t bad_infer(void *self, const struct qetl_sample *sample, struct qetl_inferred *out)
{
    (void)self;
    volatile uint8_t seen = 0;
    for (int64_t i = 0; IS(infer_overreads) && i <= sample->size; i++)
        seen = sample->data[i];
    (void)seen;
    if (IS(infer_insists) && sample->size < 8)
        return QETL_NEED_INPUT;
    return schema_make(&out->schema);
}

static int32_t bad_open_decode(void *self, const struct ArrowSchema *schema,
                               struct qetl_blob prologue, int64_t n, const struct qetl_want *wants)
{
    struct bad *s = self;
    (void)prologue;
    s->n_wants = IS(wants_ignored) || n > 2 ? 2 : n;
    for (int64_t i = 0; i < s->n_wants; i++)
        s->wants[i] = IS(wants_ignored) || ((IS(wants_sorted) || IS(wants_beside)) && n == 2)
                          ? i
                          : wants[i].column;
    if (IS(wants_counted) && n < 2)
        s->wants[0] = 0; /* as if it were the first that is wanted */
    s->lent = schema;
    qetl_schema_release(&s->schema);
    return qetl_schema_copy(schema, &s->schema);
}

static int32_t bad_frame(void *self, struct qetl_frame *io)
{
    (void)self;
    io->used = io->size;
    if (IS(frame_overreads) && io->size && io->data[io->size] == 7)
        return QETL_OK;
    while (!(io->flags & QETL_ITEM_OBJECT_END) && io->used > 0 && io->data[io->used - 1] != '\n')
        io->used--;
    if (IS(frame_overruns))
        io->used = io->size + 1;
    if (IS(frame_stops) && io->used > 2)
        io->used = 0;
    return QETL_OK;
}

/* One record; false: it is no number. */
static bool number_read(const uint8_t *at, const uint8_t *end, int64_t *out)
{
    bool negative = at < end && *at == '-';
    *out = 0;
    for (at += negative; at < end; at++) {
        if (*at < '0' || *at > '9') {
            if (IS(garbage_crashes))
                abort();
            return false;
        }
        *out = (int64_t)((uint64_t)*out * 10 + (uint64_t)(*at - '0'));
    }
    *out = negative ? -*out : *out;
    return true;
}

/* record: its bytes, which begin at `at` of the chunk; NULL: it is none. */
static void reject(struct bad *s, int64_t row, const uint8_t *record, int64_t size, int64_t at)
{
    struct qetl_reject reject = {.struct_size = sizeof reject,
                                 .row = row,
                                 .column = 0,
                                 .code = "no_number",
                                 .bytes = record,
                                 .bytes_size = size,
                                 .bytes_offset = at + IS(bytes_beside),
                                 .message = "a line holds no number"};
    s->env.host->reject(s->env.ctx, &reject);
}

/* Seconds that the machine is away from Greenwich. */
static int64_t zone(void)
{
    const time_t when = 86400;
    struct tm tm;
    return IS(zone_read) && localtime_r(&when, &tm) ? tm.tm_gmtoff : 0;
}

/* A half, as the machine's language reads it. */
static int64_t twice_a_half(void)
{
    return IS(comma_read) ? (int64_t)(2 * strtod("0.5", NULL)) : 1;
}

static int32_t row_put(const struct bad *s, struct qetl_builder *builders, int64_t value)
{
    const uint64_t times = IS(double_tripled) ? 3 : 2;
    int32_t status = QETL_OK;
    for (int64_t i = 0; !status && i < s->n_wants; i++)
        status = qetl_builder_int(
            &builders[i],
            s->wants[i] ? (int64_t)((uint64_t)value * times) * twice_a_half() + zone() : value);
    return status;
}

static int32_t lines_read(struct bad *s, const struct qetl_chunk *chunk, struct qetl_builder *b,
                          struct qetl_decoded *out)
{
    const uint8_t *at = chunk->data, *end = at + chunk->size;
    int32_t status = QETL_OK;
    while (!status && at < end) {
        const uint8_t *stop = memchr(at, '\n', (size_t)(end - at));
        int64_t value;
        stop = stop ? stop : end;
        if (IS(tail_read) && stop + 1 == end)
            stop += end[0] == '\n';
        if (number_read(at, stop < end ? stop : end, &value)) {
            s->map[out->rows] = IS(map_counts_rows)
                                    ? (int32_t)out->rows
                                    : (int32_t)out->records + (IS(map_beyond) ? 5 : 0);
            out->rows++;
            status = row_put(s, b, value + (IS(tail_read) && stop == end ? 1 : 0));
        } else {
            reject(s, out->records, at, stop - at, at - chunk->data);
        }
        out->records++;
        at = stop + 1;
    }
    return status;
}

static void inputs_tell(const struct qetl_chunk *chunk)
{
    FILE *file = fopen(getenv("BAD_INPUTS"), "ae");
    for (int64_t i = 0; file && i < chunk->size; i++)
        fprintf(file, "%02x", chunk->data[i]);
    if (file) {
        fputc('\n', file);
        fclose(file);
    }
}

static int32_t bad_decode(void *self, const struct qetl_chunk *chunk, struct qetl_decoded *out)
{
    struct bad *s = self;
    struct ArrowArray columns[2] = {{0}};
    struct qetl_builder b[2] = {{0}};
    if (IS(chunk_kept) && s->chunk && *(volatile const uint8_t *)s->chunk == 7)
        return QETL_E_DATA;
    s->chunk = chunk->data;
    if (IS(schema_kept) && strcmp(s->lent->children[0]->name, "n") != 0)
        return qetl_fail(s->env, QETL_E_DATA, NULL, NULL, "there is no column n");
    if (IS(grows_unsaid) && !s->schema.children[0]->flags)
        return QETL_E_DATA;
    if (IS(inputs_told))
        inputs_tell(chunk);
    if (IS(error_garbled))
        return qetl_fail(s->env, QETL_E_DATA, NULL, NULL, "it <is> \"wrong\" & \x01\xff\xe2\x82");
    if (IS(grows_unsaid)) {
        s->schema.children[0]->flags = 0;
        int32_t status = schema_make(&out->schema);
        return status ? status : QETL_SCHEMA;
    }
    if (IS(more_forever))
        return QETL_MORE;
    int32_t status = QETL_OK;
    for (int64_t i = 0; !status && i < s->n_wants; i++)
        status = qetl_builder_open(&b[i], s->env, s->schema.children[0], 16);
    status = status ? status : lines_read(s, chunk, b, out);
    for (int64_t i = 0; !status && i < s->n_wants; i++)
        status = qetl_builder_close(&b[i], &columns[i]);
    status =
        status ? status : qetl_array_struct(s->env, out->rows, s->n_wants, columns, &out->batch);
    for (int i = 0; i < 2; i++) {
        qetl_builder_free(&b[i]);
        qetl_array_release(&columns[i]);
    }
    out->record_map = IS(map_missing) ? NULL : s->map;
    out->records += IS(records_miscounted) && out->records;
    return status;
}

/* ---- writing ---- */

static int32_t bad_forms(void *self, const struct ArrowSchema *schema, uint32_t *forms)
{
    (void)self;
    for (int64_t i = 0; i < schema->n_children; i++)
        forms[i] = QETL_FORM_VALUE;
    return QETL_OK;
}

static int32_t bad_open_encode(void *self, const struct ArrowSchema *schema)
{
    struct bad *s = self;
    int64_t named = qetl_schema_find(schema, "n");
    s->place = named < 0 || IS(encode_by_place) ? 0 : named;
    qetl_schema_release(&s->given);
    return qetl_schema_copy(schema, &s->given);
}

static int32_t bad_encode(void *self, const struct ArrowArray *batch, struct qetl_space *out)
{
    struct bad *s = self;
    struct qetl_column whole, n;
    int32_t status = qetl_column_open(&whole, &s->given, batch);
    status = status ? status : qetl_column_child(&whole, s->place, &n);
    for (int64_t i = 0; !status && i < batch->length; i++) {
        if (qetl_column_is_null(&n, i)) {
            status = IS(reject_written) ? qetl_space_put(out, "null\n", 5) : QETL_OK;
            reject(s, i, NULL, 0, 0);
            continue;
        }
        if (IS(encode_unreadable))
            status = qetl_space_put(out, "number ", 7);
        int64_t from = out->size;
        status = status ? status : qetl_render(&n, i, out);
        if (IS(encode_truncates) && out->size > from + 1)
            out->size--;
        status = status ? status : qetl_space_put(out, "\n", 1);
    }
    if (IS(encode_overwrites) && out->size)
        out->data[0]++;
    if (IS(encode_overflows))
        out->size = out->capacity + 1;
    return status;
}

static const struct qetl_format format = {
    .struct_size = sizeof format,
    .describe = bad_describe,
    .infer = bad_infer,
    .open_decode = bad_open_decode,
    .frame = bad_frame,
    .decode = bad_decode,
    .forms = bad_forms,
    .open_encode = bad_open_encode,
    .encode = bad_encode,
};

static const struct qetl_component component = {
    .struct_size = sizeof component,
    .kind = QETL_FORMAT,
    .id = "bad",
    .state_size = sizeof(struct bad),
    .create = bad_create,
    .destroy = bad_destroy,
    .format = &format,
};

QETL_PLUGIN("bad-format", "0.1.0", &component)
