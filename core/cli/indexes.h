/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The indexes that commands look into: those that were named, else those of the files of indexes,
 * the user's before the machine's. A name is looked for in one after the other, and the first that
 * has it decides, so that no later one can slip another package of that name in.
 *
 * Invariant: all of them could be opened, or none is answered.
 * Ownership: closed by whoever opened them.
 * Threads:   the main thread.
 */
#ifndef QETL_CORE_CLI_INDEXES_H
#define QETL_CORE_CLI_INDEXES_H

#include "cli.h"
#include "package/index_open.h"

/* Of the machine; the build knows better. */
#ifndef QETL_INDEXES_FILE
#define QETL_INDEXES_FILE "/usr/local/etc/qetl/indexes"
#endif

struct qetl_indexes {
    struct qetl_indexes_item {
        char *place;
        struct package_index *index;
    } * items;
    size_t count;
};

/* named: may be empty. system: those of the machine alone. What cannot be opened is left out, with
 * findings. -1: there is none to look into, or no memory; with findings. */
int qetl_indexes_open(struct qetl_indexes *, const struct qetl_texts *named, bool system,
                      const struct package_trust *, struct qetl_findings *);
/* Those of the files of indexes, if any: looked at, and nothing is kept. As above, but for that
 * none is no error. */
int qetl_indexes_look(struct qetl_indexes *, const struct package_trust *, struct qetl_findings *);
void qetl_indexes_close(struct qetl_indexes *);

/* NULL: none has it. */
const struct qetl_indexes_item *qetl_indexes_find(const struct qetl_indexes *, const char *name);
/* As the depot's folder: the file that says which indexes there are. NULL: there is no home. */
char *qetl_indexes_file(void);

/* "NAME", "NAME@RANGE", in two pieces that are the caller's; range NULL: any. 0, or -1 with a
 * finding. */
int qetl_wanted_read(const char *operand, char **name, char **range, struct qetl_findings *);
/* That version and no other was asked for. */
bool qetl_wanted_is_exact(const char *range);
/* How a download goes on, for people: a line of stderr. cli: the progress's arg. */
void qetl_indexes_progress(void *cli, uint64_t bytes, uint64_t total);

#endif
