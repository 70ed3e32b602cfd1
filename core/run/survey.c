/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds all columns of a source whose format finds them as it goes: the source is read through, and
 * its rows are passed over. So every component behind it is bound once, to columns that hold for
 * the whole run, and may name those that only a later file has. See decision 24.
 */
#include "op_source.h"
#include "run_internal.h"
#include "samples.h"

#include <string.h>

struct survey {
    struct qetl_node_flow *flow;
    int64_t records;
};

static int32_t decoder_open(struct qetl_op *op, struct qetl_node_flow *flow)
{
    int32_t status = flow->format->format->open_decode(
        flow->codec->self, &flow->schema, (struct qetl_blob){flow->prologue, flow->prologue_size},
        0, NULL);
    return status < 0 ? qetl_run_fail(op->run, op->node, flow->codec, "open_decode", status)
                      : QETL_OK;
}

/* Each column stays where it is. */
static bool is_growth(const struct ArrowSchema *from, const struct ArrowSchema *to)
{
    bool grown = to->release && to->n_children >= from->n_children;
    for (int64_t c = 0; grown && c < from->n_children; c++)
        grown = strcmp(from->children[c]->name, to->children[c]->name) == 0;
    return grown;
}

static int32_t grow(struct qetl_op *op, struct qetl_node_flow *flow, struct ArrowSchema *schema)
{
    if (!is_growth(&flow->schema, schema))
        return qetl_op_fault(op, "bad_schema",
                             "decode answered columns that are not those it was opened with, and "
                             "new ones behind them");
    qetl_schema_release(&flow->schema);
    flow->schema = *schema;
    schema->release = NULL;
    return decoder_open(op, flow);
}

/* Each answer widens the columns; a chunk that is never content is the format's mistake. */
static int32_t look(struct qetl_op *op, const struct qetl_origin *origin)
{
    enum { ANSWERS_MOST = 256 };
    struct survey *survey = op->state;
    struct qetl_decoded decoded;
    int32_t status = QETL_SCHEMA;
    for (int i = 0; status == QETL_SCHEMA; i++) {
        status = qetl_decode_call(op, origin, false, &decoded);
        qetl_instance_drop_rejected(op->instance);
        if (status == QETL_SCHEMA && i == ANSWERS_MOST)
            status = qetl_op_fault(op, "bad_schema",
                                   "decode answered new columns for one chunk %d times", i);
        else if (status == QETL_SCHEMA && !(status = grow(op, survey->flow, &decoded.schema)))
            status = QETL_SCHEMA;
        qetl_schema_release(&decoded.schema);
        qetl_array_release(&decoded.batch);
    }
    if (status == QETL_MORE) /* its columns are told by the first call */
        status = QETL_OK;
    survey->records += status ? 0 : decoded.records;
    return status;
}

static int32_t survey_feed(struct qetl_op *op, struct qetl_message *message)
{
    struct qetl_chunk_data *chunk = message->payload;
    int32_t status = look(op, chunk->origin);
    qetl_origin_complete(chunk->origin, 0, NULL);
    qetl_payload_free(QETL_SLOT_CHUNK, chunk);
    return status;
}

static const struct qetl_op_class survey_class = {.feed = survey_feed};

static int32_t read_through(struct qetl_op *op)
{
    const struct qetl_source_state *state = op->state;
    while (!state->ended) {
        int32_t status = qetl_frame_step(op);
        if (status < 0)
            return status;
        if (qetl_run_stopping(op->run))
            return QETL_E_CANCELLED;
        if (status == QETL_STEP_IDLE)
            qetl_samples_await(op);
    }
    return QETL_OK;
}

/* Another instance of the source, at the beginning; what the first one counted is counted again. */
static int32_t source_renew(struct qetl_op *op, struct qetl_node_flow *flow)
{
    struct qetl_run *run = op->run;
    struct qetl_tracker **tracker = &run->attempt.trackers[op->node - run->pipeline->nodes];
    struct qetl_source_info info = {.struct_size = sizeof info};
    op->instance->tally = (struct qetl_tally){0};
    op->instance->retired = true;
    flow->codec->tally = (struct qetl_tally){0};
    qetl_source_state_free(flow->reader);
    op->state = flow->reader = qetl_source_state_new();
    qetl_tracker_free(*tracker);
    *tracker = qetl_tracker_new(op->node->id, qetl_run_letter, run);
    if (!flow->reader || !*tracker)
        return qetl_op_fault(op, "out_of_memory", "no memory to set the source up");
    op->instance = qetl_run_instance(run, op->node, &op->node->use, flow->component);
    if (!op->instance)
        return QETL_E_FATAL;
    flow->instance = op->instance;
    int32_t status = flow->component->source->describe(op->instance->self, &info);
    qetl_schema_release(&info.schema);
    return status < 0 ? qetl_op_fail(op, "describe", status) : qetl_source_open(op);
}

static void say(const struct qetl_op *op, const struct survey *survey, int64_t columns_before)
{
    char line[160];
    snprintf(line, sizeof line,
             "looked through %lld rows for columns: %lld, of which the first rows had %lld",
             (long long)survey->records, (long long)survey->flow->schema.n_children,
             (long long)columns_before);
    if (op->run->env.log)
        op->run->env.log(op->run->env.arg, op->node->id, QETL_LOG_INFO, line);
}

int32_t qetl_source_survey(struct qetl_op *op, struct qetl_node_flow *flow)
{
    struct survey survey = {.flow = flow};
    struct qetl_op looker = *op;
    struct qetl_target target = {.op = &looker};
    struct qetl_out_port port = {.targets = &target, .n_targets = 1};
    int64_t columns_before = flow->schema.n_children;
    if (flow->source.delivery != QETL_REPLAYABLE || flow->source.endless)
        return qetl_run_refuse(op->run, op->node, "read_twice",
                               "its format takes in columns as it finds them, for which the input "
                               "is read twice, and this one can be read only once",
                               "name files, or let the format reject what has new columns", NULL);
    looker.class = &survey_class;
    looker.instance = flow->codec;
    looker.state = &survey;
    op->out = &port;
    op->n_out = 1;
    op->run->attempt.surveying = true;
    int32_t status = decoder_open(op, flow);
    if (!status)
        status = read_through(op);
    op->run->attempt.surveying = false;
    op->out = NULL;
    op->n_out = 0;
    if (!status) {
        say(op, &survey, columns_before);
        status = source_renew(op, flow);
    }
    return status;
}
