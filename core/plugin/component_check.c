/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A component against the ABI: the sizes of version 1.0, the callbacks that the host calls without
 * asking. What is missing would otherwise be a call to address 0 in the middle of a run.
 */
#include "library_check.h"
#include "loader.h"
#include "manifest.h"

#include <string.h>

/* See library_check.c: the size of version 1.0, never to be changed. */
#define SIZE_1_0(type, field) (offsetof(struct type, field) + sizeof((struct type){0}.field))

struct callback {
    const char *name;
    int present;
};

#define CALLBACK(table, name)        \
    {                                \
#name, (table)->name != NULL \
    }
#define COUNT(list) (sizeof(list) / sizeof *(list))

static int refuse(const struct qetl_manifest_component *promised, struct qetl_findings *findings,
                  const char *what, const char *mend)
{
    struct qetl_finding *finding =
        qetl_library_refuse(promised->plugin, findings, "bad_plugin", "%s `%s` %s",
                            qetl_kind_name(promised->kind), promised->id, what);
    qetl_finding_mend(finding, "%s", mend);
    return -1;
}

static int check_callbacks(const struct qetl_manifest_component *promised,
                           const struct callback *callbacks, size_t n,
                           struct qetl_findings *findings)
{
    int bad = 0;
    for (size_t i = 0; i < n; i++) {
        if (callbacks[i].present)
            continue;
        struct qetl_finding *finding = qetl_library_refuse(
            promised->plugin, findings, "bad_plugin", "%s `%s` has no callback %s",
            qetl_kind_name(promised->kind), promised->id, callbacks[i].name);
        qetl_finding_mend(finding, "plugin.h marks those that may be left out with (opt)");
        bad = -1;
    }
    return bad;
}

static int check_table(const struct qetl_manifest_component *promised, const void *table,
                       size_t least, struct qetl_findings *findings)
{
    uint32_t size = 0;
    if (table)
        memcpy(&size, table, sizeof size); /* struct_size comes first in all of them */
    if (table && size >= least)
        return 0;
    return refuse(promised, findings,
                  table ? "has a table of too small a struct_size" : "has no table",
                  "set source, transform, sink or format, whichever kind says, with its sizeof");
}

static int check_source(const struct qetl_manifest_component *promised,
                        const struct qetl_source *source, struct qetl_findings *findings)
{
    if (check_table(promised, source, SIZE_1_0(qetl_source, on_revoke), findings))
        return -1;
    const struct callback callbacks[] = {CALLBACK(source, describe), CALLBACK(source, open),
                                         CALLBACK(source, next)};
    return check_callbacks(promised, callbacks, COUNT(callbacks), findings);
}

static int check_transform(const struct qetl_manifest_component *promised,
                           const struct qetl_transform *transform, struct qetl_findings *findings)
{
    if (check_table(promised, transform, SIZE_1_0(qetl_transform, merge), findings))
        return -1;
    const struct callback callbacks[] = {CALLBACK(transform, bind)};
    return check_callbacks(promised, callbacks, COUNT(callbacks), findings);
}

static int check_sink(const struct qetl_manifest_component *promised, const struct qetl_sink *sink,
                      struct qetl_findings *findings)
{
    if (check_table(promised, sink, SIZE_1_0(qetl_sink, last_committed), findings))
        return -1;
    const struct callback callbacks[] = {CALLBACK(sink, describe), CALLBACK(sink, open),
                                         CALLBACK(sink, write)};
    return check_callbacks(promised, callbacks, COUNT(callbacks), findings);
}

static int check_format(const struct qetl_manifest_component *promised,
                        const struct qetl_format *format, struct qetl_findings *findings)
{
    if (check_table(promised, format, SIZE_1_0(qetl_format, decode_late), findings))
        return -1;
    const struct callback both[] = {CALLBACK(format, describe)};
    const struct callback decode[] = {CALLBACK(format, infer), CALLBACK(format, open_decode),
                                      CALLBACK(format, frame), CALLBACK(format, decode)};
    const struct callback encode[] = {CALLBACK(format, forms), CALLBACK(format, open_encode),
                                      CALLBACK(format, encode)};
    int bad = check_callbacks(promised, both, COUNT(both), findings);
    if (promised->reads)
        bad |= check_callbacks(promised, decode, COUNT(decode), findings);
    if (promised->writes)
        bad |= check_callbacks(promised, encode, COUNT(encode), findings);
    return bad;
}

/* Exactly the one table that the kind names. */
static int check_tables(const struct qetl_manifest_component *promised,
                        const struct qetl_component *component, struct qetl_findings *findings)
{
    int tables =
        !!component->source + !!component->transform + !!component->sink + !!component->format;
    if (tables > 1)
        return refuse(promised, findings, "has tables of several kinds",
                      "a component is of one kind: make one for each");
    switch (promised->kind) {
    case QETL_SOURCE:
        return check_source(promised, component->source, findings);
    case QETL_TRANSFORM:
        return check_transform(promised, component->transform, findings);
    case QETL_SINK:
        return check_sink(promised, component->sink, findings);
    default:
        return check_format(promised, component->format, findings);
    }
}

int qetl_component_check(const struct qetl_manifest_component *promised,
                         const struct qetl_component *component, struct qetl_findings *findings)
{
    const struct callback callbacks[] = {CALLBACK(component, create)};
    int bad = check_callbacks(promised, callbacks, COUNT(callbacks), findings);
    if (!component->save != !component->restore)
        bad = refuse(promised, findings, "has one of save and restore, not both",
                     "state that is saved must be restored: implement both or neither");
    return bad | check_tables(promised, component, findings);
}
