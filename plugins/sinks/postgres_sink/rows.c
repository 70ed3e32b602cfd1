/* SPDX-License-Identifier: Apache-2.0 */
/* Rows on their way into the table: as many at once as the server takes, and where it refuses some,
 * fewer, until the one is found that is to blame. */
#include "loader.h"
#include "refusal.h"

#include <stdio.h>

enum { SENT_AT_ONCE = 128 << 10, AGAIN_FROM = 16, AGAIN_FASTER = 4 };

/* A batch that is being written. */
struct writing {
    struct loader *l;
    const struct ArrowSchema *schema;
    uint8_t *gone; /* a byte a row: rejected */
    int64_t *sent; /* rows of the attempt at hand */
    int64_t n_sent;
    bool copies; /* COPY has begun */
    struct refusal refusal;
};

static const struct server_text writes = {
    .what = "rows cannot be written",
    .option = "/table",
    .grant = "let someone who may grant this user what the mode needs: INSERT, and SELECT, UPDATE, "
             "DELETE for modes with a key"};

static void reject(struct writing *w, int64_t row, int64_t column, const char *code,
                   const char *message)
{
    struct qetl_env env = w->l->server->session.env;
    struct qetl_reject info = {
        .struct_size = sizeof info, .row = row, .column = column, .code = code, .message = message};
    env.host->reject(env.ctx, &info);
    w->gone[row] = 1;
}

/* ---- A row ---- */

/* Whether it has a value where the table has no column; it is rejected then. */
static bool stray_refused(struct writing *w, int64_t row)
{
    struct loader *l = w->l;
    for (int64_t i = 0; i < l->n_strays; i++) {
        char told[512];
        if (qetl_column_is_null(&l->strays[i].column, row))
            continue;
        snprintf(told, sizeof told, "the table %.200s has no column %.200s", l->table_name,
                 w->schema->children[l->strays[i].child]->name);
        reject(w, row, l->strays[i].child, "new_column", told);
        return true;
    }
    return false;
}

static void place_put(struct loader *l, int64_t row)
{
    char text[24];
    if (l->binary) {
        wire_int32(&l->wire, 8);
        wire_int64(&l->wire, row);
    } else {
        wire_bytes(&l->wire, text, (size_t)snprintf(text, sizeof text, "%lld", (long long)row));
    }
}

/* A row, or nothing of it. */
static void row_put(struct writing *w, int64_t row)
{
    struct loader *l = w->l;
    size_t before = l->wire.size;
    bool merges = loader_merges(l);
    if (l->binary)
        wire_int16(&l->wire, (int16_t)(l->n_values + merges));
    if (merges)
        place_put(l, row);
    for (int64_t i = 0; i < l->n_values; i++) {
        struct value *v = &l->values[i];
        if (!l->binary && (i || merges))
            wire_bytes(&l->wire, "\t", 1);
        const char *word =
            l->binary ? value_put(v, &l->wire, row) : value_put_text(v, &l->wire, row);
        if (word) {
            reject(w, row, v->child, word, v->why);
            l->wire.size = before;
            return;
        }
    }
    if (!l->binary)
        wire_bytes(&l->wire, "\n", 1);
    w->sent[w->n_sent++] = row;
}

/* ---- An attempt ---- */

