/* SPDX-License-Identifier: Apache-2.0 */
#include "sink.h"

#include "said.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- handles and epochs ---- */

static int32_t handle_take(void *stream, const void *data, size_t size)
{
    struct conform_sinking *s = stream;
    if (size > 65536)
        conform_break(s->b->trial->record, CONFORM_HANDLE_RULE, "prepare: a handle of %zu bytes",
                      size);
    else
        conform_hold(s->b->trial->record, CONFORM_HANDLE_RULE);
    if (s->n_handles < CONFORM_HANDLES) {
        s->texts[s->n_handles].size = 0;
        conform_text_put(&s->texts[s->n_handles], data, size);
        s->handles[s->n_handles] = (struct qetl_blob){s->texts[s->n_handles].data, size};
        s->n_handles++;
    }
    return QETL_OK;
}

static struct qetl_epoch *epoch_new(struct conform_sinking *s)
{
    struct qetl_epoch *epoch = conform_struct_new(s->b, sizeof *epoch);
    epoch->number = s->epoch;
    epoch->generation = s->generation;
    snprintf(s->pipeline, sizeof s->pipeline, "%s of %.150s %u", s->stranger ? "another" : "check",
             s->b->trial->scratch, atomic_load(&s->b->trial->record->emptied));
    epoch->pipeline = s->pipeline;
    epoch->component = "check";
    epoch->flags = s->final ? QETL_EPOCH_FINAL : 0;
    return epoch;
}

int32_t conform_sink_prepare(struct conform_sinking *s)
{
    struct qetl_writer writer = {s, handle_take};
    if (!s->b->trial->component->sink->prepare)
        return QETL_OK;
    s->n_handles = 0;
    struct qetl_epoch *epoch = epoch_new(s);
    int32_t status =
        conform_call(s->b, &conform_prepare, (struct conform_args){.a = epoch, .b = &writer});
    conform_struct_free(s->b, epoch);
    return status;
}

int32_t conform_sink_decide(struct conform_sinking *s, const struct conform_call *call)
{
    const struct qetl_sink *sink = s->b->trial->component->sink;
    if (call == &conform_commit ? !sink->commit : !sink->abort)
        return QETL_OK;
    bool one = s->commit == QETL_COMMIT_ONE_PHASE;
    struct qetl_epoch *epoch = epoch_new(s);
    int32_t status = conform_call(
        s->b, call,
        (struct conform_args){.a = epoch, .b = s->handles, .n = one ? 0 : (int64_t)s->n_handles});
    conform_struct_free(s->b, epoch);
    return status;
}

int32_t conform_sink_last(struct conform_sinking *s, uint64_t *number)
{
    *number = 0;
    if (!s->b->trial->component->sink->last_committed)
        return QETL_OK;
    struct qetl_epoch *epoch = epoch_new(s);
    int32_t status = conform_call(s->b, &conform_last_committed,
                                  (struct conform_args){.a = epoch, .out = number});
    conform_struct_free(s->b, epoch);
    return status;
}

/* ---- rows ---- */

static void describe_check(struct conform_sinking *s, const struct qetl_sink_info *info)
{
    const struct qetl_sink *sink = s->b->trial->component->sink;
    struct conform_record *record = s->b->trial->record;
    bool two = info->commit == QETL_COMMIT_TWO_PHASE, one = info->commit == QETL_COMMIT_ONE_PHASE;
    if (info->takes < QETL_TAKES_BATCHES || info->takes > QETL_TAKES_BYTES ||
        info->delivery < QETL_TRANSACTIONAL || info->delivery > QETL_APPEND ||
        info->commit > QETL_COMMIT_ONE_PHASE)
        conform_break(record, CONFORM_DESCRIBE_RULE,
                      "describe answered takes %u, delivery %u, commit %u", info->takes,
                      info->delivery, info->commit);
    else if ((info->takes == QETL_TAKES_BYTES) != s->b->trial->promised->takes_format)
        conform_break(record, CONFORM_DESCRIBE_RULE,
                      "describe answered takes %u, and the manifest says %s: the host goes by that "
                      "where it takes a `format`, or refuses it",
                      info->takes,
                      s->b->trial->promised->takes_format ? "\"bytes\": true" : "no \"bytes\"");
    else if (two && (!sink->prepare || !sink->commit || !sink->abort))
        conform_break(record, CONFORM_DESCRIBE_RULE,
                      "describe says TWO_PHASE, and prepare, commit or abort is missing");
    else if (one && (!sink->commit || !sink->last_committed))
        conform_break(record, CONFORM_DESCRIBE_RULE,
                      "describe says ONE_PHASE, and commit or last_committed is missing");
    else if (conform_said_of_sink(s->b, info))
        conform_hold(record, CONFORM_DESCRIBE_RULE);
}

