/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scripts that complete command lines in shells, made from the tables of commands.
 *
 * Invariant: every command, option, choice and operand of the tables is offered, in every shell.
 * Ownership: none.
 * Threads:   the main thread.
 */
#ifndef QETL_CORE_COMPLETION_H
#define QETL_CORE_COMPLETION_H

#include "command.h"

#include <stdio.h>

void qetl_completion_bash(FILE *out);
void qetl_completion_zsh(FILE *out);
void qetl_completion_fish(FILE *out);

/* What the shells share. */
struct qetl_completion_visit {
    void (*option)(void *arg, const struct qetl_command *, const struct qetl_option *);
    void *arg;
};
void qetl_completion_options(const struct qetl_command *, const struct qetl_completion_visit *);
/* The line that asks the program for what is installed; NULL where it is not asked. */
const char *qetl_completion_query(enum qetl_completes);
/* The first word of a name of two, into word; false if the name has one. */
bool qetl_completion_first_word(const char *name, char *word, size_t size);
/* Whether no command before this one has the same first word. */
bool qetl_completion_is_first(size_t command);

#endif
