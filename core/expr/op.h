/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators and functions: one table, a file per family; and what a kernel gets.
 *
 * Invariant: a kernel sets dst's data and valid for all rows of the strip. One without
 * EXPR_OP_MASKED never fails and does not look at the mask; one with it may leave rows outside the
 * mask NULL. Ownership: the table is static. What a frame lends is valid during the call. Threads:
 * a frame belongs to one expression.
 */
#ifndef QETL_EXPR_OP_H
#define QETL_EXPR_OP_H

#include "node.h"
#include "time/zone.h"
#include "value/arena.h"
#include "vec.h"

#include <qetl/plugin.h>

/* What the texts of one strip may take. */
#define EXPR_HEAP_MAX ((size_t)2 << 30)

struct expr_frame {
    int64_t rows; /* of the strip */
    int64_t base; /* its first row in the batch */
    uint64_t stamp;
    const uint64_t *mask; /* rows that the instruction at hand is needed for */
    uint64_t failed[EXPR_WORDS];
    struct expr_arena heap; /* text of this strip */
    struct expr_reporter *reporter;
    struct expr_zone_cursor zone; /* of the session */
};

struct expr_instr {
    expr_kernel *kernel; /* NULL: a guard */
    struct expr_vec *dst;
    struct expr_vec *const *args;
    const struct expr_node *node; /* types, position, parameters */
    uint32_t mask;                /* which mask holds for it */
    bool total;                   /* may be skipped when dst holds the strip already */
    const struct expr_guard *guard;
    uint32_t jump; /* of a guard: where to go on when no row needs what it guards */
};

/* Who hears of a row that failed: the run, or constant folding. */
struct expr_reporter {
    void (*fail)(struct expr_reporter *reporter, const struct expr_frame *frame,
                 const struct expr_node *node, int64_t row, const char *code, const char *message);
};

/* ---- for kernels ---- */

/* dst is NULL where an argument is. */
void qetl_expr_valid_and(const struct expr_frame *f, const struct expr_instr *in, uint32_t n_args);
/* Gives dst a bitmap of its own and narrows it to the rows to be computed. */
void qetl_expr_valid_masked(const struct expr_frame *f, const struct expr_instr *in);
/* The valid rows of dst that are needed and have not failed; false: none. */
bool qetl_expr_todo(const struct expr_frame *f, const struct expr_instr *in, uint64_t *todo);
/* The row fails; dst is NULL there. */
void qetl_expr_row_fail(struct expr_frame *f, const struct expr_instr *in, int64_t row,
                        const char *code, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* dst is NULL there, without failure. */
void qetl_expr_row_null(const struct expr_instr *in, int64_t row);
/* The kernel of operations that are given by row. */
int32_t qetl_expr_kernel_rows(struct expr_frame *f, const struct expr_instr *in);
/* The usual failures: `value` of args[0] is no dst type; it does not fit; a OP b does not fit. */
void qetl_expr_fail_cast(struct expr_frame *f, const struct expr_instr *in, int64_t row);
void qetl_expr_fail_range(struct expr_frame *f, const struct expr_instr *in, int64_t row);
void qetl_expr_fail_overflow(struct expr_frame *f, const struct expr_instr *in, int64_t row);
void qetl_expr_fail_zero(struct expr_frame *f, const struct expr_instr *in, int64_t row);
/* A text of that size has no place beside those of the rows around it. */
void qetl_expr_fail_heap(struct expr_frame *f, const struct expr_instr *in, int64_t row,
                         int64_t size);

/* ---- the table ---- */

/* The operator or function of that name over exactly these types; NULL: none. */
const struct expr_op *qetl_expr_op_find(const char *name, uint32_t n_args,
                                        const enum expr_type_id *args, enum expr_type_id result);
/* Whether anything has that name. */
bool qetl_expr_op_known(const char *name);
/* The next operation after `last` (NULL: the first) in the order of the table; NULL: the end. */
const struct expr_op *qetl_expr_op_next(const struct expr_op *last);
/* The next one of that name. */
const struct expr_op *qetl_expr_op_named(const char *name, const struct expr_op *last);
/* Which type an argument has: of variadic ones, the last goes on. */
static inline enum expr_type_id expr_op_arg(const struct expr_op *op, uint32_t k)
{
    return op->args[k < op->n_args ? k : op->n_args - 1];
}

struct expr_family {
    const struct expr_op *ops;
    size_t count;
};

extern const struct expr_family qetl_expr_family_logic, qetl_expr_family_compare,
    qetl_expr_family_integer, qetl_expr_family_float, qetl_expr_family_decimal,
    qetl_expr_family_text, qetl_expr_family_set, qetl_expr_family_date,
    qetl_expr_family_cast_integer, qetl_expr_family_cast_decimal, qetl_expr_family_cast_parse,
    qetl_expr_family_cast_text, qetl_expr_family_cast_date, qetl_expr_family_interval,
    qetl_expr_family_stamp, qetl_expr_family_cast_interval, qetl_expr_family_select,
    qetl_expr_family_words, qetl_expr_family_math, qetl_expr_family_round, qetl_expr_family_bits,
    qetl_expr_family_text_shape, qetl_expr_family_text_find, qetl_expr_family_like,
    qetl_expr_family_regex, qetl_expr_family_digest, qetl_expr_family_field, qetl_expr_family_zone,
    qetl_expr_family_make, qetl_expr_family_format, qetl_expr_family_json,
    qetl_expr_family_json_path, qetl_expr_family_format_number;

/* Versions of a loop for the machines at hand, chosen at run time. Sanitizers instrument the
 * chooser, which runs before they do; they get the plain loop. */
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__) && !defined(__clang__)
#define EXPR_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define EXPR_CLONES
#endif

/* Runs a loop body in blocks of 64, which the compiler turns into vector code, and then the rest.
 */
#define EXPR_LOOP(i, n, ...)                                     \
    do {                                                         \
        int64_t i##_block = 0;                                   \
        for (; i##_block + 64 <= (n); i##_block += 64)           \
            for (int64_t i = i##_block; i < i##_block + 64; i++) \
                __VA_ARGS__                                      \
        for (int64_t i = i##_block; i < (n); i++)                \
            __VA_ARGS__                                          \
    } while (0)

#endif
