/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions on their own: columns of one row, and what an expression makes of them.
 *
 * Invariant: the same service compiles and evaluates here as in a pipeline.
 * Ownership: the calculator owns its columns; an answer's texts are the caller's.
 * Threads:   one at a time.
 */
#ifndef QETL_CORE_CALCULATOR_H
#define QETL_CORE_CALCULATOR_H

#include "config/finding.h"

#include <jansson.h>
#include <stdbool.h>

struct qetl_calculator;

struct qetl_calculated {
    char *type;    /* "decimal(4,2)" */
    char *value;   /* NULL is NULL */
    bool textual;  /* the value is text, or would be taken for something else without quotes */
    bool constant; /* no column has a say in it */
    json_t *tree;  /* the syntax tree */
};

struct qetl_calculator *qetl_calculator_new(void); /* NULL without memory */
void qetl_calculator_free(struct qetl_calculator *);

/* "a=1", "name:text" (a NULL), "price:decimal(12,2)=9.50"; several by commas. A column of a known
 * name is replaced. 0, or -1 with findings. */
int qetl_calculator_columns(struct qetl_calculator *, const char *declarations,
                            struct qetl_findings *);
/* A NULL of this type. */
int qetl_calculator_declare(struct qetl_calculator *, const char *name, const char *type,
                            struct qetl_findings *);
/* Whether a syntax tree names a column. */
bool qetl_calculator_reads(const json_t *tree);
/* Name and type of column i; false if there is none. The type is the caller's. */
bool qetl_calculator_column(const struct qetl_calculator *, size_t i, const char **name,
                            char **type);
/* 0; 2 with findings: it is no expression; 1 with findings: it fails for these values, and all but
 * the value is known. */
int qetl_calculator_evaluate(struct qetl_calculator *, const char *text, struct qetl_calculated *,
                             struct qetl_findings *);
void qetl_calculated_free(struct qetl_calculated *);

#endif
