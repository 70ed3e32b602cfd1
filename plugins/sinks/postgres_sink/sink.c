/* SPDX-License-Identifier: Apache-2.0 */
/* The sink `postgres`: rows and the number of their epoch in one transaction of the database. */
#include "epochs.h"
#include "loader.h"
#include "probe.h"

#include <qetl/batches.h>
#include <qetl/conns.h>

#include <stdio.h>

enum { STATE_VERSION = 1 };

struct postgres_sink {
    struct server server;
    struct loader loader;
    struct ArrowSchema schema;
    char *place;   /* the schema that _qetl_epochs lies in; known once somebody has asked for it */
    bool recorded; /* somebody has asked for the last epoch: the next ones are to be noted */
    int64_t rows;  /* of the epoch so far */
};

static int32_t sink_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                           const char *config)
{
    static const struct qetl_option_field fields[] = {
        {"/table", QETL_OPTION_TEXT, offsetof(struct loader, table_name), NULL, NULL},
        {"/create", QETL_OPTION_BOOL, offsetof(struct loader, create), "true", NULL},
        {"/new_columns", QETL_OPTION_WORD, offsetof(struct loader, new_columns), "freeze",
         "freeze|evolve|reject|drop"},
        {"/history/valid_from", QETL_OPTION_TEXT,
         offsetof(struct loader, history) + offsetof(struct table_history, from), "valid_from",
         NULL},
        {"/history/valid_to", QETL_OPTION_TEXT,
         offsetof(struct loader, history) + offsetof(struct table_history, to), "valid_to", NULL},
        {"/history/is_current", QETL_OPTION_TEXT,
         offsetof(struct loader, history) + offsetof(struct table_history, current), "is_current",
         NULL},
    };
    static const struct qetl_option_field mode[] = {
        {"/mode", QETL_OPTION_WORD, 0, "append", "append|truncate|replace|upsert|delete|scd2"}};
    struct postgres_sink *s = self;
    struct loader *l = &s->loader;
    struct qetl_env env = {host, ctx};
    int32_t word = 0;
    (void)config;
    int32_t status = pg_session_init(&s->server.session, env);
    if (!status)
        status = qetl_options_read(env, fields, sizeof fields / sizeof fields[0], l);
    if (!status)
        status = qetl_options_read(env, mode, 1, &word);
    l->mode = (enum load_mode)word;
    l->server = &s->server;
    l->fresh = true;
    l->schema_name = qetl_option_text(env, "/schema");
    l->at = qetl_option_text(env, "/history/at");
    return status;
}

static void sink_destroy(void *self)
{
    struct postgres_sink *s = self;
    loader_clear(&s->loader);
    wire_free(&s->loader.wire);
    server_rollback(&s->server);
    server_close(&s->server);
    qetl_schema_release(&s->schema);
    free(s->place);
}

static int32_t sink_start(void *self)
{
    struct postgres_sink *s = self;
    return server_open(&s->server);
}

static void sink_interrupt(void *self)
{
    struct postgres_sink *s = self;
    pg_session_ring(&s->server.session);
}

static int32_t sink_describe(void *self, struct qetl_sink_info *out)
{
    (void)self;
    out->takes = QETL_TAKES_BATCHES;
    out->delivery = QETL_TRANSACTIONAL;
    out->commit = QETL_COMMIT_ONE_PHASE;
    return QETL_OK;
}

/* Text is the same text as it stood in the input; all else goes as a value. */
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
    struct postgres_sink *s = self;
    (void)stream;
    int32_t status = server_open(&s->server);
    qetl_schema_release(&s->schema);
    if (!status && qetl_schema_copy(schema, &s->schema))
        status = pg_fault_memory(s->server.session.env);
    return status ? status : loader_open(&s->loader, &s->server, &s->schema);
}

static int32_t sink_write(void *self, struct qetl_write *write)
{
    struct postgres_sink *s = self;
    write->rows_written = 0;
    int32_t status = loader_begin(&s->loader, &s->schema);
    if (!status)
        status = loader_write(&s->loader, write->batch, &s->schema, &write->rows_written);
    s->rows += write->rows_written;
    return status;
}

/* ---- Epochs ---- */

/* All that can fail: the checks, and the note of the epoch. */
static int32_t sink_prepare(void *self, const struct qetl_epoch *epoch,
                            const struct qetl_writer *handle)
{
    struct postgres_sink *s = self;
    bool last = s->loader.beside && epoch->flags & QETL_EPOCH_FINAL;
    (void)handle;
    if (!s->recorded && !s->server.begun && !last)
        return QETL_OK;
    int32_t status = server_begin(&s->server);
    if (!status && last)
        status = loader_finish(&s->loader);
    if (!status && s->recorded)
        status = epochs_note(&s->server, s->place, epoch);
    return status ? status : server_seal(&s->server, !s->recorded);
}

static void report(struct postgres_sink *s)
{
    struct qetl_env env = s->server.session.env;
    const struct qetl_outputs *outputs = env.host->get_extension(env.ctx, QETL_EXT_OUTPUTS);
    char uri[1024];
    snprintf(uri, sizeof uri, "%.400s#%.200s", s->server.session.who, s->loader.table_name);
    if (outputs)
        outputs->add(env.ctx, uri, s->rows, -1);
    s->rows = 0;
    s->loader.fresh = false;
}

