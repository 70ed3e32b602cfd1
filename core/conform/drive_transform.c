/* SPDX-License-Identifier: Apache-2.0 */
#include "binding.h"
#include "drive.h"

#include <stdlib.h>

enum { ANSWERS_MOST = 100000, LISTS_MOST = 64 };

struct driving {
    struct conform_bench *b;
    struct conform_binding binding;
    struct conform_saved saved;
    const struct conform_table *table; /* of the batch at hand */
    uint32_t port;
    int64_t rows;
    struct ArrowArray whole; /* the batch at hand with all its columns */
    int64_t out, filtered, added, reduced, rejected, held, held_before;
    bool over; /* it answered END */
};

static void wrong(struct driving *d, enum conform_rule_id rule, const char *what, int64_t number)
{
    conform_break(d->b->trial->record, rule, "process: %s (%lld)", what, (long long)number);
}

/* ---- what it answered ---- */

static bool map_check(struct driving *d, const struct qetl_output *o, uint32_t rows,
                      int64_t derived)
{
    struct conform_record *record = d->b->trial->record;
    bool stateful = rows == QETL_ROWS_STATEFUL;
    conform_hold(record, CONFORM_ROW_MAP_RULE);
    if (!o->row_map && !stateful && o->rows != d->rows)
        wrong(d, CONFORM_ROW_MAP_RULE, "no row map, and not as many rows as came", o->rows);
    for (int64_t i = 0; o->row_map && i < o->rows; i++) {
        if (o->row_map[i] < 0 || o->row_map[i] >= d->rows)
            wrong(d, CONFORM_ROW_MAP_RULE, "the row map points to a row that there is not",
                  o->row_map[i]);
        else if (rows != QETL_ROWS_EXPAND && !stateful && i && o->row_map[i] <= o->row_map[i - 1])
            wrong(d, CONFORM_ROW_MAP_RULE, "rows leave twice or out of order, unlike rows() said",
                  o->row_map[i]);
    }
    for (int64_t i = 0; o->derived_map && i < o->rows; i++)
        if (o->derived_map[i] < -1 || o->derived_map[i] >= derived)
            wrong(d, CONFORM_ROW_MAP_RULE, "the derived map points to a row that there is not",
                  o->derived_map[i]);
    if (!o->derived_map && o->batch.release && derived != o->rows)
        wrong(d, CONFORM_ROW_MAP_RULE, "no derived map, and the derived columns have other rows",
              derived);
    return !conform_is_broken(record, CONFORM_ROW_MAP_RULE);
}

/* Where a cell of a row that left is found. False: it is NULL. */
static bool cell_find(struct driving *d, const struct qetl_output *o,
                      const struct qetl_out_column *column, const struct ArrowSchema *field,
                      int64_t row, struct qetl_column *reader, int64_t *at)
{
    *at = o->derived_map ? o->derived_map[row] : row;
    if (column->derived >= 0)
        return *at >= 0 && !qetl_column_open(reader, field, o->batch.children[column->derived]);
    int64_t from = d->whole.release ? column->from[d->port] : -1;
    *at = o->row_map ? o->row_map[row] : row;
    return from >= 0 &&
           !qetl_column_open(reader, d->table->schema.children[from], d->whole.children[from]);
}

static void row_put(struct driving *d, const struct qetl_output *o, int64_t row)
{
    const struct qetl_out_binding *port = &d->binding.host.out[o->port];
    const struct conform_knobs *k = &d->b->knobs;
    struct conform_text *out = &d->b->outs[o->port % CONFORM_OUTS];
    struct qetl_column readers[CONFORM_CELL_COLUMNS];
    struct conform_cell cells[CONFORM_CELL_COLUMNS];
    for (int64_t c = 0; c < port->n_columns; c++) {
        const struct qetl_out_column *column = &port->columns[c];
        int64_t i = c < CONFORM_CELL_COLUMNS ? c : CONFORM_CELL_COLUMNS - 1, at;
        if (k->only && (o->port != k->only_port || column->derived != k->only_column))
            continue;
        bool found = cell_find(d, o, column, port->schema.children[c], row, &readers[i], &at);
        if (found)
            conform_text_field(out, &readers[i], at);
        else
            conform_text_put(out, "\\N", 2);
        conform_text_put(out, "|", 1);
        cells[i] =
            (struct conform_cell){port->schema.children[c]->name, found ? &readers[i] : NULL, at};
    }
    conform_text_put(out, "\n", 1);
    if (k->cells && !o->port)
        conform_cells_put(k->cells, (size_t)port->n_columns, cells);
}

static void rows_put(struct driving *d, const struct qetl_output *o)
{
    for (int64_t row = 0; row < o->rows; row++)
        row_put(d, o, row);
}

