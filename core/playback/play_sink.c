/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of sinks. What a commit shows is what was prepared here, not what was prepared then. */
#include "playback_internal.h"

#include <stdlib.h>
#include <string.h>

static const struct qetl_sink *sink_of(const struct step *step)
{
    return step->player->component->sink;
}

static void *self_of(const struct step *step)
{
    return step->player->ctx->self;
}

static int play_describe(struct step *step)
{
    struct qetl_sink_info info = {.struct_size = sizeof info};
    sink_of(step)->describe(self_of(step), &info);
    return 0;
}

static int play_forms(struct step *step)
{
    struct ArrowSchema schema;
    const struct qetl_value *columns = qetl_values_find(&step->in, "schema");
    if (!sink_of(step)->forms || !columns || qetl_value_schema(columns, &schema))
        return qetl_step_fail(step, "the plugin has no such call, or there is no schema");
    uint32_t *forms = calloc((size_t)schema.n_children + 1, sizeof *forms);
    if (forms)
        sink_of(step)->forms(self_of(step), &schema, forms);
    free(forms);
    qetl_schema_release(&schema);
    return 0;
}

static int play_open(struct step *step)
{
    struct ArrowSchema schema;
    const struct qetl_value *columns = qetl_values_find(&step->in, "schema");
    if (!columns || qetl_value_schema(columns, &schema))
        return qetl_step_fail(step, "its schema was not recorded");
    sink_of(step)->open(self_of(step), (uint32_t)qetl_values_number(&step->in, "stream"), &schema);
    qetl_schema_release(&schema);
    return 0;
}

static int play_write(struct step *step)
{
    struct ArrowSchema schema = {0};
    struct ArrowArray batch = {0};
    const struct qetl_value *array = qetl_values_find(&step->in, "batch");
    const struct qetl_value *keys = qetl_values_find(&step->in, "keys");
    struct qetl_blob bytes = qetl_values_blob(&step->in, "bytes");
    struct qetl_blob *blobs = qetl_value_blobs(keys);
    struct qetl_write write = {
        .struct_size = sizeof write,
        .stream = (uint32_t)qetl_values_number(&step->in, "stream"),
        .bytes = bytes.data,
        .bytes_size = (int64_t)bytes.size,
        .rows = qetl_values_number(&step->in, "rows"),
        .n_keys = blobs ? keys->count : 0,
        .keys = blobs,
    };
    int bad = array && (array->lost || qetl_value_array(array, &schema, &batch));
    if (array)
        write.batch = &batch;
    if (!bad)
        sink_of(step)->write(self_of(step), &write);
    qetl_array_release(&batch);
    qetl_schema_release(&schema);
    free(blobs);
    qetl_instance_drop_rejected(step->player->ctx);
    return bad ? qetl_step_fail(step, "its batch was not recorded") : 0;
}

static struct qetl_epoch epoch_of(const struct step *step)
{
    return (struct qetl_epoch){
        .struct_size = sizeof(struct qetl_epoch),
        .flags = (uint32_t)qetl_values_number(&step->in, "flags"),
        .number = (uint64_t)qetl_values_number(&step->in, "epoch"),
        .generation = (uint64_t)qetl_values_number(&step->in, "generation"),
        .pipeline = qetl_values_text(&step->in, "pipeline"),
        .component = qetl_values_text(&step->in, "component"),
    };
}

/* ---- handles ---- */

static int32_t handle_take(void *stream, const void *data, size_t size)
{
    struct player *p = stream;
    size_t n = p->n_handles + 1;
    struct qetl_blob *handles = reallocarray(p->handles, n, sizeof *handles);
    if (handles)
        p->handles = handles;
    void *copy = handles ? malloc(size + 1) : NULL;
    if (!copy)
        return QETL_E_NO_MEMORY;
    memcpy(copy, data, size);
    handles[p->n_handles++] = (struct qetl_blob){copy, size};
    return QETL_OK;
}

/* Those of the recording, in the order in which the calls of this prepare gave them. */
static int handles_note(struct step *step, size_t from)
{
    struct player *p = step->player;
    struct qetl_values values;
    struct qetl_blob *then = reallocarray(p->recorded_handles, p->n_handles + 1, sizeof *then);
    if (!then)
        return qetl_step_fail(step, "there is no memory");
    p->recorded_handles = then;
    memset(then + from, 0, (p->n_handles - from) * sizeof *then);
    for (size_t i = 0; i < step->n_asked && from < p->n_handles; i++)
        if (strcmp(step->asked[i]->call, "prepare.write") == 0 &&
            !qetl_entry_values(step->asked[i], &values))
            then[from++] = qetl_values_blob(&values, "data");
    return 0;
}

static int play_prepare(struct step *step)
{
    struct qetl_epoch epoch = epoch_of(step);
    struct player *p = step->player;
    size_t before = p->n_handles;
    const struct qetl_writer writer = {p, handle_take};
    if (!sink_of(step)->prepare)
        return qetl_step_fail(step, "the plugin has no such call");
    sink_of(step)->prepare(self_of(step), &epoch, &writer);
    return handles_note(step, before);
}

/* A handle of then, as this replay has it; one that it never prepared stays as it was. */
static struct qetl_blob handle_now(const struct player *p, struct qetl_blob then)
{
    for (size_t i = 0; i < p->n_handles; i++)
        if (p->recorded_handles[i].data && p->recorded_handles[i].size == then.size &&
            memcmp(p->recorded_handles[i].data, then.data, then.size) == 0)
            return p->handles[i];
    return then;
}

static int settle(struct step *step, int32_t (*call)(void *self, const struct qetl_epoch *, int64_t,
                                                     const struct qetl_blob *))
{
    struct qetl_epoch epoch = epoch_of(step);
    const struct qetl_value *then = qetl_values_find(&step->in, "handles");
    struct qetl_blob *handles = qetl_value_blobs(then);
    int64_t n = handles ? then->count : 0;
    for (int64_t i = 0; i < n; i++)
        handles[i] = handle_now(step->player, handles[i]);
    if (call)
        call(self_of(step), &epoch, n, handles);
    free(handles);
    return call ? 0 : qetl_step_fail(step, "the plugin has no such call");
}

static int play_commit(struct step *step)
{
    return settle(step, sink_of(step)->commit);
}

static int play_abort(struct step *step)
{
    return settle(step, sink_of(step)->abort);
}

static int play_last_committed(struct step *step)
{
    struct qetl_epoch epoch = epoch_of(step);
    uint64_t number = 0;
    if (!sink_of(step)->last_committed)
        return qetl_step_fail(step, "the plugin has no such call");
    sink_of(step)->last_committed(self_of(step), &epoch, &number);
    return 0;
}

const struct play qetl_plays_sink[] = {
    {"describe", play_describe},
    {"forms", play_forms},
    {"open", play_open},
    {"write", play_write},
    {"prepare", play_prepare},
    {"commit", play_commit},
    {"abort", play_abort},
    {"last_committed", play_last_committed},
    {NULL, NULL},
};
