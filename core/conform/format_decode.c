/* SPDX-License-Identifier: Apache-2.0 */
#include "format.h"
#include "lender.h"

#include <stdlib.h>

enum { COLUMNS = 256, TAIL = 64, RECORD_MOST = 1 << 20, GROWTHS = 64, STEP = 1 << 16 };
enum { IDLE_MOST = 64, MORE_MOST = 100000 }; /* calls that answer MORE: in a row without a record */

static void wrong(struct conform_formatting *f, enum conform_rule_id rule, const char *what,
                  int64_t number)
{
    conform_break(f->b->trial->record, rule, "%s (%lld)", what, (long long)number);
}

/* ---- infer ---- */

static int64_t sample_glimpse(void *stream, int64_t offset, void *data, int64_t capacity)
{
    const struct conform_formatting *f = stream;
    int64_t size = (int64_t)f->bytes.size;
    int64_t n = offset < 0 || offset >= size ? 0
                : size - offset < capacity   ? size - offset
                                             : capacity;
    if (n > 0)
        memcpy(data, f->bytes.data + offset, (size_t)n);
    return n;
}

static int32_t inferred_take(struct conform_formatting *f, struct qetl_inferred *out,
                             int32_t answer, bool whole)
{
    struct conform_record *record = f->b->trial->record;
    if (answer == QETL_NEED_INPUT && whole)
        wrong(f, CONFORM_INFER_RULE, "infer wants more than the whole object", answer);
    else if (answer == QETL_INSTEAD && !out->instead)
        wrong(f, CONFORM_INFER_RULE, "infer answered INSTEAD and names no format", answer);
    else
        conform_hold(record, CONFORM_INFER_RULE);
    if (answer != QETL_OK)
        return answer;
    if (!conform_check_schema(f->b, "infer", &out->schema))
        return QETL_E_DATA;
    qetl_schema_release(&f->schema);
    f->schema = out->schema;
    out->schema.release = NULL;
    f->prologue.size = 0;
    conform_text_put(&f->prologue, out->prologue.data, out->prologue.size);
    return QETL_OK;
}

int32_t conform_format_infer(struct conform_formatting *f, int64_t size, bool whole)
{
    struct conform_guard data = {0};
    if (conform_guard_make(&data, (size_t)size + !size, CONFORM_INFER_RULE))
        return QETL_E_NO_MEMORY;
    if (size)
        memcpy(data.data, f->bytes.data, (size_t)size);
    struct qetl_sample *sample = conform_struct_new(f->b, sizeof *sample);
    struct qetl_inferred *out = conform_struct_new(f->b, sizeof *out);
    sample->whole = whole;
    sample->data = data.data;
    sample->size = size;
    sample->object = "check";
    sample->glimpse = sample_glimpse;
    sample->stream = f;
    sample->object_size = (int64_t)f->bytes.size;
    int32_t answer =
        conform_call(f->b, &conform_infer, (struct conform_args){.a = sample, .out = out});
    answer = answer < 0 ? answer : inferred_take(f, out, answer, whole);
    qetl_schema_release(&out->schema);
    conform_struct_free(f->b, out);
    conform_struct_free(f->b, sample);
    conform_guard_free(&data);
    return answer;
}

/* Which columns; how many. */
static int64_t columns_pick(const struct conform_formatting *f, enum conform_pick pick,
                            int64_t columns[COLUMNS])
{
    int64_t all = f->schema.n_children < COLUMNS ? f->schema.n_children : COLUMNS, n = 0;
    for (int64_t i = 0; i < all; i++) {
        bool is[CONFORM_PICKS] = {true, false, i == 0, i == all - 1, i % 2 == 1, true};
        if (is[pick])
            columns[n++] = pick == CONFORM_PICK_BACKWARDS ? all - 1 - i : i;
    }
    return n;
}

