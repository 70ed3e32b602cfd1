/* SPDX-License-Identifier: Apache-2.0 */
#include "reader.h"

#include "letter.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BATCH_BYTES = 4 << 20 /* where nobody says */ };
enum { SHOWN_BYTES = 100, PAUSE_NS = 250000, PATIENCE_NS = 1000000 };
#define LINGER_NS INT64_C(100000000)

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static struct pg_doing doing(const struct reader *r)
{
    return (struct pg_doing){.who = r->session->who,
                             .what = "reading ends",
                             .option = relation_option(r->relation),
                             .begun = true};
}

/* ---- Opening ---- */

static void columns_free(struct reader *r)
{
    for (int32_t i = 0; i < r->copy.n_columns; i++)
        column_free(&r->copy.columns[i], r->session->env);
    free(r->copy.columns);
    block_free(&r->block);
    free(r->names);
    free(r->arrays);
    r->copy = (struct copy){0};
    r->names = NULL;
    r->arrays = NULL;
}

static int32_t columns_open(struct reader *r)
{
    struct copy *c = &r->copy;
    size_t n = (size_t)r->n_wants;
    columns_free(r);
    c->env = r->session->env;
    c->columns = calloc(n + 1, sizeof *c->columns);
    r->names = calloc(n + 1, sizeof *r->names);
    r->arrays = calloc(n + 1, sizeof *r->arrays);
    c->n_fields = (int32_t)(r->n_wants + r->relation->n_keys);
    if (!block_open(&r->block, c->n_fields) || !c->columns || !r->names || !r->arrays)
        return pg_fault_memory(c->env);
    c->fields = block_row(&r->block, 0);
    c->n_columns = (int32_t)n;
    for (size_t i = 0; i < n; i++) {
        column_init(&c->columns[i], r->relation->types[r->wants[i]]);
        r->names[i] = r->relation->schema.children[r->wants[i]]->name;
    }
    return QETL_OK;
}

int32_t reader_open(struct reader *r, const struct flow_statement *statement)
{
    int32_t status = columns_open(r);
    struct pg_doing about = doing(r);
    about.what = "it cannot be read";
    r->ended = false;
    r->rejected = r->bytes = r->most_rows = 0;
    r->boundary.size = 0;
    r->flow.session = r->session;
    return status ? status : flow_begin(&r->flow, about, statement);
}

int32_t reader_stop(struct reader *r)
{
    return flow_stop(&r->flow, doing(r));
}

/* ---- Rows ---- */

static int32_t reject(struct reader *r, int32_t column)
{
    char why[600], type[64], value[SHOWN_BYTES + 1];
    const struct copy *c = &r->copy;
    const struct pg_type *is = &c->columns[column].type;
    int64_t at = r->wants[column];
    const struct ArrowSchema *field = r->relation->schema.children[at];
    char *row = letter_make(c, r->names);
    if (!row)
        return pg_fault_memory(c->env);
    letter_value(&c->columns[column], &c->fields[column], value, sizeof value);
    const char *other = is->way >= PG_TEXT ? "binary" : "text";
    snprintf(why, sizeof why, "%s is no %s; as %s it can be read: types: {%.100s: %s}",
             is->way >= PG_TEXT ? "a text that is no UTF-8" : value,
             qetl_type_name(field, type, sizeof type), other, field->name, other);
    struct qetl_reject info = {.struct_size = sizeof info,
                               .row = c->rows + r->rejected++,
                               .column = at,
                               .code = "bad_type",
                               .message = why,
                               .bytes = row,
                               .bytes_size = (int64_t)strlen(row),
                               .bytes_offset = -1};
    c->env.host->reject(c->env.ctx, &info);
    free(row);
    return QETL_OK;
}

/* Where the row at hand stands. */
static int32_t position_note(struct reader *r)
{
    struct qetl_env env = r->copy.env;
    qetl_parcel_begin(&r->position, 1);
    qetl_parcel_put_int(&r->position, r->relation->n_keys);
    for (int64_t i = 0; i < r->relation->n_keys; i++) {
        const struct copy_field *f = &r->copy.fields[r->n_wants + i];
        qetl_parcel_put_bytes(&r->position, f->data, f->size < 0 ? 0 : (size_t)f->size);
    }
    return r->position.failed ? qetl_fail(env, QETL_E_DATA, "/key", "name columns that are shorter",
                                          "%s: a row's key has over 4,000 bytes", r->session->who)
                              : QETL_OK;
}

