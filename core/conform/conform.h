/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conformance program: a plugin against the rules of the ABI.
 *
 * Invariant: whatever the plugin does, the caller's process goes on; what could not be tried is
 * told as such, and never as held. Ownership: the results are the caller's. Threads:   the main
 * thread, while there is no other: it forks.
 */
#ifndef QETL_CORE_CONFORM_H
#define QETL_CORE_CONFORM_H

#include "config/finding.h"
#include "plugin/registry.h"
#include "record.h"

#include <stdio.h>

struct conform_options {
    const json_t *given; /* of --options: by "KIND ID"; or NULL */
    const char *folder;  /* what paths in it are relative to */
    uint64_t seed;
    int64_t timeout_ns;        /* of a call */
    int64_t limit_ns;          /* of all: what is not reached by then is not tried */
    bool shows;                /* how far it is, on stderr */
    enum conform_rule_id only; /* CONFORM_N_RULES: all */
};

struct conform_result { /* of the library, or of a component */
    char name[96];      /* "library", "source file" */
    uint32_t kinds;     /* bits of the rules that concern it; 0: the library did not load */
    struct conform_record *record;
};

struct conform_results {
    struct conform_result *items;
    size_t count;
    double seconds;
    size_t cases;              /* in all */
    enum conform_rule_id only; /* as was asked for */
};

/* 0; -1 with findings: the checker itself could not work. */
int conform_check(const struct qetl_manifest *, const struct conform_options *,
                  struct conform_results *, struct qetl_findings *);
void conform_results_free(struct conform_results *);

/* ---- report.c ---- */

size_t conform_broken(const struct conform_results *); /* how many rules were */
/* How many cases the limit left out, or cut short: of what they look for nothing is known. */
size_t conform_late(const struct conform_results *);
/* brief: what is broken, and no more. */
void conform_report_text(const struct conform_results *, const char *plugin, uint64_t seed,
                         FILE *out, int colour, bool brief);
json_t *conform_report_json(const struct conform_results *, const char *plugin, uint64_t seed);
int conform_report_junit(const struct conform_results *, const char *plugin,
                         const char *path); /* 0, or an errno */

#endif