int32_t conform_format_open(struct conform_formatting *f)
{
    const struct conform_knobs *k = &f->b->knobs;
    struct qetl_want wants[COLUMNS];
    int64_t columns[COLUMNS];
    int64_t n = columns_pick(f, k->picks_late ? CONFORM_PICK_ALL : k->pick, columns);
    for (int64_t i = 0; i < n; i++)
        wants[i] = (struct qetl_want){.column = columns[i], .form = QETL_FORM_VALUE};
    qetl_schema_release(&f->wanted);
    int32_t status = conform_forms_schema(&f->schema, n, wants, "", &f->wanted);
    if (status)
        return status;
    const struct ArrowSchema *lent = conform_schema_lend(f->b, &f->schema);
    status = conform_call(
        f->b, &conform_open_decode,
        (struct conform_args){
            .a = lent, .blob = {f->prologue.data, f->prologue.size}, .n = n, .b = wants});
    conform_schema_take_back(f->b);
    return status;
}

/* ---- frame ---- */

static void piece_add(struct conform_formatting *f, int64_t offset, int64_t size)
{
    if (f->n_pieces == f->pieces_room) {
        f->pieces_room = f->pieces_room * 2 + 16;
        f->pieces = realloc(f->pieces, f->pieces_room * sizeof *f->pieces);
        if (!f->pieces)
            abort();
    }
    f->pieces[f->n_pieces++] = (struct conform_piece){offset, size};
}

struct window {
    int64_t at, end; /* of the bytes */
    bool ended;      /* the call with OBJECT_END was made */
};

static int32_t frame_once(struct conform_formatting *f, struct window *w)
{
    struct conform_bench *b = f->b;
    int64_t all = (int64_t)f->bytes.size, size = w->end - w->at;
    struct conform_guard data = {0};
    if (conform_guard_make(&data, (size_t)size + !size, CONFORM_FRAME_RULE))
        return QETL_E_NO_MEMORY;
    if (size)
        memcpy(data.data, f->bytes.data + w->at, (size_t)size);
    struct qetl_frame *io = conform_struct_new(b, sizeof *io);
    io->flags = (w->at ? 0 : QETL_ITEM_OBJECT_START) | (w->end == all ? QETL_ITEM_OBJECT_END : 0);
    io->data = data.data;
    io->size = size;
    io->max_record = RECORD_MOST;
    io->object = "check";
    io->offset = w->at;
    w->ended = w->end == all;
    b->given = (struct qetl_blob){data.data, (size_t)size};
    int32_t status = conform_call(b, &conform_frame, (struct conform_args){.out = io, .rows = -1});
    b->given = (struct qetl_blob){0};
    if (!status && (io->begin < 0 || io->used < io->begin || io->used > size)) {
        wrong(f, CONFORM_FRAME_RULE, "frame: records do not lie in the data", io->used);
        status = QETL_E_FATAL;
    } else if (!status && io->rejected != b->rejected) {
        wrong(f, CONFORM_LEDGER_RULE, "frame: other than the rejected rows were counted",
              io->rejected);
    }
    if (!status) {
        conform_hold(b->trial->record, CONFORM_FRAME_RULE);
        if (io->note.size)
            f->note.size = 0;
        conform_text_put(&f->note, io->note.data, io->note.size);
        if (io->used > io->begin || io->empty)
            piece_add(f, w->at + io->begin, io->used - io->begin);
        w->at += io->used;
    }
    conform_struct_free(b, io);
    conform_guard_free(&data);
    return status;
}

int32_t conform_format_frame(struct conform_formatting *f)
{
    int64_t all = (int64_t)f->bytes.size, step = f->b->knobs.bytes ? f->b->knobs.bytes : STEP;
    struct window w = {.end = all < step ? all : step};
    int32_t status = QETL_OK;
    bool asks_end = f->decode & QETL_DECODE_ENDS;
    while (!status && (w.at < all || (asks_end && !w.ended))) {
        int64_t before = w.at;
        status = frame_once(f, &w);
        if (!status && w.at == before && w.ended && w.at < all) {
            if (!f->garbage)
                wrong(f, CONFORM_FRAME_RULE, "frame: bytes are left at the end of the object",
                      all - w.at);
            return f->garbage ? QETL_E_DATA : QETL_OK;
        }
        if (w.ended && w.at == all)
            break;
        w.end = w.end + step < all ? w.end + step : all;
    }
    return status;
}

