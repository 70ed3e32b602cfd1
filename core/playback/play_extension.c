/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of the extensions of components. */
#include "playback_internal.h"

#include <qetl/needs.h>
#include <stdlib.h>

static const void *extension_of(const struct step *step, const char *id)
{
    const struct player *p = step->player;
    const void *extension =
        p->component->get_extension ? p->component->get_extension(p->ctx->self, id) : NULL;
    step->replay->captured.size = 0; /* that was asked by the replay */
    return extension;
}

static int missing(const struct step *step)
{
    return qetl_step_fail(step, "the plugin has no such extension, or there is no memory");
}

/* ---- qetl.sink-parts/1 ---- */

static int play_columns(struct step *step)
{
    struct ArrowSchema schema;
    const struct qetl_sink_parts *parts = extension_of(step, QETL_EXT_SINK_PARTS);
    const struct qetl_value *value = qetl_values_find(&step->in, "schema");
    if (!parts || !value || qetl_value_schema(value, &schema))
        return missing(step);
    int64_t *columns = calloc((size_t)schema.n_children + 1, sizeof *columns);
    int32_t *leave_out = calloc((size_t)schema.n_children + 1, sizeof *leave_out);
    if (columns && leave_out)
        parts->columns(step->player->ctx->self, &schema, columns, leave_out);
    free(columns);
    free(leave_out);
    qetl_schema_release(&schema);
    return 0;
}

static int play_frame(struct step *step)
{
    const struct qetl_sink_parts *parts = extension_of(step, QETL_EXT_SINK_PARTS);
    if (!parts)
        return missing(step);
    parts->frame(step->player->ctx->self, qetl_values_blob(&step->in, "header"),
                 qetl_values_blob(&step->in, "footer"));
    return 0;
}

static int64_t keys_of(const struct step *step, struct qetl_blob **keys)
{
    const struct qetl_value *value = qetl_values_find(&step->in, "keys");
    *keys = qetl_value_blobs(value);
    return *keys ? value->count : 0;
}

static int play_room(struct step *step)
{
    const struct qetl_sink_parts *parts = extension_of(step, QETL_EXT_SINK_PARTS);
    struct qetl_blob *keys;
    int64_t n = keys_of(step, &keys);
    if (parts && parts->room)
        parts->room(step->player->ctx->self, n, keys);
    free(keys);
    return parts && parts->room ? 0 : missing(step);
}

static int play_object(struct step *step)
{
    const struct qetl_sink_parts *parts = extension_of(step, QETL_EXT_SINK_PARTS);
    struct qetl_blob *keys;
    int64_t n = keys_of(step, &keys);
    if (parts && parts->object)
        parts->object(step->player->ctx->self, n, keys);
    free(keys);
    return parts && parts->object ? 0 : missing(step);
}

static int play_end(struct step *step)
{
    const struct qetl_sink_parts *parts = extension_of(step, QETL_EXT_SINK_PARTS);
    struct qetl_blob *keys;
    int64_t n = keys_of(step, &keys);
    if (parts && parts->end)
        parts->end(step->player->ctx->self, n, keys);
    free(keys);
    return parts && parts->end ? 0 : missing(step);
}

static int play_whole(struct step *step)
{
    const struct qetl_sink_parts *parts = extension_of(step, QETL_EXT_SINK_PARTS);
    if (!parts || !parts->whole)
        return missing(step);
    parts->whole(step->player->ctx->self, (uint32_t)qetl_values_number(&step->in, "encode"));
    return 0;
}

static int play_by_epoch(struct step *step)
{
    const struct qetl_sink_parts *parts = extension_of(step, QETL_EXT_SINK_PARTS);
    if (!parts || !parts->by_epoch)
        return missing(step);
    parts->by_epoch(step->player->ctx->self);
    return 0;
}

/* ---- the others ---- */

