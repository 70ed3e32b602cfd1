/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors of the operating system, told through the host.
 *
 * Invariant: every report carries the name of its errno (ENOENT) as vendor code.
 * Ownership: nothing is kept.
 * Threads:   any.
 */
#ifndef FILE_SOURCE_FAULT_H
#define FILE_SOURCE_FAULT_H

#include <qetl/sdk.h>

/* "NAME: what: No such file or directory", with a suggestion where the error suggests one. Answers
 * QETL_E_NO_MEMORY for ENOMEM, else QETL_E_ENVIRONMENT. option may be NULL. */
int32_t fault_report(struct qetl_env env, int error, const char *option, const char *name,
                     const char *what);
int32_t fault_memory(struct qetl_env env);

#endif