/* ---- decode ---- */

static void decoded_check(struct conform_formatting *f, const struct qetl_decoded *out,
                          int64_t records_before, int64_t size)
{
    struct conform_bench *b = f->b;
    int64_t records = records_before + out->records;
    int32_t last = -1;
    if (out->records)
        conform_hold(b->trial->record, CONFORM_DECODE_RULE);
    if (out->rows && !out->record_map && (out->rows != out->records || records_before))
        wrong(f, CONFORM_DECODE_RULE,
              "decode: there is no record_map, though rows are not the records from the chunk's "
              "beginning: dead letters get wrong numbers",
              out->rows);
    if (out->rows < 0 || out->rows > out->records)
        wrong(f, CONFORM_DECODE_RULE, "decode: more rows than records", out->rows);
    if (out->batch.release && out->batch.length != out->rows)
        wrong(f, CONFORM_DECODE_RULE, "decode: the batch has other rows than are said",
              out->batch.length);
    for (int64_t i = 0; out->record_map && i < out->rows; i++) {
        if (out->record_map[i] <= last || out->record_map[i] >= records)
            wrong(f, CONFORM_DECODE_RULE, "decode: record_map goes back, or beyond the records",
                  out->record_map[i]);
        else if (conform_rejects_hold(b, out->record_map[i]))
            wrong(f, CONFORM_DECODE_RULE, "decode: record_map names a record that was rejected",
                  out->record_map[i]);
        last = out->record_map[i];
    }
    for (int64_t i = 0; out->record_offsets && i < out->records; i++)
        if (out->record_offsets[i] < (i ? out->record_offsets[i - 1] : 0) ||
            out->record_offsets[i] > size)
            wrong(f, CONFORM_DECODE_RULE,
                  "decode: record_offsets goes back, or points outside of the chunk",
                  out->record_offsets[i]);
    if (out->rows + b->rejected != out->records)
        conform_break(b->trial->record, CONFORM_LEDGER_RULE,
                      "decode: %lld records are not %lld rows and %lld rejected",
                      (long long)out->records, (long long)out->rows, (long long)b->rejected);
    else if (out->records)
        conform_hold(b->trial->record, CONFORM_LEDGER_RULE);
}

/* Each line with the number of its row's record in front. */
static void lines_number(struct conform_formatting *f, const struct qetl_decoded *out,
                         int64_t records_before, const struct conform_text *lines)
{
    struct conform_bench *b = f->b;
    const char *at = lines->data, *end = at + lines->size;
    for (int64_t i = 0; i < out->rows && at < end; i++) {
        const char *stop = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
        int64_t record = out->record_map ? out->record_map[i] : records_before + i;
        conform_text_putf(&b->outs[0], "%lld: ", (long long)(b->row_base + record));
        conform_text_put(&b->outs[0], at, (size_t)(stop - at));
        at = stop;
    }
}

/* What is looked at once the chunk is gone: a batch owns what it points to. */
static bool batch_wait(struct conform_formatting *f, struct qetl_decoded *out)
{
    if (!f->b->knobs.poison || !out->batch.release || f->n_waiting == CONFORM_WAITING)
        return false;
    f->waiting[f->n_waiting++] = out->batch;
    out->batch.release = NULL;
    return true;
}

static void waiting_take(struct conform_formatting *f)
{
    conform_record_call(f->b->trial->record, "a batch of decode's");
    for (size_t i = 0; i < f->n_waiting; i++)
        conform_take_batch(f->b, "decode", &f->wanted, &f->waiting[i], &f->b->outs[0]);
    conform_record_call(f->b->trial->record, "");
    f->n_waiting = 0;
}

