/* SPDX-License-Identifier: Apache-2.0 */
/* Drives a transform: hands it the columns that it asked for, and puts its rows together. */
#include "test.h"

#include <stdlib.h>

static struct binding *binding_of(struct qetl_binder *binder)
{
    return (struct binding *)binder;
}

static int32_t bind_read(struct qetl_binder *binder, uint32_t in_port, int64_t column,
                         uint32_t form)
{
    struct binding *b = binding_of(binder);
    int32_t before = 0;
    if (in_port >= b->test->n_inputs || column < 0 ||
        column >= b->test->inputs[in_port].n_children || b->n_reads == COLUMNS_MAX)
        return test_broken(b->test, "bind: there is no such column to read");
    if (form != QETL_FORM_VALUE)
        return test_fail(b->test, QETL_E_UNSUPPORTED,
                         "the test host hands columns over as VALUE only");
    for (int64_t i = 0; i < b->n_reads; i++)
        before += b->reads[i].port == in_port;
    b->reads[b->n_reads].port = in_port;
    b->reads[b->n_reads++].column = column;
    return before;
}

static struct bound_column *column_add(struct binding *b, uint32_t out_port)
{
    if (b->n_columns == COLUMNS_MAX || out_port >= PORTS_MAX)
        return NULL;
    struct bound_column *made = &b->columns[b->n_columns++];
    *made = (struct bound_column){.out_port = out_port, .derived = -1};
    if (out_port >= b->n_out)
        b->n_out = out_port + 1;
    return made;
}

/* The how manieth column of its port. */
static struct bound_column *column_at(struct binding *b, uint32_t out_port, int64_t k)
{
    for (int64_t i = 0; i < b->n_columns; i++)
        if (b->columns[i].out_port == out_port && k-- == 0)
            return &b->columns[i];
    return NULL;
}

static int32_t bind_copy(struct qetl_binder *binder, uint32_t out_port, int64_t out_column,
                         uint32_t in_port, int64_t column, const char *name)
{
    struct binding *b = binding_of(binder);
    if (in_port >= b->test->n_inputs || column < 0 || column >= b->test->inputs[in_port].n_children)
        return test_broken(b->test, "bind: there is no such column to copy");
    struct bound_column *made =
        out_column < 0 ? column_add(b, out_port) : column_at(b, out_port, out_column);
    if (!made)
        return test_broken(b->test, "bind: there is no such output column");
    made->from[in_port] = true;
    made->column[in_port] = column;
    if (out_column >= 0)
        return QETL_OK;
    int32_t status = qetl_schema_copy(b->test->inputs[in_port].children[column], &made->field);
    return status || !name ? status : qetl_schema_set_name(&made->field, name);
}

static int32_t bind_derive(struct qetl_binder *binder, uint32_t out_port, struct ArrowSchema *field,
                           int64_t n_inputs, const int64_t *inputs)
{
    struct binding *b = binding_of(binder);
    int64_t before = 0;
    (void)n_inputs;
    (void)inputs;
    for (int64_t i = 0; i < b->n_columns; i++)
        before += b->columns[i].out_port == out_port && b->columns[i].derived >= 0;
    struct bound_column *made = column_add(b, out_port);
    if (!made)
        return test_fail(b->test, QETL_E_FATAL, "bind: too many columns or output ports");
    made->derived = before;
    made->field = *field;
    field->release = NULL;
    return QETL_OK;
}

static int32_t bind_rows(struct qetl_binder *binder, uint32_t out_port, uint32_t rows)
{
    struct binding *b = binding_of(binder);
    if (out_port >= PORTS_MAX || rows < QETL_ROWS_KEEP || rows > QETL_ROWS_STATEFUL)
        return test_broken(b->test, "bind: no such rows");
    if (out_port >= b->n_out)
        b->n_out = out_port + 1;
    return QETL_OK;
}

static int32_t bind_distribution(struct qetl_binder *binder, uint32_t kind, int64_t n_columns,
                                 const int64_t *columns)
{
    struct binding *b = binding_of(binder);
    for (int64_t i = 0; i < n_columns; i++)
        if (columns[i] < 0 || columns[i] >= b->test->inputs[0].n_children)
            return test_broken(b->test, "bind: there is no such column to hash");
    return kind >= QETL_DISTRIBUTION_ANY && kind <= QETL_DISTRIBUTION_HASH
               ? QETL_OK
               : test_broken(b->test, "bind: no such distribution");
}

static int32_t bind_input(struct qetl_binder *binder, uint32_t in_port, uint32_t kind)
{
    struct binding *b = binding_of(binder);
    (void)kind;
    return in_port < b->test->n_inputs ? QETL_OK : test_broken(b->test, "bind: no such input");
}

void transform_unbind(struct qetl_rig *t)
{
    for (int64_t i = 0; t->binding && i < t->binding->n_columns; i++)
        qetl_schema_release(&t->binding->columns[i].field);
    free(t->binding);
    t->binding = NULL;
    t->bound = false;
}

