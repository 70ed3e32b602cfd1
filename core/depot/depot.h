/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder of installed packages:
 *
 *   installed.json    which there are, who signed each, and which version of each pipelines get
 *   content/DIGEST/   a package's files and CONTENTS: what the digest says, and nothing else
 *   unborn/           what is not yet there, or not there any more; nobody reads it
 *   seen.json         which release of each index was the newest (index_seen.h)
 *   lock              held by whoever changes any of this (alone.h)
 *   users             locked by those that read (shelf.h)
 *
 * Invariant: what installed.json names is whole in content/, at any moment, whoever is killed; the
 *            rename of installed.json is when something is installed, upgraded or removed. Where
 * there is content, there is a list: the first one is empty, and older than what it will name.
 * Ownership: closed by whoever opened it.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_DEPOT_DEPOT_H
#define QETL_CORE_DEPOT_DEPOT_H

#include "package/package.h"
#include "plugin/shelf.h"

#include <stdbool.h>

/* Of the machine; the build knows better. */
#ifndef QETL_PACKAGES_DIR
#define QETL_PACKAGES_DIR "/usr/local/var/lib/qetl/plugins"
#endif

#define QETL_DEPOT_SEEN "seen.json"

struct depot_entry {
    char *name, *version;
    char *since, *from; /* "2026-11-22T05:40:00Z"; the file or the address it was; NULL: unknown */
    char digest[QETL_DIGEST_TEXT];
    bool active;    /* of this name it is the one that pipelines get */
    bool is_signed; /* else it was taken without */
    struct package_signature signature;
};

struct depot { /* entries by name, then by version */
    char *path;
    int folder;               /* -1: there is none */
    int lock;                 /* -1: only looked at */
    int list;                 /* the list that was read; -1: there is none */
    struct qetl_shelf *shelf; /* of those that only look; NULL: there is none */
    struct depot_entry *entries;
    size_t n_entries;
};

#define QETL_DEPOT_CLOSED                    \
    {                                        \
        .folder = -1, .lock = -1, .list = -1 \
    }

/* To look: 0, also where there is no folder; -1 with a finding. What is listed stays readable until
 * the shelf is released. */
int qetl_depot_look(struct depot *, const char *path, struct qetl_findings *);
/* To change: makes the folder, waits for the lock, and clears what killed processes left behind. */
int qetl_depot_open(struct depot *, const char *path, struct qetl_findings *);
/* What was changed of its entries becomes so, durably. 0 or -1 with a finding. */
int qetl_depot_commit(struct depot *, struct qetl_findings *);
/* What no entry names goes, unless somebody uses it: the next one to open the depot tries again. */
void qetl_depot_sweep(const struct depot *);
/* How many things that would be; 0 while somebody changes what is installed. */
size_t qetl_depot_left_overs(const struct depot *);
void qetl_depot_close(struct depot *);

/* version NULL: the active one. NULL: there is none. */
struct depot_entry *qetl_depot_find(const struct depot *, const char *name, const char *version);
/* -1 without memory. The entries stay in order; pointers to them do not stay. */
int qetl_depot_add(struct depot *, const char *name, const char *version, const char *digest);
/* signature NULL: nobody signed it. */
void qetl_depot_sign(struct depot_entry *, const struct package_signature *signature);
/* When and where from it came: as texts, or NULL. -1 without memory. */
int qetl_depot_tell(struct depot_entry *, const char *since, const char *from);
void qetl_depot_drop(struct depot *, struct depot_entry *);

/* ---- for its own files ---- */

/* -1, with a finding: what cannot be read of it. */
int qetl_depot_refuse_read(const struct depot *, struct qetl_findings *, const char *what,
                           int error);
/* Others on this machine may change what is at `name` in it; NULL: the folder itself. */
void qetl_depot_refuse_unsafe(const struct depot *, const char *name, struct qetl_findings *);
/* A name among the unborn that nothing has: 0 or an errno. */
enum { QETL_DEPOT_UNBORN = QETL_DIGEST_TEXT + 12 };
int qetl_depot_unborn_name(int unborn, const char *digest, char name[QETL_DEPOT_UNBORN]);
/* Out of `content` it goes to the unborn, by one rename; 0 or an errno. */
int qetl_depot_retire(int content, int unborn, const char *digest);

#endif
