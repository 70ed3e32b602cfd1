/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the commands over dead letters share: which file is meant, and which letters in it.
 *
 * Invariant: what a pipeline hides is hidden in every letter that is shown.
 * Ownership: the input owns what it opened; filters point into argv.
 * Threads:   the main thread.
 */
#ifndef QETL_CORE_CLI_DLQ_H
#define QETL_CORE_CLI_DLQ_H

#include "cli.h"
#include "dlq/select.h"

struct qetl_dlq_options { /* first in each command's own struct */
    const char *reason, *component, *object, *source, *run, *since, *older_than, *where, *state;
    int64_t epoch;
    bool all;
};

extern const struct qetl_option_group qetl_options_letters;
#define QETL_DLQ_OPERANDS                                               \
    {                                                                   \
        .name = "FILE", .most = 1000, .completes = QETL_COMPLETES_FILE, \
    }

struct qetl_dlq {
    struct qetl_document *document; /* of the pipeline that was named; or NULL */
    char *path;                     /* of the letters */
    bool absent;                    /* there is no such file: no row was ever rejected */
    struct qetl_box *box;
    struct qetl_letter_filter filter;
    bool *meant; /* one a letter of the box */
    size_t n_meant;
};

/* The file that the first operand names (a pipeline, or its letters), or the only one in
 * dead-letters/; the letters that the other operands and the options mean. Negative: findings say
 * why. */
int qetl_dlq_open(struct qetl_dlq *, struct qetl_cli *, bool locked, struct qetl_findings *);
/* The letters anew. Negative: findings say why. */
int qetl_dlq_read(struct qetl_dlq *, const struct qetl_cli *, bool locked, struct qetl_findings *);
void qetl_dlq_close(struct qetl_dlq *);
/* A letter with all that is to be hidden; NULL with findings. */
json_t *qetl_dlq_letter(struct qetl_dlq *, const struct qetl_cli *, size_t i,
                        struct qetl_findings *);
/* "3 letters", "1 letter" */
const char *qetl_dlq_count(size_t n, char text[48]);

/* A warning, where letters of the pipeline that still wait are older than max_age. */
void qetl_dlq_warn_age(struct qetl_cli *, const struct qetl_document *,
                       const struct qetl_pipeline *, struct qetl_findings *);

/* dlq_show.c */
void qetl_dlq_show(const json_t *letter, const char *path, FILE *out, int width, int colour);
/* Text with what is not to be printed as \x1b; at most `most` bytes of it. The caller's. */
char *qetl_dlq_printable(const char *bytes, size_t size, size_t most);

#endif
