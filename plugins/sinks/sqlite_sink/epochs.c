/* SPDX-License-Identifier: Apache-2.0 */
#include "epochs.h"

#include "fault.h"

static const char fault_text[] = "the table _qetl_epochs cannot be used";

static int32_t table_make(struct database *d)
{
    return database_run(d,
                        "CREATE TABLE IF NOT EXISTS _qetl_epochs (pipeline TEXT NOT NULL, "
                        "component TEXT NOT NULL, epoch INTEGER NOT NULL, "
                        "generation INTEGER NOT NULL, PRIMARY KEY (pipeline, component)) "
                        "WITHOUT ROWID",
                        fault_text);
}

/* Runs a statement over (pipeline, component, number, generation), of which it may use some. */
static int32_t step(struct database *d, const struct qetl_epoch *epoch, const char *sql, bool *row,
                    int64_t values[2])
{
    sqlite3_stmt *statement = NULL;
    int32_t status = database_prepare(d, sql, &statement, fault_text);
    if (status)
        return status;
    sqlite3_bind_text(statement, 1, epoch->pipeline, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, epoch->component, -1, SQLITE_STATIC);
    if (sqlite3_bind_parameter_count(statement) == 4) {
        sqlite3_bind_int64(statement, 3, (int64_t)epoch->number);
        sqlite3_bind_int64(statement, 4, (int64_t)epoch->generation);
    }
    int code = sqlite3_step(statement);
    *row = code == SQLITE_ROW;
    for (int i = 0; *row && i < sqlite3_column_count(statement); i++)
        values[i] = sqlite3_column_int64(statement, i);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        status = database_fault(d, code, fault_text);
    sqlite3_finalize(statement);
    return status;
}

static int32_t fenced(struct database *d, const struct qetl_epoch *epoch, int64_t generation)
{
    database_rollback(d);
    return qetl_fail(d->env, QETL_E_FENCED, NULL, "let the other run go on, or end it first",
                     "%s: run %lld of the pipeline %s has written here, and this is run %lld",
                     d->path, (long long)generation, epoch->pipeline, (long long)epoch->generation);
}

static int32_t stored(struct database *d, const struct qetl_epoch *epoch, int64_t values[2])
{
    bool row;
    values[0] = values[1] = 0;
    return step(d, epoch,
                "SELECT epoch, generation FROM _qetl_epochs WHERE pipeline = ?1 AND component = ?2",
                &row, values);
}

static int32_t generation_raise(struct database *d, const struct qetl_epoch *asked,
                                uint64_t *number)
{
    int64_t values[2];
    bool row;
    int32_t status = stored(d, asked, values);
    if (status)
        return status;
    if (values[1] > (int64_t)asked->generation)
        return fenced(d, asked, values[1]);
    *number = (uint64_t)values[0];
    return step(d, asked,
                "INSERT INTO _qetl_epochs (pipeline, component, epoch, generation) "
                "VALUES (?1, ?2, 0, ?4) "
                "ON CONFLICT (pipeline, component) DO UPDATE SET generation = excluded.generation",
                &row, values);
}

int32_t epochs_last(struct database *d, const struct qetl_epoch *asked, uint64_t *number)
{
    *number = 0;
    database_rollback(d);
    int32_t status = database_begin(d);
    if (!status)
        status = table_make(d);
    if (!status)
        status = generation_raise(d, asked, number);
    if (!status)
        status = database_commit(d);
    database_rollback(d);
    return status;
}

int32_t epochs_note(struct database *d, const struct qetl_epoch *epoch)
{
    int64_t values[2];
    bool row;
    int32_t status = table_make(d);
    if (!status)
        status = stored(d, epoch, values);
    if (status)
        return status;
    if (values[1] > (int64_t)epoch->generation)
        return fenced(d, epoch, values[1]);
    return step(d, epoch,
                "INSERT INTO _qetl_epochs (pipeline, component, epoch, generation) "
                "VALUES (?1, ?2, ?3, ?4) ON CONFLICT (pipeline, component) "
                "DO UPDATE SET epoch = excluded.epoch, generation = excluded.generation",
                &row, values);
}

int32_t epochs_hold(struct database *d, const struct qetl_epoch *epoch, bool *held)
{
    int64_t values[2], there;
    *held = false;
    char *sql = sqlite3_mprintf("SELECT 1 FROM sqlite_schema WHERE name = '_qetl_epochs'");
    int32_t status = database_number(d, sql, 0, &there);
    if (status || !there)
        return status;
    status = stored(d, epoch, values);
    *held = values[0] >= (int64_t)epoch->number;
    return status;
}