/* Output columns as a struct; the fields are copies. */
static int32_t port_schema(const struct binding *b, uint32_t port, bool derived_only,
                           struct ArrowSchema *out)
{
    int32_t status = qetl_schema_init_struct(out);
    for (int64_t i = 0; i < b->n_columns && !status; i++) {
        struct ArrowSchema field = {0};
        if (b->columns[i].out_port != port || (derived_only && b->columns[i].derived < 0))
            continue;
        status = qetl_schema_copy(&b->columns[i].field, &field);
        if (!status)
            status = qetl_schema_append(out, &field);
        qetl_schema_release(&field);
    }
    return status;
}

int32_t transform_bind(struct qetl_rig *t)
{
    const struct ArrowSchema *inputs[PORTS_MAX];
    if (t->bound)
        return QETL_OK;
    transform_unbind(t);
    t->binding = memory_need(calloc(1, sizeof *t->binding));
    t->binding->test = t;
    t->binding->binder = (struct qetl_binder){.struct_size = sizeof t->binding->binder,
                                              .read = bind_read,
                                              .copy = bind_copy,
                                              .derive = bind_derive,
                                              .rows = bind_rows,
                                              .distribution = bind_distribution,
                                              .input = bind_input};
    for (uint32_t i = 0; i < t->n_inputs; i++)
        inputs[i] = &t->inputs[i];
    int32_t status =
        t->component->transform->bind(t->self, t->n_inputs, inputs, &t->binding->binder);
    for (uint32_t port = 0; port < t->binding->n_out && status >= 0; port++) {
        struct ArrowSchema schema = {0};
        status = port_schema(t->binding, port, false, &schema);
        if (!status)
            test_columns_print(&schema, &t->columns[port]);
        qetl_schema_release(&schema);
    }
    if (status >= 0)
        status = test_restore(t);
    t->bound = status >= 0;
    return status < 0 ? status : QETL_OK;
}

struct event {
    struct qetl_rig *test;
    uint32_t port;
    const struct ArrowArray *batch; /* as it was fed; NULL: no batch */
};

/* Opens a reader for each column of the output, of the batch that was fed or of what was made. */
static int32_t readers_open(const struct event *e, const struct qetl_output *out,
                            const struct ArrowSchema *derived, struct qetl_column *readers,
                            bool *present, bool *made)
{
    const struct binding *b = e->test->binding;
    struct qetl_column fed, derivation;
    int64_t n = 0;
    int32_t status =
        e->batch ? qetl_column_open(&fed, &e->test->inputs[e->port], e->batch) : QETL_OK;
    if (!status && derived->n_children)
        status = qetl_column_open(&derivation, derived, &out->batch);
    for (int64_t i = 0; i < b->n_columns && !status; i++) {
        const struct bound_column *column = &b->columns[i];
        if (column->out_port != out->port)
            continue;
        made[n] = column->derived >= 0;
        present[n] = made[n] || (e->batch && column->from[e->port]);
        if (made[n])
            status = qetl_column_child(&derivation, column->derived, &readers[n]);
        else if (present[n])
            status = qetl_column_child(&fed, column->column[e->port], &readers[n]);
        n++;
    }
    return status ? status : (int32_t)n;
}

static int32_t maps_check(const struct event *e, const struct qetl_output *out)
{
    for (int64_t r = 0; r < out->rows; r++) {
        int64_t in = out->row_map ? out->row_map[r] : r;
        int64_t of = out->derived_map ? out->derived_map[r] : r;
        if (e->batch && out->row_map && (in < 0 || in >= e->batch->length))
            return test_broken(e->test, "row_map names no row of the input");
        if (of < -1 || (out->batch.release && of >= out->batch.length))
            return test_broken(e->test, "row %lld has no derived row", (long long)r);
    }
    return QETL_OK;
}

static int32_t output_print(const struct event *e, const struct qetl_output *out,
                            const struct ArrowSchema *derived)
{
    struct qetl_column readers[COLUMNS_MAX];
    bool present[COLUMNS_MAX], made[COLUMNS_MAX];
    struct text *text = &e->test->rows[out->port];
    int32_t n = readers_open(e, out, derived, readers, present, made);
    for (int64_t r = 0; r < out->rows && n >= 0; r++) {
        int64_t in = out->row_map ? out->row_map[r] : r;
        int64_t of = out->derived_map ? out->derived_map[r] : r;
        for (int32_t c = 0; c < n; c++) {
            text_put(text, "|", c > 0);
            if (!present[c] || (made[c] && of < 0) || (!made[c] && in >= e->batch->length))
                text_put(text, "NULL", 4);
            else
                test_value_print(e->test, &readers[c], made[c] ? of : in, text);
        }
        text_put(text, "\n", 1);
    }
    return n < 0 ? n : QETL_OK;
}