static int32_t describe(struct conform_sinking *s)
{
    struct qetl_sink_info *info = conform_struct_new(s->b, sizeof *info);
    int32_t status = conform_call(s->b, &conform_describe_sink, (struct conform_args){.out = info});
    if (!status)
        describe_check(s, info);
    s->bytes = info->takes == QETL_TAKES_BYTES;
    s->commit = info->commit;
    conform_struct_free(s->b, info);
    return status;
}

static int32_t forms(struct conform_sinking *s)
{
    const struct ArrowSchema *schema = &s->table->schema;
    uint32_t asked[64] = {0};
    int32_t status = QETL_OK;
    if (s->b->trial->component->sink->forms && !s->bytes)
        status = conform_call(s->b, &conform_forms_sink,
                              (struct conform_args){.a = schema, .out = asked});
    s->n_wants = schema->n_children < 64 ? schema->n_children : 64;
    for (int64_t i = 0; !status && i < s->n_wants; i++) {
        bool value = !asked[i] || asked[i] & QETL_FORM_VALUE;
        if (asked[i] > 7)
            conform_break(s->b->trial->record, CONFORM_DESCRIBE_RULE,
                          "forms answered bits that there are not (%u)", asked[i]);
        s->wants[i] =
            (struct qetl_want){.column = i, .form = value ? QETL_FORM_VALUE : QETL_FORM_LEXICAL};
    }
    return status ? status : conform_forms_schema(schema, s->n_wants, s->wants, "csv", &s->schema);
}

int32_t conform_sink_open(struct conform_sinking *s)
{
    qetl_schema_release(&s->schema);
    int32_t status = forms(s);
    if (!status)
        status = conform_call(s->b, &conform_open_sink,
                              (struct conform_args){.a = conform_schema_lend(s->b, &s->schema)});
    conform_schema_take_back(s->b);
    return status ? status : conform_parts_frame(s);
}

int32_t conform_sink_ready(struct conform_sinking *s)
{
    uint64_t number;
    int32_t status = conform_bench_start(s->b);
    status = status ? status : describe(s);
    if (!status && s->commit == QETL_COMMIT_ONE_PHASE)
        status = conform_sink_last(s, &number);
    return status ? status : conform_parts_begin(s);
}

static int32_t write_lend(struct conform_sinking *s, int64_t first, int64_t rows,
                          struct ArrowArray *batch, struct conform_guard *lines)
{
    struct ArrowArray all = {0};
    struct conform_text text = {0};
    struct conform_bench *b = s->b;
    int32_t status = conform_table_batch(s->table, conform_lender(b), first, rows, b->knobs.offset,
                                         UINT64_MAX, &all);
    if (status)
        return status;
    conform_fill_unseen(b, &s->table->schema, &all);
    if (!s->bytes)
        return conform_forms_batch(b, &s->table->schema, &all, s->n_wants, s->wants, batch);
    conform_text_rows(&text, &s->table->schema, &all);
    status = conform_parts_keys(s, &all);
    qetl_array_release(&all);
    if (!status && conform_guard_make(lines, text.size ? text.size : 1, CONFORM_LENT_RULE))
        status = QETL_E_NO_MEMORY;
    else if (!status)
        memcpy(lines->data, text.data, text.size);
    lines->size = text.size;
    conform_text_free(&text);
    return status;
}

static void account(struct conform_sinking *s, const struct qetl_write *write, int64_t rows)
{
    int64_t taken = write->rows_written == rows ? rows - s->b->rejected : write->rows_written;
    if (taken + s->b->rejected != rows)
        conform_break(s->b->trial->record, CONFORM_LEDGER_RULE,
                      "write: %lld rows came, %lld were written and %lld rejected", (long long)rows,
                      (long long)write->rows_written, (long long)s->b->rejected);
    else
        conform_hold(s->b->trial->record, CONFORM_LEDGER_RULE);
    s->written += taken;
}

