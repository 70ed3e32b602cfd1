/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a server says of each row of a request that it took as a whole.
 *
 * Invariant: every row gets a verdict, or the answer is none that was described.
 * Ownership: texts of options are the host's; messages of verdicts are to be freed.
 * Threads:   immutable once read.
 */
#ifndef REST_SINK_ANSWER_H
#define REST_SINK_ANSWER_H

#include "plan.h"

struct answer {
    const char *rows, *index, *status,
        *error; /* JSON pointers; "": none. rows "": it says nothing */
};

enum verdict_kind { VERDICT_DONE, VERDICT_REFUSED, VERDICT_AGAIN };
struct verdict {
    enum verdict_kind kind;
    long status;   /* 0: it does not say */
    char *message; /* or NULL */
};

/* OK, or a failure that was reported. */
int32_t answer_options(struct answer *, struct qetl_env);
/* Into n verdicts, zeroed. OK, or a failure that was reported. */
int32_t answer_read(const struct answer *, const struct plan *, const char *url,
                    const uint8_t *body, int64_t size, int64_t n, struct verdict *);

#endif
