/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of sources: the same demands as then. */
#include "host/call.h"
#include "playback_internal.h"

#include <stdlib.h>

enum {
    WITHIN_LEAST_MS = 1000
}; /* a replay has time: to be IDLE for want of it would be no answer */

static const struct qetl_source *source_of(const struct step *step)
{
    return step->player->component->source;
}

static void *self_of(const struct step *step)
{
    return step->player->ctx->self;
}

static int play_describe(struct step *step)
{
    struct qetl_source_info info = {.struct_size = sizeof info};
    source_of(step)->describe(self_of(step), &info);
    qetl_schema_release(&info.schema);
    return 0;
}

static int play_negotiate(struct step *step)
{
    const struct qetl_value *columns = qetl_values_find(&step->in, "columns");
    const struct qetl_value *texts = qetl_values_find(&step->in, "predicates");
    int64_t n = texts ? texts->count : 0;
    int64_t *wanted = qetl_value_copy(columns);
    const char **predicates = calloc((size_t)n + 1, sizeof *predicates);
    int32_t columns_answer = 0, limit_answer = 0;
    int32_t *answers = calloc((size_t)n + 1, sizeof *answers);
    int bad = !predicates || !answers || !source_of(step)->negotiate;
    if (!bad && n) {
        struct qetl_unpack in = qetl_unpack_from(texts->data, texts->size);
        size_t size;
        for (int64_t i = 0; i < n; i++)
            predicates[i] = qetl_unpack_blob(&in, &size);
    }
    struct qetl_pushdown request = {.struct_size = sizeof request,
                                    .n_columns = qetl_values_number(&step->in, "n_columns"),
                                    .columns = wanted,
                                    .columns_answer = &columns_answer,
                                    .n_predicates = n,
                                    .predicates = predicates,
                                    .predicates_answer = answers,
                                    .limit = qetl_values_number(&step->in, "limit"),
                                    .limit_answer = &limit_answer};
    if (!bad)
        source_of(step)->negotiate(self_of(step), &request);
    free(wanted);
    free(predicates);
    free(answers);
    return bad ? qetl_step_fail(step, "the plugin has no such call, or there is no memory") : 0;
}

static int play_plan_splits(struct step *step)
{
    if (!source_of(step)->plan_splits)
        return qetl_step_fail(step, "the plugin has no such call");
    struct qetl_position_splits splits;
    qetl_position_splits(&splits, step);
    source_of(step)->plan_splits(self_of(step), qetl_values_number(&step->in, "splits_wanted"),
                                 &splits.base);
    return 0;
}

static int play_open(struct step *step)
{
    struct qetl_blob position = qetl_position_now(step, qetl_values_blob(&step->in, "position"));
    struct qetl_blob split = qetl_position_now(step, qetl_values_blob(&step->in, "split"));
    source_of(step)->open(self_of(step), split,
                          qetl_values_find(&step->in, "position") ? &position : NULL);
    return 0;
}

static int play_next(struct step *step)
{
    int64_t room = qetl_values_number(&step->in, "max_bytes");
    int64_t within = qetl_values_number(&step->in, "within_ms");
    bool spaced = qetl_values_number(&step->in, "space") != 0;
    void *space = spaced && room > 0 && room <= 1 << 30 ? malloc((size_t)room + 64) : NULL;
    struct qetl_item item = {.struct_size = sizeof item};
    struct qetl_demand demand = {
        .struct_size = sizeof demand,
        .max_rows = qetl_values_number(&step->in, "max_rows"),
        .max_bytes = room,
        .deadline_ns =
            qetl_call_now_ns() + (within > WITHIN_LEAST_MS ? within : WITHIN_LEAST_MS) * 1000000,
        .space = space,
        .flags = (uint32_t)qetl_values_number(&step->in, "flags"),
    };
    if (spaced && !space)
        return qetl_step_fail(step, "there is no memory");
    source_of(step)->next(self_of(step), &demand, &item);
    int bad = qetl_position_note(step, item.position);
    qetl_array_release(&item.batch);
    qetl_schema_release(&item.schema);
    free(space);
    qetl_instance_drop_rejected(step->player->ctx);
    return bad ? qetl_step_fail(step, "there is no memory") : 0;
}

static int play_ack(struct step *step)
{
    if (!source_of(step)->ack)
        return qetl_step_fail(step, "the plugin has no such call");
    source_of(step)->ack(self_of(step),
                         qetl_position_now(step, qetl_values_blob(&step->in, "position")));
    return 0;
}

static int play_nack(struct step *step)
{
    if (!source_of(step)->nack)
        return qetl_step_fail(step, "the plugin has no such call");
    source_of(step)->nack(self_of(step),
                          qetl_position_now(step, qetl_values_blob(&step->in, "position")));
    return 0;
}

static int play_on_revoke(struct step *step)
{
    if (!source_of(step)->on_revoke)
        return qetl_step_fail(step, "the plugin has no such call");
    source_of(step)->on_revoke(self_of(step),
                               qetl_position_now(step, qetl_values_blob(&step->in, "split")));
    return 0;
}

const struct play qetl_plays_source[] = {
    {"describe", play_describe}, {"negotiate", play_negotiate}, {"plan_splits", play_plan_splits},
    {"open", play_open},         {"next", play_next},           {"ack", play_ack},
    {"nack", play_nack},         {"on_revoke", play_on_revoke}, {NULL, NULL},
};