/* BUSY took nothing: the same comes again. */
static int32_t write_call(struct conform_sinking *s, struct ArrowArray *batch,
                          const struct conform_guard *lines, int64_t rows)
{
    int32_t answer = QETL_BUSY;
    char name[CONFORM_STATUS];
    while (answer == QETL_BUSY) {
        struct qetl_write *write = conform_struct_new(s->b, sizeof *write);
        write->batch = s->bytes ? NULL : batch;
        write->bytes = lines->data;
        write->bytes_size = (int64_t)lines->size;
        write->rows = write->rows_written = rows;
        write->n_keys = s->n_keys;
        write->keys = s->keys;
        answer = conform_parts_room(s);
        answer = answer ? answer
                        : conform_call(s->b, &conform_write,
                                       (struct conform_args){.out = write, .rows = rows});
        if (answer == QETL_OK)
            account(s, write, rows);
        if (answer && !s->bytes && !conform_is_whole(batch))
            conform_break(s->b->trial->record, CONFORM_MOVED_RULE,
                          "write answered %s, and kept the batch or columns of it",
                          conform_status_name(answer, name));
        conform_struct_free(s->b, write);
        if (answer == QETL_BUSY && !conform_await(s->b, "write"))
            return QETL_E_CANCELLED;
    }
    return answer;
}

static int32_t rows_write(struct conform_sinking *s, int64_t first, int64_t rows)
{
    struct ArrowArray batch = {0};
    struct conform_guard lines = {0};
    s->b->row_base = first;
    int32_t status = write_lend(s, first, rows, &batch, &lines);
    status = status ? status : write_call(s, &batch, &lines, rows);
    conform_take_back(s->b, &batch);
    conform_guard_free(&lines); /* nobody is to look there any more */
    return status;
}

int32_t conform_sink_write(struct conform_sinking *s, int64_t first, int64_t rows)
{
    int64_t step = s->parts ? 1 : rows;
    int32_t status = QETL_OK;
    for (int64_t at = first; !status && at < first + rows; at += step)
        status = rows_write(s, at, step);
    return status;
}

void conform_sink_clear(struct conform_sinking *s)
{
    for (size_t i = 0; i < CONFORM_HANDLES; i++)
        conform_text_free(&s->texts[i]);
    for (size_t i = 0; i < CONFORM_KEYS; i++)
        conform_text_free(&s->key_texts[i]);
    conform_saved_free(&s->saved);
    qetl_schema_release(&s->schema);
}

/* ---- a run ---- */

static int32_t epoch_end(struct conform_sinking *s, bool final)
{
    s->final = final;
    int32_t status = conform_sink_prepare(s);
    status = status ? status : conform_save_state(s->b, &s->saved);
    status = status ? status : conform_sink_decide(s, &conform_commit);
    s->epoch++;
    return status;
}

int32_t conform_sink_replace(struct conform_sinking *s)
{
    struct conform_bench *b = s->b;
    conform_bench_stop(b);
    conform_bench_destroy(b);
    s->generation += b->knobs.epochs == CONFORM_EPOCHS_ONE; /* else it is the same process */
    b->env.resumes = true;
    int32_t status = conform_bench_create(b);
    status = status ? status : conform_sink_ready(s);
    status = status ? status : conform_restore_state(b, &conform_restore, &s->saved);
    return status ? status : conform_sink_open(s);
}

int32_t conform_drive_sink(struct conform_bench *b)
{
    struct conform_sinking s = {
        .b = b, .table = &b->trial->check->tables[0], .epoch = 1, .generation = 1};
    int64_t all = (int64_t)json_array_size(s.table->rows), size = b->knobs.rows ? b->knobs.rows : 8;
    int32_t status = conform_sink_ready(&s);
    if (!status)
        conform_restore_unknown(b);
    status = status ? status : conform_sink_open(&s);
    for (int64_t first = 0; !status && first < all; first += size) {
        status = conform_sink_write(&s, first, all - first < size ? all - first : size);
        if (!status && (conform_due(b) || b->knobs.epochs)) {
            status = epoch_end(&s, false);
            if (!status && b->knobs.epochs != CONFORM_EPOCHS_STAYING)
                status = conform_sink_replace(&s);
        }
    }
    status = status ? status : epoch_end(&s, true);
    if (s.written)
        conform_text_putf(&b->outs[0], "%lld rows written\n", (long long)s.written);
    conform_sink_clear(&s);
    return status;
}