static int32_t flush(struct writing *w)
{
    static const char head[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0";
    struct loader *l = w->l;
    struct pg_doing doing = server_doing(l->server, writes);
    int32_t status = l->wire.failed ? pg_fault_memory(l->server->session.env) : QETL_OK;
    if (!status && !w->copies) {
        status = pg_session_copy_in(&l->server->session, doing, l->copy.text);
        w->copies = !status;
        if (!status && l->binary)
            status = pg_session_put(&l->server->session, doing, head, 19);
    }
    if (!status)
        status = pg_session_put(&l->server->session, doing, l->wire.data, l->wire.size);
    l->wire.size = 0;
    return status;
}

static int32_t rows_send(struct writing *w, int64_t first, int64_t count)
{
    int32_t status = QETL_OK;
    w->n_sent = 0;
    w->copies = false;
    w->l->wire.size = 0;
    for (int64_t row = first; !status && row < first + count; row++) {
        if (w->gone[row] || stray_refused(w, row))
            continue;
        row_put(w, row);
        if (w->l->wire.size >= SENT_AT_ONCE)
            status = flush(w);
    }
    if (!status && w->n_sent) {
        if (w->l->binary)
            wire_int16(&w->l->wire, -1);
        status = flush(w);
    }
    return status;
}

/* *refused: what the server has against them. */
static int32_t copy_end(struct writing *w, int64_t *taken, PGresult **refused)
{
    PGresult *result = NULL;
    struct server *s = w->l->server;
    int32_t status = pg_session_put_end(&s->session, server_doing(s, writes), &result);
    if (status)
        return status;
    if (pg_session_refused(result)) {
        *refused = result;
        return QETL_OK;
    }
    *taken = atoll(PQcmdTuples(result));
    PQclear(result);
    return QETL_OK;
}

static void merged_count(struct writing *w, const struct merged *merged)
{
    struct loader *l = w->l;
    for (int64_t i = 0; i < merged->n_late; i++)
        reject(w, merged->late[i], w->l->history.at, "out_of_order",
               "a later version of its key is there already");
    if (l->mode == LOAD_SCD2)
        l->same += w->n_sent - merged->n_late - merged->changed;
    if (l->mode == LOAD_DELETE && merged->changed < w->n_sent)
        l->unmatched += w->n_sent - merged->changed;
}

/* A trigger may leave rows out without a word. */
static bool is_ignored(const struct writing *w, int64_t taken)
{
    const struct loader *l = w->l;
    bool all = l->mode < LOAD_UPSERT ||
               (l->mode == LOAD_UPSERT && !l->merge.repeats && l->n_keys < l->n_values);
    return all && taken < w->n_sent;
}

static int32_t point(struct writing *w, bool good)
{
    return server_run(w->l->server, writes,
                      good ? "RELEASE SAVEPOINT qetl"
                           : "ROLLBACK TO SAVEPOINT qetl; RELEASE SAVEPOINT qetl");
}

enum outcome { TAKEN, REFUSED, REPEATED };

static int32_t judge(struct writing *w, PGresult *refused, enum outcome *outcome)
{
    struct server *s = w->l->server;
    *outcome = REFUSED;
    if (w->l->mode == LOAD_UPSERT && !w->l->merge.repeats && refusal_is_repeated(refused)) {
        w->l->merge.repeats = true;
        *outcome = REPEATED;
        return QETL_OK;
    }
    if (refusal_of_row(refused, &w->refusal))
        return QETL_OK;
    const char *state = PQresultErrorField(refused, PG_DIAG_SQLSTATE);
    if (state && strcmp(state, "42P10") == 0)
        return qetl_fail(s->session.env, QETL_E_CONFIG, "/key",
                         "CREATE UNIQUE INDEX over just these columns, or name those of the "
                         "primary key",
                         "%s: %s has no unique index over the columns of the key", s->session.who,
                         w->l->table.name);
    return pg_session_fault(&s->session, server_doing(s, writes), refused);
}

/* All of them, or none. */
static int32_t attempt(struct writing *w, int64_t first, int64_t count, enum outcome *outcome)
{
    PGresult *refused = NULL;
    struct merged merged = {0};
    int64_t taken = 0;
    *outcome = TAKEN;
    int32_t status = rows_send(w, first, count);
    if (status || !w->n_sent)
        return status;
    status = copy_end(w, &taken, &refused);
    if (!status && !refused && loader_merges(w->l)) {
        status = merge_run(&w->l->merge, w->l->server, &merged, &refused);
        taken = merged.changed;
    }
    if (!status && refused) {
        status = judge(w, refused, outcome);
    } else if (!status && is_ignored(w, taken)) {
        *outcome = REFUSED;
        w->refusal = (struct refusal){.code = "ignored"};
        snprintf(w->refusal.message, sizeof w->refusal.message,
                 "a trigger or a rule of the table left the row out");
    }
    if (!status)
        status = point(w, *outcome == TAKEN);
    if (!status && *outcome == TAKEN)
        merged_count(w, &merged);
    free(merged.late);
    PQclear(refused);
    return status;
}

/* ---- A batch ---- */

static int64_t child_of(const struct writing *w, const char *column)
{
    for (int64_t i = 0; *column && i < w->l->n_values; i++) {
        char staged[24];
        snprintf(staged, sizeof staged, "c%lld", (long long)i);
        if (strcmp(column, loader_merges(w->l) ? staged : w->l->values[i].name) == 0 ||
            strcmp(column, w->l->values[i].name) == 0)
            return w->l->values[i].child;
    }
    return -1;
}

/* How many rows to try next where so many were refused: those before the one that the server names,
 * or half. */
static int64_t fewer(const struct writing *w, int64_t first, int64_t count)
{
    int64_t line = w->refusal.line;
    return line > 1 && line <= w->n_sent ? w->sent[line - 1] - first : (count + 1) / 2;
}

/* The row that stood alone, or before all others, is itself to blame. */
static bool is_found(const struct writing *w)
{
    return w->n_sent == 1 || w->refusal.line == 1;
}

static int32_t rows_write(struct writing *w, int64_t rows)
{
    int64_t first = 0, size = rows;
    bool whole = true;
    while (first < rows) {
        enum outcome outcome;
        int64_t count = size < rows - first ? size : rows - first;
        int32_t status = attempt(w, first, count, &outcome);
        if (status)
            return status;
        if (outcome == REPEATED)
            continue;
        if (outcome == REFUSED && !is_found(w)) {
            size = fewer(w, first, count);
            whole = false;
        } else if (outcome == REFUSED) {
            reject(w, w->sent[0], child_of(w, w->refusal.column), w->refusal.code,
                   w->refusal.message);
            first = w->sent[0] + 1;
            size = AGAIN_FROM;
            whole = false;
        } else {
            first += count;
            size = whole ? rows : w->refusal.line ? AGAIN_FROM : AGAIN_FASTER * size;
            w->refusal.line = 0;
        }
    }
    return QETL_OK;
}

static int32_t batch_attach(struct loader *l, const struct ArrowArray *batch,
                            const struct ArrowSchema *schema)
{
    struct qetl_column all;
    int32_t status = qetl_column_open(&all, schema, batch);
    for (int64_t i = 0; !status && i < l->n_values; i++)
        status = value_attach(&l->values[i], &all);
    for (int64_t i = 0; !status && i < l->n_strays; i++)
        status = qetl_column_child(&all, l->strays[i].child, &l->strays[i].column);
    return status ? qetl_fail(l->server->session.env, status, NULL, NULL,
                              "a batch does not fit the columns that were told")
                  : QETL_OK;
}

int32_t loader_write(struct loader *l, const struct ArrowArray *batch,
                     const struct ArrowSchema *schema, int64_t *written)
{
    struct writing w = {.l = l,
                        .schema = schema,
                        .gone = calloc((size_t)batch->length + 1, 1),
                        .sent = calloc((size_t)batch->length + 1, sizeof *w.sent)};
    int32_t status =
        w.gone && w.sent ? batch_attach(l, batch, schema) : pg_fault_memory(l->server->session.env);
    if (!status)
        status = rows_write(&w, batch->length);
    for (int64_t row = 0; !status && row < batch->length; row++)
        *written += !w.gone[row];
    free(w.gone);
    free(w.sent);
    return status;
}
