/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder of a new plugin, made of templates: it builds, tests and runs as it stands.
 *
 * Invariant: the folder is there as a whole or not at all: it is made beside its place, under a
 *            hidden name, and renamed.
 * Ownership: the caller frees what it is given with qetl_scaffold_clear.
 * Threads:   one.
 */
#ifndef QETL_CORE_SCAFFOLD_H
#define QETL_CORE_SCAFFOLD_H

#include "config/finding.h"

#include <stddef.h>

/* As QETL_SOURCE and so on. */
enum qetl_scaffold_kind {
    QETL_SCAFFOLD_SOURCE = 1,
    QETL_SCAFFOLD_TRANSFORM,
    QETL_SCAFFOLD_SINK,
    QETL_SCAFFOLD_FORMAT
};

enum qetl_scaffold_lang { QETL_SCAFFOLD_C, QETL_SCAFFOLD_CPP, QETL_SCAFFOLD_RUST };

struct qetl_scaffold {
    const char *name;
    const char *parent; /* in: the folder becomes parent/name; NULL: the working folder */
    enum qetl_scaffold_kind kind;
    enum qetl_scaffold_lang lang;
    char *folder; /* out: its path */
    char **files; /* out: their names in it, in the order in which they were written */
    size_t n_files;
};

/* Nonzero with a finding if no plugin can be called that. */
int qetl_scaffold_check_name(const char *name, struct qetl_findings *);
/* Nonzero with findings, and nothing is left then. */
int qetl_scaffold_make(struct qetl_scaffold *, struct qetl_findings *);
void qetl_scaffold_clear(struct qetl_scaffold *);

#endif
