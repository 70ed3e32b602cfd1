/* SPDX-License-Identifier: Apache-2.0 */
#include "database.h"

#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>

enum statement {
    BEGIN,
    COMMIT,
    ROLLBACK,
    HEAD_GET,
    HEAD_PUT,
    EPOCH_GET,
    EPOCH_PUT,
    EPOCHS_KEEP,
    PAST_PUT,
    PAST_CUT
};

static const char *const texts[STATE_STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [HEAD_GET] = "SELECT sequence, generation, token, last, decided, decided_digest, prepared, "
                 "prepared_digest, digest FROM head WHERE id = 1",
    [HEAD_PUT] = "REPLACE INTO head VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [EPOCH_GET] = "SELECT stage, final, at_ms, rows, identity, outside, body FROM epoch "
                  "WHERE number = ?",
    [EPOCH_PUT] = "REPLACE INTO epoch VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    [EPOCHS_KEEP] = "DELETE FROM epoch WHERE number NOT IN (?, ?)",
    [PAST_PUT] = "REPLACE INTO past VALUES (?, ?, ?, ?, ?, ?)",
    [PAST_CUT] = "DELETE FROM past WHERE number <= ?",
};

#define TABLES                                                                                     \
    "CREATE TABLE head (id INTEGER PRIMARY KEY, sequence INTEGER, generation INTEGER, token BLOB," \
    " last INTEGER, decided INTEGER, decided_digest BLOB, prepared INTEGER, prepared_digest BLOB," \
    " digest BLOB);"                                                                               \
    "CREATE TABLE epoch (number INTEGER PRIMARY KEY, stage INTEGER, final INTEGER, at_ms INTEGER," \
    " rows INTEGER, identity TEXT, outside INTEGER, body BLOB);"                                   \
    "CREATE TABLE past (number INTEGER PRIMARY KEY, stage INTEGER, final INTEGER, at_ms INTEGER,"  \
    " rows INTEGER, size INTEGER);"

static const char schema[] = "PRAGMA page_size = 1024; BEGIN;" TABLES
                             "PRAGMA application_id = 1902474348; PRAGMA user_version = 1; COMMIT;";

_Static_assert(STATE_APPLICATION == 1902474348 && STATE_FORMAT == 1, "as in the schema");

/* ---- statements ---- */

static int statement_get(struct state_db *db, enum statement which, sqlite3_stmt **statement)
{
    int rc = SQLITE_OK;
    if (!db->statements[which])
        rc = sqlite3_prepare_v3(db->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT,
                                &db->statements[which], NULL);
    *statement = db->statements[which];
    return rc;
}

/* SQLITE_OK if it came to its end. */
static int finish(sqlite3_stmt *statement)
{
    int rc = sqlite3_step(statement);
    int reset = sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return rc == SQLITE_DONE ? SQLITE_OK : rc == SQLITE_ROW ? SQLITE_CORRUPT : reset ? reset : rc;
}

static int run(struct state_db *db, enum statement which)
{
    sqlite3_stmt *statement;
    int rc = statement_get(db, which, &statement);
    return rc ? rc : finish(statement);
}

static void bind_number(sqlite3_stmt *statement, int index, uint64_t value)
{
    sqlite3_bind_int64(statement, index, (sqlite3_int64)value);
}

static uint64_t number_of(sqlite3_stmt *statement, int column)
{
    return (uint64_t)sqlite3_column_int64(statement, column);
}

static bool bytes_of(sqlite3_stmt *statement, int column, void *to, int size)
{
    const void *data = sqlite3_column_blob(statement, column);
    if (!data || sqlite3_column_bytes(statement, column) != size)
        return false;
    memcpy(to, data, (size_t)size);
    return true;
}

/* ---- digests ---- */

static void add_number(struct sha256_ctx *context, uint64_t value)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    sha256_update(context, sizeof bytes, bytes);
}

static void add_bytes(struct sha256_ctx *context, const void *data, size_t size)
{
    add_number(context, size);
    if (size)
        sha256_update(context, size, data);
}

static void head_digest(const struct state_head *head, uint8_t digest[STATE_DIGEST])
{
    struct sha256_ctx context;
    sha256_init(&context);
    add_number(&context, head->sequence);
    add_number(&context, head->generation);
    add_bytes(&context, head->token, sizeof head->token);
    add_number(&context, head->last);
    add_number(&context, head->decided);
    add_number(&context, head->prepared);
    add_bytes(&context, head->decided_digest, STATE_DIGEST);
    add_bytes(&context, head->prepared_digest, STATE_DIGEST);
    sha256_digest(&context, STATE_DIGEST, digest);
}

