/* SPDX-License-Identifier: Apache-2.0 */
/* Transforms of random pipelines: one without state, that may run in replicas, and one with. */
#include "toy_stress_part.h"

#include <stdio.h>
#include <stdlib.h>

static int32_t cell_put(struct qetl_builder *b, int column, int64_t id)
{
    char text[64];
    if (column != TOY_TEXT)
        return qetl_builder_int(b, column == TOY_ID ? id : toy_d(id));
    int size = toy_text(id, text);
    return size < 0 ? qetl_builder_null(b) : qetl_builder_text(b, text, size);
}

int32_t toy_batch_make(struct qetl_env env, const int64_t *ids, int64_t rows, int columns,
                       struct ArrowArray *out)
{
    struct ArrowArray made[3];
    int64_t n = 0;
    int32_t status = QETL_OK;
    for (int column = TOY_ID; !status && column <= TOY_D; column *= 2) {
        struct qetl_builder b;
        struct ArrowSchema field = {.format = column == TOY_TEXT ? "vu" : "l"};
        if (!(columns & column))
            continue;
        status = qetl_builder_open(&b, env, &field, rows);
        for (int64_t i = 0; !status && i < rows; i++)
            status = cell_put(&b, column, ids[i]);
        if (!status)
            status = qetl_builder_close(&b, &made[n++]);
    }
    return status ? status : qetl_array_struct(env, rows, n, made, out);
}

/* ---- stateless ---- */

static int32_t copies(struct qetl_binder *b, uint32_t port, uint32_t n_inputs, int64_t column)
{
    int32_t status = b->copy(b, port, -1, 0, column, NULL);
    for (uint32_t i = 1; !status && i < n_inputs; i++)
        status = b->copy(b, port, column, i, column, NULL);
    return status;
}

static int32_t stateless_bind(void *self, uint32_t n_inputs,
                              const struct ArrowSchema *const *inputs, struct qetl_binder *b)
{
    struct toy_member *m = self;
    struct ArrowSchema d;
    int32_t status = QETL_OK;
    int64_t id = 0;
    m->part->has_d = inputs[0]->n_children == 3;
    for (int p = 0; !status && p < (m->part->ports > 1 ? m->part->ports : 1); p++) {
        for (int64_t c = 0; !status && c < inputs[0]->n_children; c++)
            status = copies(b, (uint32_t)p, n_inputs, c);
        if (!status && !m->part->has_d)
            status = qetl_schema_init_field(&d, "d", "l");
        if (!status && !m->part->has_d) {
            status = b->derive(b, (uint32_t)p, &d, 1, &id);
            qetl_schema_release(&d);
        }
        if (!status)
            status = b->rows(b, (uint32_t)p, QETL_ROWS_EXPAND);
    }
    for (uint32_t i = 0; !status && i < n_inputs; i++)
        status = b->read(b, i, 0, QETL_FORM_VALUE) < 0 ? QETL_E_FATAL : QETL_OK;
    return status;
}

static void reject(struct toy_member *m, int64_t row, int64_t id)
{
    char message[32];
    snprintf(message, sizeof message, "id %lld", (long long)id);
    struct qetl_reject r = {
        .struct_size = sizeof r, .row = row, .column = -1, .code = "fate", .message = message};
    m->env.host->reject(m->env.ctx, &r);
}

/* Output rows of the batch, ordered by port; rejects what must be. */
static void plan_rows(struct toy_member *m, const int64_t *ids, int64_t rows)
{
    int ports = m->part->ports > 1 ? m->part->ports : 1;
    m->map = realloc(m->map, ((size_t)rows * 3 + 1) * sizeof *m->map);
    m->held = realloc(m->held, ((size_t)rows * 3 + 1) * sizeof *m->held);
    m->n_out = m->sent = 0;
    for (int p = 0; p < ports; p++) {
        for (int64_t i = 0; i < rows; i++) {
            int fate = toy_fate(m->part, ids[i]);
            if (p == 0 && fate < 0)
                reject(m, i, ids[i]);
            m->filtered += p == 0 && fate == 0;
            m->added += p == 0 && fate > 1 ? fate - 1 : 0;
            for (int k = 0; toy_port(m->part, ids[i]) == p && k < fate; k++) {
                m->map[m->n_out] = (int32_t)i;
                m->held[m->n_out++] = ids[i];
            }
        }
        m->port_end[p] = m->n_out;
    }
}

/* The next piece of what was planned, of one port. */
static int32_t piece(struct toy_member *m, struct qetl_output *out)
{
    uint32_t port = 0;
    while (m->sent >= m->port_end[port] && m->sent < m->n_out)
        port++;
    int64_t left = m->port_end[port] - m->sent;
    int64_t rows = m->part->pieces && left ? 1 + random_below(&m->random, left) : left;
    out->port = port;
    out->rows = rows;
    out->row_map = m->map + m->sent;
    out->rows_filtered = m->filtered;
    out->rows_added = m->added;
    m->filtered = m->added = 0;
    int32_t status = QETL_OK;
    if (!m->part->has_d)
        status = toy_batch_make(m->env, m->held + m->sent, rows, TOY_D, &out->batch);
    m->sent += rows;
    return status ? status : m->sent < m->n_out ? QETL_MORE : QETL_OUTPUT;
}

