/* SPDX-License-Identifier: Apache-2.0 */
/* The sink `sqlite`: rows and the number of their epoch in one transaction of the database. */
#include "epochs.h"
#include "fault.h"
#include "inspect.h"
#include "loader.h"
#include "probe.h"

#include <qetl/batches.h>
#include <qetl/conns.h>

enum { STATE_VERSION = 1 };

struct sqlite_sink {
    struct database database;
    struct loader loader;
    struct ArrowSchema schema;
    bool recorded; /* somebody has asked for the last epoch: the next ones are to be noted */
    int64_t rows;  /* of the epoch so far */
};

static enum load_mode mode_of(const char *word)
{
    static const char *const words[] = {"append", "truncate", "replace",
                                        "upsert", "delete",   "scd2"};
    for (int i = 1; i < 6; i++)
        if (strcmp(word, words[i]) == 0)
            return (enum load_mode)i;
    return LOAD_APPEND;
}

static int32_t sink_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                           const char *config)
{
    struct sqlite_sink *s = self;
    struct database *d = &s->database;
    (void)config;
    d->env = (struct qetl_env){host, ctx};
    pthread_mutex_init(&d->closing, NULL);
    int32_t status = qetl_options_need(d->env);
    if (status)
        return status;
    d->path = qetl_option_text(d->env, "/path");
    s->loader.mode = mode_of(qetl_option_text(d->env, "/mode"));
    d->swaps = s->loader.mode == LOAD_REPLACE;
    d->create = qetl_option_bool(d->env, "/create");
    s->loader.new_columns = qetl_option_text(d->env, "/new_columns");
    s->loader.fresh = true;
    if (s->loader.mode == LOAD_SCD2)
        history_options(&s->loader.history, d->env);
    if (d->path[0] == ':')
        return qetl_fail(d->env, QETL_E_CONFIG, "/path",
                         "for a file of this name write ./ before it",
                         "%s would be gone with the run", d->path);
    return QETL_OK;
}

static void sink_destroy(void *self)
{
    struct sqlite_sink *s = self;
    loader_clear(&s->loader);
    database_close(&s->database);
    pthread_mutex_destroy(&s->database.closing);
    qetl_schema_release(&s->schema);
}

/* A database that is there is looked at now; one that is not there comes with the rows. */
static int32_t sink_start(void *self)
{
    struct sqlite_sink *s = self;
    struct database *d = &s->database;
    if (database_exists(d))
        return database_open(d);
    return d->create ? QETL_OK
                     : qetl_fail(d->env, QETL_E_CONFIG, "/path",
                                 "name a database that exists, or set create: true",
                                 "%s: there is no such file", d->path);
}

static void sink_interrupt(void *self)
{
    struct sqlite_sink *s = self;
    database_interrupt(&s->database);
}

static int32_t sink_describe(void *self, struct qetl_sink_info *out)
{
    (void)self;
    out->takes = QETL_TAKES_BATCHES;
    out->delivery = QETL_TRANSACTIONAL;
    out->commit = QETL_COMMIT_ONE_PHASE;
    return QETL_OK;
}

/* Text is the same text as it stood in the input; all else SQLite gets as a value. */
static int32_t sink_forms(void *self, const struct ArrowSchema *schema, uint32_t *forms)
{
    (void)self;
    for (int64_t i = 0; i < schema->n_children; i++) {
        const struct ArrowSchema *field = schema->children[i];
        bool text = !field->dictionary && strcmp(field->format, "vu") == 0;
        forms[i] = QETL_FORM_VALUE | (text ? QETL_FORM_CHECKED : 0);
        if (text && !qetl_schema_is_json(field))
            forms[i] |= QETL_FORM_LEXICAL;
    }
    return QETL_OK;
}

static int32_t sink_open(void *self, uint32_t stream, const struct ArrowSchema *schema)
{
    struct sqlite_sink *s = self;
    (void)stream;
    int32_t status = database_open(&s->database);
    qetl_schema_release(&s->schema);
    if (!status && qetl_schema_copy(schema, &s->schema))
        status = fault_memory(s->database.env);
    return status ? status : loader_open(&s->loader, &s->database, schema);
}

static int32_t sink_write(void *self, struct qetl_write *write)
{
    struct sqlite_sink *s = self;
    write->rows_written = 0;
    int32_t status = loader_begin(&s->loader, &s->schema);
    if (!status)
        status = loader_write(&s->loader, write->batch, &s->schema, &write->rows_written);
    s->rows += write->rows_written;
    return status;
}

