/* SPDX-License-Identifier: Apache-2.0 */
#include "span.h"

#include "fault.h"

/* Numbers need not lie close: a connection whose parts are empty is soon done with the next one. */
enum { VERSION = 1, PARTS_EACH = 8, PARTS_MOST = 64 };

int32_t span_check(const struct relation *r, struct database *d)
{
    sqlite3_stmt *row = NULL;
    if (qetl_option_int(d->env, "/connections") < 2)
        return QETL_OK;
    if (!relation_is_numbered(r))
        return qetl_fail(d->env, QETL_E_CONFIG, "/connections",
                         "read it by one connection, or a table by its numbers (without key)",
                         "%s: only a table whose rows have numbers (rowid) can be divided among "
                         "connections",
                         d->path);
    int32_t status = database_prepare(d, sqlite3_mprintf("PRAGMA main.journal_mode"), &row, "/path",
                                      "it cannot be opened");
    bool wal = !status && sqlite3_step(row) == SQLITE_ROW &&
               strcmp((const char *)sqlite3_column_text(row, 0), "wal") == 0;
    sqlite3_finalize(row);
    return wal ? qetl_fail(d->env, QETL_E_CONFIG, "/connections",
                           "read it by one connection, or a copy: VACUUM INTO 'copy.db'",
                           "%s: of a database with a write-ahead log several connections do not "
                           "see one moment",
                           d->path)
               : status;
}

/* ---- Planning ---- */

static int32_t ends_read(const struct relation *r, struct database *d, int64_t *least,
                         int64_t *most, bool *any)
{
    sqlite3_stmt *row = NULL;
    int32_t status = database_prepare(
        d,
        sqlite3_mprintf("SELECT (SELECT min(%s) FROM %s), (SELECT max(%s) FROM %s)", r->keys[0],
                        r->from, r->keys[0], r->from),
        &row, "/table", "the table cannot be divided");
    int code = status ? SQLITE_ROW : sqlite3_step(row);
    if (code != SQLITE_ROW)
        status = database_fault(d, code, "/table", "the table cannot be divided");
    *any = !status && sqlite3_column_type(row, 0) == SQLITE_INTEGER;
    *least = *any ? sqlite3_column_int64(row, 0) : 0;
    *most = *any ? sqlite3_column_int64(row, 1) : 0;
    sqlite3_finalize(row);
    return status;
}

static int32_t span_write(const struct span *span, int64_t cookie, const struct qetl_writer *out)
{
    struct qetl_parcel parcel;
    qetl_parcel_begin(&parcel, VERSION);
    qetl_parcel_put_int(&parcel, span->from_open);
    qetl_parcel_put_int(&parcel, span->to_open);
    qetl_parcel_put_int(&parcel, span->from);
    qetl_parcel_put_int(&parcel, span->to);
    qetl_parcel_put_int(&parcel, cookie);
    struct qetl_blob blob = qetl_parcel_blob(&parcel);
    return out->write(out->stream, blob.data, blob.size);
}

int32_t span_plan(const struct relation *r, struct database *d, int64_t connections,
                  const struct qetl_writer *out, int64_t *spans)
{
    int64_t least = 0, most = 0, n = connections * PARTS_EACH;
    bool any = false;
    struct span span = {.from_open = true};
    int32_t status = connections < 2 ? QETL_OK : ends_read(r, d, &least, &most, &any);
    uint64_t width = (uint64_t)most - (uint64_t)least;
    n = !any ? 1 : n < PARTS_MOST ? n : PARTS_MOST;
    *spans = 0;
    for (int64_t i = 1; !status && i < n; i++) {
        uint64_t part = (uint64_t)(((unsigned __int128)width + 1) * (uint64_t)i / (uint64_t)n);
        span.to = (int64_t)((uint64_t)least + part);
        if (span.to == (span.from_open ? least : span.from))
            continue;
        status = span_write(&span, d->cookie, out);
        span.from_open = false;
        span.from = span.to;
        ++*spans;
    }
    if (status)
        return status;
    span.to_open = true;
    ++*spans;
    return span.from_open ? out->write(out->stream, "", 0) : span_write(&span, d->cookie, out);
}

/* ---- Reading ---- */

int32_t span_unpack(struct span *s, const struct relation *r, struct database *d,
                    struct qetl_blob blob)
{
    struct qetl_parcel_in in;
    *s = (struct span){.from_open = true, .to_open = true};
    if (!blob.size)
        return QETL_OK;
    qetl_parcel_open(&in, blob, VERSION);
    s->from_open = qetl_parcel_int(&in);
    s->to_open = qetl_parcel_int(&in);
    s->from = qetl_parcel_int(&in);
    s->to = qetl_parcel_int(&in);
    int64_t cookie = qetl_parcel_int(&in);
    return qetl_parcel_close(&in)
               ? qetl_fail(d->env, QETL_E_UNSUPPORTED, NULL, "begin anew: --full-refresh",
                           "%s: the split is none of these options", d->path)
               : relation_check_numbers(r, d, cookie);
}

bool span_is_all(const struct span *s)
{
    return s->from_open && s->to_open;
}

void span_put(const struct span *s, sqlite3_str *sql, const char *column)
{
    if (!s->from_open)
        sqlite3_str_appendf(sql, "%s >= %lld", column, (long long)s->from);
    if (!s->from_open && !s->to_open)
        sqlite3_str_appendf(sql, " AND ");
    if (!s->to_open)
        sqlite3_str_appendf(sql, "%s < %lld", column, (long long)s->to);
}