static int play_object_schema(struct step *step)
{
    struct ArrowSchema out = {0};
    const struct qetl_object_columns *columns = extension_of(step, QETL_EXT_OBJECT_COLUMNS);
    if (!columns)
        return missing(step);
    columns->schema(step->player->ctx->self, &out);
    qetl_schema_release(&out);
    return 0;
}

static int play_object_values(struct step *step)
{
    struct ArrowArray out = {0};
    const struct qetl_object_columns *columns = extension_of(step, QETL_EXT_OBJECT_COLUMNS);
    if (!columns)
        return missing(step);
    columns->values(step->player->ctx->self, &out);
    qetl_array_release(&out);
    return 0;
}

static int play_size(struct step *step)
{
    const struct qetl_glimpses *glimpses = extension_of(step, QETL_EXT_GLIMPSES);
    if (!glimpses)
        return missing(step);
    glimpses->size(step->player->ctx->self);
    return 0;
}

/* Into room of so many bytes as were asked for. */
static void *room_of(const struct step *step, int64_t *capacity)
{
    *capacity = qetl_values_number(&step->in, "capacity");
    return *capacity >= 0 && *capacity <= 1 << 30 ? malloc((size_t)*capacity + 64) : NULL;
}

static int play_read(struct step *step)
{
    const struct qetl_glimpses *glimpses = extension_of(step, QETL_EXT_GLIMPSES);
    int64_t capacity;
    void *room = room_of(step, &capacity);
    if (glimpses && room)
        glimpses->read(step->player->ctx->self, qetl_values_number(&step->in, "offset"), room,
                       capacity);
    free(room);
    return glimpses && room ? 0 : missing(step);
}

static int32_t objects_add(void *stream, const char *identity, const char *name, uint32_t flags)
{
    (void)stream, (void)identity, (void)name, (void)flags;
    return QETL_OK;
}

static int play_list(struct step *step)
{
    const struct qetl_objects *objects = extension_of(step, QETL_EXT_OBJECTS);
    if (!objects)
        return missing(step);
    objects->list(step->player->ctx->self, NULL, objects_add);
    return 0;
}

static int play_continues(struct step *step)
{
    const struct qetl_sink_append *append = extension_of(step, QETL_EXT_SINK_APPEND);
    if (!append)
        return missing(step);
    append->continues(step->player->ctx->self);
    return 0;
}

static int play_head(struct step *step)
{
    const struct qetl_sink_append *append = extension_of(step, QETL_EXT_SINK_APPEND);
    int64_t capacity;
    void *room = room_of(step, &capacity);
    if (append && append->head && room)
        append->head(step->player->ctx->self, room, capacity);
    free(room);
    return append && append->head && room ? 0 : missing(step);
}

static int play_condition(struct step *step)
{
    const struct qetl_needs *needs = extension_of(step, QETL_EXT_NEEDS);
    if (!needs || !needs->condition)
        return missing(step);
    needs->condition(step->player->ctx->self);
    return 0;
}

static int play_rows(struct step *step)
{
    const struct qetl_needs *needs = extension_of(step, QETL_EXT_NEEDS);
    if (!needs || !needs->rows)
        return missing(step);
    needs->rows(step->player->ctx->self);
    return 0;
}

const struct play qetl_plays_extension[] = {
    {"sink-parts.columns", play_columns},
    {"sink-parts.frame", play_frame},
    {"sink-parts.room", play_room},
    {"sink-parts.object", play_object},
    {"sink-parts.end", play_end},
    {"sink-parts.whole", play_whole},
    {"sink-parts.by_epoch", play_by_epoch},
    {"object-columns.schema", play_object_schema},
    {"object-columns.values", play_object_values},
    {"glimpses.size", play_size},
    {"glimpses.read", play_read},
    {"objects.list", play_list},
    {"sink-append.continues", play_continues},
    {"sink-append.head", play_head},
    {"needs.condition", play_condition},
    {"needs.rows", play_rows},
    {NULL, NULL},
};