/* The derived columns alone, as their schema has them. */
static bool derived_check(struct driving *d, struct qetl_output *o)
{
    const struct qetl_out_binding *port = &d->binding.host.out[o->port];
    char message[256];
    for (int64_t c = 0; c < port->n_columns; c++) {
        int64_t k = port->columns[c].derived;
        if (k < 0)
            continue;
        if (qetl_array_validate(port->schema.children[c], o->batch.children[k], message,
                                sizeof message)) {
            conform_break(d->b->trial->record, CONFORM_ARROW_RULE, "process: column '%s': %s",
                          port->schema.children[c]->name, message);
            return false;
        }
    }
    conform_hold(d->b->trial->record, CONFORM_ARROW_RULE);
    return true;
}

static void output_take(struct driving *d, struct qetl_output *o)
{
    if (o->port >= d->binding.host.n_out) {
        wrong(d, CONFORM_ROW_MAP_RULE, "an output port that there is not", o->port);
        return;
    }
    const struct qetl_out_binding *port = &d->binding.host.out[o->port];
    int64_t children = o->batch.release ? o->batch.n_children : 0;
    d->out += o->rows;
    if (o->rows < 0 || (o->rows && children != port->n_derived)) {
        wrong(d, CONFORM_ROW_MAP_RULE, "not as many derived columns as bind said", children);
        return;
    }
    if (map_check(d, o, port->rows, children ? o->batch.length : 0) &&
        (!children || derived_check(d, o)))
        rows_put(d, o);
}

static void ledger_check(struct driving *d)
{
    int64_t in = d->rows + d->held_before + d->added;
    int64_t left = d->out + d->filtered + d->rejected + d->reduced + d->held;
    if (in != left)
        conform_break(d->b->trial->record, CONFORM_LEDGER_RULE,
                      "process: %lld in + %lld held before + %lld added are not %lld out + %lld "
                      "filtered + %lld rejected + %lld reduced + %lld held",
                      (long long)d->rows, (long long)d->held_before, (long long)d->added,
                      (long long)d->out, (long long)d->filtered, (long long)d->rejected,
                      (long long)d->reduced, (long long)d->held);
    else
        conform_hold(d->b->trial->record, CONFORM_LEDGER_RULE);
    d->held_before = d->held;
    d->out = d->filtered = d->added = d->reduced = d->rejected = 0;
}

/* One event, until it is consumed. */
static int32_t event_run(struct driving *d, struct qetl_event *event)
{
    struct conform_bench *b = d->b;
    int32_t answer = QETL_MORE;
    for (int i = 0; answer == QETL_MORE || answer == QETL_BLOCKED; i++) {
        struct qetl_output *o = conform_struct_new(b, sizeof *o);
        const struct qetl_event *given = answer == QETL_MORE && i ? NULL : event;
        o->rows_held = d->held_before;
        answer = conform_call(b, &conform_process,
                              (struct conform_args){.a = given, .out = o, .rows = d->rows});
        if (answer < 0) {
            if (given && !conform_is_whole(given->batch))
                wrong(d, CONFORM_MOVED_RULE, "failed, and kept the batch or columns of it", answer);
            else if (given && given->batch)
                conform_hold(b->trial->record, CONFORM_MOVED_RULE);
            qetl_array_release(&o->batch);
            conform_struct_free(b, o);
            return answer;
        }
        d->rejected += b->rejected;
        d->filtered += o->rows_filtered;
        d->added += o->rows_added;
        d->reduced += o->rows_reduced;
        d->held = o->rows_held;
        if (answer == QETL_OUTPUT || answer == QETL_MORE || (answer == QETL_END && o->rows))
            output_take(d, o);
        conform_release_away(b, "process", &o->batch);
        conform_struct_free(b, o);
        if (answer == QETL_BLOCKED && !conform_await(b, "process"))
            return QETL_E_CANCELLED;
        if (i == ANSWERS_MOST) {
            wrong(d, CONFORM_RUN_RULE, "answers MORE without an end", i);
            return QETL_E_FATAL;
        }
    }
    d->over = d->over || answer == QETL_END;
    ledger_check(d);
    return QETL_OK;
}

/* ---- events ---- */

static int32_t batch_lend(struct driving *d, int64_t first, int64_t rows, struct ArrowArray *out)
{
    struct conform_bench *b = d->b;
    const struct qetl_in_binding *in = &d->binding.host.in[d->port];
    const struct conform_knobs *k = &b->knobs;
    struct ArrowArray all = {0};
    uint64_t keep = k->only ? k->keep : UINT64_MAX;
    int32_t status =
        conform_table_batch(d->table, conform_lender(b), first, rows, k->offset, keep, &all);
    status =
        status ? status
               : conform_table_batch(d->table, conform_lender(b), first, rows, 0, keep, &d->whole);
    if (status)
        return status;
    conform_fill_unseen(b, &d->table->schema, &all);
    return conform_forms_batch(b, &d->table->schema, &all, in->n_reads, in->reads, out);
}

/* Who looks for a column that was not asked for finds the end of memory. */
static void children_guard(struct conform_bench *b, struct ArrowArray *batch)
{
    size_t size = (size_t)batch->n_children * sizeof *batch->children;
    if (!b->lists)
        b->lists = calloc(LISTS_MOST, sizeof *b->lists);
    if (!b->lists || b->n_lists == LISTS_MOST || !size ||
        conform_guard_make(&b->lists[b->n_lists], size, CONFORM_BIND_READS_RULE))
        return;
    memcpy(b->lists[b->n_lists].data, batch->children, size);
    batch->children = (struct ArrowArray **)b->lists[b->n_lists++].data;
}