static int32_t output_take(const struct event *e, struct qetl_output *out)
{
    struct qetl_rig *t = e->test;
    struct ArrowSchema derived = {0};
    int32_t status = out->port < t->binding->n_out
                         ? port_schema(t->binding, out->port, true, &derived)
                         : test_broken(t, "there is no output port %u", out->port);
    if (!status && out->rows && derived.n_children)
        status = test_validate(t, &derived, &out->batch);
    if (!status)
        status = maps_check(e, out);
    if (!status && out->rows)
        status = output_print(e, out, &derived);
    qetl_schema_release(&derived);
    qetl_array_release(&out->batch);
    return status;
}

/* Where the rows of an event have gone. */
struct ledger {
    int64_t in, out, filtered, added, reduced, rejected, held;
};

static int32_t ledger_check(struct qetl_rig *t, const struct ledger *l)
{
    int64_t gone = l->out + l->filtered + l->reduced + l->rejected + l->held - l->added;
    return gone == l->in
               ? QETL_OK
               : test_broken(t,
                             "%lld rows went in, and %lld out (%lld of them added), %lld filtered, "
                             "%lld reduced, %lld rejected, %lld held",
                             (long long)l->in, (long long)l->out, (long long)l->added,
                             (long long)l->filtered, (long long)l->reduced, (long long)l->rejected,
                             (long long)l->held);
}

static int32_t advance(const struct event *e, const struct qetl_event *event)
{
    struct qetl_rig *t = e->test;
    struct ledger ledger = {
        .in = e->batch ? e->batch->length : 0, .rejected = -t->n_rejected, .held = -t->held};
    int32_t answer;
    do {
        struct qetl_output out = {.struct_size = sizeof out};
        answer = t->component->transform->process(t->self, event, &out);
        if (answer < 0)
            return answer;
        t->filtered += out.rows_filtered;
        t->added += out.rows_added;
        t->reduced += out.rows_reduced;
        t->held = out.rows_held;
        ledger.out += out.rows;
        ledger.filtered += out.rows_filtered;
        ledger.added += out.rows_added;
        ledger.reduced += out.rows_reduced;
        int32_t status = output_take(e, &out);
        if (status < 0)
            return status;
        event = NULL;
        if (answer == QETL_BLOCKED && !test_wait(t))
            return answer;
    } while (answer == QETL_MORE || answer == QETL_BLOCKED);
    ledger.rejected += t->n_rejected;
    ledger.held += t->held;
    int32_t status = ledger_check(t, &ledger);
    return status ? status : answer;
}

/* The columns that were asked for, as a batch of their own: parts of what was fed. */
static int32_t columns_pick(struct qetl_rig *t, uint32_t port, struct qetl_shared *shared,
                            struct ArrowArray *out)
{
    struct ArrowArray columns[COLUMNS_MAX];
    const struct ArrowArray *batch = qetl_shared_array(shared);
    int64_t n = 0;
    int32_t status = QETL_OK;
    for (int64_t i = 0; i < t->binding->n_reads && !status; i++) {
        if (t->binding->reads[i].port != port)
            continue;
        status = qetl_shared_part(t->env, shared, batch->children[t->binding->reads[i].column], 0,
                                  batch->length, NULL, &columns[n]);
        n += !status;
    }
    if (!status)
        status = qetl_array_struct(t->env, batch->length, n, columns, out);
    for (int64_t i = 0; i < n && status; i++)
        qetl_array_release(&columns[i]);
    return status;
}

int32_t transform_feed(struct qetl_rig *t, uint32_t port, struct ArrowArray *batch)
{
    struct qetl_shared *shared = NULL;
    struct ArrowArray picked = {0};
    int32_t status = qetl_shared_new(batch, &shared);
    if (status)
        return status;
    struct event e = {t, port, qetl_shared_array(shared)};
    struct qetl_event event = {.struct_size = sizeof event,
                               .kind = QETL_EVENT_BATCH,
                               .port = port,
                               .batch = &picked,
                               .rows = e.batch->length};
    if (!t->component->transform->process) {
        struct qetl_output all = {.struct_size = sizeof all, .rows = e.batch->length};
        status = output_take(&e, &all);
    } else {
        int64_t failing = atomic_exchange(&t->fail_alloc, -1);
        status = columns_pick(t, port, shared, &picked);
        atomic_store(&t->fail_alloc, failing);
        if (!status)
            status = advance(&e, &event);
    }
    qetl_array_release(&picked);
    qetl_shared_free(shared);
    return status;
}

int32_t transform_event(struct qetl_rig *t, uint32_t port, uint32_t kind)
{
    struct event e = {t, port, NULL};
    struct qetl_event event = {
        .struct_size = sizeof event, .kind = kind, .port = port, .epoch = t->epoch};
    return t->component->transform->process ? advance(&e, &event) : QETL_OK;
}
