/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program's log: one line an event, to stderr or a file, down to a level.
 *
 * Invariant: a line is written whole or not at all.
 * Ownership: the log owns its file.
 * Threads:   qetl_log_write from any; the rest by one.
 */
#ifndef QETL_CORE_LOG_H
#define QETL_CORE_LOG_H

#include <stdio.h>

struct qetl_log {
    FILE *file; /* NULL: stderr */
    int level;  /* QETL_LOG_ERROR … QETL_LOG_TRACE */
};

/* The level's number, or -1 if the word is none. */
int qetl_log_level(const char *word);
int qetl_log_open(struct qetl_log *, const char *path); /* appends; 0 or an errno */
void qetl_log_close(struct qetl_log *);
/* Fits struct qetl_run_options.log. */
void qetl_log_write(void *log, const char *component, int level, const char *message);

#endif