/* That of the row at hand, the nth of its batch. */
static int32_t key_check(struct reader *r, int64_t nth)
{
    struct qetl_env env = r->copy.env;
    for (int64_t i = 0; i < r->relation->n_keys; i++)
        if (r->copy.fields[r->n_wants + i].size < 0)
            return qetl_fail(env, QETL_E_DATA, "/key", "name a key without NULL",
                             "%s: a row has NULL in its key", r->session->who);
    if (nth != 1 || !r->boundary.size)
        return QETL_OK;
    /* Two batches whose border no position tells would be read twice, or not at all. */
    int32_t status = position_note(r);
    if (!status && r->position.size == r->boundary.size &&
        memcmp(r->position.bytes, r->boundary.bytes, r->boundary.size) == 0)
        status = qetl_fail(env, QETL_E_DATA, "/key", "name columns that tell rows apart",
                           "%s: two rows have the same key", r->session->who);
    return status;
}

static int32_t row_answered(struct reader *r, enum copy_answer answer, int32_t column)
{
    int32_t status = QETL_OK;
    if (answer == COPY_NOTHING)
        return QETL_OK;
    if (answer == COPY_BROKEN)
        return qetl_fail(r->copy.env, QETL_E_DATA, NULL, NULL,
                         "%s: what the server sent is no binary COPY: %s", r->session->who,
                         r->copy.broken);
    if (answer == COPY_NO_MEMORY)
        return pg_fault_memory(r->copy.env);
    if (answer == COPY_REFUSED)
        status = reject(r, column);
    return status || !r->relation->n_keys ? status : key_check(r, r->copy.rows + r->rejected);
}

/* Its columns hold the block's rows: what is left is to look at their keys. */
static int32_t keys_check(struct reader *r, int64_t before)
{
    int32_t status = QETL_OK;
    for (int64_t i = 0; !status && r->relation->n_keys && i < r->block.rows; i++) {
        r->copy.fields = block_row(&r->block, i);
        status = key_check(r, before + i + 1);
    }
    return status;
}

static int32_t rows_take_singly(struct reader *r)
{
    int32_t status = QETL_OK;
    for (int64_t i = 0; !status && i < r->block.rows; i++) {
        int32_t column = 0;
        r->copy.fields = block_row(&r->block, i);
        enum copy_answer answer = copy_row(&r->copy, r->copy.n_fields, &column);
        status = row_answered(r, answer, column);
    }
    return status;
}

static int32_t block_take(struct reader *r)
{
    int64_t before = r->copy.rows + r->rejected;
    if (!r->block.rows)
        return QETL_OK;
    int32_t status = block_put(&r->block, &r->copy) ? keys_check(r, before) : rows_take_singly(r);
    r->copy.fields = block_clear(&r->block);
    return status;
}

/* Into the block; or, where it has no place there, behind the block's rows. */
static int32_t row_take(struct reader *r)
{
    int64_t size = 0;
    int32_t column = 0, status = QETL_OK;
    bool added = flow_add(&r->flow, &r->copy, &r->block, &size);
    if (!added) {
        status = block_take(r);
        added = !status && flow_add(&r->flow, &r->copy, &r->block, &size);
    }
    if (!status && !added) {
        enum copy_answer answer = flow_feed(&r->flow, &r->copy, &size, &column);
        status = row_answered(r, answer, column);
    }
    r->bytes += size;
    return status;
}

static int32_t rows_end(struct reader *r)
{
    int32_t status = flow_end(&r->flow, doing(r), &r->copy);
    r->ended = !status;
    return status;
}

/* OK: there may be more; IDLE: not within a moment. What has come already is taken first; then
 * the server gets a while to write on before it is looked at again, as each look costs both. */