static void row_digest(const struct state_row *row, uint8_t digest[STATE_DIGEST])
{
    struct sha256_ctx context;
    sha256_init(&context);
    add_number(&context, row->number);
    add_number(&context, row->stage);
    add_number(&context, row->final);
    add_number(&context, (uint64_t)row->at_ms);
    add_number(&context, (uint64_t)row->rows);
    add_bytes(&context, row->identity, strlen(row->identity));
    add_number(&context, row->outside);
    add_bytes(&context, row->body, row->size);
    sha256_digest(&context, STATE_DIGEST, digest);
}

/* ---- the head ---- */

int qetl_state_db_head_get(struct state_db *db, struct state_head *head)
{
    uint8_t kept[STATE_DIGEST], digest[STATE_DIGEST];
    sqlite3_stmt *statement;
    int rc = statement_get(db, HEAD_GET, &statement);
    if (rc)
        return rc;
    rc = sqlite3_step(statement);
    bool whole = rc == SQLITE_ROW;
    if (whole) {
        head->sequence = number_of(statement, 0);
        head->generation = number_of(statement, 1);
        head->last = number_of(statement, 3);
        head->decided = number_of(statement, 4);
        head->prepared = number_of(statement, 6);
        whole = bytes_of(statement, 2, head->token, STATE_TOKEN) &&
                bytes_of(statement, 5, head->decided_digest, STATE_DIGEST) &&
                bytes_of(statement, 7, head->prepared_digest, STATE_DIGEST) &&
                bytes_of(statement, 8, kept, STATE_DIGEST);
    }
    int reset = sqlite3_reset(statement);
    if (reset || !whole)
        return reset ? reset : SQLITE_CORRUPT;
    head_digest(head, digest);
    return memcmp(digest, kept, STATE_DIGEST) == 0 ? SQLITE_OK : SQLITE_CORRUPT;
}

int qetl_state_db_head_put(struct state_db *db, const struct state_head *head)
{
    uint8_t digest[STATE_DIGEST];
    sqlite3_stmt *statement;
    int rc = statement_get(db, HEAD_PUT, &statement);
    if (rc)
        return rc;
    head_digest(head, digest);
    bind_number(statement, 1, head->sequence);
    bind_number(statement, 2, head->generation);
    sqlite3_bind_blob(statement, 3, head->token, STATE_TOKEN, SQLITE_STATIC);
    bind_number(statement, 4, head->last);
    bind_number(statement, 5, head->decided);
    sqlite3_bind_blob(statement, 6, head->decided_digest, STATE_DIGEST, SQLITE_STATIC);
    bind_number(statement, 7, head->prepared);
    sqlite3_bind_blob(statement, 8, head->prepared_digest, STATE_DIGEST, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 9, digest, STATE_DIGEST, SQLITE_STATIC);
    return finish(statement);
}

/* ---- epochs ---- */

static int row_read(sqlite3_stmt *statement, struct state_row *row)
{
    const unsigned char *identity = sqlite3_column_text(statement, 4);
    const void *body = sqlite3_column_blob(statement, 6);
    size_t size = (size_t)sqlite3_column_bytes(statement, 6);
    row->stage = (enum qetl_epoch_stage)sqlite3_column_int(statement, 0);
    row->final = sqlite3_column_int(statement, 1) != 0;
    row->at_ms = sqlite3_column_int64(statement, 2);
    row->rows = sqlite3_column_int64(statement, 3);
    row->outside = number_of(statement, 5);
    if (!identity || !body)
        return sqlite3_errcode(sqlite3_db_handle(statement)) == SQLITE_NOMEM ? SQLITE_NOMEM
                                                                             : SQLITE_CORRUPT;
    row->identity = strdup((const char *)identity);
    row->body = malloc(size);
    row->size = size;
    if (!row->identity || !row->body)
        return SQLITE_NOMEM;
    memcpy(row->body, body, size);
    return SQLITE_OK;
}

