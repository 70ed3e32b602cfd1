/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that components of all kinds have, and what all calls are made with. */
#include "playback_internal.h"

#include <stdlib.h>
#include <string.h>

int qetl_step_fail(const struct step *step, const char *message)
{
    qetl_finding_add(step->replay->findings, QETL_ERROR, "cannot_replay",
                     "entry %llu (%s of %s) cannot be played: %s",
                     (unsigned long long)step->call->seq, step->call->call,
                     step->player->recorded->component, message);
    return -1;
}

void *qetl_value_copy(const struct qetl_value *value)
{
    if (!value || !value->data)
        return NULL;
    void *copy = calloc(1, value->size + 64); /* as much as a format may read behind its data */
    if (copy)
        memcpy(copy, value->data, value->size);
    return copy;
}

struct qetl_pack qetl_step_stream(const struct step *step, const char *call)
{
    struct qetl_pack bytes = {0};
    struct qetl_values values;
    for (size_t i = 0; i < step->n_asked; i++) {
        if (strcmp(step->asked[i]->call, call) != 0 || qetl_entry_values(step->asked[i], &values))
            continue;
        struct qetl_blob blob = qetl_values_blob(&values, "data");
        if (blob.size)
            qetl_pack_raw(&bytes, blob.data, blob.size);
    }
    return bytes;
}

static int64_t reader_read(void *stream, void *data, size_t capacity)
{
    struct step_reader *reader = stream;
    size_t left = reader->bytes.size - reader->at;
    size_t size = capacity < left ? capacity : left;
    if (size)
        memcpy(data, reader->bytes.data + reader->at, size);
    reader->at += size;
    return (int64_t)size;
}

void qetl_step_reader(struct step_reader *reader, const struct step *step, const char *call)
{
    *reader = (struct step_reader){{reader, reader_read}, qetl_step_stream(step, call), 0};
}

static int32_t writer_write(void *stream, const void *data, size_t size)
{
    (void)stream, (void)data, (void)size; /* the border has told it */
    return QETL_OK;
}

const struct qetl_writer qetl_step_writer = {NULL, writer_write};

/* ---- the calls ---- */

static int play_create(struct step *step)
{
    if (step->player->ctx->created)
        return qetl_step_fail(step, "the instance was made before");
    qetl_instance_create(step->player->ctx);
    return 0;
}

static int play_start(struct step *step)
{
    qetl_instance_start(step->player->ctx);
    return 0;
}

static int play_stop(struct step *step)
{
    qetl_instance_stop(step->player->ctx);
    return 0;
}

static int play_destroy(struct step *step)
{
    qetl_instance_free(step->player->ctx);
    step->player->ctx = NULL;
    step->player->over = true;
    return 0;
}

static int play_save(struct step *step)
{
    uint32_t version = 0;
    const struct player *p = step->player;
    if (!p->component->save)
        return qetl_step_fail(step, "the plugin has no such call");
    p->component->save(p->ctx->self, &version, &qetl_step_writer);
    return 0;
}

static int play_restore(struct step *step)
{
    struct step_reader reader;
    const struct player *p = step->player;
    if (!p->component->restore)
        return qetl_step_fail(step, "the plugin has no such call");
    qetl_step_reader(&reader, step, "restore.read");
    p->component->restore(p->ctx->self, (uint32_t)qetl_values_number(&step->in, "version"),
                          &reader.base);
    qetl_pack_free(&reader.bytes);
    return 0;
}

static int play_get_extension(struct step *step)
{
    const char *id = qetl_values_text(&step->in, "id");
    const struct player *p = step->player;
    if (!p->component->get_extension || !id)
        return qetl_step_fail(step, "the plugin has no such call");
    p->component->get_extension(p->ctx->self, id);
    return 0;
}

const struct play qetl_plays_common[] = {
    {"create", play_create},
    {"start", play_start},
    {"stop", play_stop},
    {"destroy", play_destroy},
    {"save", play_save},
    {"restore", play_restore},
    {"get_extension", play_get_extension},
    {NULL, NULL},
};

static play_fn *find_in(const struct play *plays, const char *call)
{
    for (; plays->call; plays++)
        if (strcmp(plays->call, call) == 0)
            return plays->fn;
    return NULL;
}

play_fn *qetl_play_find(uint32_t kind, const char *call)
{
    const struct play *const kinds[] = {NULL, qetl_plays_source, qetl_plays_transform,
                                        qetl_plays_sink, qetl_plays_format};
    play_fn *found = find_in(qetl_plays_common, call);
    if (!found)
        found = find_in(qetl_plays_extension, call);
    if (!found && kind >= QETL_SOURCE && kind <= QETL_FORMAT)
        found = find_in(kinds[kind], call);
    return found;
}
