/* SPDX-License-Identifier: Apache-2.0 */
/* The callbacks that every host calls without asking. */
#include "test.h"

struct callback {
    const char *name;
    bool present;
};

static int32_t callbacks_check(struct qetl_rig *t, const struct callback *callbacks, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!callbacks[i].present)
            return test_broken(t,
                               "the callback %s is missing; plugin.h marks those that may be with "
                               "(opt)",
                               callbacks[i].name);
    return QETL_OK;
}

#define CHECK(t, ...)                                          \
    callbacks_check(t, (const struct callback[]){__VA_ARGS__}, \
                    sizeof((const struct callback[]){__VA_ARGS__}) / sizeof(struct callback))
#define CALLBACK(table, name)        \
    {                                \
#name, (table)->name != NULL \
    }

/* A format reads, or writes, or both. */
static int32_t format_check(struct qetl_rig *t, const struct qetl_format *format)
{
    int32_t status = CHECK(t, CALLBACK(format, describe));
    if (!status && (format->decode || !format->encode))
        status = CHECK(t, CALLBACK(format, infer), CALLBACK(format, open_decode),
                       CALLBACK(format, frame), CALLBACK(format, decode));
    if (!status && format->encode)
        status = CHECK(t, CALLBACK(format, forms), CALLBACK(format, open_encode));
    return status;
}

int32_t test_callbacks_check(struct qetl_rig *t)
{
    const struct qetl_component *c = t->component;
    const bool tables[] = {false, c->source, c->transform, c->sink, c->format};
    if (c->kind < QETL_SOURCE || c->kind > QETL_FORMAT || !tables[c->kind] || !c->create)
        return test_broken(t, "create or the table that kind names is missing");
    switch (c->kind) {
    case QETL_SOURCE:
        return CHECK(t, CALLBACK(c->source, describe), CALLBACK(c->source, open),
                     CALLBACK(c->source, next));
    case QETL_TRANSFORM:
        return CHECK(t, CALLBACK(c->transform, bind));
    case QETL_SINK:
        return CHECK(t, CALLBACK(c->sink, describe), CALLBACK(c->sink, open),
                     CALLBACK(c->sink, write));
    default:
        return format_check(t, c->format);
    }
}
