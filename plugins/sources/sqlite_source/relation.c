/* SPDX-License-Identifier: Apache-2.0 */
#include "relation.h"

#include "fault.h"
#include "span.h"

#include <stdlib.h>

/* ---- Keys ---- */

static int32_t key_add(struct relation *r, struct database *d, char *moved)
{
    char **grown = realloc(r->keys, ((size_t)r->n_keys + 1) * sizeof *grown);
    r->keys = grown ? grown : r->keys;
    if (!grown || !moved) {
        sqlite3_free(moved);
        return fault_memory(d->env);
    }
    r->keys[r->n_keys++] = moved;
    return QETL_OK;
}

static int32_t keys_given(struct relation *r, struct database *d, const struct ArrowSchema *all)
{
    int64_t n = qetl_option_count(d->env, "/key");
    int32_t status = QETL_OK;
    for (int64_t i = 0; !status && i < (n < 0 ? 1 : n); i++) {
        char pointer[32] = "/key";
        if (n >= 0)
            sqlite3_snprintf(sizeof pointer, pointer, "/key/%lld", (long long)i);
        const char *name = qetl_option_text(d->env, pointer);
        int64_t column = qetl_schema_require(d->env, all, pointer, name);
        status = column < 0 ? (int32_t)column : key_add(r, d, sqlite3_mprintf("\"%w\"", name));
    }
    return status;
}

/* The columns of the primary key in their order, and whether the only one is the row's number
 * itself: then no index says so, too (as of tables WITHOUT ROWID, and of INTEGER PRIMARY KEY DESC).
 */
static int32_t keys_primary(struct relation *r, struct database *d)
{
    sqlite3_stmt *rows = NULL;
    int32_t status = database_prepare(
        d,
        sqlite3_mprintf("SELECT name, upper(type) = 'INTEGER' AND NOT EXISTS (SELECT 1 "
                        "FROM pragma_index_list(%Q, 'main') WHERE origin = 'pk') "
                        "FROM pragma_table_xinfo(%Q, 'main') WHERE pk ORDER BY pk",
                        r->table, r->table),
        &rows, "/table", "the table cannot be looked at");
    r->number = true;
    while (!status && sqlite3_step(rows) == SQLITE_ROW) {
        r->number = r->number && sqlite3_column_int(rows, 1);
        status = key_add(r, d, sqlite3_mprintf("\"%w\"", sqlite3_column_text(rows, 0)));
    }
    sqlite3_finalize(rows);
    r->number = r->number && r->n_keys == 1;
    return status;
}

static void keys_forget(struct relation *r)
{
    for (int64_t i = 0; i < r->n_keys; i++)
        sqlite3_free(r->keys[i]);
    free(r->keys);
    r->keys = NULL;
    r->n_keys = 0;
}

/* The number of a row goes by three names, unless columns are called so. */
static int32_t keys_number(struct relation *r, struct database *d, const struct ArrowSchema *all)
{
    static const char *const names[] = {"rowid", "_rowid_", "oid"};
    keys_forget(r);
    r->numbered = true;
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        bool taken = false;
        for (int64_t i = 0; i < all->n_children; i++)
            taken |= sqlite3_stricmp(all->children[i]->name, names[n]) == 0;
        if (!taken)
            return key_add(r, d, sqlite3_mprintf("%s", names[n]));
    }
    return QETL_OK;
}

enum kind { KIND_TABLE, KIND_WITHOUT_ROWID, KIND_OTHER };

static int32_t kind_read(struct relation *r, struct database *d, enum kind *kind)
{
    sqlite3_stmt *row = NULL;
    int32_t status = database_prepare(
        d,
        sqlite3_mprintf("SELECT type, wr, strict FROM pragma_table_list(%Q) WHERE schema = 'main'",
                        r->table),
        &row, "/table", "the tables cannot be looked at");
    *kind = KIND_OTHER;
    if (!status && sqlite3_step(row) == SQLITE_ROW &&
        strcmp((const char *)sqlite3_column_text(row, 0), "table") == 0) {
        *kind = sqlite3_column_int(row, 1) ? KIND_WITHOUT_ROWID : KIND_TABLE;
        r->strict = sqlite3_column_int(row, 2);
    }
    sqlite3_finalize(row);
    return status;
}

/* A primary key of a table with row numbers may be NULL; the number may not. */
static int32_t keys_choose(struct relation *r, struct database *d, const struct ArrowSchema *all)
{
    enum kind kind = KIND_OTHER;
    int32_t status = r->table ? kind_read(r, d, &kind) : QETL_OK;
    if (!status && qetl_option_given(d->env, "/key"))
        return keys_given(r, d, all);
    if (!status && kind != KIND_OTHER)
        status = keys_primary(r, d);
    if (!status && kind == KIND_TABLE && !r->number)
        status = keys_number(r, d, all);
    return status;
}

