/* SPDX-License-Identifier: Apache-2.0 */
/* The extensions of components. */
#include "border_internal.h"

/* ---- qetl.sink-parts/1 ---- */

static int64_t parts_columns(void *self, const struct ArrowSchema *schema, int64_t *columns,
                             int32_t *leave_out)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "sink-parts.columns");
    qetl_cargo_schema(&c, "schema", schema);
    qetl_crossing_begin(&c);
    int64_t n = guest->real_parts->columns(guest->state, schema, columns, leave_out);
    if (n > 0)
        qetl_cargo_numbers(&c, "columns", columns, n);
    if (n >= 0)
        qetl_cargo_map(&c, "leave_out", leave_out, schema->n_children);
    return qetl_crossing_end_number(&c, n);
}

static int32_t parts_frame(void *self, struct qetl_blob header, struct qetl_blob footer)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "sink-parts.frame");
    qetl_cargo_blob(&c, "header", header);
    qetl_cargo_blob(&c, "footer", footer);
    qetl_crossing_begin(&c);
    return qetl_crossing_end(&c, guest->real_parts->frame(guest->state, header, footer));
}

static int64_t parts_room(void *self, int64_t n_keys, const struct qetl_blob *keys)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "sink-parts.room");
    qetl_cargo_blobs(&c, "keys", keys, n_keys);
    qetl_crossing_begin(&c);
    return qetl_crossing_end_number(&c, guest->real_parts->room(guest->state, n_keys, keys));
}

static int64_t parts_whole(void *self, uint32_t encode)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "sink-parts.whole");
    qetl_cargo_number(&c, "encode", encode);
    qetl_crossing_begin(&c);
    return qetl_crossing_end_number(&c, guest->real_parts->whole(guest->state, encode));
}

static int64_t parts_object(void *self, int64_t n_keys, const struct qetl_blob *keys)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "sink-parts.object");
    qetl_cargo_blobs(&c, "keys", keys, n_keys);
    qetl_crossing_begin(&c);
    return qetl_crossing_end_number(&c, guest->real_parts->object(guest->state, n_keys, keys));
}

static int32_t parts_end(void *self, int64_t n_keys, const struct qetl_blob *keys)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "sink-parts.end");
    qetl_cargo_blobs(&c, "keys", keys, n_keys);
    qetl_crossing_begin(&c);
    return qetl_crossing_end(&c, guest->real_parts->end(guest->state, n_keys, keys));
}

static int32_t parts_by_epoch(void *self)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "sink-parts.by_epoch");
    qetl_crossing_begin(&c);
    return (int32_t)qetl_crossing_end_number(&c, guest->real_parts->by_epoch(guest->state));
}

static const void *parts_exchange(struct qetl_border_guest *guest, const void *real)
{
    struct qetl_sink_parts *table = &guest->parts;
    guest->real_parts = real;
    QETL_BORDER_COPY(table, guest->real_parts);
    QETL_BORDER_PUT(table, columns, parts_columns);
    QETL_BORDER_PUT(table, frame, parts_frame);
    QETL_BORDER_PUT(table, room, parts_room);
    QETL_BORDER_PUT(table, whole, parts_whole);
    QETL_BORDER_PUT(table, object, parts_object);
    QETL_BORDER_PUT(table, end, parts_end);
    QETL_BORDER_PUT(table, by_epoch, parts_by_epoch);
    return table;
}

/* ---- qetl.object-columns/1 ---- */

static int32_t columns_schema(void *self, struct ArrowSchema *out)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "object-columns.schema");
    qetl_crossing_begin(&c);
    int32_t status = guest->real_columns->schema(guest->state, out);
    if (!status) {
        size_t size;
        qetl_shape_clear(guest, QETL_SHAPE_OBJECT, 0);
        for (int64_t i = 0; i < out->n_children; i++)
            if (!qetl_schema_metadata(out->children[i], "qetl:object", &size))
                qetl_shape_add(guest, QETL_SHAPE_OBJECT, 0, out->children[i], QETL_FORM_VALUE);
        qetl_cargo_schema(&c, "schema", out);
    }
    return qetl_crossing_end(&c, status);
}

static int32_t columns_values(void *self, struct ArrowArray *out)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "object-columns.values");
    qetl_crossing_begin(&c);
    int32_t status = guest->real_columns->values(guest->state, out);
    if (!status)
        qetl_cargo_array(&c, "row", out, qetl_shape_of(guest, QETL_SHAPE_OBJECT, 0));
    return qetl_crossing_end(&c, status);
}

static const void *columns_exchange(struct qetl_border_guest *guest, const void *real)
{
    struct qetl_object_columns *table = &guest->columns;
    guest->real_columns = real;
    QETL_BORDER_COPY(table, guest->real_columns);
    QETL_BORDER_PUT(table, schema, columns_schema);
    QETL_BORDER_PUT(table, values, columns_values);
    return table;
}

/* ---- qetl.glimpses/1 ---- */

static int64_t glimpses_size(void *self)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "glimpses.size");
    qetl_crossing_begin(&c);
    return qetl_crossing_end_number(&c, guest->real_glimpses->size(guest->state));
}