static void batch_take(struct conform_formatting *f, struct qetl_decoded *out,
                       int64_t records_before)
{
    if (batch_wait(f, out))
        return;
    struct conform_bench *b = f->b;
    struct conform_text numbered = {0}, *lines = b->knobs.numbered ? &numbered : &b->outs[0];
    int64_t columns[COLUMNS];
    int64_t n = columns_pick(f, b->knobs.pick, columns);
    if (out->batch.release)
        conform_take_columns(b, "decode", &f->wanted, &out->batch,
                             b->knobs.picks_late ? columns : NULL, n, lines);
    else if (!n) /* rows without columns need no batch */
        for (int64_t i = 0; i < out->rows; i++)
            conform_text_put(lines, "\n", 1);
    if (numbered.data)
        lines_number(f, out, records_before, lines);
    conform_text_free(&numbered);
}

/* The columns as they are from now on; QETL_OK where the decoder is open for them. */
static int32_t schema_grow(struct conform_formatting *f, struct qetl_decoded *out)
{
    if (!(f->decode & QETL_DECODE_GROWS))
        wrong(f, CONFORM_STATUS_RULE, "decode answered SCHEMA, though describe does not say GROWS",
              QETL_SCHEMA);
    if (!conform_check_schema(f->b, "decode", &out->schema))
        return QETL_E_DATA;
    if (out->schema.n_children <= f->schema.n_children && f->garbage)
        return QETL_E_DATA;
    qetl_schema_release(&f->schema);
    f->schema = out->schema;
    out->schema.release = NULL;
    return conform_format_open(f);
}

static int32_t decode_once(struct conform_formatting *f, struct qetl_chunk *chunk, int64_t *records,
                           int32_t *answer)
{
    struct conform_bench *b = f->b;
    struct qetl_decoded *out = conform_struct_new(b, sizeof *out);
    b->given = (struct qetl_blob){chunk->data, (size_t)chunk->size};
    *answer =
        conform_call(b, &conform_decode, (struct conform_args){.a = chunk, .out = out, .rows = -1});
    b->given = (struct qetl_blob){0};
    int32_t status = *answer < 0 ? *answer : QETL_OK;
    if (*answer == QETL_SCHEMA) {
        status = schema_grow(f, out);
    } else if (!status) {
        decoded_check(f, out, *records, chunk->size);
        f->records += out->records;
        batch_take(f, out, *records);
        *records += out->records;
    }
    qetl_array_release(&out->batch);
    qetl_schema_release(&out->schema);
    conform_struct_free(b, out);
    return status;
}

int32_t conform_format_decode(struct conform_formatting *f, const struct conform_piece *piece)
{
    struct conform_bench *b = f->b;
    struct qetl_env lender = conform_lender(b);
    uint8_t *data = lender.host->buffer_alloc(lender.ctx, (size_t)piece->size + TAIL);
    int64_t records = 0;
    int32_t answer = QETL_SCHEMA, status = data ? QETL_OK : QETL_E_NO_MEMORY;
    if (!data)
        return status;
    if (piece->size)
        memcpy(data, f->bytes.data + piece->offset, (size_t)piece->size);
    memset(data + piece->size, b->knobs.poison ? '\n' : 0xa5, TAIL);
    struct qetl_chunk *chunk = conform_struct_new(b, sizeof *chunk);
    chunk->data = data;
    chunk->size = piece->size;
    chunk->buffer = data;
    chunk->object = "check";
    chunk->offset = piece->offset;
    chunk->tail_room = TAIL;
    chunk->note = (struct qetl_blob){f->note.data, f->note.size};
    b->row_base = f->records;
    for (int i = 0, idle = 0; !status && (answer == QETL_SCHEMA || answer == QETL_MORE); i++) {
        int64_t before = records;
        chunk->more = answer == QETL_MORE;
        status = decode_once(f, chunk, &records, &answer);
        idle = answer == QETL_MORE && records == before ? idle + 1 : 0;
        if (answer == QETL_SCHEMA ? i == GROWTHS : idle == IDLE_MOST || i == MORE_MOST) {
            wrong(f, CONFORM_DECODE_RULE,
                  answer == QETL_SCHEMA ? "decode answers SCHEMA for ever"
                                        : "decode answers MORE for ever",
                  i);
            status = QETL_E_FATAL;
        }
    }
    conform_struct_free(b, chunk);
    conform_lent_buffer(b, data);
    waiting_take(f);
    return status;
}