/* ---- Columns ---- */

static int32_t choose_all(struct relation *r, struct database *d, struct ArrowSchema *all)
{
    r->at = calloc((size_t)all->n_children + 1, sizeof *r->at);
    for (int64_t i = 0; r->at && i < all->n_children; i++)
        r->at[i] = i;
    return r->at && !qetl_schema_copy(all, &r->schema) ? QETL_OK : fault_memory(d->env);
}

static int32_t choose(struct relation *r, struct database *d, struct ArrowSchema *all)
{
    int64_t n = qetl_option_count(d->env, "/columns");
    if (n < 0)
        return choose_all(r, d, all);
    r->at = calloc((size_t)n + 1, sizeof *r->at);
    int32_t status = r->at && !qetl_schema_init_struct(&r->schema) ? QETL_OK : fault_memory(d->env);
    for (int64_t i = 0; !status && i < n; i++) {
        char pointer[32];
        struct ArrowSchema field = {0};
        sqlite3_snprintf(sizeof pointer, pointer, "/columns/%lld", (long long)i);
        r->at[i] = qetl_schema_require(d->env, all, pointer, qetl_option_text(d->env, pointer));
        if (r->at[i] < 0)
            return (int32_t)r->at[i];
        if (qetl_schema_find(&r->schema, all->children[r->at[i]]->name) >= 0)
            status =
                qetl_fail(d->env, QETL_E_CONFIG, pointer, NULL, "the column stands there twice");
        else if (qetl_schema_copy(all->children[r->at[i]], &field) ||
                 qetl_schema_append(&r->schema, &field))
            status = fault_memory(d->env);
        qetl_schema_release(&field);
    }
    return status;
}

/* ---- Facts ---- */

static bool says(const char *declared, const char *word)
{
    return strcasestr(declared, word) != NULL;
}

static void fact_make(const struct relation *r, const struct database *d, const char *declared,
                      const struct ArrowSchema *field, struct column_fact *out)
{
    struct taker taker = {0};
    bool integer = says(declared, "INT");
    bool text =
        !integer && (says(declared, "CHAR") || says(declared, "CLOB") || says(declared, "TEXT"));
    bool none = !integer && !text && (!*declared || says(declared, "BLOB"));
    char key[1100];
    sqlite3_snprintf(sizeof key, key, "\"%w\"", field->name);
    bool number = r->number && strcmp(r->keys[0], key) == 0;
    *out = (struct column_fact){.numeric = !text && !none &&
                                           !(r->strict && strcasecmp(declared, "ANY") == 0),
                                .textual = text && d->utf8,
                                .sure = number || r->strict};
    out->way = taker_way(&taker, field) ? TAKE_BOOL : taker.way; /* no comparison is known of it */
}

static int32_t facts_make(struct relation *r, struct database *d, sqlite3_stmt *all)
{
    r->facts = calloc((size_t)r->schema.n_children + 1, sizeof *r->facts);
    if (!r->facts)
        return fault_memory(d->env);
    for (int64_t i = 0; i < r->schema.n_children; i++) {
        const char *declared = sqlite3_column_decltype(all, (int)r->at[i]);
        fact_make(r, d, declared ? declared : "", r->schema.children[i], &r->facts[i]);
    }
    return QETL_OK;
}

/* ---- Opening ---- */

/* A query as part of another: without what ends it. */
static char *from_query(const char *query)
{
    size_t size = strlen(query);
    while (size && strchr("; \t\r\n", query[size - 1]))
        size--;
    return sqlite3_mprintf("(\n%.*s\n)", (int)size, query);
}

static int32_t query_check(struct database *d, const char *query, sqlite3_stmt **all)
{
    const char *tail = NULL;
    int code = sqlite3_prepare_v2(d->db, query, -1, all, &tail);
    if (code)
        return database_fault(d, code, "/query", "the query is not understood");
    while (tail && *tail && strchr("; \t\r\n", *tail))
        tail++;
    const char *why = !*all                             ? "is empty"
                      : *tail                           ? "is more than one statement"
                      : !sqlite3_stmt_readonly(*all)    ? "writes"
                      : sqlite3_column_count(*all) == 0 ? "gives no columns"
                      : sqlite3_bind_parameter_count(*all)
                          ? "has parameters, for which there are no "
                            "values"
                          : NULL;
    return why ? qetl_fail(d->env, QETL_E_CONFIG, "/query", "write one SELECT", "the query %s", why)
               : QETL_OK;
}

