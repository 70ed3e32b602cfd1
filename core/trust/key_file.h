/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of keys: NAME.qkey is public, NAME.qsecret signs.
 *
 * Invariant: a secret is never written where others can read it, nor read from there.
 * Ownership: what was read is freed by qetl_key_clear.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_TRUST_KEY_FILE_H
#define QETL_CORE_TRUST_KEY_FILE_H

#include "signature.h"

#include "config/finding.h"

#include <stdbool.h>

#define QETL_KEY_SUFFIX ".qkey"
#define QETL_SECRET_SUFFIX ".qsecret"

enum { QETL_KEY_FILE_MAX = 64 << 10, QETL_KEY_NAME_MAX = 64, QETL_KEY_GLOBS_MAX = 1000 };

struct key_file {
    char *path, *name;
    struct package_key key;
    char **plugins;   /* patterns of the names that it may sign, as far as it is trusted; … */
    size_t n_plugins; /* … 0: it is not yet said */
    char expires[11]; /* "2027-12-31", its last day; "": never */
    bool for_indexes; /* it signs indexes, which may name those plugins, and no packages */
    bool is_unsafe;   /* others may write it: it trusts nobody, and is there to be removed */
};

/* Each 0, or -1 with findings. */
int qetl_key_file_read(const char *path, struct key_file *, struct qetl_findings *);
int qetl_key_file_parse(const char *text, size_t size, const char *path, struct key_file *,
                        struct qetl_findings *);
/* Never over a file that is there, unless `replace`; durable when it returns. */
int qetl_key_file_write(const struct key_file *, bool replace, struct qetl_findings *);
void qetl_key_clear(struct key_file *);

int qetl_secret_file_read(const char *path, struct package_secret *, struct qetl_findings *);
int qetl_secret_file_write(const char *path, const char *name, const struct package_secret *,
                           struct qetl_findings *);

/* Whether a key may be called so; a pattern of plugins look so; a day be written so. */
int qetl_is_key_name(const char *name);
int qetl_is_key_glob(const char *glob);
int qetl_is_day(const char *text);

#endif