int qetl_state_db_epoch_get(struct state_db *db, uint64_t number,
                            const uint8_t digest[STATE_DIGEST], struct state_row *row)
{
    uint8_t found[STATE_DIGEST];
    sqlite3_stmt *statement;
    *row = (struct state_row){.number = number};
    int rc = statement_get(db, EPOCH_GET, &statement);
    if (rc)
        return rc;
    bind_number(statement, 1, number);
    rc = sqlite3_step(statement);
    rc = rc == SQLITE_ROW ? row_read(statement, row) : rc == SQLITE_DONE ? SQLITE_CORRUPT : rc;
    sqlite3_reset(statement);
    if (!rc) {
        row_digest(row, found);
        rc = memcmp(found, digest, STATE_DIGEST) == 0 ? SQLITE_OK : SQLITE_CORRUPT;
    }
    if (rc)
        qetl_state_row_free(row);
    return rc;
}

int qetl_state_db_epoch_put(struct state_db *db, const struct state_row *row,
                            uint8_t digest[STATE_DIGEST])
{
    sqlite3_stmt *statement;
    int rc = statement_get(db, EPOCH_PUT, &statement);
    if (rc)
        return rc;
    bind_number(statement, 1, row->number);
    sqlite3_bind_int(statement, 2, (int)row->stage);
    sqlite3_bind_int(statement, 3, row->final);
    sqlite3_bind_int64(statement, 4, row->at_ms);
    sqlite3_bind_int64(statement, 5, row->rows);
    sqlite3_bind_text(statement, 6, row->identity, -1, SQLITE_STATIC);
    bind_number(statement, 7, row->outside);
    /* Nothing is bound where it is too large: then the row would not be what its digest says. */
    rc = sqlite3_bind_blob64(statement, 8, row->body, row->size, SQLITE_STATIC);
    if (rc)
        return rc;
    row_digest(row, digest);
    return finish(statement);
}

int qetl_state_db_epochs_keep(struct state_db *db, uint64_t decided, uint64_t prepared)
{
    sqlite3_stmt *statement;
    int rc = statement_get(db, EPOCHS_KEEP, &statement);
    if (rc)
        return rc;
    bind_number(statement, 1, decided);
    bind_number(statement, 2, prepared);
    return finish(statement);
}

void qetl_state_row_free(struct state_row *row)
{
    free(row->identity);
    free(row->body);
    row->identity = NULL;
    row->body = NULL;
}

/* ---- the past ---- */

int qetl_state_db_past_put(struct state_db *db, const struct state_row *row)
{
    sqlite3_stmt *put, *cut;
    int rc = statement_get(db, PAST_PUT, &put);
    if (!rc)
        rc = statement_get(db, PAST_CUT, &cut);
    if (rc)
        return rc;
    bind_number(put, 1, row->number);
    sqlite3_bind_int(put, 2, (int)row->stage);
    sqlite3_bind_int(put, 3, row->final);
    sqlite3_bind_int64(put, 4, row->at_ms);
    sqlite3_bind_int64(put, 5, row->rows);
    bind_number(put, 6, row->size + row->outside);
    rc = finish(put);
    bind_number(cut, 1, row->number > STATE_HISTORY ? row->number - STATE_HISTORY : 0);
    return rc ? rc : finish(cut);
}