static int32_t statement_all(struct relation *r, struct database *d, sqlite3_stmt **all)
{
    r->from = r->table ? sqlite3_mprintf("main.\"%w\"", r->table) : from_query(r->query);
    if (!r->from)
        return fault_memory(d->env);
    if (r->query)
        return query_check(d, r->query, all);
    return database_prepare(d, sqlite3_mprintf("SELECT * FROM %s", r->from), all, "/table",
                            "the table cannot be read");
}

int32_t relation_open(struct relation *r, struct database *d)
{
    sqlite3_stmt *statement = NULL;
    struct ArrowSchema all = {0};
    r->table = qetl_option_text(d->env, "/table");
    r->query = qetl_option_text(d->env, "/query");
    int32_t status = statement_all(r, d, &statement);
    if (!status)
        status = columns_read(d, statement, &all);
    if (!status)
        status = keys_choose(r, d, &all);
    if (!status)
        status = choose(r, d, &all);
    if (!status)
        status = facts_make(r, d, statement);
    qetl_schema_release(&all);
    sqlite3_finalize(statement);
    return status;
}

/* ---- Reading ---- */

/* A query without a key is run as it was written, so that its own order stays. */
static bool is_verbatim(const struct relation *r)
{
    return r->query && !r->n_keys;
}

bool relation_is_ordered(const struct relation *r)
{
    return !is_verbatim(r);
}

static void list_keys(const struct relation *r, sqlite3_str *sql)
{
    for (int64_t i = 0; i < r->n_keys; i++)
        sqlite3_str_appendf(sql, "%s%s", i ? ", " : "", r->keys[i]);
}

static void select_behind(const struct relation *r, sqlite3_str *sql)
{
    sqlite3_str_appendf(sql, "(");
    list_keys(r, sql);
    sqlite3_str_appendf(sql, ") > (");
    for (int64_t i = 0; i < r->n_keys; i++)
        sqlite3_str_appendf(sql, i ? ", ?%lld" : "?%lld", (long long)i + 1);
    sqlite3_str_appendf(sql, ")");
}

/* One more of the conditions that a row has to meet. */
static void also(sqlite3_str *sql, bool *first)
{
    sqlite3_str_appendf(sql, *first ? " WHERE " : " AND ");
    *first = false;
}

static void select_part(const struct relation *r, sqlite3_str *sql,
                        const struct relation_part *part)
{
    bool first = true;
    if (part->behind) {
        also(sql, &first);
        select_behind(r, sql);
    }
    if (part->span) {
        also(sql, &first);
        span_put(part->span, sql, r->keys[0]);
    }
    if (part->where) {
        also(sql, &first);
        sqlite3_str_appendf(sql, "%s", part->where);
    }
}

bool relation_is_numbered(const struct relation *r)
{
    return r->number || r->numbered;
}

int32_t relation_check_numbers(const struct relation *r, const struct database *d, int64_t cookie)
{
    return r->numbered && cookie != d->cookie
               ? qetl_fail(d->env, QETL_E_DATA, NULL,
                           "begin anew (--full-refresh), or give the table an INTEGER PRIMARY KEY",
                           "%s: since the run was cut short the schema has changed, or VACUUM may "
                           "have given the rows of %s other numbers",
                           d->path, r->table)
               : QETL_OK;
}

char *relation_select(const struct relation *r, struct database *d, int64_t n_wants,
                      const int64_t *wants, const struct relation_part *part)
{
    if (is_verbatim(r))
        return sqlite3_mprintf("%s", r->query);
    sqlite3_str *sql = sqlite3_str_new(d->db);
    sqlite3_str_appendf(sql, "SELECT ");
    for (int64_t i = 0; i < n_wants; i++)
        sqlite3_str_appendf(sql, "%s\"%w\"", i ? ", " : "", r->schema.children[wants[i]]->name);
    if (n_wants && r->n_keys)
        sqlite3_str_appendf(sql, ", ");
    list_keys(r, sql);
    if (!n_wants && !r->n_keys)
        sqlite3_str_appendf(sql, "1");
    sqlite3_str_appendf(sql, " FROM %s", r->from);
    select_part(r, sql, part);
    if (r->n_keys)
        sqlite3_str_appendf(sql, " ORDER BY ");
    list_keys(r, sql);
    return sqlite3_str_finish(sql);
}

int relation_place(const struct relation *r, const int64_t *wants, int64_t i)
{
    return (int)(is_verbatim(r) ? r->at[wants[i]] : i);
}

void relation_free(struct relation *r)
{
    keys_forget(r);
    free(r->at);
    free(r->facts);
    sqlite3_free(r->from);
    qetl_schema_release(&r->schema);
    *r = (struct relation){0};
}
