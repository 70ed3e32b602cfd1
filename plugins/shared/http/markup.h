/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether an answer is a page for people, such as that of a login, in place of data.
 *
 * Invariant: what says that it is HTML and does not begin as markup does is none: many a script
 *            names no type of its own.
 * Ownership: borrows everything.
 * Threads:   any.
 */
#ifndef HTTP_MARKUP_H
#define HTTP_MARKUP_H

#include "fault.h"

bool http_is_web_page(const char *type, const void *body, int64_t size); /* type may be NULL */
/* The fault of such an answer. what: the request, for people. */
void http_fault_web_page(struct http_fault *, const char *what);

#endif
