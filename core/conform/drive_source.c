/* SPDX-License-Identifier: Apache-2.0 */
#include "source.h"

#include "host/call.h"
#include "lateness.h"
#include "said.h"

#include <stdlib.h>

enum {
    SPLITS = 16,
    ROWS = 4096,
    BYTES = 1 << 16,
    ITEMS_MOST = 100000,
    ENDLESS_ITEMS = 40,
    ANSWER_NS = 100000000
};

struct driving {
    struct conform_bench *b;
    struct ArrowSchema schema;
    bool endless, in_object;
    struct conform_text splits[SPLITS];
    size_t n_splits;
    struct conform_text position; /* behind the last item that says CUT */
    bool cut;
    struct conform_saved saved;
    char object[256];
    int64_t offset;
};

static int32_t split_take(void *stream, const void *data, size_t size)
{
    struct driving *d = stream;
    if (d->n_splits < SPLITS)
        conform_text_put(&d->splits[d->n_splits++], data, size);
    return QETL_OK;
}

/* What it answers to what is asked of it. */
static int32_t negotiate(struct driving *d, struct conform_pushing *push)
{
    struct conform_bench *b = d->b;
    if (!push || (push->n_columns < 0 && push->limit < 0))
        return QETL_OK;
    struct qetl_pushdown *p = conform_struct_new(b, sizeof *p);
    p->n_columns = push->n_columns;
    p->columns = push->columns;
    p->columns_answer = &push->columns_answer;
    p->limit = push->limit;
    p->limit_answer = &push->limit_answer;
    int32_t status = conform_call(b, &conform_negotiate, (struct conform_args){.out = p});
    conform_struct_free(b, p);
    if (status || push->columns_answer != QETL_PUSH_EXACT || push->n_columns < 0)
        return status;
    struct ArrowSchema narrow = {0};
    struct qetl_want wants[64];
    for (int64_t i = 0; i < push->n_columns; i++)
        wants[i] = (struct qetl_want){.column = push->columns[i], .form = QETL_FORM_VALUE};
    status = conform_forms_schema(&d->schema, push->n_columns, wants, "", &narrow);
    qetl_schema_release(&d->schema);
    d->schema = narrow;
    return status;
}

static int32_t splits_plan(struct driving *d)
{
    struct conform_bench *b = d->b;
    struct qetl_writer writer = {d, split_take};
    int32_t status = QETL_OK;
    if (b->trial->component->source->plan_splits)
        status = conform_call(b, &conform_plan, (struct conform_args){.n = 2, .a = &writer});
    else
        split_take(d, "", 0);
    b->splits = d->n_splits;
    return status;
}

static void info_check(const struct conform_bench *b, const struct qetl_source_info *info)
{
    struct conform_record *record = b->trial->record;
    const enum conform_rule_id rule = CONFORM_DESCRIBE_RULE;
    if (info->emits < QETL_EMITS_BATCHES || info->emits > QETL_EMITS_BYTES ||
        info->delivery < QETL_REPLAYABLE || info->delivery > QETL_LOSSY)
        conform_break(record, rule, "describe answered emits %u and delivery %u", info->emits,
                      info->delivery);
    else if (info->emits == QETL_EMITS_BATCHES && b->trial->promised->takes_format)
        conform_break(record, rule,
                      "describe answered emits %u, and the manifest says \"bytes\": true: a "
                      "`format` would be taken, and not looked at",
                      info->emits);
    else if (info->bytes_expected < -1 || info->rows_expected < -1)
        conform_break(record, rule,
                      "describe answered bytes_expected %lld and rows_expected %lld: -1 is unknown",
                      (long long)info->bytes_expected, (long long)info->rows_expected);
    else if (conform_said_of_source(b, info))
        conform_hold(record, rule);
}

static int32_t prepare(struct driving *d)
{
    struct conform_bench *b = d->b;
    struct qetl_source_info *info = conform_struct_new(b, sizeof *info);
    info->bytes_expected = info->rows_expected = -1;
    int32_t status = conform_call(b, &conform_describe_source, (struct conform_args){.out = info});
    if (!status)
        info_check(b, info);
    d->endless = info->endless;
    bool batches = info->emits == QETL_EMITS_BATCHES;
    b->emits_bytes = !batches;
    if (!status && batches && !conform_check_schema(b, "describe", &info->schema))
        status = QETL_E_DATA;
    qetl_schema_release(&d->schema);
    d->schema = info->schema;
    conform_struct_free(b, info);
    return status;
}

