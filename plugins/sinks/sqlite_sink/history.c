/* SPDX-License-Identifier: Apache-2.0 */
#include "history.h"

#include "fault.h"

#include <time.h>

void history_options(struct history *h, struct qetl_env env)
{
    h->columns = (struct table_history){.from = qetl_option_text(env, "/history/valid_from"),
                                        .to = qetl_option_text(env, "/history/valid_to"),
                                        .current = qetl_option_text(env, "/history/is_current"),
                                        .at = -1};
    h->at = qetl_option_given(env, "/history/at") ? qetl_option_text(env, "/history/at") : NULL;
}

void history_now(struct history *h)
{
    struct timespec now;
    struct tm parts;
    char second[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    strftime(second, sizeof second, "%Y-%m-%d %H:%M:%S", &parts);
    sqlite3_snprintf(sizeof h->now, h->now, "%s.%06d+00:00", second, (int)(now.tv_nsec / 1000));
}

/* ---- The statements ---- */

static void keys_equal(sqlite3_str *sql, const struct binder *binders, int64_t n_keys)
{
    for (int64_t i = 0; i < n_keys; i++)
        sqlite3_str_appendf(sql, "%s\"%w\" = ?%d", i ? " AND " : " WHERE ", binders[i].name,
                            binders[i].parameter);
}

/* Byte for byte, whatever the columns take for equal. */
static void values_same(sqlite3_str *sql, const struct binder *values, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        sqlite3_str_appendf(sql, "%s\"%w\" IS ?%d COLLATE BINARY", i ? " AND " : "", values[i].name,
                            values[i].parameter);
    if (!n)
        sqlite3_str_appendf(sql, "1");
}

static int32_t prepare(struct database *d, sqlite3_str *text, sqlite3_stmt **out)
{
    char *sql = sqlite3_str_finish(text);
    if (!sql)
        return fault_memory(d->env);
    int32_t status = database_prepare(d, sql, out, "the history cannot be kept");
    sqlite3_free(sql);
    return status;
}

static int32_t prepare_reads(struct history *h, struct database *d, const char *table,
                             int64_t n_values, const struct binder *binders, int64_t n_keys)
{
    const struct table_history *c = &h->columns;
    sqlite3_str *sql = sqlite3_str_new(d->db);
    sqlite3_str_appendf(sql, "SELECT (\"%w\" > ?%d) - (\"%w\" < ?%d), ", c->from, h->time, c->from,
                        h->time);
    values_same(sql, binders + n_keys, n_values);
    sqlite3_str_appendf(sql, " FROM main.\"%w\"", table);
    keys_equal(sql, binders, n_keys);
    sqlite3_str_appendf(sql, " AND \"%w\" = 1", c->current);
    int32_t status = prepare(d, sql, &h->look);
    if (status)
        return status;
    sql = sqlite3_str_new(d->db);
    sqlite3_str_appendf(sql, "SELECT 1 FROM main.\"%w\"", table);
    keys_equal(sql, binders, n_keys);
    sqlite3_str_appendf(sql, " AND \"%w\" = ?%d AND ", c->from, h->time);
    values_same(sql, binders + n_keys, n_values);
    return prepare(d, sql, &h->known);
}

static int32_t prepare_writes(struct history *h, struct database *d, const char *table,
                              int64_t n_values, const struct binder *binders, int64_t n_keys)
{
    const struct table_history *c = &h->columns;
    sqlite3_str *sql = sqlite3_str_new(d->db);
    sqlite3_str_appendf(sql, "UPDATE OR ABORT main.\"%w\" SET \"%w\" = ?%d, \"%w\" = 0", table,
                        c->to, h->time, c->current);
    keys_equal(sql, binders, n_keys);
    sqlite3_str_appendf(sql, " AND \"%w\" = 1", c->current);
    int32_t status = prepare(d, sql, &h->end);
    if (status || !n_values)
        return status;
    sql = sqlite3_str_new(d->db);
    sqlite3_str_appendf(sql, "UPDATE OR ABORT main.\"%w\" SET ", table);
    for (int64_t i = n_keys; i < n_keys + n_values; i++)
        sqlite3_str_appendf(sql, "%s\"%w\" = ?%d", i > n_keys ? ", " : "", binders[i].name,
                            binders[i].parameter);
    keys_equal(sql, binders, n_keys);
    sqlite3_str_appendf(sql, " AND \"%w\" = 1 AND \"%w\" = ?%d", c->current, c->from, h->time);
    return prepare(d, sql, &h->again);
}

int32_t history_prepare(struct history *h, struct database *d, const char *table, int64_t n_binders,
                        const struct binder *binders, int64_t n_keys)
{
    int64_t n_values = n_binders - n_keys - (h->at != NULL);
    h->time = (int)n_binders + (h->at == NULL);
    int32_t status = prepare_reads(h, d, table, n_values, binders, n_keys);
    return status ? status : prepare_writes(h, d, table, n_values, binders, n_keys);
}

/* ---- A row ---- */

int history_turn(struct history *h, enum history_turn *turn)
{
    int code = sqlite3_step(h->look);
    bool there = code == SQLITE_ROW;
    int order = there ? sqlite3_column_int(h->look, 0) : 0;
    bool same = there && sqlite3_column_int(h->look, 1);
    sqlite3_reset(h->look);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return code;
    *turn = !there      ? HISTORY_NEW
            : order > 0 ? HISTORY_LATE
            : same      ? HISTORY_SAME
            : order < 0 ? HISTORY_CHANGED
                        : HISTORY_AGAIN;
    return SQLITE_OK;
}

int history_known(struct history *h, enum history_turn *turn)
{
    int code = sqlite3_step(h->known);
    if (code == SQLITE_ROW)
        *turn = HISTORY_SAME;
    sqlite3_reset(h->known);
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

void history_clear(struct history *h)
{
    sqlite3_stmt **const all[] = {&h->look, &h->known, &h->end, &h->again};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        sqlite3_finalize(*all[i]);
        *all[i] = NULL;
    }
}
