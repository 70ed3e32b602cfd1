/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tables of commands say, as pages: for a terminal, as manual pages, as Markdown.
 *
 * Invariant: every option, operand, example and exit code of the table is on every kind of page.
 *            command NULL means the program as a whole.
 * Ownership: none.
 * Threads:   the main thread.
 */
#ifndef QETL_CORE_PAGES_H
#define QETL_CORE_PAGES_H

#include "command.h"

#include <stdio.h>

void qetl_page_text(const struct qetl_command *, FILE *out, int colour);
void qetl_page_man(const struct qetl_command *, FILE *out);
void qetl_page_markdown(const struct qetl_command *, FILE *out);

/* The environment that the program looks at; ended by a NULL name. */
struct qetl_page_variable {
    const char *name, *means;
};
extern const struct qetl_page_variable qetl_page_environment[];
extern const char qetl_page_about[];

/* "-q, --quiet", "--memory SIZE", "--driver pool|pull" into text. */
void qetl_page_option(const struct qetl_option *, char *text, size_t size);

#endif