static int32_t be_blocked(struct toy_member *m)
{
    m->blocked = true;
    if (random_below(&m->random, 2))
        m->env.host->wake(m->env.ctx);
    else
        toy_wake_later(m->env.host, m->env.ctx, random_below(&m->random, 100000));
    return QETL_BLOCKED;
}

static int32_t stateless_process(void *self, const struct qetl_event *event,
                                 struct qetl_output *out)
{
    struct toy_member *m = self;
    if (event)
        plan_rows(m,
                  (const int64_t *)event->batch->children[0]->buffers[1] +
                      event->batch->children[0]->offset,
                  event->rows);
    if (m->part->blocks && random_below(&m->random, 4) == 0)
        return be_blocked(m);
    if (!m->n_out) {
        out->rows_filtered = m->filtered;
        m->filtered = 0;
        return QETL_NEED_INPUT;
    }
    return piece(m, out);
}

static const struct qetl_transform stateless = {
    .struct_size = sizeof stateless, .bind = stateless_bind, .process = stateless_process};

/* ---- stateful: rows wait a while, and leave in order ---- */

static int32_t relay_bind(void *self, uint32_t n_inputs, const struct ArrowSchema *const *inputs,
                          struct qetl_binder *b)
{
    static const char *const names[] = {"id", "text", "d"};
    static const char *const formats[] = {"l", "vu", "l"};
    (void)self, (void)inputs;
    int32_t status = b->distribution(b, QETL_DISTRIBUTION_SINGLE, 0, NULL);
    for (int c = 0; !status && c < 3; c++) {
        struct ArrowSchema field;
        status = qetl_schema_init_field(&field, names[c], formats[c]);
        if (!status)
            status = b->derive(b, 0, &field, -1, NULL);
        qetl_schema_release(&field);
    }
    for (uint32_t i = 0; !status && i < n_inputs; i++)
        status = b->read(b, i, 0, QETL_FORM_VALUE) < 0 ? QETL_E_FATAL : QETL_OK;
    return status ? status : b->rows(b, 0, QETL_ROWS_STATEFUL);
}

static void relay_take(struct toy_member *m, const struct qetl_event *event)
{
    const int64_t *ids =
        (const int64_t *)event->batch->children[0]->buffers[1] + event->batch->children[0]->offset;
    if (m->n_held + event->rows > m->held_room) {
        m->held_room = (m->n_held + event->rows) * 2;
        m->held = realloc(m->held, (size_t)m->held_room * sizeof *m->held);
    }
    if (event->rows)
        memcpy(m->held + m->n_held, ids, (size_t)event->rows * sizeof *ids);
    m->n_held += event->rows;
    m->to_send = random_below(&m->random, m->n_held + 1);
}

static int32_t relay_send(struct toy_member *m, struct qetl_output *out)
{
    int64_t rows =
        m->part->pieces && m->to_send ? 1 + random_below(&m->random, m->to_send) : m->to_send;
    int32_t status = toy_batch_make(m->env, m->held, rows, TOY_ID | TOY_TEXT | TOY_D, &out->batch);
    m->n_held -= rows;
    m->to_send -= rows;
    memmove(m->held, m->held + rows, (size_t)m->n_held * sizeof *m->held);
    out->rows = rows;
    out->rows_held = m->n_held;
    return status ? status : m->to_send ? QETL_MORE : QETL_OUTPUT;
}

static void relay_barrier(struct toy_part *part, uint64_t epoch)
{
    if (epoch <= part->last_epoch)
        snprintf(part->fault, sizeof part->fault, "barrier %llu behind %llu",
                 (unsigned long long)epoch, (unsigned long long)part->last_epoch);
    part->last_epoch = epoch;
}

static int32_t relay_process(void *self, const struct qetl_event *event, struct qetl_output *out)
{
    struct toy_member *m = self;
    if (event && event->kind == QETL_EVENT_BATCH)
        relay_take(m, event);
    if (event && event->kind == QETL_EVENT_BARRIER)
        relay_barrier(m->part, event->epoch);
    if (event && event->kind != QETL_EVENT_BATCH) /* all goes, be it the end of one input only */
        m->to_send = m->n_held;
    out->rows_held = m->n_held;
    if (m->part->blocks && random_below(&m->random, 4) == 0)
        return be_blocked(m);
    return m->to_send ? relay_send(m, out) : QETL_NEED_INPUT;
}

static const struct qetl_transform relay = {
    .struct_size = sizeof relay, .bind = relay_bind, .process = relay_process};

const struct qetl_component toy_stress_transform = {
    .struct_size = sizeof toy_stress_transform,
    .kind = QETL_TRANSFORM,
    .id = "stateless",
    .state_size = sizeof(struct toy_member),
    .create = toy_member_create,
    .destroy = toy_member_destroy,
    .transform = &stateless,
};

const struct qetl_component toy_stress_relay = {
    .struct_size = sizeof toy_stress_relay,
    .kind = QETL_TRANSFORM,
    .id = "relay",
    .state_size = sizeof(struct toy_member),
    .create = toy_member_create,
    .destroy = toy_member_destroy,
    .transform = &relay,
};
