/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a package may take the place of what pipelines have by its name: something older, or
 * something that another one signed, has to be asked for.
 *
 * Invariant: what is compared is what is there under the depot's lock.
 * Ownership: all is lent for the call.
 * Threads:   none of its own.
 */
#ifndef QETL_CORE_DEPOT_SUCCESSION_H
#define QETL_CORE_DEPOT_SUCCESSION_H

#include "depot.h"

#include "plugin/registry.h"
#include "trust/trust.h"

/* What somebody asked for in so many words. */
struct package_consent {
    bool downgrade;     /* an older version than there is */
    bool change_signer; /* whoever signed it, or nobody */
};

struct succession {
    const struct depot *depot;            /* open to be changed */
    const struct depot *machine;          /* what all users have, where that is another one */
    const struct qetl_registry *registry; /* what pipelines have beside it */
    const struct package_trust *trust;    /* whose keys count today */
    struct package_consent consent;
};

/* 0, or -1 with findings. What was asked for, and what else changes hands, is a warning. */
int qetl_succession_check(const struct succession *, const struct package *,
                          struct qetl_findings *);
/* Whether it is the very package that pipelines get from the depot: whole or not, it takes nothing
 * from anybody. */
bool qetl_succession_is_again(const struct depot *, const struct package *);
/* Whether it is newer than the version that pipelines get from the depot; not so where there is
 * none. */
bool qetl_succession_is_onward(const struct depot *, const struct package *);

#endif
