/* SPDX-License-Identifier: Apache-2.0 */
#include "merge.h"

#include <stdio.h>

#define STAGE "pg_temp.qetl_stage"

/* ---- Texts ---- */

/* Pieces of a template: %t the table; %n the names of the values, %N of the keys; %v and %K those
 * of the stage (s); %k the keys of t and s are equal, %o those of o and s; %d the values of t and s
 * are, %D those of o and s; %x the values become those of s, %X those that were refused; %a the
 * time of s; %f %u %c valid_from, valid_to, is_current. */
static void staged_put(struct pg_sql *sql, int64_t i)
{
    pg_sql_format(sql, "s.c%lld", (long long)i);
}

static void column_put(struct pg_sql *sql, const char *of, const char *name)
{
    pg_sql_put(sql, of);
    pg_sql_name(sql, name);
}

static int64_t n_plain(const struct merge *m)
{
    return m->n_values - (m->history && m->history->at >= 0);
}

static void keys_equal(const struct merge *m, struct pg_sql *sql, const char *of)
{
    for (int64_t i = 0; i < m->n_keys; i++) {
        pg_sql_put(sql, i ? " AND " : "");
        column_put(sql, of, m->values[i].name);
        pg_sql_put(sql, " = ");
        staged_put(sql, i);
    }
}

/* Byte for byte, whatever the columns take for equal. */
static void values_same(const struct merge *m, struct pg_sql *sql, const char *of)
{
    if (n_plain(m) == m->n_keys) {
        pg_sql_put(sql, "true");
        return;
    }
    pg_sql_put(sql, "ROW(");
    for (int64_t i = m->n_keys; i < n_plain(m); i++) {
        pg_sql_put(sql, i > m->n_keys ? ", " : "");
        column_put(sql, of, m->values[i].name);
    }
    pg_sql_put(sql, ")::record OPERATOR(pg_catalog.*=) ROW(");
    for (int64_t i = m->n_keys; i < n_plain(m); i++) {
        pg_sql_put(sql, i > m->n_keys ? ", " : "");
        staged_put(sql, i);
    }
    pg_sql_put(sql, ")::record");
}

static void values_set(const struct merge *m, struct pg_sql *sql, bool excluded)
{
    for (int64_t i = m->n_keys; i < n_plain(m); i++) {
        column_put(sql, i > m->n_keys ? ", " : "", m->values[i].name);
        pg_sql_put(sql, " = ");
        if (excluded)
            column_put(sql, "excluded.", m->values[i].name);
        else
            staged_put(sql, i);
    }
}

static void time_put(const struct merge *m, struct pg_sql *sql)
{
    const struct table_history *h = m->history;
    if (h->at >= 0) {
        staged_put(sql, m->n_values - 1);
        return;
    }
    pg_sql_put(sql, "pg_catalog.now()::");
    pg_sql_put(sql, m->table->columns[table_find(m->table, h->from)].declared);
}

static void names_put(const struct merge *m, struct pg_sql *sql, int64_t n, bool staged)
{
    for (int64_t i = 0; i < n; i++) {
        pg_sql_put(sql, i ? ", " : "");
        if (staged)
            staged_put(sql, i);
        else
            pg_sql_name(sql, m->values[i].name);
    }
}

static void piece_put(const struct merge *m, struct pg_sql *sql, char piece)
{
    const struct table_history *h = m->history;
    switch (piece) {
    case 't':
        pg_sql_put(sql, m->table->path);
        return;
    case 'k':
        keys_equal(m, sql, "t.");
        return;
    case 'o':
        keys_equal(m, sql, "o.");
        return;
    case 'a':
        time_put(m, sql);
        return;
    case 'f':
        pg_sql_name(sql, h->from);
        return;
    case 'u':
        pg_sql_name(sql, h->to);
        return;
    case 'c':
        pg_sql_name(sql, h->current);
        return;
    case 'n':
        names_put(m, sql, n_plain(m), false);
        return;
    case 'v':
        names_put(m, sql, n_plain(m), true);
        return;
    case 'K':
        names_put(m, sql, m->n_keys, true);
        return;
    case 'N':
        names_put(m, sql, m->n_keys, false);
        return;
    case 'd':
        values_same(m, sql, "t.");
        return;
    case 'D':
        values_same(m, sql, "o.");
        return;
    case 'x':
        values_set(m, sql, false);
        return;
    default:
        values_set(m, sql, true);
    }
}

void merge_text(const struct merge *m, struct pg_sql *sql, const char *template)
{
    for (const char *c = template; *c; c++)
        if (*c == '%')
            piece_put(m, sql, *++c);
        else
            pg_sql_bytes(sql, c, 1);
}

/* ---- Statements ---- */