static int32_t gone(const struct postgres_sink *s, const struct qetl_epoch *epoch)
{
    return qetl_fail(s->server.session.env, QETL_E_RETRY_EPOCH, NULL, NULL,
                     "%s: what was written in epoch %llu is gone", s->server.session.who,
                     (unsigned long long)epoch->number);
}

static int32_t sink_commit(void *self, const struct qetl_epoch *epoch, int64_t n_handles,
                           const struct qetl_blob *handles)
{
    struct postgres_sink *s = self;
    int64_t number = 0, generation = 0;
    bool committed = false;
    (void)n_handles;
    (void)handles;
    if (s->server.begun) {
        int32_t status = server_commit(&s->server);
        if (!status)
            report(s);
        return status;
    }
    if (s->server.doubtful) {
        int32_t status = s->recorded ? epochs_settle(&s->server, s->place, epoch, &committed)
                                     : server_settle(&s->server, &committed);
        if (!status && committed)
            report(s);
        return status || committed ? status : gone(s, epoch);
    }
    if (!s->recorded)
        return QETL_OK;
    int32_t status = server_open(&s->server);
    if (!status)
        status = epochs_read(&s->server, s->place, epoch, &number, &generation);
    return status || number >= (int64_t)epoch->number ? status : gone(s, epoch);
}

static int32_t sink_abort(void *self, const struct qetl_epoch *epoch, int64_t n_handles,
                          const struct qetl_blob *handles)
{
    struct postgres_sink *s = self;
    (void)epoch;
    (void)n_handles;
    (void)handles;
    server_rollback(&s->server);
    s->loader.swapped = false;
    s->rows = 0;
    return QETL_OK;
}

static int32_t sink_last_committed(void *self, const struct qetl_epoch *asked, uint64_t *number)
{
    struct postgres_sink *s = self;
    struct table table = {0};
    int32_t status = server_open(&s->server);
    if (!status)
        status = table_read(&s->server, s->loader.schema_name, s->loader.table_name, &table);
    free(s->place);
    s->place = table.schema;
    table.schema = NULL;
    table_free(&table);
    if (!status)
        status = epochs_last(&s->server, s->place, asked, number);
    s->recorded = !status;
    return status;
}

/* That an epoch of this run is in the database is all that a later process has to know. */
static int32_t sink_save(void *self, uint32_t *version, const struct qetl_writer *out)
{
    (void)self;
    *version = STATE_VERSION;
    return qetl_state_write(out, "1", 1);
}

static int32_t sink_restore(void *self, uint32_t version, const struct qetl_reader *in)
{
    struct postgres_sink *s = self;
    void *saved = NULL;
    size_t size = 0;
    int32_t status =
        version == STATE_VERSION ? qetl_state_read(in, &saved, &size) : QETL_E_UNSUPPORTED;
    bool known = !status && size == 1 && *(const char *)saved == '1';
    free(saved);
    if (!known)
        return qetl_fail(s->server.session.env, status ? status : QETL_E_UNSUPPORTED, NULL, NULL,
                         "the state is none of this version of the sink postgres");
    s->loader.fresh = false;
    return QETL_OK;
}

static int32_t sink_stop(void *self)
{
    struct postgres_sink *s = self;
    if (s->loader.unmatched)
        qetl_logf(s->server.session.env, QETL_LOG_INFO, "%s: %lld rows to delete were not there",
                  s->server.session.who, (long long)s->loader.unmatched);
    if (s->loader.same)
        qetl_logf(s->server.session.env, QETL_LOG_INFO, "%s: %lld rows were there as they are",
                  s->server.session.who, (long long)s->loader.same);
    return QETL_OK;
}

/* ---- The component ---- */

static int32_t sink_inspect(void *self, struct qetl_inspection *about, void *stream,
                            inspect_tell *tell)
{
    struct postgres_sink *s = self;
    return inspect(&s->loader, &s->server, about, stream, tell);
}

static int32_t sink_probe(void *self, void *stream, probe_tell *tell)
{
    struct postgres_sink *s = self;
    return probe(&s->loader, &s->server, stream, tell);
}

static const void *sink_get_extension(void *self, const char *id)
{
    static const struct qetl_inspect inspects = {sizeof inspects, sink_inspect};
    static const struct qetl_probe probes = {sizeof probes, sink_probe};
    static const struct qetl_batches wish = {.struct_size = sizeof wish,
                                             .flags = QETL_BATCHES_IN_ORDER, /* for its indexes */
                                             .input_bytes = 2 << 20}; /* each is waited for */
    (void)self;
    return strcmp(id, QETL_EXT_INSPECT) == 0   ? (const void *)&inspects
           : strcmp(id, QETL_EXT_PROBE) == 0   ? (const void *)&probes
           : strcmp(id, QETL_EXT_BATCHES) == 0 ? (const void *)&wish
                                               : NULL;
}

static const struct qetl_sink sink_vtable = {
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

static const struct qetl_component postgres_component = {
    .struct_size = sizeof(struct qetl_component),
    .kind = QETL_SINK,
    .id = "postgres",
    .state_size = sizeof(struct postgres_sink),
    .create = sink_create,
    .destroy = sink_destroy,
    .start = sink_start,
    .stop = sink_stop,
    .interrupt = sink_interrupt,
    .save = sink_save,
    .restore = sink_restore,
    .get_extension = sink_get_extension,
    .sink = &sink_vtable,
};

QETL_PLUGIN("postgres-sink", "0.1.0", &postgres_component)
