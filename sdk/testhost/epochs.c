/* SPDX-License-Identifier: Apache-2.0 */
/* Epochs: what they leave, how they are decided, and a crash in between. */
#include "test.h"

#include <stdlib.h>

static struct qetl_epoch epoch_of(const struct qetl_rig *t)
{
    return (struct qetl_epoch){.struct_size = sizeof(struct qetl_epoch),
                               .flags = t->note.final ? QETL_EPOCH_FINAL : 0,
                               .number = t->note.number,
                               .generation = 1,
                               .pipeline = "test",
                               .component = t->component->id};
}

static int32_t handle_write(void *stream, const void *data, size_t size)
{
    struct note *note = stream;
    size_t n = (size_t)note->n_handles + 1;
    note->handles = memory_need(realloc(note->handles, n * sizeof *note->handles));
    note->handles[note->n_handles] = (struct text){0};
    text_put(&note->handles[note->n_handles++], data, size);
    return QETL_OK;
}

static int32_t state_write(void *stream, const void *data, size_t size)
{
    text_put(stream, data, size);
    return QETL_OK;
}

static void handles_forget(struct note *note)
{
    for (int64_t i = 0; i < note->n_handles; i++)
        text_free(&note->handles[i]);
    note->n_handles = 0;
}

static int32_t barrier(struct qetl_rig *t)
{
    struct qetl_writer handles = {&t->note, handle_write};
    struct qetl_epoch epoch;
    int32_t status;
    t->note.number = ++t->epoch;
    switch (t->component->kind) {
    case QETL_TRANSFORM:
        status = transform_bind(t);
        return status < 0 ? status : transform_event(t, 0, QETL_EVENT_BARRIER);
    case QETL_SINK:
        status = sink_open(t);
        epoch = epoch_of(t);
        return status < 0 || !t->component->sink->prepare
                   ? status
                   : t->component->sink->prepare(t->self, &epoch, &handles);
    default:
        return QETL_OK;
    }
}

int32_t qetl_rig_epoch(struct qetl_rig *t)
{
    struct qetl_writer state = {&t->note.state, state_write};
    if (t->opened)
        return t->opened;
    if (t->note.n_handles)
        return test_done(t, test_fail(t, QETL_E_FATAL, "commit or abort the last epoch first"));
    int32_t status = barrier(t);
    if (status < 0)
        return test_done(t, status);
    text_clear(&t->note.state);
    text_clear(&t->note.position);
    text_put(&t->note.position, text_of(&t->position), t->position.size);
    t->note.positioned = t->positioned;
    t->note.split = t->split;
    t->note.saved = t->component->save;
    t->note.noted = true;
    status = t->component->save ? t->component->save(t->self, &t->note.version, &state) : QETL_OK;
    return test_done(t, status < 0 ? status : QETL_OK);
}

static int32_t handles_hand(struct qetl_rig *t, int32_t (*take)(void *, const struct qetl_epoch *,
                                                                int64_t, const struct qetl_blob *))
{
    struct note *note = &t->note;
    struct qetl_epoch epoch = epoch_of(t);
    struct qetl_blob *blobs = memory_need(calloc((size_t)note->n_handles + 1, sizeof *blobs));
    for (int64_t i = 0; i < note->n_handles; i++)
        blobs[i] = (struct qetl_blob){text_of(&note->handles[i]), note->handles[i].size};
    int32_t status = take ? take(t->self, &epoch, note->n_handles, blobs) : QETL_OK;
    free(blobs);
    if (status >= 0)
        handles_forget(note);
    return status < 0 ? status : QETL_OK;
}

int32_t qetl_rig_commit(struct qetl_rig *t)
{
    const struct qetl_component *c = t->component;
    struct qetl_blob position = {text_of(&t->note.position), t->note.position.size};
    if (t->opened)
        return t->opened;
    if (!t->note.noted)
        return test_done(t, test_fail(t, QETL_E_FATAL, "there is no epoch yet"));
    if (c->kind == QETL_SOURCE)
        return test_done(t, c->source->ack && t->note.positioned ? c->source->ack(t->self, position)
                                                                 : QETL_OK);
    return test_done(t, c->kind == QETL_SINK ? handles_hand(t, c->sink->commit) : QETL_OK);
}

int32_t qetl_rig_abort(struct qetl_rig *t)
{
    const struct qetl_component *c = t->component;
    if (t->opened)
        return t->opened;
    if (c->kind != QETL_SINK)
        return test_done(t, test_fail(t, QETL_E_FATAL, "only sinks abort"));
    return test_done(t, handles_hand(t, c->sink->abort));
}

struct reading {
    const struct text *text;
    size_t at;
};

static int64_t state_read(void *stream, void *data, size_t capacity)
{
    struct reading *r = stream;
    size_t n = r->text->size - r->at < capacity ? r->text->size - r->at : capacity;
    if (n)
        memcpy(data, r->text->data + r->at, n);
    r->at += n;
    return (int64_t)n;
}

int32_t test_restore(struct qetl_rig *t)
{
    struct reading reading = {&t->note.state, 0};
    struct qetl_reader in = {&reading, state_read};
    if (t->restored || !t->note.noted)
        return QETL_OK;
    t->restored = true;
    if (!t->note.saved || !t->component->restore)
        return QETL_OK;
    int32_t status = t->component->restore(t->self, t->note.version, &in);
    return status < 0 ? status : QETL_OK;
}

int32_t qetl_rig_restart(struct qetl_rig *t)
{
    if (t->opened)
        return t->opened;
    test_instance_drop(t);
    text_clear(&t->position);
    text_put(&t->position, text_of(&t->note.position), t->note.position.size);
    t->positioned = t->note.positioned;
    t->split = t->note.split;
    return test_done(t, test_instance_make(t));
}
