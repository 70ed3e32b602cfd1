/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines for qetl expr: typed at a prompt, where they can be edited, or read from a pipe.
 *
 * Invariant: a prompt is shown on a terminal only.
 * Ownership: a line is the caller's to free.
 * Threads:   the main thread.
 */
#ifndef QETL_CORE_EXPR_PROMPT_H
#define QETL_CORE_EXPR_PROMPT_H

#include <stdbool.h>

/* NULL at the end. */
char *qetl_prompt_line(bool terminal);

#endif