static void upsert_make(struct merge *m)
{
    const char *conflict =
        m->n_keys < m->n_values ? MERGE_CONFLICT : " ON CONFLICT (%N) DO NOTHING";
    merge_text(m, &m->once,
               "INSERT INTO %t (%n) OVERRIDING SYSTEM VALUE SELECT %v FROM " STAGE " AS s");
    merge_text(m, &m->once, conflict);
    merge_text(m, &m->last,
               "INSERT INTO %t (%n) OVERRIDING SYSTEM VALUE SELECT DISTINCT ON (%K) %v FROM " STAGE
               " AS s ORDER BY %K, s.n DESC");
    merge_text(m, &m->last, conflict);
    merge_text(m, &m->distinct,
               "SELECT pg_catalog.count(*) FROM (SELECT DISTINCT %K FROM " STAGE " AS s) AS k");
}

/* Rows of one key take turns: each meets what the one before it left. */
static void history_make(struct merge *m)
{
    merge_text(m, &m->turns,
               "UPDATE " STAGE
               " AS x SET turn = y.turn FROM (SELECT s.n, pg_catalog.row_number() OVER "
               "(PARTITION BY %K ORDER BY s.n) AS turn FROM " STAGE " AS s) AS y "
               "WHERE y.n = x.n AND y.turn > 1");
    merge_text(m, &m->number, "SELECT pg_catalog.max(turn) FROM " STAGE);
    merge_text(m, &m->late,
               "SELECT s.n FROM " STAGE
               " AS s JOIN %t AS t ON %k AND t.%c WHERE coalesce(s.turn, 1) = $1 "
               "AND t.%f > %a AND NOT EXISTS (SELECT FROM %t AS o WHERE %o AND o.%f = %a AND %D) "
               "ORDER BY s.n");
    if (n_plain(m) > m->n_keys)
        merge_text(m, &m->again,
                   "UPDATE %t AS t SET %x FROM " STAGE
                   " AS s WHERE coalesce(s.turn, 1) = $1 AND %k AND "
                   "t.%c AND t.%f = %a AND NOT (%d)");
    merge_text(m, &m->follow,
               "UPDATE %t AS t SET %u = %a, %c = false FROM " STAGE
               " AS s WHERE coalesce(s.turn, 1) = $1 "
               "AND %k AND t.%c AND t.%f < %a AND NOT (%d)");
    merge_text(
        m, &m->add,
        "INSERT INTO %t (%n, %f, %c) OVERRIDING SYSTEM VALUE SELECT %v, %a, true FROM " STAGE
        " AS s WHERE coalesce(s.turn, 1) = $1 AND NOT EXISTS (SELECT FROM %t AS t WHERE %k AND "
        "t.%c)");
}

/* Who appends need not be able to read the table. */
static void stage_declare(struct merge *m)
{
    pg_sql_put(&m->stage, "CREATE TEMPORARY TABLE qetl_stage (n pg_catalog.int8");
    for (int64_t i = 0; i < m->n_values; i++) {
        pg_sql_format(&m->stage, ", c%lld ", (long long)i);
        pg_sql_put(&m->stage, m->values[i].type_name);
    }
    pg_sql_put(&m->stage, ") ON COMMIT DROP");
}

static void stage_make(struct merge *m)
{
    pg_sql_put(&m->stage, "CREATE TEMPORARY TABLE qetl_stage ON COMMIT DROP AS SELECT "
                          "NULL::pg_catalog.int8 AS n, NULL::pg_catalog.int8 AS turn");
    for (int64_t i = 0; i < m->n_values; i++) {
        column_put(&m->stage, ", t.", m->values[i].name);
        pg_sql_format(&m->stage, " AS c%lld", (long long)i);
    }
    merge_text(m, &m->stage, " FROM %t AS t WITH NO DATA");
}

void merge_make(struct merge *m, enum merge_kind kind, const struct table *table, int64_t n_values,
                const struct value *values, int64_t n_keys, const struct table_history *history)
{
    *m = (struct merge){.kind = kind,
                        .table = table,
                        .values = values,
                        .n_values = n_values,
                        .n_keys = n_keys,
                        .history = history};
    if (kind == MERGE_APPEND) {
        stage_declare(m);
        return;
    }
    stage_make(m);
    if (kind == MERGE_UPSERT)
        upsert_make(m);
    else if (kind == MERGE_DELETE)
        merge_text(m, &m->once, "DELETE FROM %t AS t USING " STAGE " AS s WHERE %k");
    else
        history_make(m);
}

void merge_stage_copy(const struct merge *m, struct pg_sql *sql)
{
    pg_sql_put(sql, "COPY " STAGE " (n");
    for (int64_t i = 0; i < m->n_values; i++)
        pg_sql_format(sql, ", c%lld", (long long)i);
    pg_sql_put(sql, ") FROM STDIN");
}

