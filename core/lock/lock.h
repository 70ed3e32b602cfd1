/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PIPELINE.lock: the plugins that a pipeline uses, each as it was on the machine where it was
 * locked; for each platform its own list, as libraries differ.
 *
 * Invariant: a lock that was read has good words, platforms and plugins in order, none twice;
 * written again it has the same bytes. Ownership: the lock owns all of it. Threads:   none of its
 * own.
 */
#ifndef QETL_CORE_LOCK_LOCK_H
#define QETL_CORE_LOCK_LOCK_H

#include "package/contents.h"

#include <stdbool.h>

struct lock_plugin {
    char *name, *version;
    uint8_t library[QETL_SHA256]; /* of its file */
    uint8_t package[QETL_SHA256]; /* its digest, … */
    bool is_packaged;             /* … if it came in one */
};

struct lock_platform {
    char *platform; /* "linux-x86_64-glibc" */
    struct lock_plugin *plugins;
    size_t n_plugins;
};

struct plugin_lock {
    struct lock_platform *platforms;
    size_t n_platforms;
};

/* file: how messages call it. NULL with a finding. */
struct plugin_lock *qetl_lock_parse(const char *text, size_t size, const char *file,
                                    struct qetl_findings *);
/* The lock in that file: 0, also where there is none, which is NULL; -1 with a finding. */
int qetl_lock_read(const char *path, struct plugin_lock **, struct qetl_findings *);
void qetl_lock_free(struct plugin_lock *);
/* The caller's. NULL without memory. */
char *qetl_lock_write(const struct plugin_lock *);

/* NULL: nothing was locked for it. */
struct lock_platform *qetl_lock_platform(const struct plugin_lock *, const char *platform);
/* In place of the list of that platform, of which it takes the plugins, in any order; they are its
 * own in any case. -1 without memory. */
int qetl_lock_set(struct plugin_lock *, const char *platform, struct lock_plugin *plugins,
                  size_t n_plugins);
void qetl_lock_plugins_free(struct lock_plugin *, size_t count);

#endif