static int32_t batch_run(struct driving *d, int64_t first, int64_t rows)
{
    struct conform_bench *b = d->b;
    struct ArrowArray batch = {0};
    d->rows = rows;
    b->row_base = first;
    int32_t status = batch_lend(d, first, rows, &batch);
    if (!status)
        children_guard(b, &batch);
    struct qetl_event *event = status ? NULL : conform_struct_new(b, sizeof *event);
    if (event) {
        event->kind = QETL_EVENT_BATCH;
        event->port = d->port;
        event->batch = &batch;
        event->rows = rows;
        b->about = rows ? NULL : " on a batch without rows";
        status = event_run(d, event);
        b->about = NULL;
        conform_struct_free(b, event);
    }
    conform_take_back(b, &batch);
    qetl_array_release(&d->whole);
    return status;
}

static int32_t signal_run(struct driving *d, uint32_t kind)
{
    struct qetl_event *event = conform_struct_new(d->b, sizeof *event);
    event->kind = kind;
    event->port = d->port;
    event->epoch = 1;
    d->rows = 0;
    int32_t status = event_run(d, event);
    conform_struct_free(d->b, event);
    return status;
}

/* A new instance goes on with what the old one saved. */
static int32_t replace(struct driving *d)
{
    struct conform_bench *b = d->b;
    int32_t status = signal_run(d, QETL_EVENT_BARRIER);
    status = status ? status : conform_save_state(b, &d->saved);
    conform_binding_free(&d->binding);
    conform_bench_stop(b);
    conform_bench_destroy(b);
    status = status ? status : conform_bench_create(b);
    status = status ? status : conform_bench_start(b);
    status = status ? status : conform_bind(b, &d->binding);
    return status ? status : conform_restore_state(b, &conform_restore, &d->saved);
}

/* Without a save, what is STATEFUL has no epoch but its last. */
static bool may_replace(const struct driving *d)
{
    bool stateful = false;
    for (uint32_t p = 0; p < d->binding.host.n_out; p++)
        stateful = stateful || d->binding.host.out[p].rows == QETL_ROWS_STATEFUL;
    return !stateful || d->b->trial->component->save;
}

static int32_t port_run(struct driving *d, uint32_t port)
{
    struct conform_bench *b = d->b;
    d->port = port;
    d->table = &b->trial->check->tables[port];
    int64_t all = (int64_t)json_array_size(d->table->rows);
    int64_t size = b->knobs.rows ? b->knobs.rows : 8;
    int32_t status = batch_run(d, 0, 0);
    for (int64_t first = 0; !status && !d->over && first < all; first += size) {
        status = batch_run(d, first, all - first < size ? all - first : size);
        if (!status && !d->over && may_replace(d) && conform_due(b))
            status = replace(d);
    }
    return status;
}

int32_t conform_drive_transform(struct conform_bench *b)
{
    struct driving d = {.b = b};
    int32_t status = conform_bench_start(b);
    status = status ? status : conform_bind(b, &d.binding);
    if (!status)
        conform_restore_unknown(b);
    bool works = b->trial->component->transform->process != NULL;
    for (uint32_t p = 0; !status && works && p < d.binding.host.n_in; p++) {
        status = port_run(&d, p);
        if (!status && !d.over)
            status = signal_run(&d, QETL_EVENT_END);
    }
    conform_binding_free(&d.binding);
    conform_saved_free(&d.saved);
    return status;
}

/* ---- replicas ---- */

static int32_t replica_renew(struct driving *d)
{
    struct conform_bench *b = d->b;
    conform_binding_free(&d->binding);
    conform_bench_stop(b);
    conform_bench_destroy(b);
    int32_t status = conform_bench_create(b);
    status = status ? status : conform_bench_start(b);
    return status ? status : conform_bind(b, &d->binding);
}

int32_t conform_drive_merge(struct conform_bench *b)
{
    struct driving d = {.b = b, .table = &b->trial->check->tables[0]};
    struct conform_saved halves[2] = {0};
    int64_t all = (int64_t)json_array_size(d.table->rows), half = all / 2;
    int32_t status = conform_bench_start(b);
    status = status ? status : conform_bind(b, &d.binding);
    for (int h = 0; !status && h < 2; h++) {
        status = batch_run(&d, h ? half : 0, h ? all - half : half);
        status = status ? status : signal_run(&d, QETL_EVENT_BARRIER);
        status = status ? status : conform_save_state(b, &halves[h]);
        status = status ? status : replica_renew(&d);
    }
    d.held = d.held_before = 0;
    for (int h = 0; !status && h < 2; h++)
        status = conform_restore_state(b, &conform_merge, &halves[h]);
    status = status ? status : signal_run(&d, QETL_EVENT_END);
    conform_saved_free(&halves[0]);
    conform_saved_free(&halves[1]);
    conform_binding_free(&d.binding);
    return status;
}