static void wrong(struct driving *d, enum conform_rule_id rule, const char *what, int64_t number)
{
    conform_break(d->b->trial->record, rule, "next: %s (%lld)", what, (long long)number);
}

/* Bytes of an object go one behind the other. */
static void bytes_take(struct driving *d, const struct qetl_item *item, const char *space,
                       int64_t most)
{
    struct conform_bench *b = d->b;
    if (item->bytes < 0 || item->bytes > most) {
        wrong(d, CONFORM_DEMAND_RULE, "more bytes than were asked for", item->bytes);
        return;
    }
    if (item->flags & QETL_ITEM_OBJECT_START) {
        d->offset = item->offset;
        conform_text_putf(&b->outs[0], "object %s\n", item->object ? "" : "without a name");
    } else if (!d->in_object && item->bytes) {
        wrong(d, CONFORM_ITEM_RULE, "bytes before any OBJECT_START", item->bytes);
    }
    if (d->in_object && !(item->flags & QETL_ITEM_OBJECT_START) && item->offset != d->offset)
        wrong(d, CONFORM_ITEM_RULE, "the offset is not where the bytes before ended", item->offset);
    d->offset = item->offset + item->bytes;
    d->in_object = !(item->flags & QETL_ITEM_OBJECT_END);
    conform_text_put(&b->outs[0], space, (size_t)item->bytes);
    if (!d->in_object)
        conform_text_put(&b->outs[0], "\nend\n", 5);
}

static void item_take(struct driving *d, int32_t answer, struct qetl_item *item, const char *space,
                      int64_t rows, int64_t bytes)
{
    struct conform_bench *b = d->b;
    conform_hold(b->trial->record, CONFORM_DEMAND_RULE);
    conform_hold(b->trial->record, CONFORM_ITEM_RULE);
    if (item->flags > 15)
        wrong(d, CONFORM_ITEM_RULE, "flags that there are not", item->flags);
    if (answer == QETL_BYTES) {
        bytes_take(d, item, space, bytes);
    } else if (answer == QETL_BATCH) {
        if (item->batch.length > rows)
            wrong(d, CONFORM_DEMAND_RULE, "more rows than were asked for", item->batch.length);
        b->row_base += item->batch.length + b->rejected; /* rejected rows count with the others */
        conform_take_batch(b, "next", &d->schema, &item->batch, &b->outs[0]);
    } else if (answer == QETL_SCHEMA) {
        if (conform_check_schema(b, "next", &item->schema)) {
            qetl_schema_release(&d->schema);
            d->schema = item->schema;
            item->schema.release = NULL;
        }
    }
    if (item->flags & QETL_ITEM_CUT) {
        d->cut = true;
        d->position.size = 0;
        conform_text_put(&d->position, item->position.data, item->position.size);
    }
}

static int32_t next_once(struct driving *d, int32_t *answer, bool *cut)
{
    struct conform_bench *b = d->b;
    int64_t rows = b->knobs.rows ? b->knobs.rows : ROWS;
    int64_t bytes = b->knobs.bytes ? b->knobs.bytes : BYTES;
    struct conform_guard space = {0};
    if (conform_guard_make(&space, (size_t)bytes, CONFORM_DEMAND_RULE))
        return QETL_E_NO_MEMORY;
    struct qetl_demand *demand = conform_struct_new(b, sizeof *demand);
    struct qetl_item *item = conform_struct_new(b, sizeof *item);
    demand->max_rows = rows;
    demand->max_bytes = bytes;
    demand->space = space.data;
    demand->deadline_ns =
        qetl_call_now_ns() + (b->knobs.answer_ns ? b->knobs.answer_ns : ANSWER_NS);
    struct conform_lateness lateness;
    conform_lateness_begin(&lateness, demand->deadline_ns);
    *answer =
        conform_call(b, &conform_next, (struct conform_args){.a = demand, .out = item, .rows = -1});
    int64_t late = conform_lateness_end(&lateness);
    b->late_ns = late > b->late_ns ? late : b->late_ns;
    b->left |= b->knobs.late_most_ns && late > b->knobs.late_most_ns;
    if (*answer > 0)
        item_take(d, *answer, item, (const char *)space.data, rows, bytes);
    *cut = *answer > 0 && item->flags & QETL_ITEM_CUT;
    qetl_array_release(&item->batch);
    qetl_schema_release(&item->schema);
    conform_struct_free(b, item);
    conform_struct_free(b, demand);
    conform_guard_free(&space);
    return *answer < 0 ? *answer : QETL_OK;
}

