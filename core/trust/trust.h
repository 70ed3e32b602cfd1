/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose signature is believed: the public keys in folders, each with the plugins that it may sign
 * and the last day on which it may.
 *
 * Invariant: a key that others may have put there, or that cannot be understood, trusts nothing.
 * Ownership: the trust owns its keys; answers point into it.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_TRUST_TRUST_H
#define QETL_CORE_TRUST_TRUST_H

#include "key_file.h"

#include <time.h>

struct package_trust {
    struct key_file *keys;
    size_t n_keys;
};

enum package_verdict {
    QETL_TRUSTED,
    QETL_KEY_EXPIRED, /* else it would be trusted */
    QETL_KEY_OUT_OF_SCOPE,
    QETL_KEY_UNKNOWN,
    QETL_UNSIGNED
};

/* folders, ended by NULL; those that are missing are passed over. What is wrong with one is told,
 * and nothing of it is trusted. NULL without memory. */
struct package_trust *qetl_trust_load(const char *const *folders, struct qetl_findings *);
void qetl_trust_free(struct package_trust *);
/* All keys that stand in a folder, also those that others may have put there: for whoever removes
 * them, and not to judge by. As above. */
struct package_trust *qetl_trust_look(const char *folder, struct qetl_findings *);

/* name: of a plugin, or of what it brings. signature NULL: there is none. *key: the one that
 * decided, or NULL. A key that stands in several files may what any of them allows. */
enum package_verdict qetl_trust_judge(const struct package_trust *,
                                      const struct package_signature *signature, const char *name,
                                      time_t now, const struct key_file **key);
/* The same of an index: its key has to be trusted with indexes. name: of a plugin that it has;
 * NULL: whether it is trusted with any. */
enum package_verdict qetl_trust_judge_index(const struct package_trust *,
                                            const struct package_signature *signature,
                                            const char *name, time_t now,
                                            const struct key_file **key);

/* Patterns are claims, but for a bare *, which says nothing of a name. Whether the name belongs to
 * the index that is signed so; … */
bool qetl_trust_index_claims(const struct package_trust *, const struct package_signature *,
                             const char *name, time_t now);
/* … the first key of packages that is there for it, expired or not, or NULL. */
const struct key_file *qetl_trust_claims(const struct package_trust *, const char *name);

/* The verdict as an error about a package, with how to mend it. */
void qetl_trust_refuse(enum package_verdict, const struct key_file *key,
                       const struct package_signature *signature, const char *plugin,
                       const char *file, struct qetl_findings *);

int qetl_key_is_expired(const struct key_file *, time_t now);

#endif
