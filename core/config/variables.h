/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ${NAME} and ${secret:NAME} stand for: the environment, --env-file and --secrets-dir.
 *
 * Invariant: the environment goes before files, a later file before an earlier one, and the folder
 *            of secrets before both; texts are UTF-8 without NUL.
 * Ownership: answers belong to the variables; a secret read is kept until they are freed.
 * Threads:   one.
 */
#ifndef QETL_CORE_VARIABLES_H
#define QETL_CORE_VARIABLES_H

#include "finding.h"

struct qetl_variables;

enum { QETL_ENV_FILE_BYTES = 1 << 20, QETL_SECRET_BYTES = 64 << 10 };

/* environment: as environ, borrowed; NULL: none. NULL without memory. */
struct qetl_variables *qetl_variables_new(char *const *environment);
void qetl_variables_free(struct qetl_variables *variables);

/* A file of NAME=value lines. 0, or -1 with findings for all that is wrong in it. */
int qetl_variables_load(struct qetl_variables *variables, const char *path,
                        struct qetl_findings *findings);
/* The same of a text in memory. */
int qetl_variables_parse(struct qetl_variables *variables, const char *text, size_t size,
                         const char *path, struct qetl_findings *findings);
/* Borrowed; the folder need not exist before a secret is asked for. */
void qetl_variables_secrets_dir(struct qetl_variables *variables, const char *dir);

/* NULL: not set. */
const char *qetl_variables_get(const struct qetl_variables *variables, const char *name);
/* Takes the value. 0, or -1 without memory. */
int qetl_variables_put(struct qetl_variables *variables, const char *name, char *value);
/* The nearest name that is set, to be freed; NULL: none. */
char *qetl_variables_near(const struct qetl_variables *variables, const char *name);

/* NULL: there is none (0), or it cannot be used (*why then says so). Warnings go to findings. */
const char *qetl_variables_secret(struct qetl_variables *variables, const char *name,
                                  struct qetl_findings *findings, char why[200]);
const char *qetl_variables_dir(const struct qetl_variables *variables); /* of secrets, or NULL */

/* A letter or _, then letters, digits and _. */
int qetl_variables_name(const char *name, size_t size);

#endif