static int n_texts(struct merge *m, struct pg_sql *out[10])
{
    struct pg_sql *const all[] = {&m->stage,  &m->once, &m->last,  &m->distinct, &m->turns,
                                  &m->number, &m->late, &m->again, &m->follow,   &m->add};
    memcpy(out, all, sizeof all);
    return sizeof all / sizeof all[0];
}

bool merge_failed(struct merge *m)
{
    struct pg_sql *all[10];
    bool failed = false;
    for (int i = n_texts(m, all) - 1; i >= 0; i--)
        failed = failed || all[i]->failed;
    return failed;
}

void merge_free(struct merge *m)
{
    struct pg_sql *all[10];
    for (int i = n_texts(m, all) - 1; i >= 0; i--)
        pg_sql_free(all[i]);
}

/* ---- Running ---- */

int32_t merge_stage_make(const struct merge *m, struct server *s)
{
    static const struct server_text text = {
        .what = "rows cannot be staged",
        .option = "/mode",
        .grant = "let someone who may run: GRANT TEMPORARY ON DATABASE … TO this user, and GRANT "
                 "SELECT on the table"};
    return server_run(s, text, m->stage.text);
}

struct step {
    struct server *server;
    PGresult **refused;
    int64_t changed;
};

static const struct server_text merges = {.what = "rows cannot be merged", .option = "/table"};

/* turn 0: a statement without one. */
static int32_t step_run(struct step *step, const struct pg_sql *sql, int64_t turn, PGresult **out)
{
    char number[24];
    const char *const values[] = {number};
    PGresult *result = NULL;
    snprintf(number, sizeof number, "%lld", (long long)turn);
    if (*step->refused || !sql->text)
        return QETL_OK;
    int32_t status = pg_session_try(&step->server->session, server_doing(step->server, merges),
                                    sql->text, turn > 0, values, &result);
    if (status)
        return status;
    if (pg_session_refused(result)) {
        *step->refused = result;
        return QETL_OK;
    }
    step->changed = atoll(PQcmdTuples(result));
    if (out)
        *out = result;
    else
        PQclear(result);
    return QETL_OK;
}

static int32_t late_add(struct server *s, struct merged *out, const PGresult *result)
{
    int n = PQntuples(result);
    int64_t *grown = n ? realloc(out->late, (size_t)(out->n_late + n) * sizeof *grown) : out->late;
    if (n && !grown)
        return pg_fault_memory(s->session.env);
    out->late = grown;
    for (int i = 0; i < n; i++)
        out->late[out->n_late++] = atoll(PQgetvalue(result, i, 0));
    return QETL_OK;
}

static int32_t turn_run(struct merge *m, struct step *step, int64_t turn, struct merged *out)
{
    PGresult *late = NULL;
    int32_t status = step_run(step, &m->late, turn, &late);
    if (!status && late)
        status = late_add(step->server, out, late);
    PQclear(late);
    if (!status)
        status = step_run(step, &m->again, turn, NULL);
    out->changed += m->again.text && !*step->refused ? step->changed : 0;
    if (!status)
        status = step_run(step, &m->follow, turn, NULL);
    if (!status)
        status = step_run(step, &m->add, turn, NULL);
    out->changed += *step->refused ? 0 : step->changed;
    return status;
}

static int32_t history_run(struct merge *m, struct step *step, struct merged *out)
{
    PGresult *number = NULL;
    int64_t turns = 1;
    int32_t status = step_run(step, &m->turns, 0, NULL);
    if (!status && !*step->refused && step->changed)
        status = step_run(step, &m->number, 0, &number);
    if (number)
        turns = atoll(PQgetvalue(number, 0, 0));
    PQclear(number);
    for (int64_t turn = 1; !status && !*step->refused && turn <= turns; turn++)
        status = turn_run(m, step, turn, out);
    return status;
}

static int32_t keys_count(struct merge *m, struct step *step, struct merged *out)
{
    PGresult *number = NULL;
    int32_t status = step_run(step, &m->distinct, 0, &number);
    if (number)
        out->n_keys = atoll(PQgetvalue(number, 0, 0));
    PQclear(number);
    return status;
}

int32_t merge_run(struct merge *m, struct server *s, struct merged *out, PGresult **refused)
{
    struct step step = {.server = s, .refused = refused};
    *out = (struct merged){0};
    *refused = NULL;
    if (m->kind == MERGE_SCD2)
        return history_run(m, &step, out);
    int32_t status = step_run(&step, m->repeats ? &m->last : &m->once, 0, NULL);
    out->changed = step.changed;
    return status || !m->repeats ? status : keys_count(m, &step, out);
}
