/* SPDX-License-Identifier: Apache-2.0 */
#include "discover.h"

#include "fault.h"
#include "relation.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* Rows of larger files are not counted. */
enum { COUNTED_BYTES = 256 << 20, KEYS_MAX = 64 };

struct looking {
    struct database *database;
    discover_found *found;
    void *stream;
    bool counts;
};

/* The first value of the first row; -1: there is none, or it cannot be had. Moves sql. */
static int64_t number_of(const struct looking *l, char *sql)
{
    sqlite3_stmt *statement = NULL;
    int64_t number = -1;
    if (sql && !sqlite3_prepare_v2(l->database->db, sql, -1, &statement, NULL) &&
        sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL)
        number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_free(sql);
    return number;
}

/* Counted; or as ANALYZE has noted it; or the largest number of a row. */
static void sizes_take(const struct looking *l, const char *table, struct qetl_discovered *out)
{
    if (l->counts) {
        out->rows = number_of(l, sqlite3_mprintf("SELECT count(*) FROM main.\"%w\"", table));
        out->bytes = number_of(l, sqlite3_mprintf("SELECT sum(pgsize) FROM dbstat('main', 1) WHERE "
                                                  "name IN (SELECT name FROM sqlite_schema "
                                                  "WHERE tbl_name = %Q COLLATE NOCASE)",
                                                  table));
        return;
    }
    out->flags |= QETL_DISCOVERED_ESTIMATED;
    out->rows = number_of(l, sqlite3_mprintf("SELECT CAST(stat AS INTEGER) FROM sqlite_stat1 "
                                             "WHERE tbl = %Q COLLATE NOCASE",
                                             table));
    if (out->rows < 0)
        out->rows = number_of(l, sqlite3_mprintf("SELECT max(rowid) FROM main.\"%w\"", table));
}

static int32_t keys_take(const struct looking *l, const char *table, int64_t keys[KEYS_MAX],
                         struct qetl_discovered *out)
{
    sqlite3_stmt *rows = NULL;
    int32_t status = database_prepare(
        l->database,
        sqlite3_mprintf("SELECT name FROM pragma_table_xinfo(%Q, 'main') WHERE pk ORDER BY pk",
                        table),
        &rows, "/path", "the table cannot be looked at");
    out->keys = keys;
    while (!status && out->n_keys < KEYS_MAX && sqlite3_step(rows) == SQLITE_ROW)
        keys[out->n_keys++] =
            qetl_schema_find(out->schema, (const char *)sqlite3_column_text(rows, 0));
    sqlite3_finalize(rows);
    return status;
}

/* {"table": "orders"}: and no query beside it. */
static char *options_of(const char *table)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    fputs("{\"table\": \"", out);
    for (; *table; table++)
        if (*table == '"' || *table == '\\')
            fprintf(out, "\\%c", *table);
        else if ((unsigned char)*table < ' ')
            fprintf(out, "\\u%04x", (unsigned char)*table);
        else
            fputc(*table, out);
    fputs("\", \"query\": null}", out);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

static int32_t tell(const struct looking *l, const char *table, struct qetl_discovered *out)
{
    char *options = options_of(table);
    out->options = options;
    int32_t status = options ? l->found(l->stream, out) : fault_memory(l->database->env);
    free(options);
    return status;
}

static int32_t table_tell(const struct looking *l, const char *table, const char *kind)
{
    struct database *d = l->database;
    int64_t keys[KEYS_MAX];
    struct ArrowSchema schema = {0};
    sqlite3_stmt *all = NULL;
    struct qetl_discovered what = {
        .struct_size = sizeof what, .name = table, .kind = kind, .rows = -1, .bytes = -1};
    char *sql = sqlite3_mprintf("SELECT * FROM main.\"%w\"", table);
    int code = sql ? sqlite3_prepare_v2(d->db, sql, -1, &all, NULL) : SQLITE_NOMEM;
    int32_t status = QETL_OK;
    sqlite3_free(sql);
    if (code || columns_declared(d, all, &schema)) {
        what.trouble = sqlite3_errmsg(d->db);
    } else {
        what.schema = &schema;
        status = keys_take(l, table, keys, &what);
        if (strcmp(kind, "view") != 0)
            sizes_take(l, table, &what);
    }
    if (!status)
        status = tell(l, table, &what);
    sqlite3_finalize(all);
    qetl_schema_release(&schema);
    return status;
}

int32_t discover(struct database *d, void *stream, discover_found *found)
{
    struct stat facts;
    sqlite3_stmt *tables = NULL;
    struct looking l = {d, found, stream, false};
    int32_t status = database_open(d);
    l.counts = stat(d->path, &facts) == 0 && facts.st_size <= COUNTED_BYTES;
    if (!status)
        status = database_prepare(
            d,
            sqlite3_mprintf("SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND "
                            "type IN ('table', 'view', 'virtual') AND name NOT LIKE 'sqlite\\_%%' "
                            "ESCAPE '\\' AND name NOT LIKE '\\_qetl\\_%%' ESCAPE '\\' "
                            "ORDER BY name COLLATE NOCASE"),
            &tables, "/path", "the tables cannot be looked at");
    int code = SQLITE_DONE;
    while (!status && (code = sqlite3_step(tables)) == SQLITE_ROW)
        status = table_tell(
            &l, (const char *)sqlite3_column_text(tables, 0),
            strcmp((const char *)sqlite3_column_text(tables, 1), "view") == 0 ? "view" : "table");
    if (!status && code != SQLITE_DONE)
        status = database_fault(d, code, "/path", "the tables cannot be looked at");
    sqlite3_finalize(tables);
    database_close(d);
    return status;
}