int qetl_state_db_past_each(struct state_db *db, void (*each)(void *arg, const struct state_row *),
                            void *arg)
{
    sqlite3_stmt *statement;
    int rc = sqlite3_prepare_v2(db->db,
                                "SELECT number, stage, final, at_ms, rows, size FROM past "
                                "ORDER BY number DESC",
                                -1, &statement, NULL);
    while (!rc && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        struct state_row row = {.number = number_of(statement, 0),
                                .stage = (enum qetl_epoch_stage)sqlite3_column_int(statement, 1),
                                .final = sqlite3_column_int(statement, 2) != 0,
                                .at_ms = sqlite3_column_int64(statement, 3),
                                .rows = sqlite3_column_int64(statement, 4),
                                .outside = number_of(statement, 5)};
        each(arg, &row);
        rc = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* ---- opening, transactions ---- */

/* A file that fails is not used, so that nothing of it has to be taken back. */
int qetl_state_db_create(struct state_db *db, const char *path)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    *db = (struct state_db){.level = 1};
    int rc = sqlite3_open_v2(path ? path : ":memory:", &db->db, flags, NULL);
    if (!rc && path)
        rc = sqlite3_exec(db->db, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", NULL, NULL,
                          NULL);
    return rc ? rc : sqlite3_exec(db->db, schema, NULL, NULL, NULL);
}

int qetl_state_db_open(struct state_db *db, const char *path, bool only_look)
{
    *db = (struct state_db){0};
    int rc = sqlite3_open_v2(path, &db->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc)
        return rc;
    sqlite3_extended_result_codes(db->db, 1);
    sqlite3_busy_timeout(db->db, 10000);
    sqlite3_db_config(db->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    /* The log is read at the next opening, and written back once it has grown. */
    sqlite3_db_config(db->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    rc = sqlite3_exec(db->db, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON", NULL,
                      NULL, NULL);
    return rc || !only_look ? rc : sqlite3_exec(db->db, "PRAGMA query_only = ON", NULL, NULL, NULL);
}

void qetl_state_db_close(struct state_db *db)
{
    for (int i = 0; i < STATE_STATEMENTS; i++)
        sqlite3_finalize(db->statements[i]);
    sqlite3_close(db->db);
    *db = (struct state_db){0};
}

static int pragma(struct state_db *db, const char *text, int *value)
{
    sqlite3_stmt *statement;
    int rc = sqlite3_prepare_v2(db->db, text, -1, &statement, NULL);
    if (!rc && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        *value = sqlite3_column_int(statement, 0);
        rc = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return rc;
}

/* A page that was damaged may hold other words for a table, which come to light when it is written
 * to, in the midst of a run. */
static int tables_check(struct state_db *db)
{
    sqlite3_stmt *statement;
    int rc = sqlite3_prepare_v2(db->db,
                                "SELECT group_concat(sql || ';', '') FROM "
                                "(SELECT sql FROM sqlite_schema ORDER BY rowid)",
                                -1, &statement, NULL);
    if (!rc && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *found = (const char *)sqlite3_column_text(statement, 0);
        rc = found && strcmp(found, TABLES) == 0 ? SQLITE_OK : SQLITE_CORRUPT;
    }
    sqlite3_finalize(statement);
    return rc;
}

int qetl_state_db_check(struct state_db *db, int *version)
{
    int application = 0;
    *version = 0;
    int rc = pragma(db, "PRAGMA application_id", &application);
    if (!rc)
        rc = pragma(db, "PRAGMA user_version", version);
    if (!rc && (application != STATE_APPLICATION || *version < 1))
        rc = SQLITE_NOTADB;
    if (!rc && *version > STATE_FORMAT)
        rc = SQLITE_MISMATCH;
    return rc ? rc : tables_check(db);
}

static int quick_check(struct state_db *db)
{
    sqlite3_stmt *statement;
    bool whole = false;
    int rc = sqlite3_prepare_v2(db->db, "PRAGMA quick_check(1)", -1, &statement, NULL);
    if (!rc && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *answer = (const char *)sqlite3_column_text(statement, 0);
        whole = answer && strcmp(answer, "ok") == 0;
        rc = answer ? SQLITE_OK : SQLITE_NOMEM;
    }
    sqlite3_finalize(statement);
    return rc || whole ? rc : SQLITE_CORRUPT;
}

int qetl_state_db_whole(struct state_db *db, int64_t size_alone)
{
    int pages = 0, page_size = 0;
    int rc = quick_check(db);
    if (!rc && size_alone >= 0)
        rc = pragma(db, "PRAGMA page_count", &pages);
    if (!rc && size_alone >= 0)
        rc = pragma(db, "PRAGMA page_size", &page_size);
    return rc || size_alone < 0 || size_alone == (int64_t)pages * page_size ? rc : SQLITE_CORRUPT;
}

/* Read when it is prepared: no statement to keep. */
int qetl_state_db_begin(struct state_db *db, bool durable)
{
    const char *text = durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL";
    int rc = db->level == 1 + durable ? SQLITE_OK : sqlite3_exec(db->db, text, NULL, NULL, NULL);
    db->level = rc ? 0 : 1 + durable;
    return rc ? rc : run(db, BEGIN);
}

int qetl_state_db_commit(struct state_db *db)
{
    return run(db, COMMIT);
}

void qetl_state_db_rollback(struct state_db *db)
{
    if (db->db && !sqlite3_get_autocommit(db->db))
        run(db, ROLLBACK);
}
