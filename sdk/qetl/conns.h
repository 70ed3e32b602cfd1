/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a component can say of what it connects to, before there is a run: whether that works, and
 * what is offered there. Two extensions of components, by the rules of plugin.h.
 *
 * Draft: they stand beside version 1.0 of the ABI, and come into plugin.h with the minor that takes
 * them up, under the same ids and with the same meaning. A host that does not know them does not
 * ask.
 *
 * Invariant: nothing is changed anywhere: no file, table or row is made, no message taken.
 * Ownership: what is told is lent, and copied. Threads: control, between create and destroy,
 * without start; an interrupt may come.
 */
#ifndef QETL_CONNS_H
#define QETL_CONNS_H

#include <qetl/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define QETL_EXT_PROBE "qetl.probe/1"
/* OK: a run would get as far as its first row; what was seen is told in one line of its own ("table
 * orders of 12 columns, to which rows are added"). A failure is reported as ever, with its mend. A
 * source needs none: the host reads its first rows and gives them up. */
struct qetl_probe {
    uint32_t struct_size;
    int32_t (*probe)(void *self, void *stream, int32_t (*tell)(void *stream, const char *line));
};

#define QETL_EXT_DISCOVER "qetl.discover/1"
/* ESTIMATED: the rows were not counted. */
enum { QETL_DISCOVERED_ESTIMATED = 1 };
struct qetl_discovered {
    uint32_t struct_size;
    uint32_t flags;      /* QETL_DISCOVERED_ */
    const char *name;    /* "orders" */
    const char *kind;    /* "table", "view", ... */
    const char *options; /* JSON object: the options that read it, beside those given, of which null
                            takes one away; "plugin": where another component reads it */
    const struct ArrowSchema *schema; /* a struct, as a run would have it; NULL: not known */
    int64_t n_keys;
    const int64_t *keys; /* columns of the schema that tell rows apart, in the key's order */
    int64_t rows, bytes; /* -1: not known */
    const char *trouble; /* NULL, or one line: why it could not be read */
    const char *notes;   /* NULL, or lines: what was guessed, and what is to be filled in */
};
/* What a source offers with these options, in an order that stays; those that say which of it is to
 * be read are not looked at. Ends early where `found` does not answer OK, with its answer. */
struct qetl_discover {
    uint32_t struct_size;
    int32_t (*discover)(void *self, void *stream,
                        int32_t (*found)(void *stream, const struct qetl_discovered *));
};

#ifdef __cplusplus
}
#endif

#endif
