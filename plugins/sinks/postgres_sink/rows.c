/* SPDX-License-Identifier: Apache-2.0 */
/* Rows on their way into the table: as many at once as the server takes, and where it refuses some,
 * fewer, until the one is found that is to blame; where it refuses many, singly. */
#include "block.h"
#include "loader.h"
#include "refusal.h"

#include <stdio.h>

enum { SENT_AT_ONCE = 64 << 10, AGAIN_FROM = 16, AGAIN_FASTER = 4 };
/* Rows go singly once two that are so NEAR were refused, or one of a FEW, as nobody knows which;
 * and as long as that many of them are. */
enum { NEAR = 32, FEW = 1024, SINGLY_FROM = 64, SINGLY_MOST = 16384 };

/* A batch that is being written. */
struct writing {
    struct loader *l;
    const struct ArrowSchema *schema;
    uint8_t *gone; /* a byte a row: rejected */
    int64_t *sent; /* rows of the attempt at hand */
    int64_t n_sent;
    bool by_blocks; /* where nothing is refused */
    bool asked;     /* for COPY, and not answered yet */
    bool staged;    /* they go into the stage first */
    bool singly;    /* and from there one by one */
    int64_t n_told; /* of these, so many were refused */
    int64_t last;   /* row that was refused; -1: none */
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
    w->last = row;
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
    if (l->binary)
        wire_int16(&l->wire, (int16_t)(l->n_values + w->staged));
    if (w->staged)
        place_put(l, row);
    for (int64_t i = 0; i < l->n_values; i++) {
        struct value *v = &l->values[i];
        if (!l->binary && (i || w->staged))
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

static const char back[] = "ROLLBACK TO SAVEPOINT qetl";

/* What was written last is settled on the way, so that nobody waits for that alone. It can be taken
 * back alone in turn. */
static void point_put(const struct server *s, struct pg_sql *sql)
{
    if (s->point == POINT_REFUSED) {
        pg_sql_put(sql, back);
        pg_sql_put(sql, "; ");
        return;
    }
    pg_sql_put(sql, s->point == POINT_GOOD ? "RELEASE SAVEPOINT qetl; " : "");
    if (s->filled)
        pg_sql_put(sql, s->listed ? "TRUNCATE pg_temp.qetl_stage, pg_temp.qetl_refused; "
                                  : "TRUNCATE pg_temp.qetl_stage; ");
    pg_sql_put(sql, "SAVEPOINT qetl; ");
}

/* The answer is waited for once there is something to put, so that both sides work meanwhile. */
static int32_t copy_ask(struct writing *w)
{
    static const char head[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0";
    struct loader *l = w->l;
    struct pg_sql sql = {0};
    point_put(l->server, &sql);
    pg_sql_put(&sql, w->staged ? l->copy_staged.text : l->copy.text);
    int32_t status =
        sql.failed ? pg_fault_memory(l->server->session.env)
                   : pg_session_ask(&l->server->session, server_doing(l->server, writes), sql.text);
    pg_sql_free(&sql);
    w->asked = !status;
    l->server->point = POINT_REFUSED; /* unless it is not */
    l->server->filled = w->staged;
    l->wire.size = 0;
    if (l->binary)
        wire_bytes(&l->wire, head, 19);
    return status;
}

/* In pieces, as libpq copies each before it sends it. */
static int32_t flush(struct writing *w)
{
    struct wire *wire = &w->l->wire;
    struct server *s = w->l->server;
    int32_t status = wire->failed ? pg_fault_memory(s->session.env) : QETL_OK;
    if (!status && w->asked) {
        status = pg_session_copy_in(&s->session, server_doing(s, writes));
        w->asked = false;
    }
    for (size_t at = 0; !status && at < wire->size; at += SENT_AT_ONCE) {
        size_t left = wire->size - at;
        status = pg_session_put(&s->session, server_doing(s, writes), wire->data + at,
                                left < SENT_AT_ONCE ? left : SENT_AT_ONCE);
    }
    wire->size = 0;
    return status;
}

static int32_t rows_send_singly(struct writing *w, int64_t first, int64_t count)
{
    int32_t status = QETL_OK;
    for (int64_t row = first; !status && row < first + count; row++) {
        if (w->gone[row] || stray_refused(w, row))
            continue;
        row_put(w, row);
        if (w->l->wire.size >= SENT_AT_ONCE)
            status = flush(w);
    }
    return status;
}

/* false: not all of them can be put, or some are gone. */
static bool block_ready(struct writing *w, struct block *block, int64_t first, int64_t count)
{
    if (!w->by_blocks || memchr(w->gone + first, 1, (size_t)count))
        return false;
    block->values = w->l->values;
    block->n_values = w->l->n_values;
    block->placed = w->staged;
    return block_measure(block, first, count);
}

static int32_t block_send(struct writing *w, struct block *block)
{
    int32_t status = QETL_OK;
    while (!status && block->done < block->rows) {
        int64_t row = block->first + block->done;
        for (int64_t n = block_put(block, &w->l->wire, SENT_AT_ONCE); n > 0; n--)
            w->sent[w->n_sent++] = row++;
        if (block->done < block->rows)
            status = flush(w);
    }
    return status;
}

/* The first ones early, so that the server has something to do meanwhile. */
static int32_t rows_send(struct writing *w, int64_t first, int64_t count)
{
    struct block block;
    int32_t status = copy_ask(w);
    w->n_sent = 0;
    for (int64_t row = first, some; !status && row < first + count; row += some) {
        some = first + count - row < BLOCK_ROWS ? first + count - row : BLOCK_ROWS;
        status = block_ready(w, &block, row, some) ? block_send(w, &block)
                                                   : rows_send_singly(w, row, some);
    }
    if (!status && w->l->binary)
        wire_int16(&w->l->wire, -1);
    return status ? status : flush(w);
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
static bool is_ignored(const struct writing *w, int64_t taken, const struct merged *merged)
{
    const struct loader *l = w->l;
    bool upserts = l->mode == LOAD_UPSERT && l->n_keys < l->n_values;
    int64_t all = upserts && l->merge.repeats ? merged->n_keys : w->n_sent;
    return (l->mode < LOAD_UPSERT || upserts) && taken < all;
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

static int64_t child_of(const struct writing *w, const char *column)
{
    for (int64_t i = 0; *column && i < w->l->n_values; i++) {
        char staged[24];
        snprintf(staged, sizeof staged, "c%lld", (long long)i);
        bool stage = w->staged && w->refusal.line;
        if (strcmp(column, stage ? staged : w->l->values[i].name) == 0)
            return w->l->values[i].child;
    }
    return -1;
}

static void refusal_ignored(struct refusal *out)
{
    *out = (struct refusal){.code = "ignored"};
    snprintf(out->message, sizeof out->message,
             "a trigger or a rule of the table left the row out");
}

/* What the list says. */
static int32_t told_reject(struct writing *w, const PGresult *told)
{
    w->n_told = PQntuples(told);
    for (int i = 0; i < (int)w->n_told; i++) {
        struct refusal_words words = {.state = PQgetvalue(told, i, 1),
                                      .message = PQgetvalue(told, i, 2),
                                      .detail = PQgetvalue(told, i, 3),
                                      .constraint = PQgetvalue(told, i, 4),
                                      .column = PQgetvalue(told, i, 5),
                                      .context = ""};
        w->refusal = (struct refusal){0};
        if (PQgetisnull(told, i, 1))
            refusal_ignored(&w->refusal);
        else if (!refusal_read(&words, &w->refusal))
            return qetl_fail(w->l->server->session.env, QETL_E_FATAL, NULL, NULL,
                             "%s: a row was refused with %s, which is no row's fault",
                             w->l->server->session.who, words.state);
        reject(w, atoll(PQgetvalue(told, i, 0)), child_of(w, w->refusal.column), w->refusal.code,
               w->refusal.message);
    }
    return QETL_OK;
}

static int32_t singly(struct writing *w, PGresult **refused)
{
    PGresult *told = NULL;
    int32_t status = singly_run(&w->l->singly, w->l->server, &told, refused);
    if (!status && !*refused)
        status = told_reject(w, told);
    PQclear(told);
    return status;
}

/* All of them, or none; singly, all but those that are rejected. */
static int32_t attempt(struct writing *w, int64_t first, int64_t count, enum outcome *outcome)
{
    PGresult *refused = NULL;
    struct merged merged = {0};
    int64_t taken = 0;
    *outcome = TAKEN;
    w->n_told = 0;
    int32_t status = rows_send(w, first, count);
    if (!status)
        status = copy_end(w, &taken, &refused);
    if (!status && !refused && w->n_sent && w->singly) {
        status = singly(w, &refused);
    } else if (!status && !refused && w->n_sent && w->staged) {
        status = merge_run(&w->l->merge, w->l->server, &merged, &refused);
        taken = merged.changed;
    }
    if (!status && refused) {
        status = judge(w, refused, outcome);
    } else if (!status && !w->singly && is_ignored(w, taken, &merged)) {
        *outcome = REFUSED;
        refusal_ignored(&w->refusal);
    }
    if (!status && *outcome == TAKEN) {
        w->l->server->point = POINT_GOOD;
        merged_count(w, &merged);
    }
    free(merged.late);
    PQclear(refused);
    return status;
}

/* ---- A batch ---- */

/* Which of the rows that were sent is to blame: one whose reason is its own, that stood alone, or
 * before all others; -1: nobody knows. */
static int64_t to_blame(const struct writing *w)
{
    int64_t line = w->refusal.line;
    if (w->n_sent == 1 || line == 1)
        return 0;
    return w->refusal.own && line <= w->n_sent ? line - 1 : -1;
}

/* How many rows to try next where so many were refused: those before the one that the server names,
 * or half; together with those behind it where they are few, as the next may be refused as well. */
static int64_t fewer(const struct writing *w, int64_t first, int64_t count, int64_t blamed)
{
    int64_t line = w->refusal.line;
    bool named = line > 1 && line <= w->n_sent;
    int64_t before = named ? w->sent[line - 1] - first : blamed < 0 ? (count + 1) / 2 : 0;
    return blamed >= 0 && before < AGAIN_FROM ? AGAIN_FROM : before;
}

/* What was refused last is taken back, where rows did not follow that do it. */
static int32_t point_clear(struct writing *w)
{
    struct server *s = w->l->server;
    if (s->point != POINT_REFUSED)
        return QETL_OK;
    int32_t status = server_run(s, writes, back);
    if (!status)
        s->point = POINT_GOOD;
    return status;
}

/* Whether those that come next are likely to be refused as well, so that they had better go singly.
 * was: the row that was refused before. */
static int32_t singly_choose(struct writing *w, int64_t first, int64_t count, int64_t blamed,
                             int64_t was)
{
    int64_t row = blamed < 0 ? -1 : w->sent[blamed];
    bool near = row >= 0 && was >= 0 && row - was <= NEAR && row - first <= NEAR;
    bool nobody = blamed < 0 && !w->refusal.line && count <= FEW;
    bool may = false;
    if (w->refusal.unread || !(near || nobody))
        return QETL_OK;
    int32_t status = singly_ready(&w->l->singly, w->l->server, &may);
    if (!status && may)
        w->singly = w->staged = true;
    return status;
}

/* Some were refused: who is to blame is rejected, and the others are tried again. */
static int32_t rows_refused(struct writing *w, int64_t *first, int64_t count, int64_t *size)
{
    int64_t blamed = to_blame(w), was = w->last, from = *first;
    bool singly = w->singly;
    *size = fewer(w, from, count, blamed);
    if (blamed >= 0)
        reject(w, w->sent[blamed], child_of(w, w->refusal.column), w->refusal.code,
               w->refusal.message);
    if (blamed == 0)
        *first = w->sent[0] + 1;
    int32_t status = singly ? QETL_OK : singly_choose(w, from, count, blamed, was);
    if (w->singly && !singly)
        *size = blamed < 0 ? count : SINGLY_FROM;
    return status;
}

/* How many to try next behind so many that were taken. */
static int64_t more(struct writing *w, int64_t count, bool whole, int64_t rows)
{
    bool singly = w->singly, many = w->n_told * NEAR >= count;
    if (singly && many)
        return 4 * count < SINGLY_MOST ? 4 * count : SINGLY_MOST;
    w->singly = false;
    w->staged = loader_merges(w->l);
    if (singly)
        w->last = -1;
    return whole || singly ? rows : w->refusal.line ? AGAIN_FROM : AGAIN_FASTER * count;
}

static int32_t rows_write(struct writing *w, int64_t rows)
{
    int64_t first = 0, size = rows;
    bool whole = true;
    w->staged = loader_merges(w->l);
    w->last = -1;
    while (first < rows) {
        enum outcome outcome;
        int64_t count = size < rows - first ? size : rows - first;
        int32_t status = attempt(w, first, count, &outcome);
        if (!status && outcome == REFUSED)
            status = rows_refused(w, &first, count, &size);
        if (status)
            return status;
        whole = whole && outcome != REFUSED;
        if (outcome == TAKEN) {
            first += count;
            size = more(w, size, whole, rows);
            w->refusal.line = 0;
        }
    }
    return point_clear(w);
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
    w.by_blocks = !status && l->binary && !l->n_strays && block_suits(l->values, l->n_values);
    if (!status)
        status = rows_write(&w, batch->length);
    for (int64_t row = 0; !status && row < batch->length; row++)
        *written += !w.gone[row];
    free(w.gone);
    free(w.sent);
    return status;
}