/* ---- Epochs ---- */

/* Rows that refer to one that is not there: in any table, or (not NULL) in this one alone. */
static int32_t keys_check(struct database *d, const char *parent)
{
    sqlite3_stmt *found = NULL;
    int32_t status = database_prepare(d,
                                      "SELECT \"table\", rowid, parent FROM "
                                      "pragma_foreign_key_check WHERE ?1 IS NULL OR "
                                      "parent = ?1 COLLATE NOCASE",
                                      &found, "foreign keys cannot be checked");
    if (status)
        return status;
    sqlite3_bind_text(found, 1, parent, -1, SQLITE_STATIC);
    if (sqlite3_step(found) == SQLITE_ROW)
        status =
            qetl_fail(d->env, QETL_E_DATA, "/foreign_keys",
                      parent ? "keep the rows that are referred to, or set foreign_keys: ignore"
                             : "load the rows that are referred to first, or with foreign_keys: "
                               "enforce, so that such rows are rejected",
                      "%s: at the end of the epoch row %lld of %s still refers to a row of %s "
                      "that is not there",
                      d->path, sqlite3_column_int64(found, 1), sqlite3_column_text(found, 0),
                      sqlite3_column_text(found, 2));
    sqlite3_finalize(found);
    return status;
}

/* Foreign keys that are checked at the end of the transaction. */
static int32_t deferred_check(struct database *d)
{
    int open = 0, most;
    sqlite3_db_status(d->db, SQLITE_DBSTATUS_DEFERRED_FKS, &open, &most, 0);
    return open ? keys_check(d, NULL) : QETL_OK;
}

/* No row comes any more: the table is to be seen as it is now. */
static int32_t table_show(struct sqlite_sink *s)
{
    struct database *d = &s->database;
    bool ignore = strcmp(qetl_option_text(d->env, "/foreign_keys"), "ignore") == 0;
    int32_t status = loader_finish(&s->loader);
    return status || ignore ? status : keys_check(d, qetl_option_text(d->env, "/table"));
}

/* All that can fail: the checks, the note of the epoch, and the room on the disk. */
static int32_t sink_prepare(void *self, const struct qetl_epoch *epoch,
                            const struct qetl_writer *handle)
{
    struct sqlite_sink *s = self;
    struct database *d = &s->database;
    bool last = s->loader.beside && epoch->flags & QETL_EPOCH_FINAL;
    (void)handle;
    if (!s->recorded && !d->begun && !last)
        return QETL_OK;
    int32_t status = database_begin(d);
    if (!status && last)
        status = table_show(s);
    if (!status)
        status = deferred_check(d);
    if (!status && s->recorded)
        status = epochs_note(d, epoch);
    if (status)
        return status;
    int code = sqlite3_db_cacheflush(d->db);
    if ((code & 0xff) == SQLITE_BUSY)
        return fault_report(d->env, NULL, code, d->path, false, "readers stand in the way");
    return code ? database_fault(d, code, "the epoch cannot be written") : QETL_OK;
}

static void report(struct sqlite_sink *s)
{
    struct database *d = &s->database;
    const struct qetl_outputs *outputs = d->env.host->get_extension(d->env.ctx, QETL_EXT_OUTPUTS);
    char uri[1024];
    sqlite3_snprintf(sizeof uri, uri, "%s#%s", d->path, qetl_option_text(d->env, "/table"));
    if (outputs)
        outputs->add(d->env.ctx, uri, s->rows, -1);
    s->rows = 0;
}

static int32_t sink_commit(void *self, const struct qetl_epoch *epoch, int64_t n_handles,
                           const struct qetl_blob *handles)
{
    struct sqlite_sink *s = self;
    struct database *d = &s->database;
    bool held = false;
    (void)n_handles;
    (void)handles;
    if (d->begun) {
        int32_t status = database_commit(d);
        if (!status) {
            s->loader.fresh = false;
            report(s);
        }
        return status;
    }
    int32_t status = s->recorded ? epochs_hold(d, epoch, &held) : QETL_OK;
    if (status || held || !s->recorded)
        return status;
    return qetl_fail(d->env, QETL_E_RETRY_EPOCH, NULL, NULL,
                     "%s: what was written in epoch %llu is gone", d->path,
                     (unsigned long long)epoch->number);
}

static int32_t sink_abort(void *self, const struct qetl_epoch *epoch, int64_t n_handles,
                          const struct qetl_blob *handles)
{
    struct sqlite_sink *s = self;
    (void)epoch;
    (void)n_handles;
    (void)handles;
    database_rollback(&s->database);
    s->loader.swapped = false;
    s->rows = 0;
    return QETL_OK;
}

