/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The indexes that commands look into: those that were named, else those of the files of indexes,
 * the user's before the machine's. A name is looked for in one after the other, and the first that
 * may decide about it does, so that no later one can slip another package of that name in.
 *
 * Invariant: they stand in their order, also those that are refused: behind one of these no name is
 *            looked for. What was said of one is told once.
 * Ownership: closed by whoever opened them; the trust outlives them.
 * Threads:   the main thread.
 */
#ifndef QETL_CORE_CLI_INDEXES_H
#define QETL_CORE_CLI_INDEXES_H

#include "cli.h"
#include "index/index_open.h"

/* Of the machine; the build knows better. */
#ifndef QETL_INDEXES_FILE
#define QETL_INDEXES_FILE "/usr/local/etc/qetl/indexes"
#endif

struct qetl_indexes {
    struct qetl_indexes_item {
        char *place;                 /* as it was written, if it is none */
        struct package_index *index; /* NULL: it is refused, … */
        struct qetl_findings said;   /* … and why; or what is to be told of it */
    } * items;
    size_t count;
    const struct package_trust *trust;
};

/* named: may be empty. system: those of the machine alone. -1: there is none to look into, or no
 * memory; with findings. */
int qetl_indexes_open(struct qetl_indexes *, const struct qetl_texts *named, bool system,
                      const struct package_trust *, struct qetl_findings *);
/* Those of the files of indexes, if any: looked at, and nothing is kept. As above, but for that
 * none is no error. */
int qetl_indexes_look(struct qetl_indexes *, const struct package_trust *, struct qetl_findings *);
/* What was said of them and not yet told. as_warnings: for whoever did without those that are
 * refused. */
void qetl_indexes_tell(struct qetl_indexes *, bool as_warnings, struct qetl_findings *);
void qetl_indexes_close(struct qetl_indexes *);

/* The one that decides about a name, in *item; NULL: none has it. 0, or -1 with findings: nobody
 * can say, or one offers what another one's key is there for. */
int qetl_indexes_find(struct qetl_indexes *, const char *name,
                      const struct qetl_indexes_item **item, struct qetl_findings *);
/* The first that has it, among those that can be had; NULL: none. */
const struct qetl_indexes_item *qetl_indexes_first(const struct qetl_indexes *, const char *name);
/* The name nearest in spelling that one of them has, or NULL. */
const char *qetl_indexes_suggest(const struct qetl_indexes *, const char *name);
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
