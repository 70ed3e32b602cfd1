/* SPDX-License-Identifier: Apache-2.0 */
/* The sink `rest`: rows to a service over HTTP, one or several a request. */
#include "../../shared/http/probe.h"
#include "../../shared/rest/bytes.h"
#include "sending.h"

#include <inttypes.h>
#include <qetl/conns.h>
#include <qetl/rows.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum { STATE_VERSION = 1 };

struct rest_sink {
    struct qetl_env env;
    struct http_client client;
    struct plan plan;
    struct answer answer;
    struct rows rows;
    struct sending sending;
    int64_t taken;   /* rows of the run so far, refused ones too */
    int64_t written; /* and those that the server took, of this process */
};

/* ---- Life ---- */

static uint64_t hash_more(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash;
}

/* Keys begin with what no other sink has; whoever goes on with its run has the same. Where nothing
 * is kept of the run, nobody does. */
static void run_name(struct rest_sink *s)
{
    const struct qetl_run_facts *run = s->env.host->get_extension(s->env.ctx, QETL_EXT_RUN);
    const char *owner = run && run->owner ? run->owner(s->env.ctx) : NULL;
    const char *scope = qetl_option_text(s->env, "/idempotency/scope");
    uint64_t name = hash_more(UINT64_C(0xcbf29ce484222325), owner ? owner : "");
    name = hash_more(name * UINT64_C(0x100000001b3), scope ? scope : "");
    if (!owner && getrandom(&name, sizeof name, 0) != sizeof name)
        name = (uint64_t)http_now_ns();
    snprintf(s->sending.run, sizeof s->sending.run, "%016" PRIx64, name);
}

static int32_t sink_create(void *self, const struct qetl_host *host, struct qetl_ctx *ctx,
                           const char *config)
{
    struct rest_sink *s = self;
    s->env = (struct qetl_env){host, ctx};
    int32_t status = qetl_options_need(s->env);
    if (!status)
        status = plan_read(&s->plan, s->env, config);
    if (!status)
        status = answer_options(&s->answer, s->env);
    if (!status)
        status = http_client_init(&s->client, s->env, s->plan.origin, "/url");
    s->sending = (struct sending){.env = s->env,
                                  .client = &s->client,
                                  .plan = &s->plan,
                                  .answer = &s->answer,
                                  .rows = &s->rows,
                                  .scratch = bytes_none()};
    if (!status)
        run_name(s);
    return status;
}

static void sink_destroy(void *self)
{
    struct rest_sink *s = self;
    sending_free(&s->sending);
    http_client_free(&s->client);
    rows_free(&s->rows);
    plan_free(&s->plan);
}

static void sink_interrupt(void *self)
{
    struct rest_sink *s = self;
    http_client_ring(&s->client);
}

static int32_t sink_stop(void *self)
{
    struct rest_sink *s = self;
    const struct qetl_outputs *outputs = s->env.host->get_extension(s->env.ctx, QETL_EXT_OUTPUTS);
    if (outputs && s->written)
        outputs->add(s->env.ctx, s->plan.url, s->written, -1);
    return QETL_OK;
}

/* ---- Writing ---- */

/* PUT and DELETE say what is to be there, however often (RFC 9110, 9.2.2); a key has the server
 * know a request that it has seen. A request of several rows may have others the next time. */
static int32_t sink_describe(void *self, struct qetl_sink_info *out)
{
    const struct rest_sink *s = self;
    bool same = strcmp(s->plan.method, "PUT") == 0 || strcmp(s->plan.method, "DELETE") == 0;
    bool once = !plan_has_several(&s->plan) && (same || s->plan.key != KEY_NONE);
    out->takes = QETL_TAKES_BATCHES;
    out->delivery = once ? QETL_IDEMPOTENT : QETL_APPEND;
    out->commit = QETL_COMMIT_NONE;
    return QETL_OK;
}

static int32_t sink_open(void *self, uint32_t stream, const struct ArrowSchema *schema)
{
    struct rest_sink *s = self;
    (void)stream;
    sending_clear(&s->sending);
    int32_t status = rows_bind(&s->rows, s->env, schema, "/columns");
    return status ? status : plan_bind(&s->plan, schema);
}

static void refusals_tell(struct rest_sink *s)
{
    for (int64_t i = 0; i < s->sending.n_refusals; i++) {
        const struct refusal *r = &s->sending.refusals[i];
        qetl_rejectf(s->env, r->row, -1, r->code, "%s", r->message);
    }
}

/* The answers to one batch are awaited before it is done: a row can be rejected while its batch is
 * at hand, and not later. */
static int32_t sink_write(void *self, struct qetl_write *write)
{
    struct rest_sink *s = self;
    struct sending *sending = &s->sending;
    write->rows_written = 0;
    int32_t status = rows_open(&s->rows, write->batch);
    sending->first_row = s->taken;
    if (!status && (!sending->begun || sending->n_rows != write->rows))
        status = sending_begin(sending, write->rows);
    if (!status)
        status = sending_go_on(sending);
    if (status == QETL_IDLE) {
        status = http_client_await(&s->client);
        return status ? status : QETL_BUSY;
    }
    if (status)
        return status;
    refusals_tell(s);
    write->rows_written = write->rows - sending->n_refusals;
    s->taken += write->rows;
    s->written += write->rows_written;
    sending_clear(sending);
    return QETL_OK;
}

/* ---- Epochs ---- */

static int32_t sink_save(void *self, uint32_t *version, const struct qetl_writer *out)
{
    const struct rest_sink *s = self;
    *version = STATE_VERSION;
    return qetl_state_write_numbers(out, 1, &s->taken);
}

static int32_t sink_restore(void *self, uint32_t version, const struct qetl_reader *in)
{
    struct rest_sink *s = self;
    int32_t status =
        version == STATE_VERSION ? qetl_state_read_numbers(in, 1, &s->taken) : QETL_E_UNSUPPORTED;
    return status ? qetl_fail(s->env, status, NULL, NULL,
                              "the state is none of this version of the sink rest")
                  : QETL_OK;
}

/* ---- The component ---- */

static const struct qetl_sink rest_vtable = {
    .struct_size = sizeof(struct qetl_sink),
    .describe = sink_describe,
    .open = sink_open,
    .write = sink_write,
};

/* ---- before there is a run ---- */

static int32_t sink_probe(void *self, void *stream, int32_t (*tell)(void *stream, const char *line))
{
    struct rest_sink *s = self;
    return http_probe(&s->client, s->plan.url, s->plan.headers, stream, tell);
}

static const struct qetl_probe probes = {.struct_size = sizeof probes, .probe = sink_probe};

static const void *sink_extension(void *self, const char *id)
{
    (void)self;
    return strcmp(id, QETL_EXT_PROBE) == 0 ? &probes : NULL;
}

static const struct qetl_component rest_component = {
    .struct_size = sizeof(struct qetl_component),
    .kind = QETL_SINK,
    .id = "rest",
    .state_size = sizeof(struct rest_sink),
    .create = sink_create,
    .destroy = sink_destroy,
    .get_extension = sink_extension,
    .stop = sink_stop,
    .interrupt = sink_interrupt,
    .save = sink_save,
    .restore = sink_restore,
    .sink = &rest_vtable,
};

QETL_PLUGIN("rest-sink", "0.1.0", &rest_component)
