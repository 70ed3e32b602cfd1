/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the border share: the exchanged table, and the guest in front of each state.
 *
 * Invariant: self of an exchanged component is a guest; behind it lies the plugin's state.
 * Ownership: the border owns tables, an instance its guest, which destroy empties.
 * Threads:   as plugin.h says of the calls.
 */
#ifndef QETL_CORE_BORDER_INTERNAL_H
#define QETL_CORE_BORDER_INTERNAL_H

#include "border.h"
#include "host/instance.h"

#include <qetl/batches.h>
#include <qetl/needs.h>
#include <string.h>

struct qetl_border {
    const struct qetl_registry *registry;
    struct qetl_border_watcher watchers[QETL_WATCHERS_MOST];
    size_t n_watchers;
    struct qetl_border_component *components;
    atomic_uint guests;
};

struct qetl_border_component {
    struct qetl_component base; /* what the core calls */
    union {
        struct qetl_source source;
        struct qetl_transform transform;
        struct qetl_sink sink;
        struct qetl_format format;
    };
    const struct qetl_component *real;
    struct qetl_border *border;
    struct qetl_border_component *next;
};

/* Columns of arrays that cross, which arrays do not tell themselves. */
enum qetl_shape_role { QETL_SHAPE_IN, QETL_SHAPE_OUT, QETL_SHAPE_LATE, QETL_SHAPE_OBJECT };
struct qetl_shape {
    enum qetl_shape_role role;
    uint32_t port;
    struct ArrowSchema schema;
};

struct qetl_border_guest {
    const struct qetl_border_component *of;
    struct qetl_ctx *ctx;
    uint32_t number;
    struct qetl_shape *shapes;
    size_t n_shapes;

    /* Extensions: as the host gets them, and the plugin's own. */
    struct qetl_sink_parts parts;
    struct qetl_object_columns columns;
    struct qetl_glimpses glimpses;
    struct qetl_objects objects;
    struct qetl_sink_append append;
    struct qetl_needs needs;
    const struct qetl_sink_parts *real_parts;
    const struct qetl_object_columns *real_columns;
    const struct qetl_glimpses *real_glimpses;
    const struct qetl_objects *real_objects;
    const struct qetl_sink_append *real_append;
    const struct qetl_needs *real_needs;

    _Alignas(16) unsigned char state[];
};

/* What the plugin is given in place of the host's table. border_host.c */
extern const struct qetl_host qetl_border_host;
const void *qetl_border_host_extension(const char *id, const void *real);
/* The guest that calls, or NULL: it is none of a border. */
struct qetl_border_guest *qetl_border_guest_of(struct qetl_ctx *);

/* The callbacks, of which those are NULL that the plugin does not have. */
void qetl_border_source(struct qetl_border_component *);
void qetl_border_transform(struct qetl_border_component *);
void qetl_border_sink(struct qetl_border_component *);
void qetl_border_format(struct qetl_border_component *);
const void *qetl_border_extension(struct qetl_border_guest *, const char *id, const void *real);

/* border_shapes.c: without memory there is no shape, and an array's columns are not known. */
void qetl_shape_clear(struct qetl_border_guest *, enum qetl_shape_role, uint32_t port);
void qetl_shape_set(struct qetl_border_guest *, enum qetl_shape_role, uint32_t port,
                    const struct ArrowSchema *);
void qetl_shape_add(struct qetl_border_guest *, enum qetl_shape_role, uint32_t port,
                    const struct ArrowSchema *field, uint32_t form);
const struct ArrowSchema *qetl_shape_of(const struct qetl_border_guest *, enum qetl_shape_role,
                                        uint32_t port);
void qetl_shapes_free(struct qetl_border_guest *);

/* border_streams.c: streams through which the other side takes in or brings bytes. */
struct qetl_border_writer {
    struct qetl_writer base;
    const struct qetl_border_guest *guest;
    const struct qetl_writer *real;
    const char *call;
};
struct qetl_border_reader {
    struct qetl_reader base;
    const struct qetl_border_guest *guest;
    const struct qetl_reader *real;
    const char *call;
};
void qetl_border_writer(struct qetl_border_writer *, const struct qetl_border_guest *,
                        const struct qetl_writer *, const char *call);
void qetl_border_reader(struct qetl_border_reader *, const struct qetl_border_guest *,
                        const struct qetl_reader *, const char *call);

static inline struct qetl_border_guest *qetl_guest(void *self)
{
    return self;
}

/* Makes `table` a copy of the plugin's: one that is older is shorter, the rest is 0. */
#define QETL_BORDER_COPY(table, real)                                                          \
    do {                                                                                       \
        memcpy((table), (real),                                                                \
               (real)->struct_size < sizeof *(table) ? (real)->struct_size : sizeof *(table)); \
        (table)->struct_size = sizeof *(table);                                                \
    } while (0)
/* The plugin's callback, where it has one, is exchanged for ours. */
#define QETL_BORDER_PUT(table, callback, ours) \
    ((table)->callback = (table)->callback ? (ours) : NULL)

#endif