static int32_t more(struct reader *r, int dry)
{
    static const struct timespec pauses[] = {{0, 0}, {0, PAUSE_NS}, {0, PATIENCE_NS}};
    struct pollfd watched[] = {{.fd = r->session->bell_fd, .events = POLLIN},
                               {.fd = PQsocket(r->session->conn), .events = POLLIN}};
    struct pg_doing about = doing(r);
    if (dry == sizeof pauses / sizeof pauses[0])
        return QETL_IDLE;
    if (dry)
        ppoll(watched, dry == 1 ? 1 : 2, &pauses[dry], NULL);
    int32_t status = pg_session_wait(r->session, 0, 0);
    if (status)
        return status;
    return PQconsumeInput(r->session->conn)
               ? QETL_OK
               : pg_fault_connection(r->copy.env, &about, r->session->conn);
}

static int32_t rows_fetch(struct reader *r, int64_t most)
{
    int32_t status = QETL_OK;
    int dry = 0;
    while (!status && r->flow.runs && r->copy.rows + r->rejected + r->block.rows < most &&
           r->bytes < r->most_bytes) {
        struct pg_doing about = doing(r);
        enum flow_answer answer = flow_next(&r->flow);
        if (answer == FLOW_SOME)
            dry = 0, status = row_take(r);
        else if (answer == FLOW_DRY)
            status = more(r, dry++);
        else if (!(status = block_take(r)))
            status = answer == FLOW_OVER
                         ? rows_end(r)
                         : pg_fault_connection(r->copy.env, &about, r->session->conn);
    }
    int32_t taken = status < 0 ? QETL_OK : block_take(r);
    return taken ? taken : status;
}

/* ---- Batches ---- */

static int32_t batch_close(struct reader *r, struct ArrowArray *out)
{
    struct copy *c = &r->copy;
    int32_t status = QETL_OK;
    for (int32_t i = 0; !status && i < c->n_columns; i++)
        status = column_close(&c->columns[i], c->env, c->rows, &r->arrays[i]);
    if (!status)
        status = qetl_array_struct(c->env, c->rows, c->n_columns, r->arrays, out);
    for (int32_t i = 0; i < c->n_columns; i++)
        qetl_array_release(&r->arrays[i]);
    return status ? pg_fault_memory(c->env) : QETL_OK;
}

/* What is there for each row however little it holds has to go into the bytes, too. */
static void batch_begin(struct reader *r, int64_t most_bytes)
{
    int64_t row_bytes = 1;
    for (int32_t i = 0; i < r->copy.n_columns; i++)
        row_bytes += column_row_bytes(&r->copy.columns[i]);
    int64_t rows = most_bytes / row_bytes;
    r->most_rows = rows < 1 ? 1 : rows < COLUMN_ROWS ? rows : COLUMN_ROWS;
    r->most_bytes = most_bytes;
    for (int32_t i = 0; i < r->copy.n_columns; i++)
        column_begin(&r->copy.columns[i], r->most_rows);
}

int32_t reader_next(struct reader *r, const struct qetl_demand *demand, struct ArrowArray *out)
{
    struct copy *c = &r->copy;
    if (!c->rows)
        r->began_ns = now_ns();
    if (!r->most_rows)
        batch_begin(r, demand->max_bytes > 0 ? demand->max_bytes : BATCH_BYTES);
    bool few = demand->max_rows > 0 && demand->max_rows < r->most_rows;
    int32_t status = r->ended ? QETL_OK : rows_fetch(r, few ? demand->max_rows : r->most_rows);
    if (status < 0)
        return status;
    bool due = r->rejected || (c->rows && now_ns() - r->began_ns > LINGER_NS);
    if (status == QETL_IDLE && !due)
        return QETL_IDLE;
    if (!c->rows && !r->rejected)
        return QETL_END;
    if (r->relation->n_keys) {
        status = position_note(r);
        r->boundary = r->position;
    }
    if (status >= 0)
        status = batch_close(r, out);
    c->rows = r->rejected = r->bytes = 0;
    if (!status) /* else what there is of the columns is as large as it was */
        r->most_rows = 0;
    return status ? status : QETL_BATCH;
}

void reader_free(struct reader *r)
{
    if (r->session)
        columns_free(r);
    flow_free(&r->flow);
}