static int32_t sink_last_committed(void *self, const struct qetl_epoch *asked, uint64_t *number)
{
    struct sqlite_sink *s = self;
    int32_t status = database_open(&s->database);
    if (!status)
        status = epochs_last(&s->database, asked, number);
    s->recorded = !status;
    return status;
}

/* That an epoch of this run is in the database is all that a later process has to know. */
static int32_t sink_save(void *self, uint32_t *version, const struct qetl_writer *out)
{
    (void)self;
    *version = STATE_VERSION;
    return out->write(out->stream, "1", 1);
}

static int32_t sink_restore(void *self, uint32_t version, const struct qetl_reader *in)
{
    struct sqlite_sink *s = self;
    char saved[2];
    int64_t size = 0, n = version == STATE_VERSION;
    for (; n > 0 && size<(int64_t)sizeof saved; size += n> 0 ? n : 0)
        n = in->read(in->stream, saved + size, sizeof saved - (size_t)size);
    if (n < 0)
        return (int32_t)n;
    if (size != 1 || saved[0] != '1')
        return qetl_fail(s->database.env, QETL_E_UNSUPPORTED, NULL, NULL,
                         "the state is none of this version of the sink sqlite");
    s->loader.fresh = false;
    return QETL_OK;
}

static int32_t sink_stop(void *self)
{
    struct sqlite_sink *s = self;
    if (s->loader.unmatched)
        qetl_logf(s->database.env, QETL_LOG_INFO, "%s: %lld rows to delete were not there",
                  s->database.path, (long long)s->loader.unmatched);
    if (s->loader.history.same)
        qetl_logf(s->database.env, QETL_LOG_INFO, "%s: %lld rows were there as they are",
                  s->database.path, (long long)s->loader.history.same);
    return QETL_OK;
}

/* ---- The component ---- */

static int32_t sink_list(void *self, void *stream,
                         int32_t (*add)(void *stream, const char *identity, const char *name,
                                        uint32_t flags))
{
    struct sqlite_sink *s = self;
    char identity[4200];
    return qetl_identity_of_path(s->database.path, identity, sizeof identity)
               ? add(stream, identity, s->database.path, 0)
               : QETL_OK;
}

static int32_t sink_inspect(void *self, struct qetl_inspection *about, void *stream,
                            inspect_tell *tell)
{
    const struct sqlite_sink *s = self;
    return inspect(&s->database, about, stream, tell);
}

static int32_t sink_probe(void *self, void *stream, probe_tell *tell)
{
    struct sqlite_sink *s = self;
    return probe(&s->database, stream, tell);
}

static const void *sink_get_extension(void *self, const char *id)
{
    static const struct qetl_objects objects = {sizeof objects, sink_list};
    static const struct qetl_inspect inspects = {sizeof inspects, sink_inspect};
    static const struct qetl_probe probes = {sizeof probes, sink_probe};
    static const struct qetl_batches wish = {.struct_size = sizeof wish,
                                             .flags = QETL_BATCHES_IN_ORDER}; /* for its trees */
    (void)self;
    return strcmp(id, QETL_EXT_OBJECTS) == 0   ? (const void *)&objects
           : strcmp(id, QETL_EXT_INSPECT) == 0 ? (const void *)&inspects
           : strcmp(id, QETL_EXT_PROBE) == 0   ? (const void *)&probes
           : strcmp(id, QETL_EXT_BATCHES) == 0 ? (const void *)&wish
                                               : NULL;
}

static const struct qetl_sink sqlite_vtable = {
    .struct_size = sizeof(struct qetl_sink),
    .describe = sink_describe,
    .forms = sink_forms,
    .open = sink_open,
    .write = sink_write,
    .prepare = sink_prepare,
    .commit = sink_commit,
    .abort = sink_abort,
    .last_committed = sink_last_committed,
};

static const struct qetl_component sqlite_component = {
    .struct_size = sizeof(struct qetl_component),
    .kind = QETL_SINK,
    .id = "sqlite",
    .state_size = sizeof(struct sqlite_sink),
    .create = sink_create,
    .destroy = sink_destroy,
    .start = sink_start,
    .stop = sink_stop,
    .interrupt = sink_interrupt,
    .save = sink_save,
    .restore = sink_restore,
    .get_extension = sink_get_extension,
    .sink = &sqlite_vtable,
};

QETL_PLUGIN("sqlite-sink", "0.1.0", &sqlite_component)
