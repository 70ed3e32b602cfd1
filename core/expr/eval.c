/* SPDX-License-Identifier: Apache-2.0 */
/* The program over one strip, and the rows that fail in it. */
#include "program.h"

#include <stdio.h>

enum { SNIPPET = 80, REJECT_TEXT = 800 };

/* Rows of the outer mask whose condition does not settle the matter. */
static bool guard_open(struct qetl_expr *expr, const struct expr_instr *in)
{
    const struct expr_vec *vec = in->guard->condition->vec;
    enum expr_sense sense = in->guard->sense;
    const uint64_t *outer = expr->masks[in->mask];
    const uint64_t *value = sense == EXPR_WHERE_NULL ? NULL : vec->data;
    uint64_t *mask = expr->masks[in->guard->mask], any = 0;

    for (int w = 0; w < EXPR_WORDS; w++) {
        uint64_t known = vec->valid ? vec->valid[w] : ~0ULL;
        uint64_t settled = sense == EXPR_WHERE_NULL     ? known
                           : sense == EXPR_WHERE_TRUE   ? ~(known & value[w])
                           : sense == EXPR_UNLESS_FALSE ? known & ~value[w]
                                                        : known & value[w];
        mask[w] = outer[w] & ~settled & ~expr->frame.failed[w];
        any |= mask[w];
    }
    return any != 0;
}

static void strip_begin(struct qetl_expr *expr, int64_t base, int64_t rows)
{
    struct expr_frame *f = &expr->frame;

    f->base = base;
    f->rows = rows;
    f->stamp++;
    memset(f->failed, 0, sizeof f->failed);
    if (expr->failures)
        qetl_expr_bits_load(f->failed, expr->failures, base, rows);
    for (int w = 0; w < EXPR_WORDS; w++) {
        int64_t left = rows - 64 * w;
        expr->masks[0][w] = left >= 64 ? ~0ULL : left > 0 ? (1ULL << left) - 1 : 0;
    }
    qetl_expr_arena_reset(&f->heap);
    qetl_expr_load_strip(expr);
}

int32_t qetl_expr_run_strip(struct qetl_expr *expr, int64_t base, int64_t rows)
{
    struct expr_frame *f = &expr->frame;
    uint32_t at = 0;

    strip_begin(expr, base, rows);
    while (at < expr->n_instrs) {
        const struct expr_instr *in = &expr->instrs[at];
        int32_t status;
        if (!in->kernel) {
            at = guard_open(expr, in) ? at + 1 : in->jump;
            continue;
        }
        at++;
        if (in->total && in->dst->stamp == f->stamp)
            continue;
        f->mask = expr->masks[in->mask];
        in->dst->stamp = f->stamp;
        status = in->kernel(f, in);
        if (status)
            return qetl_fail(expr->env, status, NULL, NULL,
                             "no memory for the text of an expression");
    }
    return QETL_OK;
}

/* Up to SNIPPET bytes of the text, on one line and not cutting a character. */
static int snippet(const char *text, struct expr_span span, char *out)
{
    uint32_t size = span.end - span.begin;
    bool cut = size > SNIPPET;

    if (cut)
        size = SNIPPET;
    while (cut && size > 0 && ((unsigned char)text[span.begin + size] & 0xc0) == 0x80)
        size--;
    memcpy(out, text + span.begin, size);
    for (uint32_t i = 0; i < size; i++)
        out[i] = (unsigned char)out[i] < 32 ? ' ' : out[i];
    return (int)size + sprintf(out + size, "%s", cut ? "…" : "");
}

void qetl_expr_row_rejected(struct expr_reporter *reporter, const struct expr_frame *frame,
                            const struct expr_node *node, int64_t row, const char *code,
                            const char *message)
{
    struct qetl_expr *expr = (struct qetl_expr *)(void *)reporter;
    char text[REJECT_TEXT], part[SNIPPET + 8];
    int64_t at = frame->base + row;
    struct qetl_reject reject = {
        .struct_size = sizeof reject, .row = at, .column = -1, .code = code, .message = text};

    snippet(expr->text, node->span, part);
    snprintf(text, sizeof text, "%s, in %s (character %zu of %s)", message, part,
             qetl_expr_character(expr->text, node->span.begin), expr->label);
    expr->n_failed++;
    if (expr->failures)
        expr->failures[at >> 3] |= (uint8_t)(1 << (at & 7));
    expr->env.host->reject(expr->env.ctx, &reject);
}