static int64_t glimpses_read(void *self, int64_t offset, void *data, int64_t capacity)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "glimpses.read");
    qetl_cargo_number(&c, "offset", offset);
    qetl_cargo_number(&c, "capacity", capacity);
    qetl_crossing_begin(&c);
    int64_t size = guest->real_glimpses->read(guest->state, offset, data, capacity);
    if (size > 0)
        qetl_cargo_bytes(&c, "data", data, size);
    return qetl_crossing_end_number(&c, size);
}

static const void *glimpses_exchange(struct qetl_border_guest *guest, const void *real)
{
    struct qetl_glimpses *table = &guest->glimpses;
    guest->real_glimpses = real;
    QETL_BORDER_COPY(table, guest->real_glimpses);
    QETL_BORDER_PUT(table, size, glimpses_size);
    QETL_BORDER_PUT(table, read, glimpses_read);
    return table;
}

/* ---- qetl.objects/1 ---- */

struct adding {
    const struct qetl_border_guest *guest;
    void *stream;
    int32_t (*add)(void *stream, const char *identity, const char *name, uint32_t flags);
};

static int32_t objects_add(void *stream, const char *identity, const char *name, uint32_t flags)
{
    const struct adding *adding = stream;
    struct qetl_crossing c = qetl_crossing_to_host(adding->guest, "objects.add");
    qetl_cargo_text(&c, "identity", identity);
    qetl_cargo_text(&c, "name", name);
    qetl_cargo_nonzero(&c, "flags", flags);
    qetl_crossing_begin(&c);
    return qetl_crossing_end(&c, adding->add(adding->stream, identity, name, flags));
}

static int32_t objects_list(void *self, void *stream,
                            int32_t (*add)(void *stream, const char *identity, const char *name,
                                           uint32_t flags))
{
    struct qetl_border_guest *guest = self;
    struct adding adding = {guest, stream, add};
    struct qetl_crossing c = qetl_crossing_in(guest, "objects.list");
    qetl_crossing_begin(&c);
    return qetl_crossing_end(&c, guest->real_objects->list(guest->state, &adding, objects_add));
}

static const void *objects_exchange(struct qetl_border_guest *guest, const void *real)
{
    struct qetl_objects *table = &guest->objects;
    guest->real_objects = real;
    QETL_BORDER_COPY(table, guest->real_objects);
    QETL_BORDER_PUT(table, list, objects_list);
    return table;
}

/* ---- qetl.sink-append/1 ---- */

static int32_t append_continues(void *self)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "sink-append.continues");
    qetl_crossing_begin(&c);
    return (int32_t)qetl_crossing_end_number(&c, guest->real_append->continues(guest->state));
}

static int64_t append_head(void *self, void *data, int64_t capacity)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "sink-append.head");
    qetl_cargo_number(&c, "capacity", capacity);
    qetl_crossing_begin(&c);
    int64_t size = guest->real_append->head(guest->state, data, capacity);
    if (size > 0)
        qetl_cargo_bytes(&c, "data", data, size);
    return qetl_crossing_end_number(&c, size);
}

static const void *append_exchange(struct qetl_border_guest *guest, const void *real)
{
    struct qetl_sink_append *table = &guest->append;
    guest->real_append = real;
    QETL_BORDER_COPY(table, guest->real_append);
    QETL_BORDER_PUT(table, continues, append_continues);
    QETL_BORDER_PUT(table, head, append_head);
    return table;
}

/* ---- qetl.needs/draft-1 ---- */

static const char *needs_condition(void *self)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "needs.condition");
    qetl_crossing_begin(&c);
    const char *condition = guest->real_needs->condition(guest->state);
    qetl_cargo_text(&c, "condition", condition);
    qetl_crossing_end_number(&c, condition != NULL);
    return condition;
}

static int64_t needs_rows(void *self)
{
    struct qetl_border_guest *guest = self;
    struct qetl_crossing c = qetl_crossing_in(guest, "needs.rows");
    qetl_crossing_begin(&c);
    return qetl_crossing_end_number(&c, guest->real_needs->rows(guest->state));
}

static const void *needs_exchange(struct qetl_border_guest *guest, const void *real)
{
    struct qetl_needs *table = &guest->needs;
    guest->real_needs = real;
    QETL_BORDER_COPY(table, guest->real_needs);
    QETL_BORDER_PUT(table, condition, needs_condition);
    QETL_BORDER_PUT(table, rows, needs_rows);
    return table;
}

/* ---- qetl.batches/draft-1: no call is in it ---- */

static const void *batches_exchange(struct qetl_border_guest *guest, const void *real)
{
    (void)guest;
    return real;
}

/* One that is not known here would be called with a guest for a state: it is not passed on. No run
 * asks for any but these. */
const void *qetl_border_extension(struct qetl_border_guest *guest, const char *id, const void *real)
{
    static const struct {
        const char *id;
        const void *(*exchange)(struct qetl_border_guest *, const void *real);
    } known[] = {
        {QETL_EXT_SINK_PARTS, parts_exchange},   {QETL_EXT_OBJECT_COLUMNS, columns_exchange},
        {QETL_EXT_GLIMPSES, glimpses_exchange},  {QETL_EXT_OBJECTS, objects_exchange},
        {QETL_EXT_SINK_APPEND, append_exchange}, {QETL_EXT_NEEDS, needs_exchange},
        {QETL_EXT_BATCHES, batches_exchange},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(id, known[i].id) == 0)
            return known[i].exchange(guest, real);
    return NULL;
}
