/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose signature is believed: the public keys in folders, each with the plugins that it may sign
 * and the last day on which it may.
 *
 * Invariant: a key that others may have put there, or that cannot be understood, trusts nothing.
 * Ownership: the trust owns its keys; answers point into it.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_PACKAGE_TRUST_H
#define QETL_CORE_PACKAGE_TRUST_H

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

/* signature NULL: there is none. *key: the one that decided, or NULL. */
enum package_verdict qetl_trust_judge(const struct package_trust *,
                                      const struct package_signature *signature, const char *plugin,
                                      time_t now, const struct key_file **key);
/* The same of an index: its key has to be trusted with indexes. Which plugins the index may name is
 * the key's scope. */
enum package_verdict qetl_trust_judge_index(const struct package_trust *,
                                            const struct package_signature *signature, time_t now,
                                            const struct key_file **key);
/* Whether a key that is trusted with packages may sign that name. *key: in which file, or else the
 * first one that it has; NULL: it has none. */
int qetl_trust_signs(const struct package_trust *, const struct package_key *, const char *name,
                     const struct key_file **key);
/* The verdict as an error about a package, with how to mend it. */
void qetl_trust_refuse(enum package_verdict, const struct key_file *key,
                       const struct package_signature *signature, const char *plugin,
                       const char *file, struct qetl_findings *);

int qetl_key_signs(const struct key_file *, const char *plugin);
/* The same, by a pattern that says more than *: whoever trusts the key had that name in mind. */
int qetl_key_claims(const struct key_file *, const char *plugin);
int qetl_key_is_expired(const struct key_file *, time_t now);

#endif
