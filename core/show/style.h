/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How output looks where it goes: colours, and how wide it may be.
 *
 * Invariant: a file or a pipe gets neither colours nor more than 80 columns, unless CLICOLOR_FORCE
 *            asks for colours. NO_COLOR forbids them everywhere.
 * Ownership: none.
 * Threads:   any.
 */
#ifndef QETL_CORE_STYLE_H
#define QETL_CORE_STYLE_H

#include <stdio.h>

int qetl_style_colour(FILE *out); /* nonzero: colours are wanted there */
int qetl_style_columns(FILE *out);

#endif
