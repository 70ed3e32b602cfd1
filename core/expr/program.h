/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A compiled expression: columns to load, instructions in order, and all memory that a strip needs.
 *
 * Invariant: evaluation allocates only result buffers and, until it has grown to its size, the text
 * heap. Ownership: everything lies in the expression's arena, the text heap in its frame. Threads:
 * one at a time.
 */
#ifndef QETL_EXPR_PROGRAM_H
#define QETL_EXPR_PROGRAM_H

#include "bind.h"
#include "op.h"

#include <qetl/sdk.h>

/* A column of the schema, and the vec that its strips are brought to. */
struct expr_load {
    const struct expr_node *node;
    struct ArrowSchema field; /* a copy, for columns that are read row by row */
    struct qetl_column reader;
    const struct ArrowArray *array; /* of the batch at hand */
    int64_t offset;                 /* of the batch's first row in the array's buffers */
    bool by_row;
};

/* Lists of the buffers of a text result. */
struct expr_heaps {
    void **buffers;
    int64_t *used;
    int64_t capacity;
};

struct qetl_expr {
    struct expr_reporter reporter;
    struct expr_arena arena;
    struct expr_frame frame;
    struct qetl_env env;
    const char *text, *tree;
    const char *label; /* for messages: `set/total`, or the expression */
    struct expr_node *root;
    uint32_t n_loads, n_instrs, n_masks, n_vecs;
    struct expr_load *loads; /* by column, ascending */
    int64_t *columns;
    struct expr_instr *instrs;
    uint64_t (*masks)[EXPR_WORDS]; /* [0]: all rows of the strip */
    uint8_t *failures;             /* of the call at hand */
    int64_t n_failed;
    struct expr_heaps heaps;
};

/* service.c: the zone and the time of the instance's run. False: there is no such zone; reported.
 */
bool qetl_expr_session_open(struct expr_source *source);

/* Fills in loads, instructions and masks for expr->root. False: reported. */
bool qetl_expr_program(struct expr_source *source, struct qetl_expr *expr);

/* ---- load.c ---- */

/* Takes a batch's columns; a failure where a column is not what the schema says. */
int32_t qetl_expr_load_open(struct qetl_expr *expr, const struct ArrowArray *batch);
/* Brings the strip at frame.base to the columns' vecs. */
void qetl_expr_load_strip(struct qetl_expr *expr);

/* ---- eval.c ---- */

/* Runs the program over the strip of `rows` rows at `base`. */
int32_t qetl_expr_run_strip(struct qetl_expr *expr, int64_t base, int64_t rows);

/* What the program's reporter does: host->reject, and the bit in failures. */
void qetl_expr_row_rejected(struct expr_reporter *reporter, const struct expr_frame *frame,
                            const struct expr_node *node, int64_t row, const char *code,
                            const char *message);

/* ---- select.c and output.c ---- */

int64_t qetl_expr_select(struct qetl_expr *expr, int64_t rows, int32_t *selected);

int32_t qetl_expr_evaluate(struct qetl_expr *expr, int64_t rows, struct ArrowArray *out);

#endif