static int32_t renew(struct driving *d)
{
    struct conform_bench *b = d->b;
    conform_bench_stop(b);
    conform_bench_destroy(b);
    int32_t status = conform_bench_create(b);
    status = status ? status : conform_bench_start(b);
    return status ? status : prepare(d);
}

static int32_t open_split(struct driving *d, size_t split, const struct qetl_blob *position)
{
    struct qetl_blob blob = {d->splits[split].data, d->splits[split].size};
    return conform_call(d->b, &conform_open_source,
                        (struct conform_args){.blob = blob, .a = position});
}

/* Another instance takes the first one's place behind the last CUT. */
static int32_t replace(struct driving *d, size_t split)
{
    struct conform_bench *b = d->b;
    int32_t status = conform_save_state(b, &d->saved);
    status = status ? status : renew(d);
    status = status ? status : conform_restore_state(b, &conform_restore, &d->saved);
    struct qetl_blob position = {d->position.data, d->position.size};
    if (b->knobs.damage_position == 1)
        position.size /= 2;
    for (size_t i = 0; b->knobs.damage_position == 2 && i < position.size; i++)
        d->position.data[i] ^= 0x2a;
    return status ? status : open_split(d, split, &position);
}

static void ack(struct driving *d)
{
    const struct qetl_source *source = d->b->trial->component->source;
    struct qetl_blob position = {d->position.data, d->position.size};
    if (source->ack)
        conform_call(d->b, &conform_ack, (struct conform_args){.blob = position});
}

static int32_t split_run(struct driving *d, size_t split)
{
    struct conform_bench *b = d->b;
    int32_t answer = 0;
    bool cut;
    int32_t status = open_split(d, split, NULL);
    for (int i = 0; !status && answer != QETL_END; i++) {
        status = next_once(d, &answer, &cut);
        if (!status && answer == QETL_IDLE && !conform_await(b, "next"))
            return QETL_E_CANCELLED;
        if (!status && cut && i % 2)
            ack(d);
        if (!status && cut && conform_due(b)) {
            status = replace(d, split);
            answer = QETL_IDLE; /* END is the new one's to say, too */
        }
        if (d->endless && i == ENDLESS_ITEMS)
            break;
        if (i == ITEMS_MOST) {
            wrong(d, CONFORM_RUN_RULE, "no END in sight after so many items", i);
            status = QETL_E_FATAL;
        }
    }
    return status;
}

int32_t conform_source_run(struct conform_bench *b, struct conform_pushing *push)
{
    struct driving d = {.b = b};
    int32_t status = prepare(&d);
    status = status ? status : negotiate(&d, push);
    status = status ? status : splits_plan(&d);
    if (!status)
        conform_restore_unknown(b);
    for (size_t s = 0; !status && s < d.n_splits; s++) {
        if (s && b->knobs.split_each)
            status = renew(&d);
        status = status ? status : split_run(&d, s);
    }
    if (!status && d.cut)
        ack(&d);
    for (size_t s = 0; s < d.n_splits; s++)
        conform_text_free(&d.splits[s]);
    conform_text_free(&d.position);
    conform_saved_free(&d.saved);
    qetl_schema_release(&d.schema);
    return status;
}

int32_t conform_drive_source(struct conform_bench *b)
{
    int32_t status = conform_bench_start(b);
    return status ? status : conform_source_run(b, NULL);
}
